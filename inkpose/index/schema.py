"""The tables of an index: what is kept of a picture and of a character, and the stamp of the descriptor."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inkpose.index.descriptor import DESCRIPTORS, Descriptor, describe
from shared.errors import DataError

FORMAT = 1
_KEY = b"inkpose.index"
#: Lance lays the column out so that one row is read without its neighbours: a search reads those of 100 rows far apart.
_ROW_BY_ROW = {"lance-encoding:structural-encoding": "fullzip"}

Box = tuple[float, float, float, float]

#: One row a picture looked at, also where no character was found: what is here is not looked at again.
PICTURES = pa.schema(
    [
        ("path", pa.string()),  # absolute
        ("source", pa.string()),  # the folder, file or manifest that was added, absolute
        ("sha256", pa.string()),
        ("mtime_ns", pa.int64()),
        ("size_bytes", pa.int64()),
        ("characters", pa.int32()),
    ]
)


@dataclass(frozen=True)
class Figure:
    """One character as the index keeps it.

    Attributes:
        box_xywh: box in picture pixels.
        keypoints: float32 ``(17, 3)`` x, y, score; x and y NaN where absent.
        score: of the character as a whole.
        thumbnail: JPEG of :func:`inkpose.index.thumbnails.region` of the picture.
    """

    box_xywh: Box
    keypoints: NDArray[np.float32]
    score: float = 1.0
    thumbnail: bytes = b""


@dataclass(frozen=True)
class Picture:
    """One picture as the index keeps it; ``path`` and ``source`` absolute, ``width`` and ``height`` in pixels."""

    path: str
    width: int
    height: int
    tags: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    source: str = ""
    sha256: str = ""
    mtime_ns: int = 0
    size_bytes: int = 0


@dataclass(frozen=True)
class Hit:
    """A character of the index.

    Attributes:
        id: of the character; the same picture, character number and path give the same id again.
        path: of the picture.
        number: of the character in its picture, largest first.
        width: of the picture, pixels.
        height: of the picture, pixels.
        box_xywh: the character in the picture, pixels.
        keypoints: float32 ``(17, 3)`` x, y, score; x and y NaN where absent.
        tags: of the picture.
        thumbnail: JPEG, or empty where not asked for.
        score: likeness to the query in [0, 1], 1 without a query.
        distance: between the descriptors, 0 without a query.
        mirrored: the query's mirror image is what it is like.
    """

    id: str
    path: str
    number: int
    width: int
    height: int
    box_xywh: Box
    keypoints: NDArray[np.float32]
    tags: list[str] = field(default_factory=list)
    thumbnail: bytes = b""
    score: float = 1.0
    distance: float = 0.0
    mirrored: bool = False

    def as_json(self) -> dict[str, Any]:
        """Returns the record of the JSON output, without the thumbnail."""
        keypoints = [
            [None if np.isnan(x) else round(float(x), 2), None if np.isnan(y) else round(float(y), 2),
             round(float(score), 4)]
            for x, y, score in self.keypoints
        ]  # fmt: skip
        return {
            "id": self.id, "image": self.path, "character": self.number, "width": self.width, "height": self.height,
            "score": round(self.score, 4), "distance": round(self.distance, 4), "mirrored": self.mirrored,
            "box_xywh": [round(float(v), 2) for v in self.box_xywh], "keypoints": keypoints, "tags": self.tags,
        }  # fmt: skip


def characters_schema(descriptor: Descriptor) -> pa.Schema:
    """Returns the columns of the table of characters, stamped with the descriptor."""
    stamp = {"format": FORMAT, "descriptor": descriptor.name, "version": descriptor.version}
    return pa.schema(
        [
            ("id", pa.string()),
            ("picture", pa.string()),
            ("number", pa.int32()),
            ("width", pa.int32()),
            ("height", pa.int32()),
            ("box_xywh", pa.list_(pa.float32(), 4)),
            # 51; LanceDB takes lists of fixed length for vectors, without NaN
            pa.field("keypoints", pa.list_(pa.float32()), metadata=_ROW_BY_ROW),
            ("score", pa.float32()),
            ("tags", pa.list_(pa.string())),
            ("thumbnail", pa.binary()),
            ("vector", pa.list_(pa.float32(), descriptor.size)),
        ],
        metadata={_KEY: json.dumps(stamp).encode()},
    )


def descriptor_of(schema: pa.Schema, where: str) -> Descriptor:
    """Returns the descriptor of a table of characters.

    Raises:
        DataError: no index of ours, or one of another format or another descriptor version.
    """
    try:
        stamp = json.loads((schema.metadata or {})[_KEY])
        told = int(stamp["format"]), str(stamp["descriptor"]), int(stamp["version"])
    except (KeyError, ValueError, TypeError):
        raise DataError(f"{where}: not an index of inkpose; name another folder") from None
    ours = DESCRIPTORS.get(told[1])
    if told[0] != FORMAT or ours is None or ours.version != told[2]:
        here = "unknown here" if ours is None else f"version {ours.version} here"
        raise DataError(
            f"{where}: holds descriptor {told[1]} version {told[2]} (index format {told[0]}), which is {here} (format "
            f"{FORMAT}); index the pictures again into another folder with `inkpose index add … --index NEW`"
        )
    return ours


def character_id(path: str, number: int) -> str:
    """Returns the id of a character; it depends on the picture's path and the character's number only."""
    return f"{hashlib.sha256(path.encode()).hexdigest()[:20]}-{number}"


def _number_of(key: str) -> int:
    """Returns the number in a character's id: one column less to read for every row that is shown."""
    return int(key.rpartition("-")[2])


