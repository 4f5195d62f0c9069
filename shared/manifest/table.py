"""A finished manifest as the trainings read it: rows in memory that all processes of a machine share."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import replacing
from shared.manifest.report import count_classes
from shared.manifest.schema import SCHEMA, Header
from shared.readers.places import Place
from shared.readers.ratings import Rating
from shared.readers.splits import Split

logger = logging.getLogger(__name__)

_COLUMNS = ["id", "path", "offset", "size", "split", "rating", "repeats", "classes"]
_STAMP = b"inkpose.manifest.stamp"


class Manifest:
    """Rows of a manifest; a row is one picture with its classes.

    Args:
        header: of all rows.
        table: columns as in ``shared.manifest.schema.SCHEMA``; ``tags`` and sizes are not needed.
        cache: the Arrow file that ``table`` is a view of, if it is; another process then opens it by itself.
    """

    def __init__(self, header: Header, table: pa.Table, cache: Path | None = None) -> None:
        self.header, self.table, self.cache = header, table, cache

    def __reduce__(self) -> tuple[Any, ...]:
        return (_reopened, (self.header, self.cache)) if self.cache else (Manifest, (self.header, self.table))

    def rows(self, split: Split, ratings: Collection[Rating]) -> NDArray[np.int64]:
        """Returns the numbers of a split's rows, rising; a training row as often as it is to be repeated.

        Rows whose rating is not known belong to every rating.
        """
        rating = self.table.column("rating")
        wanted = pc.or_(pc.is_null(rating), pc.is_in(rating, pa.array(sorted(ratings), pa.string())))
        chosen = pc.and_(pc.equal(self.table.column("split"), split), wanted).to_numpy()
        rows: NDArray[np.int64] = np.flatnonzero(chosen)
        return np.repeat(rows, self.table.column("repeats").to_numpy()[rows]) if split == "train" else rows

    def ids(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the ids of rows."""
        ids: NDArray[np.int64] = self.table.column("id").to_numpy()[rows]
        return ids

    def id(self, row: int) -> int:
        """Returns the id of one row."""
        return int(self.table.column("id")[row].as_py())

    def place(self, row: int) -> Place:
        """Returns where the picture of a row lies."""
        return Place(*(self.table.column(name)[row].as_py() for name in ("path", "offset", "size")))

    def path_numbers(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns a number for the path of each row: rows in one shard have the same."""
        codes = self.table.column("path").combine_chunks().dictionary_encode().indices.to_numpy()
        numbers: NDArray[np.int64] = codes.astype(np.int64)[rows]
        return numbers

    def labels(self, row: int) -> NDArray[np.uint8]:
        """Returns the 0/1 labels ``(C,)`` of one row."""
        labels = np.zeros(len(self.header.class_names), np.uint8)
        labels[self.table.column("classes")[row].values.to_numpy()] = 1
        return labels

    def positive_counts(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns in how many of ``rows`` each class is true ``(C,)``."""
        counts = np.zeros(len(self.header.class_names), np.int64)
        for start in range(0, len(rows), 100_000):
            some = self.table.select(["classes"]).take(pa.array(rows[start : start + 100_000]))
            counts += count_classes(some, len(counts))
        return counts


def open_manifest(path: Path) -> Manifest:
    """Opens a manifest as a memory map of an Arrow file beside it, which is made when it is missing or out of date.

    However large the manifest is, and however many processes read it, its rows are in memory once and only as far as
    they are used. Where the folder cannot be written, each process reads the columns it needs into its own memory.

    Raises:
        DataError: no such file, or not a manifest.
    """
    try:
        with pq.ParquetFile(path) as file:
            header = Header.from_schema(file.schema_arrow, path)
            for name in _COLUMNS:
                if _plain_type(file.schema_arrow.field(name)) != _plain_type(SCHEMA.field(name)):
                    raise DataError(f"{path}: column {name!r} holds other things than a manifest's; make it again")
            told = path.stat()
            stamp = f"{told.st_size} {told.st_mtime_ns}".encode()
            cache = path.with_name(f".{path.name}.arrow")
            if _stamp_of(cache) != stamp:
                try:
                    _write_cache(cache, file, stamp)
                except DataError as error:
                    logger.warning("%s (its rows are read into memory instead)", error)
                    return Manifest(header, file.read(columns=_COLUMNS))
        return _reopened(header, cache)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; make it with `inkpose data danbooru`") from None
    except (OSError, pa.ArrowException, *BAD_RECORD) as error:
        raise DataError(f"{path}: not a readable manifest ({reason_of(error)}); make it again") from error


def _plain_type(field: pa.Field) -> tuple[bool, pa.DataType]:
    """Whether a column holds lists, and the type of its values; Parquet has names of its own for a list's items."""
    is_list = pa.types.is_list(field.type)
    return is_list, field.type.value_type if is_list else field.type


def _reopened(header: Header, cache: Path) -> Manifest:
    return Manifest(header, pa.ipc.open_file(pa.memory_map(str(cache))).read_all(), cache)


def _stamp_of(cache: Path) -> bytes | None:
    try:
        with pa.memory_map(str(cache)) as source:
            stamp: bytes | None = (pa.ipc.open_file(source).schema.metadata or {}).get(_STAMP)
            return stamp
    except (OSError, pa.ArrowException):
        return None


def _write_cache(cache: Path, file: pq.ParquetFile, stamp: bytes) -> None:
    schema = pa.schema([file.schema_arrow.field(name) for name in _COLUMNS], {_STAMP: stamp})
    with (
        replacing(cache) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, schema) as writer,
    ):
        for batch in _batches(file):
            writer.write_batch(batch.replace_schema_metadata(schema.metadata))


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    yield from file.iter_batches(batch_size=65_536, columns=_COLUMNS)
