"""Pictures inside tar files, found by offset: WebDataset shards, and tars with a JSON index beside them.

An index ``0004.json`` of ``0004.tar`` reads ``{"filesize": …, "files": {"4138.jpg": {"offset": …, "size": …}}}``.
Without one the headers of the tar are walked once. Members whose name (up to the first dot of its last part) is no
post id or MD5, and members that are no pictures, are passed over; so are names that begin with ``__``: notes.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import DataError
from shared.files import read_json
from shared.image_files import natural_key
from shared.readers.image_names import NameIndex
from shared.readers.places import Place


class TarShards:
    """All tars below a folder, as one collection; of two members of one name, the first tar's counts.

    Memory: some 40 bytes a picture.

    Args:
        root: what paths are relative to.
        folder: searched to its leaves.

    Raises:
        DataError: no tar, a damaged or compressed one, or an index that does not fit its tar.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        tars = sorted(folder.rglob("*.tar"), key=lambda path: natural_key(str(path)))
        if not tars:
            raise DataError(f"{folder}: holds no .tar files; check --images")
        self.paths = [path.relative_to(root).as_posix() for path in tars]
        names: list[bytes] = []
        shards, offsets, sizes = [], [], []
        for number, path in enumerate(tars):
            members = list(_members(path))
            names += [name for name, _, _ in members]
            shards.append(np.full(len(members), number, np.int32))
            offsets.append(np.array([offset for _, offset, _ in members], np.int64))
            sizes.append(np.array([size for _, _, size in members], np.int64))
        self._names = NameIndex(names)
        kept = self._names.positions
        self._shards, self._offsets, self._sizes = (np.concatenate(parts)[kept] for parts in (shards, offsets, sizes))

    def locate(self, image_id: int, md5: str | None, suffix: str) -> Place | None:
        """Returns tar, offset and size of a post's picture, or None if it is in no tar."""
        number = self._names.find(str(image_id), suffix)
        if number is None and md5:
            number = self._names.find(md5, suffix)
        if number is None:
            return None
        return Place(self.paths[self._shards[number]], int(self._offsets[number]), int(self._sizes[number]))


def _members(path: Path) -> Iterator[tuple[bytes, int, int]]:
    index = path.with_suffix(".json")
    found = _indexed(path, index) if index.is_file() else _walked(path)
    for name, offset, size in found:
        base = name.rpartition("/")[2]
        stem, _, suffix = base.partition(".")
        # WebDataset pads its keys with zeros; a post's number has none.
        key = f"{int(stem) if _is_number(stem) else stem.lower()}.{suffix}"
        if size > 0:  # names that are none of ours (notes with "__" among them) are left out by the NameIndex
            yield key.encode(errors="replace"), offset, size


def _is_number(stem: str) -> bool:
    return stem.isascii() and stem.isdigit() and len(stem) <= 30


def _indexed(path: Path, index: Path) -> Iterator[tuple[str, int, int]]:
    document, there = read_json(index), path.stat().st_size
    try:
        files: dict[str, dict[str, Any]] = document["files"]
        if document.get("filesize", there) != there:
            raise DataError(
                f"{index}: is of a tar of {document['filesize']} bytes, {path.name} has {there}; copy both again"
            )
        for name, entry in files.items():
            offset, size = entry["offset"], entry["size"]
            if type(offset) is not int or type(size) is not int or offset < 0 or size < 0 or offset + size > there:
                raise DataError(f"{index}: member {name!r} lies outside of {path.name}; copy both again")
            yield name, offset, size
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{index}: not an index of a tar ({error}); expected files: {{name: {{offset, size}}}}"
        ) from None


def _walked(path: Path) -> Iterator[tuple[str, int, int]]:
    there = path.stat().st_size
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.size < 0:  # tarfile would walk back, and for ever
                    raise DataError(f"{path}: {member.name!r} has a negative size; copy the file again")
                if member.isreg() and not member.issparse():
                    if member.offset_data + member.size > there:
                        raise DataError(f"{path}: ends inside of {member.name!r}; copy the file again")
                    yield member.name, member.offset_data, member.size
                # The list that tarfile keeps would grow with the shard.
                tar.members = []  # type: ignore[attr-defined]
    except (tarfile.TarError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        raise DataError(f"{path}: not a plain tar, or cut off ({error}); unpack or copy it again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the file") from error
