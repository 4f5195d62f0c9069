"""A prediction in Parquet parts, from the pictures to the lists over all of them; goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

from inkpose.batch.chunks import PARTS, Chunk, Settings, cut_into_chunks
from inkpose.batch.table import read_part
from inkpose.filenames import result_names
from inkpose.pipeline import Pipeline
from inkpose.predict import Outcome, find_inputs
from inkpose.weights import net_digest, net_paths
from inkpose.writing import PREDICTIONS, Record, prepare_folder, read_previous, remove_stale, write_coco
from shared.files import replacing

Engine = Literal["local", "ray"]


def predict_in_parts(
    settings: Settings,
    inputs: Sequence[Path],
    out: Path,
    *,
    engine: Engine = "local",
    per_part: int = 256,
    workers: int = 1,
    pipeline: Pipeline | None = None,
    on_start: Callable[[int], None] = lambda count: None,
    on_picture: Callable[[], None] = lambda: None,
) -> Outcome:
    """Sees every picture of ``inputs``; writes ``predictions.parquet/`` and, from it, all that one run writes.

    A part that an earlier run finished, from the same pictures, weights and thresholds, is not made again.

    Args:
        settings: how pictures are seen.
        inputs: files and folders.
        out: result folder; made when missing.
        engine: who makes the parts: this process, or Ray's actors.
        per_part: pictures of a part.
        workers: actors of Ray.
        pipeline: the nets, for the local engine, where they are loaded already.
        on_start: is told the number of pictures.
        on_picture: is called after each picture.

    Raises:
        UsageError: ``out`` is a file, or Ray is asked for and not installed.
        DataError: an input is missing, a result cannot be written, or an actor failed.
    """
    found = find_inputs(inputs, out)
    prepare_folder(out)
    nets = [] if pipeline is not None else [net_digest(path) for path in net_paths(Path(settings.weights)).values()]
    chunks = cut_into_chunks(found, result_names(found), per_part, settings.digest(nets))
    on_start(len(found))

    def on_pictures(count: int) -> None:
        for _ in range(count):
            on_picture()

    missing = [chunk for chunk in chunks if not chunk.is_done(out)]
    on_pictures(len(found) - sum(len(chunk.paths) for chunk in missing))
    if missing and engine == "ray":
        from inkpose.batch.ray_engine import make_with_ray

        make_with_ray(missing, settings, out, workers, on_pictures)
    elif missing:
        from inkpose.batch.worker import PartMaker

        maker = PartMaker(settings, out, pipeline)
        for chunk in missing:
            on_pictures(maker.make(chunk))
    return _finish(chunks, out)


def _finish(chunks: Sequence[Chunk], out: Path) -> Outcome:
    """Writes the lists over all parts, and removes what an earlier run left."""
    names = {chunk.file(out).name for chunk in chunks}
    for path in (out / PARTS).glob("part-*.parquet"):
        if path.name not in names:
            path.unlink()
    previous, outcome, records = read_previous(out), Outcome(), list[Record]()
    with replacing(out / PREDICTIONS) as temporary, temporary.open("w", encoding="utf-8") as lines:
        for record in _records(chunks, out):
            lines.write(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n")
            if record["error"] is not None:
                outcome.failures.append(record["error"])
            outcome.characters += len(record["characters"])
            records.append({**record, "tags": []})  # the tags are most of it, and no list over all needs them
        write_coco(out, records)
    remove_stale(out, records, previous)
    outcome.pictures = len(records)
    return outcome


def _records(chunks: Sequence[Chunk], out: Path) -> Iterator[Record]:
    for chunk in chunks:
        yield from read_part(chunk.file(out))
