"""The columns of a manifest, what its header says, and pictures as they become rows of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from shared.errors import DataError
from shared.readers.places import Place
from shared.readers.ratings import Rating
from shared.readers.splits import Split
from shared.rulebook.rulebook import Rulebook

FORMAT = 1
_KEY = b"inkpose.manifest"

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("path", pa.string()),  # below the image folder, with "/"; of the tar where offset is not null
        ("offset", pa.int64()),
        ("size", pa.int64()),
        ("width", pa.int32()),  # of the original as the metadata say, pixels; 0: not known
        ("height", pa.int32()),
        ("split", pa.string()),
        ("rating", pa.string()),  # by meaning; null: not known
        ("repeats", pa.int32()),  # how often an epoch of training takes the picture
        ("tags", pa.list_(pa.string())),  # raw general tags, each once
        ("classes", pa.list_(pa.uint16())),  # indices of the true classes, rising
    ]
)


class Entry(NamedTuple):
    """A picture to take into a manifest."""

    id: int
    place: Place
    width: int
    height: int
    split: Split
    rating: Rating | None
    tags: Sequence[str]
    repeats: int = 1


@dataclass(frozen=True)
class Header:
    """What a manifest says about all its rows: the image folder, and whose class indices these are."""

    images: str
    rulebook_digest: str
    class_names: list[str]
    format: int = FORMAT

    @classmethod
    def of(cls, images: Path, rulebook: Rulebook) -> Header:
        """Returns the header of pictures below ``images`` labelled by ``rulebook``."""
        return cls(str(images.resolve()), rulebook.digest(), list(rulebook.class_names))

    def in_schema(self, schema: pa.Schema = SCHEMA) -> pa.Schema:
        """Returns ``schema`` with this header in it."""
        return schema.with_metadata({_KEY: json.dumps(asdict(self), ensure_ascii=False)})

    @classmethod
    def from_schema(cls, schema: pa.Schema, path: Path) -> Header:
        """Reads the header back. Raises DataError for a Parquet file that is no manifest, or one of another format."""
        try:
            header = cls(**json.loads((schema.metadata or {})[_KEY]))
        except (KeyError, ValueError, TypeError):
            raise DataError(f"{path}: not a manifest; make one with `inkpose data danbooru`") from None
        if header.format != FORMAT:
            raise DataError(f"{path}: manifest format {header.format}, this version reads {FORMAT}; make it again")
        return header


class RowBuffer:
    """Gathers entries and gives them as one Arrow table."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.label = rulebook.label_indices
        self.rows: list[tuple[Any, ...]] = []

    def add(self, entry: Entry) -> None:
        """Adds a picture, with the classes that its tags make true."""
        place, tags = entry.place, entry.tags
        self.rows.append(
            (entry.id, place.path, place.offset, place.size, entry.width, entry.height, entry.split, entry.rating,
             entry.repeats, tags, self.label(tags))
        )  # fmt: skip

    def take(self, schema: pa.Schema = SCHEMA) -> pa.Table:
        """Returns what was added since the last call."""
        columns = zip(*self.rows, strict=True) if self.rows else [()] * len(schema)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
        self.rows = []
        return pa.Table.from_arrays(arrays, schema=schema)
