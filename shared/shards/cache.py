"""Files of far-away shards on this machine: each fetched once for all processes, the oldest dropped when room is out.

The folder is ``$INKPOSE_SHARD_CACHE`` (``~/.cache/inkpose/shards``), its room for shards ``$INKPOSE_SHARD_CACHE_GB``
(50). What a run reads at a time is far less: see ``shared.datamodules.shard_sampling``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shared.errors import DataError, UsageError
from shared.files import replacing


def cached(url: str, name: str) -> Path:
    """Returns the local folder that stands for ``url``, having fetched the file ``name`` into it.

    Raises:
        DataError: the file cannot be fetched.
        UsageError: ``$INKPOSE_SHARD_CACHE_GB`` is no number.
    """
    folder = cache_root() / hashlib.sha256(url.encode()).hexdigest()[:16]
    path = folder / name
    if not _touched(path):
        with _only_one(folder / f".{name.replace('/', '-')}.lock"):
            if not _touched(path):  # another process may have fetched it while this one waited
                with replacing(path) as temporary:
                    _fetch(url, name, temporary)
                _make_room(path)
    return folder


def cache_root() -> Path:
    """Returns the folder of all caches."""
    return Path(os.environ.get("INKPOSE_SHARD_CACHE") or Path.home() / ".cache" / "inkpose" / "shards")


def _fetch(url: str, name: str, target: Path) -> None:
    # A process of its own: the clients of object stores have threads, which do not survive the fork that makes
    # reading processes.
    command = [sys.executable, "-m", "shared.shards.transfer", url, name, str(target)]
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    if done.returncode:
        told = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise DataError(f"{url.partition('?')[0]}/{name}: cannot be fetched ({told}); check the address and your keys")


def _touched(path: Path) -> bool:
    """Marks a file as used now; False where it is not there."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go by the system, whatever becomes of the process
        yield


def _make_room(kept: Path) -> None:
    """Removes the shards that were not used for longest until all are below the limit; ``kept`` stays."""
    text = os.environ.get("INKPOSE_SHARD_CACHE_GB") or "50"
    try:
        limit = float(text) * 1e9
    except ValueError:
        raise UsageError(f"INKPOSE_SHARD_CACHE_GB {text!r}: not a number of gigabytes") from None
    files = []
    for path in cache_root().glob("*/*.tar"):
        with suppress(OSError):  # another process makes room too
            told = path.stat()
            files.append((told.st_mtime_ns, told.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            return
        if path != kept:
            path.unlink(missing_ok=True)
            total -= size
