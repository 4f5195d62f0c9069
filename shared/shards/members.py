"""Pictures inside shards, each standing where the path of a file would, and the table that finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.readers.places import Place, bytes_of, checked_path
from shared.shards.location import ShardLocation

SCHEMA = pa.schema(
    [
        ("path", pa.string()),  # below the folder that the shards were made of, with "/"
        ("shard", pa.string()),
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("alpha", pa.bool_()),  # the picture may be transparent, by its header
    ]
)


class MemberRow(NamedTuple):
    """A row of the table; see :data:`SCHEMA`."""

    path: str
    shard: str
    offset: int
    size: int
    alpha: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A picture in a shard; it has what a ``Path`` has, as far as readers of pictures need it."""

    location: ShardLocation
    row: MemberRow

    @property
    def stem(self) -> str:
        """The file's name without its last suffix."""
        return PurePosixPath(self.row.path).stem

    @property
    def suffix(self) -> str:
        """The file's last suffix, with its dot."""
        return PurePosixPath(self.row.path).suffix

    @property
    def may_have_alpha(self) -> bool:
        """Whether the picture can be transparent; no byte of it is read for this."""
        return self.row.alpha

    def read_bytes(self) -> bytes:
        """Returns the file. The shard is opened for this one read: nothing is shared between processes.

        Raises:
            DataError: the shard cannot be read, ends before, or never had the file.
        """
        if not self.row.shard:
            raise DataError(f"{self}: is not in the shards; make them again, or remove what names it")
        place = Place(self.row.shard, self.row.offset, self.row.size)
        return bytes_of(self.location.having(place.path), place)

    def __str__(self) -> str:
        return f"{self.location}/{self.row.shard}:{self.row.path}"


def write_members(path: Path, rows: Iterable[MemberRow]) -> None:
    """Writes the table of a set of shards."""
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for some in _chunks(rows, 65_536):
            columns = zip(*some, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))


def _chunks(rows: Iterable[MemberRow], size: int) -> Iterator[list[MemberRow]]:
    chunk: list[MemberRow] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def read_members(path: Path) -> list[MemberRow]:
    """Reads the table of a set of shards.

    Raises:
        DataError: not such a table, or a path in it leads out of the folder.
    """
    try:
        table = pq.read_table(BytesIO(path.read_bytes())).select(SCHEMA.names).cast(SCHEMA)
    except (OSError, pa.ArrowException, *BAD_RECORD) as error:
        raise DataError(f"{path}: not a readable table of shards ({reason_of(error)}); make them again") from error
    rows = [MemberRow(*values) for values in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    for row in rows:
        checked_path(row.path, str(path))
        checked_path(row.shard, str(path))
    return rows
