"""Which files of the given paths and folders are pictures, in the order a person expects."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol, TypeAlias

from shared.errors import DataError

logger = logging.getLogger(__name__)

#: Suffixes taken from folders, in any case. A file named outright is tried whatever its suffix is.
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


class StoredPicture(Protocol):
    """A picture that is no file of its own (it lies in a shard); its text is what messages call it."""

    @property
    def stem(self) -> str:
        """Its file's name without the last suffix."""

    @property
    def suffix(self) -> str:
        """The last suffix, with its dot."""

    @property
    def may_have_alpha(self) -> bool:
        """Whether it can be transparent."""

    def read_bytes(self) -> bytes:
        """Returns its file; raises DataError where it cannot be read."""


#: Where a picture is.
PictureFile: TypeAlias = Path | StoredPicture


@dataclass(frozen=True)
class FoundImage:
    """A picture to read, and its place below what the user gave (for outputs that keep the tree)."""

    path: Path
    relative: PurePath


def natural_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Returns a sort key under which ``img2`` comes before ``img10``, whatever the case."""
    parts = re.split(r"([0-9]+)", text.lower())
    return (*((1, int(part), "") if index % 2 else (0, 0, part) for index, part in enumerate(parts)), (0, 0, text))


def find_images(inputs: Sequence[Path]) -> list[FoundImage]:
    """Returns the pictures of files and folders, folders searched to their leaves, in natural order.

    Dotfiles and dot-folders are skipped; the same path given twice counts once; links are followed, each folder once.

    Raises:
        DataError: an input is missing, a folder given cannot be listed, or it holds no picture.
    """
    found: dict[Path, FoundImage] = {}
    for given in inputs:
        if given.is_dir():
            inside = list(_below(given, given, set()))
            if not inside:
                raise DataError(f"{given}: no pictures in this folder; expected {' '.join(IMAGE_SUFFIXES)}")
            for path in inside:
                found.setdefault(path, FoundImage(path, path.relative_to(given)))
        elif os.path.lexists(given):
            found.setdefault(given, FoundImage(given, PurePath(given.name)))
        else:
            raise DataError(f"{given}: no such file or folder; check the path")
    return list(found.values())


def _below(folder: Path, top: Path, seen: set[str]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: natural_key(entry.name))
    except OSError as error:
        if folder == top:
            raise DataError(f"{folder}: cannot be listed ({error.strerror}); check its permissions") from error
        logger.warning("%s: skipped, cannot be listed (%s)", folder, error.strerror)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if _is_folder(entry):
            yield from _below(folder / entry.name, top, seen)
        elif entry.name.lower().endswith(IMAGE_SUFFIXES):
            yield folder / entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a ring of links: the reader says so, and the others are read
        return False
