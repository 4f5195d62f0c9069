"""One writer at a time: a lock that the system itself releases when its process ends, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import DataError, UsageError

_NAME = ".writer.lock"


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """Holds the write lock of an index folder.

    Raises:
        UsageError: another process (or another thread of this one) is writing; says which and since when.
        DataError: the folder cannot be written.
    """
    path = folder / _NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}); choose another --index") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"{folder}: {_holder(path)} is writing to this index; try again when it is done") from None
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%H:%M:%S")}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(owner).encode(), 0)
        yield
    finally:
        os.close(handle)


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text())
        return f"process {told['pid']} on {told['host']} (since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
