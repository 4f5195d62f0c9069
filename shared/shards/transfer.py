"""Files to and from object stores, by pyarrow: ``python -m shared.shards.transfer URL NAME PATH`` fetches one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pyarrow import fs

from shared.errors import DataError


def store_of(url: str) -> tuple[Any, str]:
    """Returns the file system of an address and the path in it.

    Raises:
        DataError: an address of an unknown kind.
    """
    try:
        system, path = fs.FileSystem.from_uri(url)
    except (OSError, ValueError, NotImplementedError) as error:  # Arrow's own errors are among them
        told = " ".join(str(error).split())[:200]
        raise DataError(f"{url.partition('?')[0]}: not an address that can be used ({told})") from error
    return system, path.rstrip("/")


def download(url: str, name: str, target: Path) -> None:
    """Copies ``url``/``name`` to a local file.

    Raises:
        OSError: it is not there, or cannot be reached.
    """
    system, path = store_of(url)
    fs.copy_files(f"{path}/{name}", str(target), system, fs.LocalFileSystem())


def upload(source: Path, url: str, name: str) -> None:
    """Copies a local file to ``url``/``name``, where it appears when it is whole.

    Raises:
        OSError: the store cannot be reached or does not let us.
    """
    system, path = store_of(url)
    if system.type_name == "local":  # object stores have no folders
        Path(path, name).parent.mkdir(parents=True, exist_ok=True)
    fs.copy_files(str(source), f"{path}/{name}", fs.LocalFileSystem(), system)


def main(arguments: list[str]) -> int:
    """Downloads one file; the last line of standard error says what went wrong."""
    url, name, target = arguments
    try:
        download(url, name, Path(target))
    except (OSError, DataError) as error:
        sys.stderr.write(" ".join(str(error).split())[:300] + "\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
