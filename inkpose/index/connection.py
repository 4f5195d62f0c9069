"""The folder of an index: where one may be made, how it is opened, and its store's errors in plain words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from shared.errors import DataError, InkposeError, UsageError


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turns the store's errors into one line that names the index."""
    try:
        yield
    except InkposeError:
        raise
    except (OSError, RuntimeError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        if "No space left" in reason or "File too large" in reason or "os error 28" in reason:
            raise DataError(
                f"{path}: the disk is full; free some space and run the same command again, nothing is lost"
            ) from error
        if "ermission denied" in reason or "Read-only file system" in reason:
            raise DataError(f"{path}: cannot be written (permission denied); choose another --index") from error
        raise DataError(
            f"{path}: the index cannot be used ({reason[:160]}); index again into another folder"
        ) from error


def is_index(path: Path) -> bool:
    """Returns whether a folder holds an index."""
    return (path / "characters.lance").is_dir()


def check_place(path: Path) -> None:
    """Refuses a place where no new index can be.

    Raises:
        UsageError: it is a file, or holds other things.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path}: --index is a file; name a folder")
    others = [one.name for one in path.iterdir()] if path.is_dir() else []
    if any(name not in {"pictures.lance", ".writer.lock"} for name in others):
        raise UsageError(f"{path}: holds other files and no index; name a new folder with --index")


def make_place(path: Path) -> None:
    """Makes the folder of a new index.

    Raises:
        UsageError: it is a file, or holds other things.
        DataError: it cannot be made.
    """
    check_place(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{path}: cannot be made ({error.strerror}); choose another --index") from error


def connect(path: Path) -> Any:
    """Returns LanceDB's connection to the folder; its import is put off to here, for it takes a second."""
    os.environ.setdefault("LANCE_LOG", "error")  # its notes are for its own developers
    import lancedb

    return lancedb.connect(str(path))


def bytes_below(path: Path) -> int:
    """Returns the size of all files below a folder."""
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
