"""Lines of predictions.jsonl as rows of a Parquet file, and back: nothing is lost on the way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from inkpose.writing import Record
from shared.errors import DataError
from shared.files import replacing

_TAG = pa.struct([("name", pa.string()), ("group", pa.string()), ("score", pa.float64())])
_CHARACTER = pa.struct(
    [
        ("box_xywh", pa.list_(pa.int64())),
        ("score", pa.float64()),
        ("keypoints", pa.list_(pa.list_(pa.float64()))),  # 17 rows x, y, score; x and y null where there is no joint
        ("mask", pa.string()),
        ("cutout", pa.string()),
    ]
)
SCHEMA = pa.schema(
    [
        ("image", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("tags", pa.list_(_TAG)),
        ("characters", pa.list_(_CHARACTER)),
        ("overlay", pa.string()),
        ("error", pa.string()),
    ]
)
_KEY = b"inkpose.part"


def write_part(path: Path, records: Sequence[Record], digest: str) -> None:
    """Writes records as one Parquet file, whole or not at all.

    Args:
        path: the file.
        records: lines of predictions.jsonl.
        digest: of what the records were made from; :func:`digest_of_part` gives it back.

    Raises:
        DataError: the file cannot be written.
    """
    table = pa.Table.from_pylist(list(records), schema=SCHEMA.with_metadata({_KEY: digest}))
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def digest_of_part(path: Path) -> str | None:
    """Returns the digest that a part was written with; None where there is no readable part."""
    try:
        found = (pq.read_schema(path).metadata or {}).get(_KEY)
    except (OSError, pa.ArrowException):
        return None
    return None if found is None else str(found, "ascii", "replace")


def read_part(path: Path) -> list[Record]:
    """Returns the records of a part, equal to what was written.

    Raises:
        DataError: it cannot be read.
    """
    try:
        records: list[Record] = pq.read_table(path, memory_map=False).cast(SCHEMA).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path}: cannot be read ({error}); remove it and run the prediction again") from error
    return records
