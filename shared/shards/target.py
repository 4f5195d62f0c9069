"""Where shards are written to: a folder or an object store; in both a file appears when it is whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import DataError
from shared.files import replacing
from shared.shards.location import is_remote


class ShardTarget:
    """A place to write to.

    Args:
        url: a folder, or an address such as ``s3://bucket/path``.

    Raises:
        DataError: an address of an unknown kind.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._remote = None
        if is_remote(url):
            from shared.shards.transfer import store_of

            self._remote = store_of(url)

    def __str__(self) -> str:
        return self.url.partition("?")[0]

    @property
    def shown(self) -> str:
        """The address without its options, or the absolute path."""
        return str(self) if self._remote is not None else str(Path(self.url).resolve())

    def names(self) -> dict[str, int]:
        """Returns the files that are there, by their path below the place, with their sizes in bytes."""
        if self._remote is None:
            root = Path(self.url)
            files = (path for path in root.rglob("*") if path.is_file() and not path.name.endswith(".part"))
            return {path.relative_to(root).as_posix(): path.stat().st_size for path in files}
        from pyarrow import fs

        system, path = self._remote
        with self._told(path):
            found = system.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
        return {info.path[len(path) + 1 :]: info.size for info in found if info.is_file}

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yields a local path to write ``name`` to; when the block ends well, the file appears in its place.

        Raises:
            DataError: it cannot be written.
        """
        if self._remote is None:
            with replacing(Path(self.url) / name) as temporary:
                yield temporary
            return
        with tempfile.TemporaryDirectory(prefix="inkpose-shards-") as folder:
            local = Path(folder) / "file"
            yield local
            from shared.shards.transfer import upload

            with self._told(name):
                upload(local, self.url, name)

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """Yields a local path at which the file ``name`` can be read.

        Raises:
            DataError: it cannot be read.
        """
        if self._remote is None:
            yield Path(self.url) / name
            return
        with tempfile.TemporaryDirectory(prefix="inkpose-shards-") as folder:
            from shared.shards.transfer import download

            with self._told(name):
                download(self.url, name, Path(folder) / "file")
            yield Path(folder) / "file"

    def remove_folder(self, name: str) -> None:
        """Removes a folder and what is in it."""
        if self._remote is None:
            shutil.rmtree(Path(self.url) / name, ignore_errors=True)
            return
        system, path = self._remote
        with self._told(name):
            for file in self.names():
                if file.startswith(f"{name}/"):
                    system.delete_file(f"{path}/{file}")

    def remove(self, name: str) -> None:
        """Removes a file."""
        if self._remote is None:
            (Path(self.url) / name).unlink(missing_ok=True)
            return
        system, path = self._remote
        with self._told(name):
            system.delete_file(f"{path}/{name}")

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = " ".join(str(error).split())[:300]
            raise DataError(f"{self}: {name}: {told}; check the address, your keys and your rights") from error
