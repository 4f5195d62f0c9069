"""Who makes the parts: it loads the nets once, and then sees one part after the other."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath
from typing import Any

from inkpose.batch.chunks import Chunk, Settings
from inkpose.batch.table import write_part
from inkpose.pipeline import Pipeline
from inkpose.predict import see_pictures


class PartMaker:
    """Makes parts.

    Args:
        settings: how pictures are seen.
        out: result folder.
        pipeline: the nets, where they are loaded already.
    """

    def __init__(self, settings: Settings, out: Path, pipeline: Pipeline | None = None) -> None:
        self.settings, self.out = settings, out
        self.pipeline = pipeline or Pipeline.load(
            Path(settings.weights),
            settings.device,
            settings.threshold,
            settings.mask_threshold,
            settings.fast,
            settings.min_precision,
        )

    def make(self, chunk: Chunk) -> int:
        """Sees the pictures of a part, writes their files and then the part; returns how many pictures it has.

        A picture that cannot be read becomes a row with its error.
        """
        settings = self.settings
        with ThreadPoolExecutor(max(2, min(8, os.cpu_count() or 2)), thread_name_prefix="pictures") as pool:
            seen = see_pictures(
                self.pipeline, chunk.paths, chunk.names, self.out, pool, settings.batch_size, settings.pixel_limit
            )
            records = list(seen)
        write_part(chunk.file(self.out), records, chunk.digest)
        return len(records)


class PartActor:
    """A :class:`PartMaker` as Ray Data calls it: rows of :func:`chunk_row` in, numbers of pictures out."""

    def __init__(self, settings: Settings, out: str, folder: str) -> None:
        os.chdir(folder)  # pictures are named as on the command line
        self.maker = PartMaker(settings, Path(out))

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[int]]:
        """Makes the parts of a batch of rows."""
        columns = (rows["number"], rows["paths"], rows["names"], rows["digest"])
        return {"pictures": [self.maker.make(_chunk(*row)) for row in zip(*columns, strict=True)]}


def chunk_row(chunk: Chunk) -> dict[str, Any]:
    """Returns a part as a row of plain values."""
    paths = [os.fsencode(path) for path in chunk.paths]  # names that are not UTF-8 must survive the way
    names = [os.fsencode(name) for name in chunk.names]
    return {"number": chunk.number, "paths": paths, "names": names, "digest": chunk.digest}


def _chunk(number: Any, paths: Any, names: Any, digest: Any) -> Chunk:
    return Chunk(
        int(number),
        tuple(Path(os.fsdecode(path)) for path in paths),
        tuple(PurePath(os.fsdecode(name)) for name in names),
        str(digest),
    )
