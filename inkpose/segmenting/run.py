"""Segments files and folders: read ahead, see in batches, write whole files, go on where a run was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from inkpose.filenames import one_line, result_names
from inkpose.pipeline import Segmenter
from inkpose.predict import find_inputs
from inkpose.reading import Read, read_batches
from inkpose.seen import Character, Image, characters_of, without_transparent
from inkpose.segmenting.journal import Journal, Record, stamp_of
from inkpose.segmenting.results import KINDS, Wish, write_results
from inkpose.writing import prepare_folder
from shared.files import digest
from shared.images import PIXEL_LIMIT, composite_on_white


@dataclass
class Outcome:
    """What a run gave: pictures segmented, skipped, without a character; characters; a line a picture refused."""

    pictures: int = 0
    skipped: int = 0
    empty: int = 0
    characters: int = 0
    failures: list[str] = field(default_factory=list)


def see_characters(segmenter: Segmenter, images: Sequence[Image], threshold: float = 0.5) -> list[list[Character]]:
    """Returns the characters of each picture, RGB or straight RGBA ``(H, W, C)``, largest first.

    Transparent means white to the net, and is never part of a character.
    """
    plain = [composite_on_white(image) if image.shape[2] == 4 else image for image in images]
    return [
        characters_of(without_transparent(foreground, image), threshold, owners)
        for image, foreground, owners in zip(images, segmenter.predict(plain), segmenter.owners(plain), strict=True)
    ]


def segment_to_folder(
    segmenter: Segmenter,
    inputs: Sequence[Path],
    out: Path,
    wish: Wish,
    *,
    settings: Sequence[str] = (),
    overwrite: bool = False,
    threshold: float = 0.5,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
    threads: int | None = None,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Segments every picture of ``inputs`` and writes what is wished below ``out``.

    Results are listed in ``segments.jsonl`` as they are written. A picture that is listed with the same file, settings
    and results is skipped; one that cannot be read is listed with its error and stops nothing.

    Args:
        segmenter: the net.
        inputs: files and folders.
        out: result folder; made when missing.
        wish: what is written.
        settings: what else decides the results (the weights, options of the net): other ones do a picture again.
        overwrite: do again what is done.
        threshold: foreground is above this probability.
        batch_size: most pictures seen at once.
        pixel_limit: pictures with more pixels are refused.
        threads: that decode and write; None takes one a core, eight at most.
        on_start: is told the number of pictures.
        on_picture: is called after each picture.

    Raises:
        UsageError: ``out`` is a file.
        DataError: an input is missing, or a result cannot be written.
    """
    found = find_inputs(inputs, out, KINDS)
    prepare_folder(out)
    journal = Journal.read(out, KINDS)
    names = journal.names(found, result_names(found))
    mark = digest(threshold, wish.settings(), list(settings))
    stamps = [stamp_of(item.path, mark) for item in found]
    outcome = Outcome()
    todo = [
        index
        for index, (name, stamp) in enumerate(zip(names, stamps, strict=True))
        if overwrite or not journal.is_done(name, stamp, wish.kinds)
    ]
    outcome.skipped = len(found) - len(todo)
    if on_start is not None:
        on_start(len(todo))
    pool = ThreadPoolExecutor(threads or max(2, min(8, os.cpu_count() or 2)), thread_name_prefix="pictures")
    journal.start()
    try:
        for batch in read_batches([found[index].path for index in todo], pool, batch_size, pixel_limit):
            places = [todo[read.index] for read in batch]
            for place, record in zip(
                places, _segment(segmenter, batch, [names[i] for i in places], out, wish, threshold, pool), strict=True
            ):
                journal.add(record | stamps[place])
                _note(outcome, record)
                if on_picture is not None:
                    on_picture()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        journal.finish()
    return outcome


def _segment(
    segmenter: Segmenter,
    batch: list[Read],
    names: Sequence[PurePath],
    out: Path,
    wish: Wish,
    threshold: float,
    pool: ThreadPoolExecutor,
) -> list[Record]:
    """Runs one batch and writes its pictures, each in a thread; returns their records in order."""
    images = [read.image for read in batch if read.image is not None]
    characters = iter(see_characters(segmenter, images, threshold))
    pending = [
        _failed(read, name)
        if read.image is None
        else pool.submit(write_results, out, name, read.image, next(characters), wish, one_line(str(read.path)))
        for read, name in zip(batch, names, strict=True)
    ]
    return [item if isinstance(item, dict) else item.result() for item in pending]


def _failed(read: Read, name: PurePath) -> Record:
    return {
        "image": one_line(str(read.path)), "name": one_line(name.as_posix()), "width": None, "height": None,
        "box_xywh": None, "characters": [], "files": {}, "error": one_line(read.error or f"{read.path}: not readable"),
    }  # fmt: skip


def _note(outcome: Outcome, record: Record) -> None:
    if record["error"] is not None:
        outcome.failures.append(record["error"])
        return
    outcome.pictures += 1
    outcome.characters += len(record["characters"])
    outcome.empty += not record["characters"]
