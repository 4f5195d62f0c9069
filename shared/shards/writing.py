"""Samples in, shards out: each tar is whole or absent, and a run that was stopped goes on with the next one."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from shared.compositing.cutout_files import may_have_alpha
from shared.errors import DataError, UsageError
from shared.files import digest
from shared.image_headers import suffix_of
from shared.readers.places import bytes_of
from shared.shards.finishing import PART_SCHEMA, finish
from shared.shards.location import FORMAT
from shared.shards.planning import PlannedShard, Written, begin, plan_shards
from shared.shards.sources import Piece, ShardSample, ShardSource
from shared.shards.target import ShardTarget
from shared.shards.tars import walk_tar

logger = logging.getLogger(__name__)

_READ_AHEAD = 64


class _Loaded(NamedTuple):
    """A sample with the files of it that could be read, by their suffix in the shard."""

    number: int
    sample: ShardSample
    files: dict[str, tuple[Piece, bytes]]


def write_shards(
    source: ShardSource,
    out: str,
    *,
    per_shard: int = 1000,
    seed: int = 0,
    restart: bool = False,
    on_start: Callable[[int], None] = lambda count: None,
    on_sample: Callable[[], None] = lambda: None,
) -> Written:
    """Writes the shards of a source, their tables, and last ``shards.json``.

    Stopped at any moment, the same call goes on from the first shard that is not whole. Files that cannot be read are
    left out and named in the log.

    Args:
        source: the samples.
        out: a folder, or an address such as ``s3://bucket/path``.
        per_shard: most samples of a shard.
        seed: of the order in which samples are dealt out to shards.
        restart: remove the shards that lie there first.
        on_start: is told the number of samples.
        on_sample: is called after each.

    Raises:
        UsageError: other files lie there.
        DataError: nothing could be read, or the place cannot be written.
    """
    if per_shard < 1:
        raise UsageError(f"--per-shard {per_shard}: at least 1 picture must fit into a shard")
    target, plan = ShardTarget(out), digest(FORMAT, source.plan(), per_shard, seed)
    if (finished := begin(target, plan, restart)) is not None:
        return finished
    planned, done, had = plan_shards(source.splits, per_shard, seed), target.names(), 0
    on_start(sum(len(shard.numbers) for shard in planned))
    with ThreadPoolExecutor(8, thread_name_prefix="files") as pool:
        for shard in planned:
            if shard.part in done:
                had += 1
                for _ in shard.numbers:
                    on_sample()
            else:
                _write_shard(source, shard, target, pool, on_sample)
    return finish(source, planned, target, plan, had)


def _write_shard(
    source: ShardSource,
    shard: PlannedShard,
    target: ShardTarget,
    pool: ThreadPoolExecutor,
    on_sample: Callable[[], None],
) -> None:
    from webdataset.writer import TarWriter

    told: dict[str, tuple[int, Piece, bool]] = {}
    with target.writing(shard.name) as temporary:
        with temporary.open("wb") as stream, TarWriter(stream, encoder=False, mtime=0.0, compress=False) as tar:
            for number, sample, files in _loaded(source, shard.numbers, pool):
                if files:
                    record = json.dumps(sample.record, sort_keys=True).encode()
                    contents = {suffix: data for suffix, (_, data) in files.items()}
                    tar.write({"__key__": sample.key, "json": record, **contents})
                for suffix, (piece, data) in files.items():
                    told[f"{sample.key}.{suffix}"] = number, piece, may_have_alpha(f".{suffix}", data)
                on_sample()
        with temporary.open("rb") as written:
            members = walk_tar(written, shard.name)
    rows = []
    for name, offset, size in members:
        if name in told:  # the records are not
            number, piece, alpha = told[name]
            rows.append((number, piece.role, piece.path, shard.name, offset, size, alpha))
    columns = zip(*rows, strict=True) if rows else [()] * len(PART_SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, PART_SCHEMA, strict=True)]
    with target.writing(shard.part) as temporary:
        pq.write_table(pa.Table.from_arrays(arrays, schema=PART_SCHEMA), temporary)


def _loaded(source: ShardSource, numbers: NDArray[np.int64], pool: ThreadPoolExecutor) -> Iterator[_Loaded]:
    def load(number: int) -> _Loaded:
        sample, files = source.sample(number), {}
        for piece in sample.pieces:
            try:
                data = bytes_of(source.root, piece.place)
                if not data:
                    raise DataError(f"{source.root / piece.path}: the file is empty")
            except DataError as error:
                logger.warning("%s (left out)", error)
            else:
                suffix = suffix_of(data) if piece.place.offset is not None else Path(piece.path).suffix.lower()
                files[f"{piece.role}{suffix}".lstrip(".")] = piece, data
        return _Loaded(number, sample, files)

    for start in range(0, len(numbers), _READ_AHEAD):
        yield from pool.map(load, numbers[start : start + _READ_AHEAD].tolist())
