"""A finished set of shards, opened: its manifest, its files by their old paths, the documents beside the tars."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path, PurePosixPath

from shared.errors import DataError
from shared.image_files import natural_key
from shared.shards.location import MANIFEST, MEMBERS, ShardLocation
from shared.shards.members import Member, MemberRow, read_members


class ShardSet:
    """A set of shards.

    Args:
        url: its folder or address.

    Raises:
        DataError: there is none, or it is not finished.
    """

    def __init__(self, url: str) -> None:
        self.location = ShardLocation(url)
        self.location.description()

    def manifest(self) -> Path:
        """Returns the manifest of the pictures, as a local file.

        Raises:
            DataError: the shards hold no classes.
        """
        return self._local(MANIFEST, "no tags: it was made of a folder without metadata/posts.jsonl")

    def document(self, name: str) -> Path:
        """Returns a file that was copied beside the shards, as a local file.

        Raises:
            DataError: there is none.
        """
        return self._local(name, f"no {name}: the folder had none")

    def has_document(self, name: str) -> bool:
        """Returns whether a file was copied beside the shards."""
        return name in self._documents

    @cached_property
    def members(self) -> dict[str, MemberRow]:
        """The files of the folder that the shards were made of, by their path in it, in natural order.

        Raises:
            DataError: the shards were made of a manifest.
        """
        rows = read_members(
            self._local(MEMBERS, "no files by name: it was made of a manifest; make shards of a folder")
        )
        return {row.path: row for row in sorted(rows, key=_natural)}

    def has(self, path: str) -> bool:
        """Returns whether a file is in the shards."""
        return path in self.members

    def member(self, path: str) -> Member:
        """Returns a picture by its path in the folder; reading one that the shards never had is an error."""
        return Member(self.location, self.members.get(path) or MemberRow(path, "", 0, 0, True))

    def below(self, folder: PurePosixPath) -> list[Member]:
        """Returns the pictures below a folder, "." for all, in the order of a listing of the folder itself."""
        start = "" if folder == PurePosixPath() else f"{folder}/"
        return [Member(self.location, row) for path, row in self.members.items() if path.startswith(start)]

    @cached_property
    def _documents(self) -> set[str]:
        found = self.location.description().get("documents")
        return set(found) if isinstance(found, list) else set()

    def _local(self, name: str, otherwise: str) -> Path:
        if name not in self._documents:
            raise DataError(f"{self.location}: holds {otherwise}")
        return self.location.local(name)


def _natural(row: MemberRow) -> list[object]:
    return [natural_key(part) for part in row.path.split("/")]
