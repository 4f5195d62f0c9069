"""A folder of files that is written whole or not at all, and never over somebody's own files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import DataError, UsageError


@contextmanager
def replacing_folder(out: Path, owned: Collection[str]) -> Iterator[Path]:
    """Yields a temporary folder beside ``out``; it takes ``out``'s place when the block ends well.

    When the block raises (Ctrl-C too), the temporary folder is removed and ``out`` is untouched.

    Args:
        out: the folder to be; what is there is replaced.
        owned: names that such a folder may hold; ``out`` is refused where it holds anything else.

    Raises:
        UsageError: ``out`` is a file, or holds files of somebody.
        DataError: it cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder")
    if out.is_dir() and (others := sorted(set(os.listdir(out)) - set(owned))):
        raise UsageError(f"{out}: holds {others[0]}, which would be lost; name a new folder")
    out = Path(os.path.abspath(out))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name[:60]}.", suffix=".part"))
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror}); choose another place") from error
    try:
        os.chmod(temporary, 0o777 & ~_umask())  # mkdtemp makes folders for the owner only
        yield temporary
        _take_place(temporary, out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror}); choose another place") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _take_place(temporary: Path, out: Path) -> None:
    if not out.is_dir():
        os.replace(temporary, out)
        return
    former = temporary.with_suffix(".former")  # a folder that is not empty cannot be renamed over
    os.replace(out, former)
    try:
        os.replace(temporary, out)
    except BaseException:
        os.replace(former, out)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
