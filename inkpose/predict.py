"""Prediction over files and folders: read ahead, see in batches, write whole files."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from inkpose.filenames import one_line, result_names
from inkpose.parts import Part
from inkpose.pipeline import Pipeline
from inkpose.reading import Read, read_batches
from inkpose.writing import (
    PREDICTIONS,
    Record,
    failed_record,
    prepare_folder,
    read_previous,
    remove_stale,
    write_coco,
    write_picture,
)
from shared.errors import DataError
from shared.files import replacing
from shared.images import PIXEL_LIMIT, FoundImage, find_images


@dataclass
class Outcome:
    """What a run over pictures gave: how many pictures and characters, and one line per picture refused."""

    pictures: int = 0
    characters: int = 0
    failures: list[str] = field(default_factory=list)


def find_inputs(
    inputs: Sequence[Path], out: Path, kinds: Sequence[str] = ("masks", "cutouts", "overlays")
) -> list[FoundImage]:
    """Returns the pictures of ``inputs``, each once, leaving out results of an earlier run that lie among them.

    Args:
        inputs: files and folders.
        out: result folder.
        kinds: the folders in it that hold results.

    Raises:
        DataError: an input is missing, or nothing is left.
    """
    results = [Path(os.path.abspath(out / kind)) for kind in kinds]
    given = [Path(os.path.abspath(path)) for path in inputs]
    found: dict[Path, FoundImage] = {}
    for item in find_images(inputs):
        place = Path(os.path.abspath(item.path))
        inside = next((folder for folder in results if folder in place.parents), None)
        asked = inside is None or any(inside == path or inside in path.parents for path in given)
        if asked:
            found.setdefault(place, item)
    if not found:
        raise DataError(f"{inputs[0]}: holds no pictures but earlier results; name another folder")
    return list(found.values())


def predict_to_folder(
    pipeline: Pipeline,
    inputs: Sequence[Path],
    out: Path,
    *,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
    threads: int | None = None,
    part: Part | None = None,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Sees every picture of ``inputs`` and writes the results below ``out``.

    A picture that cannot be read becomes a line with its error and stops nothing. The lists
    (predictions.jsonl, coco_*.json) replace those of an earlier run only when all pictures are done.

    Args:
        pipeline: the nets.
        inputs: files and folders.
        out: result folder; made when missing.
        batch_size: most pictures seen at once.
        pixel_limit: pictures with more pixels are refused.
        threads: that decode and write; None takes one a core, eight at most.
        part: sees only this part of the pictures and writes its own list, for ``inkpose join``; result files are
            named as in a run over all, so that parts may share ``out``, and none of an earlier run is removed.
        on_start: is told the number of pictures.
        on_picture: is called after each picture.

    Raises:
        UsageError: ``out`` is a file.
        DataError: an input is missing, or a result cannot be written.
    """
    found = find_inputs(inputs, out)
    prepare_folder(out)
    names, listing = result_names(found), PREDICTIONS
    if part is not None:
        mine, listing = part.slice_of(len(found)), part.file_name
        found, names = found[mine], names[mine]
    if on_start is not None:
        on_start(len(found))
    outcome = Outcome()
    records: list[Record] = []
    previous = read_previous(out) if part is None else []
    pool = ThreadPoolExecutor(threads or max(2, min(8, os.cpu_count() or 2)), thread_name_prefix="pictures")
    try:
        with replacing(out / listing) as temporary, temporary.open("w", encoding="utf-8") as lines:
            paths = [item.path for item in found]
            for record in see_pictures(pipeline, paths, names, out, pool, batch_size, pixel_limit):
                lines.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
                records.append(record)
                if record["error"] is not None:
                    outcome.failures.append(record["error"])
                outcome.characters += len(record["characters"])
                if on_picture is not None:
                    on_picture()
            if part is None:
                write_coco(out, records)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if part is None:
        remove_stale(out, records, previous)
    outcome.pictures = len(records)
    return outcome


def see_pictures(
    pipeline: Pipeline,
    paths: Sequence[Path],
    names: Sequence[PurePath],
    out: Path,
    pool: ThreadPoolExecutor,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
) -> Iterator[Record]:
    """Sees pictures, writes the files of each, and yields their records in order.

    Args:
        pipeline: the nets.
        paths: pictures.
        names: of their result files, one each.
        out: result folder.
        pool: decodes and writes.
        batch_size: most pictures seen at once.
        pixel_limit: pictures with more pixels are refused.

    Raises:
        DataError: a result cannot be written.
    """
    for batch in read_batches(paths, pool, batch_size, pixel_limit):
        yield from _see(pipeline, batch, names, out, pool)


def _see(
    pipeline: Pipeline, batch: list[Read], names: Sequence[PurePath], out: Path, pool: ThreadPoolExecutor
) -> list[Record]:
    """Runs one batch and writes its pictures, each in a thread; returns their records in order."""
    readable = [read for read in batch if read.image is not None]
    seen = dict(
        zip(
            [read.index for read in readable],
            pipeline([read.image for read in readable if read.image is not None]),
            strict=True,
        )
    )
    pending = [
        pool.submit(write_picture, out, names[read.index], read.image, seen[read.index], one_line(str(read.path)))
        if read.image is not None
        else failed_record(one_line(str(read.path)), one_line(read.error or "not readable"))
        for read in batch
    ]
    return [item if isinstance(item, dict) else item.result() for item in pending]