def picture_table(pictures: Sequence[Picture]) -> pa.Table:
    """Returns the rows of the table of pictures."""
    columns = [
        [p.path for p in pictures], [p.source for p in pictures], [p.sha256 for p in pictures],
        [p.mtime_ns for p in pictures], [p.size_bytes for p in pictures], [len(p.figures) for p in pictures],
    ]  # fmt: skip
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, PICTURES, strict=True)], schema=PICTURES)


def character_table(pictures: Sequence[Picture], descriptor: Descriptor) -> pa.Table:
    """Returns the rows of the table of characters, described."""
    schema = characters_schema(descriptor)
    rows = [(picture, number, figure) for picture in pictures for number, figure in enumerate(picture.figures)]
    if not rows:
        return schema.empty_table()
    keypoints = np.stack([np.asarray(figure.keypoints, np.float32) for _, _, figure in rows])
    boxes = np.array([figure.box_xywh for _, _, figure in rows], np.float32)
    vectors = describe(keypoints, boxes, descriptor.name)
    columns = [
        [character_id(p.path, number) for p, number, _ in rows],
        [p.path for p, _, _ in rows], [number for _, number, _ in rows],
        [p.width for p, _, _ in rows], [p.height for p, _, _ in rows],
        boxes, keypoints.reshape(len(rows), 51),
        [figure.score for _, _, figure in rows], [list(p.tags) for p, _, _ in rows],
        [figure.thumbnail for _, _, figure in rows], vectors,
    ]  # fmt: skip
    arrays = [_array(column, one.type) for column, one in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _array(column: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(column, np.ndarray):
        flat = pa.array(np.ascontiguousarray(column).ravel())
        if pa.types.is_fixed_size_list(kind):
            return pa.FixedSizeListArray.from_arrays(flat, kind.list_size)
        return pa.ListArray.from_arrays(np.arange(len(column) + 1, dtype=np.int32) * column.shape[1], flat)
    return pa.array(column, kind)


def hits_of(rows: pa.Table) -> list[Hit]:
    """Returns the characters of table rows; a column that was not asked for keeps its default."""
    names = set(rows.schema.names)
    return [
        Hit(
            id=row["id"],
            path=row["picture"],
            number=_number_of(row["id"]),
            width=row["width"],
            height=row["height"],
            box_xywh=(row["box_xywh"][0], row["box_xywh"][1], row["box_xywh"][2], row["box_xywh"][3]),
            keypoints=np.array(row["keypoints"], np.float32).reshape(17, 3),
            tags=list(row["tags"] or []),
            thumbnail=row["thumbnail"] if "thumbnail" in names else b"",
        )
        for row in rows.to_pylist()
    ]


def absolute(path: Path) -> str:
    """Returns a path as the index keeps it: from the root, without ``..``; links stay as they are.

    Raises:
        DataError: the name is not valid text.
    """
    full = os.path.abspath(path)
    try:
        full.encode()
    except UnicodeEncodeError:
        raise DataError(f"{full}: the name is not valid text; rename the file to index it") from None
    return full
