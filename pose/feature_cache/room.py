"""The bound of the cache: one process fills at a time, and what was not used for longest makes room."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path

from shared.errors import DataError, UsageError

log = logging.getLogger(__name__)

_GB = 1e9


@contextmanager
def only_filler(folder: Path) -> Iterator[None]:
    """Holds the cache folder's lock, waiting for it; the system releases it however a process ends.

    Raises:
        DataError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}); choose another feature_cache") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.warning("%s: another training is filling this cache; waiting for it", folder)
            fcntl.flock(handle, fcntl.LOCK_EX)
        # Nobody else writes now: unfinished files are those of killed processes.
        for left in folder.glob("*/.*.part"):
            left.unlink(missing_ok=True)
        yield
    finally:
        # Said for reading processes too, which were started with the same handle.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def make_room(folder: Path, needed_bytes: int, limit_bytes: float, keep: Set[Path]) -> None:
    """Removes files, least recently used first, until ``needed_bytes`` more stay within the limit.

    Args:
        folder: of the cache, with a folder a kind of features.
        needed_bytes: what will be written.
        limit_bytes: of all files.
        keep: files that this training reads.

    Raises:
        UsageError: even without all other files it does not fit, or the disk is too full. Nothing was removed.
    """
    sizes = {file: file.stat() for file in folder.glob("*/*.safetensors")}
    kept = sum(stat.st_size for file, stat in sizes.items() if file in keep)
    if kept + needed_bytes > limit_bytes:
        raise UsageError(
            f"{folder}: this training's features take {(kept + needed_bytes) / _GB:.2f} GB, the cache may hold "
            f"{limit_bytes / _GB:.2f}; raise model.init_args.feature_cache_gb, take fewer data.views, or set "
            "model.init_args.feature_cache to null"
        )
    others = sorted((file for file in sizes if file not in keep), key=lambda file: sizes[file].st_mtime_ns)
    free = shutil.disk_usage(folder).free + sum(sizes[file].st_size for file in others)
    if needed_bytes > free:
        raise UsageError(
            f"{folder}: {needed_bytes / _GB:.2f} GB of features do not fit on this disk ({free / _GB:.2f} GB free); "
            "choose another model.init_args.feature_cache"
        )
    total = sum(stat.st_size for stat in sizes.values())
    for file in others:
        if total + needed_bytes <= limit_bytes and needed_bytes <= shutil.disk_usage(folder).free:
            break
        file.unlink(missing_ok=True)
        total -= sizes[file].st_size
