"""Where the bytes of one picture lie below a folder: in a file of its own, or inside a tar."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

from shared.errors import DataError

_Read = TypeVar("_Read")


class Place(NamedTuple):
    """``path``: relative, with ``/``, of a picture or a tar; ``offset`` and ``size``: its bytes inside the tar."""

    path: str
    offset: int | None = None
    size: int | None = None


def checked_path(path: str, where: str) -> str:
    """Returns ``path`` if it stays below the folder it belongs to.

    Raises:
        DataError: absolute, empty, or with ``..``: such a path leads out of the folder.
    """
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0].startswith("/") or parts[0].endswith(":") or "\0" in path:
        raise DataError(f"{where}: path {path!r} leads out of the image folder; give paths below it")
    return path


def read_place(root: Path, place: Place, read: Callable[[Path | bytes], _Read]) -> _Read:
    """Returns what ``read`` makes of a picture's file or bytes.

    Files are opened for this one read: nothing is shared between processes.

    Raises:
        DataError: no such file, not a picture, a tar cut off, or a path that leads out of ``root``.
    """
    if place.offset is None or place.size is None:
        return read(root / checked_path(place.path, str(root)))
    data = bytes_of(root, place)
    try:
        return read(data)
    except DataError as error:
        raise DataError(f"{root / place.path}, at byte {place.offset}{_member(root, place)}: {error}") from error


def _member(root: Path, place: Place) -> str:
    """Returns the name of the tar's member at a place, for a message; nothing where its header is not just before."""
    try:
        header = bytes_of(root, Place(place.path, (place.offset or 0) - tarfile.BLOCKSIZE, tarfile.BLOCKSIZE))
        return f" ({tarfile.TarInfo.frombuf(header, 'utf-8', 'replace').name})"
    except (DataError, tarfile.TarError):
        return ""


def bytes_of(root: Path, place: Place) -> bytes:
    """Returns the bytes of the picture's file, or of its part of the tar.

    Raises:
        DataError: no such file, or a path that leads out of ``root``.
    """
    path = root / checked_path(place.path, str(root))
    try:
        if place.offset is None or place.size is None:
            return path.read_bytes()
        with path.open("rb") as tar:
            if not 0 <= place.offset <= place.offset + place.size <= os.fstat(tar.fileno()).st_size:
                raise DataError(f"{path}, at byte {place.offset}: ends before; copy it again, or make the list again")
            tar.seek(place.offset)
            return tar.read(place.size)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the image folder") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the file") from error
