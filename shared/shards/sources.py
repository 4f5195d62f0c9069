"""What is to become shards: the pictures of a manifest, one sample each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shared.errors import DataError
from shared.files import digest
from shared.manifest.danbooru import files_told
from shared.manifest.schema import SCHEMA, Header
from shared.manifest.table import open_manifest
from shared.readers.places import Place
from shared.readers.splits import SPLITS, Split

#: A table of manifest rows, and which sample each row's picture is in (-1: in none).
ManifestRows = tuple[pa.Table, NDArray[np.int64]]


class Piece(NamedTuple):
    """A file of a sample: its role ("" for the picture, mask, fg, bg), its path, and where its bytes are."""

    role: str
    path: str
    place: Place


class ShardSample(NamedTuple):
    """What belongs to one picture: files that share ``key`` in the shard, and a record written as JSON beside them."""

    key: str
    pieces: tuple[Piece, ...]
    record: dict[str, Any]


class ShardSource(Protocol):
    """Samples by number, so that millions of them need no memory before their turn."""

    @property
    def root(self) -> Path:
        """What the pieces' places are below."""

    @property
    def splits(self) -> NDArray[np.int8]:
        """The split of each sample, as its place in ``SPLITS``."""

    @property
    def files(self) -> int:
        """How many pieces all samples have."""

    @property
    def header(self) -> Header | None:
        """Of the manifest rows; None where no classes are known."""

    @property
    def documents(self) -> list[str]:
        """Paths of files to be copied beside the shards as they are."""

    @property
    def lists_files(self) -> bool:
        """Whether the shards are to be opened as the folder that they were made of."""

    def sample(self, number: int) -> ShardSample:
        """Returns one sample."""

    def manifest_rows(self) -> Iterator[ManifestRows]:
        """Yields the rows of the manifest, in their order."""

    def plan(self) -> str:
        """Returns a digest of all that the shards depend on but the pictures themselves."""


class ManifestSource:
    """The pictures of a manifest.

    Args:
        path: the manifest.
        images: where the pictures are now; None is where the manifest says.

    Raises:
        DataError: not a manifest, or no such folder.
    """

    lists_files = False

    def __init__(self, path: Path, images: Path | None = None) -> None:
        self.path, self._manifest = path, open_manifest(path)
        self.header: Header | None = self._manifest.header
        self.root = images or Path(self._manifest.header.images)
        if not self.root.is_dir():
            raise DataError(f"{self.root}: no such image folder; where are the pictures of {path}? (--images)")
        numbers = {split: number for number, split in enumerate(SPLITS)}
        column = self._manifest.table.column("split").combine_chunks().dictionary_encode()
        self.documents: list[str] = []
        self.files = self._manifest.table.num_rows
        self.splits = np.array([numbers.get(s, -1) for s in column.dictionary.to_pylist()], np.int8)[
            column.indices.to_numpy()
        ]

    def sample(self, number: int) -> ShardSample:
        """Returns one row's picture with its id, rating and classes."""
        manifest = self._manifest
        row = {name: manifest.table.column(name)[number].as_py() for name in ("id", "split", "rating")}
        names = manifest.header.class_names
        record = {**row, "classes": [names[i] for i in manifest.table.column("classes")[number].as_py()]}
        place = manifest.place(number)
        return ShardSample(str(row["id"]), (Piece("", place.path, place),), record)

    def manifest_rows(self) -> Iterator[ManifestRows]:
        """Yields the manifest's rows; each is a sample."""
        start = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=65_536, columns=SCHEMA.names):
                yield pa.Table.from_batches([batch]), np.arange(start, start + batch.num_rows)
                start += batch.num_rows

    def plan(self) -> str:
        """Returns a digest of the manifest file and the image folder."""
        return digest("manifest", files_told([self.path]), str(self.root.resolve()))


def split_number(split: Split) -> int:
    """Returns the place of a split in ``SPLITS``."""
    return SPLITS.index(split)
