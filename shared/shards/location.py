"""Where shards lie: a folder, or an address such as ``s3://bucket/path``, whose files come through a cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shared.errors import DataError
from shared.files import read_json
from shared.readers.places import checked_path
from shared.shards.cache import cached

#: The description of a set of shards; written last, so that it says the set is whole.
DESCRIPTION = "shards.json"
#: The pictures with their classes, as a manifest whose places are inside the shards.
MANIFEST = "manifest.parquet"
#: Every file of the folder that the shards were made of, and where it is now.
MEMBERS = "members.parquet"
#: Raised when shards are written in another way.
FORMAT = 1


def is_remote(url: str) -> bool:
    """Returns whether ``url`` is an address and no path."""
    return "://" in url


@dataclass(frozen=True)
class ShardLocation:
    """A folder of shards; ``url`` is its path or address."""

    url: str

    def __str__(self) -> str:
        return self.url.partition("?")[0]

    def having(self, name: str) -> Path:
        """Returns a local folder in which the file ``name`` lies; one that is far away is fetched first.

        Raises:
            DataError: it cannot be fetched, or its name leads out of the folder.
        """
        if not is_remote(self.url):
            return Path(self.url)
        return cached(self.url, checked_path(name, str(self)))

    def local(self, name: str) -> Path:
        """Returns the local path of a file.

        Raises:
            DataError: as :meth:`having`.
        """
        return self.having(name) / checked_path(name, str(self))

    def description(self) -> dict[str, object]:
        """Returns what :data:`DESCRIPTION` says.

        Raises:
            DataError: there is none, the shards are not finished, or they are of another format.
        """
        if not is_remote(self.url) and not (Path(self.url) / DESCRIPTION).is_file():
            raise DataError(f"{self}: no {DESCRIPTION} there; make shards with `inkpose data shards`")
        found = read_json(self.local(DESCRIPTION))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise DataError(f"{self}: its {DESCRIPTION} is of another format than {FORMAT}; make the shards again")
        if found.get("complete") is not True:
            raise DataError(f"{self}: the shards are not finished; run the same `inkpose data shards` again")
        return found
