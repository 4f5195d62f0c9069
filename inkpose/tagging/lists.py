"""The lists over all pictures of a run: tags with scores, counts, embeddings; each whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inkpose.tagging.journal import Noted
from shared.errors import UsageError
from shared.files import replacing, write_text

LIST_SUFFIXES = (".json", ".jsonl", ".csv")
_ROWS = 1024  # pictures in memory while embeddings are written


def write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Writes records: ``.jsonl`` a line a picture, ``.json`` one list, ``.csv`` columns file, tags, scores, error.

    The CSV's tags are joined by ", ", its scores stand in the same order. Where the paths are below the current
    folder, `inkpose data folder . --csv` reads it.

    Raises:
        UsageError: another suffix.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        rows = (
            (
                record["image"],
                ", ".join(tag["name"] for tag in record["tags"]),
                ", ".join(f"{tag['score']:.4f}" for tag in record["tags"]),
                record["error"] or "",
            )
            for record in records
        )
        write_text(path, _csv(("file", "tags", "scores", "error"), rows))
    elif suffix in (".json", ".jsonl"):
        lines = [json.dumps(record, ensure_ascii=False, allow_nan=False) for record in records]
        text = "".join(f"{line}\n" for line in lines)
        write_text(path, text if suffix == ".jsonl" else "[\n" + ",\n".join(lines) + "\n]\n")
    else:
        raise UsageError(f"{path}: tags are written as {', '.join(LIST_SUFFIXES)}; name it so")


def write_counts(path: Path, counts: Counter[tuple[str, str]]) -> None:
    """Writes how many pictures each tag was told of: CSV with columns name, group, count, most frequent first."""
    write_text(path, _csv(("name", "group", "count"), ((*key, count) for key, count in by_count(counts))))


def by_count(counts: Counter[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    """Returns (name, group) and count, most frequent first, then by name."""
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def write_embeddings(path: Path, noted: Iterable[Noted], weights: str) -> int:
    """Writes the embeddings as Parquet: ``image`` (string), ``embedding`` (list of D float32); returns how many.

    Args:
        path: the file.
        noted: pictures; those without an embedding are passed over.
        weights: what computed them, for the file's metadata: embeddings of different weights must not be compared.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with_vector = (item for item in noted if item.embedding is not None)
    writer, count = None, 0
    with replacing(path) as temporary:
        try:
            for chunk in _chunks(with_vector):
                vectors = np.stack([item.embedding for item in chunk if item.embedding is not None])
                schema = pa.schema(
                    [("image", pa.string()), ("embedding", pa.list_(pa.float32(), vectors.shape[1]))],
                    metadata={"inkpose.tagger": weights},
                )
                column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
                images = pa.array([item.record["image"] for item in chunk], pa.string())
                writer = writer or pq.ParquetWriter(temporary, schema)
                writer.write_table(pa.Table.from_arrays([images, column], schema=schema))
                count += len(chunk)
        finally:
            if writer is not None:
                writer.close()
        if writer is None:  # a file with its columns, so that a reader of many files does not stumble
            schema = pa.schema([("image", pa.string()), ("embedding", pa.list_(pa.float32()))])
            pq.write_table(schema.empty_table(), temporary)
    return count


def _chunks(items: Iterable[Noted]) -> Iterable[list[Noted]]:
    chunk: list[Noted] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == _ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
