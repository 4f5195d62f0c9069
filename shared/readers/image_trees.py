"""Image collections of every layout as one question: where does the picture of this post lie?

- ``bucketed``: ``0123/4567123.jpg``, the folder being ``id % 1000`` in four digits (below ``original``, ``512px`` or
  ``images``, or given itself);
- ``md5``: ``ab/ab3f….jpg``;
- ``flat``: ``4567123.jpg`` or ``ab3f….jpg`` side by side;
- ``tar``: shards, with an index of offsets beside them or without (see ``image_tars``).

Folders are listed once each; nothing is asked of the disk for a single post. Sizes and MD5 sums are never compared:
the files of public dumps were optimised after their metadata were written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol, get_args

from shared.errors import DataError, UsageError
from shared.readers.image_names import MD5, NAME, NameIndex
from shared.readers.image_tars import TarShards
from shared.readers.places import Place

Layout = Literal["bucketed", "md5", "flat", "tar"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
_SUBFOLDERS = ("original", "512px", "images")
_LOOKED_AT = 5000


class ImageTree(Protocol):
    """Finds pictures; paths are relative to the folder that was opened."""

    def locate(self, image_id: int, md5: str | None, suffix: str) -> Place | None:
        """Returns where a post's picture lies, or None if it is not there."""
        ...


class _Folders:
    """Folders of pictures, each listed when it is first needed."""

    def __init__(self, root: Path, below: str) -> None:
        self.root, self.below = root, below
        self._listed: dict[str, NameIndex] = {}

    def find(self, folder: str, stem: str, suffix: str) -> Place | None:
        names = self._listed.get(folder)
        if names is None:
            names = self._listed[folder] = NameIndex(_listing(self.root / self.below / folder))
            self.check(folder, names)
        number = names.find(stem, suffix)
        return None if number is None else Place("/".join(filter(None, (self.below, folder, names.name(number)))))

    def check(self, folder: str, names: NameIndex) -> None:
        """Raises DataError where the names of a folder contradict the layout."""


class _Bucketed(_Folders):
    def locate(self, image_id: int, md5: str | None, suffix: str) -> Place | None:
        return self.find(f"{image_id % 1000:04d}", str(image_id), suffix)

    def check(self, folder: str, names: NameIndex) -> None:
        # Buckets by thousands (id // 1000) look alike and match one picture in a thousand.
        ids = [int(stem) for stem in (names.name(i).split(".")[0] for i in range(len(names))) if stem.isdigit()]
        wrong = [image_id for image_id in ids if image_id % 1000 != int(folder)]
        if len(wrong) > len(ids) // 2:
            raise DataError(
                f"{self.root / self.below / folder}: holds picture {wrong[0]}, whose bucket by id % 1000 is "
                f"{wrong[0] % 1000:04d}; this tree is ordered otherwise, link it into such buckets"
            )


class _ByMd5(_Folders):
    def locate(self, image_id: int, md5: str | None, suffix: str) -> Place | None:
        return self.find(md5[:2], md5, suffix) if md5 and MD5.fullmatch(md5) else None


class _Flat(_Folders):
    def locate(self, image_id: int, md5: str | None, suffix: str) -> Place | None:
        place = self.find("", str(image_id), suffix)
        return self.find("", md5, suffix) if place is None and md5 else place


def open_images(root: Path, layout: Layout | Literal["auto"] = "auto") -> ImageTree:
    """Opens a folder of pictures.

    Args:
        root: the tree itself, or the folder of ``original``, ``512px`` or ``images``.
        layout: how the tree is ordered; ``auto`` looks.

    Raises:
        DataError: no such folder, no picture tree in it, several of them, or a tar that cannot be read.
    """
    if not root.is_dir():
        raise DataError(f"{root}: no such image folder; check --images")
    found = [("", kind) for kind in _kinds(root)]
    if not found:
        found = [(name, kind) for name in _SUBFOLDERS if (root / name).is_dir() for kind in _kinds(root / name)]
    if not found and layout in ("auto", "tar") and any(root.rglob("*.tar")):
        found = [("", "tar")]
    found = [pair for pair in found if layout in ("auto", pair[1])]
    if not found:
        raise DataError(
            f"{root}: no {'picture' if layout == 'auto' else layout} tree found; expected 0123/4567123.jpg "
            "(bucket is id % 1000), ab/<md5>.jpg, <id>.jpg or .tar files"
        )
    if len(found) > 1:
        trees = ", ".join(f"{kind} in {root / below}" for below, kind in found)
        raise DataError(f"{root}: holds several picture trees ({trees}); name one of them with --images or --layout")
    below, kind = found[0]
    if kind == "tar":
        return TarShards(root, root / below)
    if kind == "bucketed":
        return _Bucketed(root, below)
    return _ByMd5(root, below) if kind == "md5" else _Flat(root, below)


def as_layout(name: str) -> Layout | Literal["auto"]:
    """Returns the layout a user named. Raises UsageError for a name that is none."""
    for layout in LAYOUTS:
        if name == layout:
            return layout
    if name == "auto":
        return "auto"
    raise UsageError(f"layout {name!r} is unknown; use auto, {', '.join(LAYOUTS)}")


def _kinds(folder: Path) -> list[Layout]:
    """Returns the layouts that the first entries of a folder speak for."""
    kinds: set[Layout] = set()
    with os.scandir(folder) as entries:
        for _, entry in zip(range(_LOOKED_AT), entries, strict=False):
            if re.fullmatch(r"0\d{3}", entry.name) and entry.is_dir():
                kinds.add("bucketed")
            elif re.fullmatch(r"[0-9a-f]{2}", entry.name) and entry.is_dir():
                kinds.add("md5")
            elif entry.name.endswith(".tar"):
                kinds.add("tar")
            elif NAME.fullmatch(os.fsencode(entry.name)):
                kinds.add("flat")
    return [layout for layout in LAYOUTS if layout in kinds]


def _listing(folder: Path) -> list[bytes]:
    try:
        return list(_names(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"{folder}: cannot be listed ({error.strerror}); check its permissions") from error


def _names(folder: Path) -> Iterator[bytes]:
    with os.scandir(os.fsencode(folder)) as entries:
        for entry in entries:
            yield entry.name
