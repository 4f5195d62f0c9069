"""The last step of writing shards: the tables over all of them, and the note that the set is whole."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shared.errors import DataError
from shared.manifest.schema import Header
from shared.readers.splits import SPLITS
from shared.shards.location import FORMAT, MANIFEST, MEMBERS
from shared.shards.members import SCHEMA
from shared.shards.planning import PARTS, PlannedShard, Written, write_description
from shared.shards.sources import ShardSource
from shared.shards.target import ShardTarget

#: The table of one shard: the sample's number and the file's role come before what readers need.
PART_SCHEMA = pa.schema([("sample", pa.int64()), ("role", pa.string()), *SCHEMA])


def finish(source: ShardSource, planned: Sequence[PlannedShard], target: ShardTarget, plan: str, had: int) -> Written:
    """Writes the tables and ``shards.json`` of shards that are all written; ``had`` of them by an earlier run.

    Raises:
        DataError: no file could be read.
    """
    parts = []
    for shard in planned:
        with target.reading(shard.part) as path:
            try:
                parts.append(pq.read_table(path, memory_map=False))
            except (OSError, pa.ArrowException) as error:
                raise DataError(f"{target}/{shard.part}: damaged ({error}); start anew with --restart") from error
    table = pa.concat_tables([PART_SCHEMA.empty_table(), *parts])
    if not table.num_rows:
        raise DataError(f"{source.root}: no file of it could be read (named above); check the folder")
    documents = _write_documents(source, table, target)
    sizes = target.names()
    counts: dict[str, int] = dict.fromkeys(SPLITS, 0)
    shards = []
    for shard, part in zip(planned, parts, strict=True):
        count = pc.count_distinct(part.column("sample")).as_py()
        counts[shard.split] += count
        shards.append({"name": shard.name, "samples": count, "bytes": sizes[shard.name]})
    total = sum(sizes[shard.name] for shard in planned)
    written = Written(len(shards), counts, total, source.files - table.num_rows, had)
    told = {"format": FORMAT, "plan": plan, "complete": True, "samples": counts, "left_out": written.left_out}
    write_description(target, {**told, "documents": documents, "shards": shards})
    target.remove_folder(PARTS)
    return written


def _write_documents(source: ShardSource, table: pa.Table, target: ShardTarget) -> list[str]:
    """Writes what lies beside the shards; returns the names."""
    names = list(source.documents)
    for name in names:
        with target.writing(name) as path:
            shutil.copyfile(source.root / name, path)
    if source.lists_files:
        names.append(MEMBERS)
        with target.writing(MEMBERS) as path:
            pq.write_table(table.select(SCHEMA.names), path)
    if source.header is not None:
        names.append(MANIFEST)
        with target.writing(MANIFEST) as path:
            _write_manifest(path, source, source.header, table, target)
    return names


def _write_manifest(path: Path, source: ShardSource, header: Header, table: pa.Table, target: ShardTarget) -> None:
    """Writes the source's manifest rows with their new places; rows whose picture was left out are gone."""
    pictures = table.filter(pc.equal(table.column("role"), ""))
    number_of = np.full(len(source.splits) + 1, -1, np.int64)  # the last stands for "in no sample"
    number_of[pictures.column("sample").to_numpy()] = np.arange(pictures.num_rows)
    schema = Header(target.shown, header.rulebook_digest, header.class_names).in_schema()
    with pq.ParquetWriter(path, schema) as writer:
        for rows, samples in source.manifest_rows():
            places = number_of[samples]
            kept, taken = rows.filter(pa.array(places >= 0)), pictures.take(pa.array(places[places >= 0]))
            for ours, theirs in (("path", "shard"), ("offset", "offset"), ("size", "size")):
                place = kept.schema.get_field_index(ours)
                kept = kept.set_column(place, schema.field(ours), taken.column(theirs))
            writer.write_table(kept.cast(schema))
