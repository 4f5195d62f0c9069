"""Finds poses in files and folders: read ahead, see in batches, write whole files, go on where a run was stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import numpy as np

from inkpose.alone import joints_of
from inkpose.filenames import one_line, result_names
from inkpose.pipeline import Pose
from inkpose.posing.figures import Figure, Finder
from inkpose.posing.results import COCO_FILE, KINDS, Record, folders, is_readable, opening, write_coco, write_results
from inkpose.predict import find_inputs
from inkpose.reading import Read, read_batches
from inkpose.segmenting.journal import Journal, stamp_of
from inkpose.writing import prepare_folder
from shared.files import digest
from shared.images import PIXEL_LIMIT, FoundImage, composite_on_white

#: The list's name: a line a picture.
POSES = "poses.jsonl"


@dataclass
class Outcome:
    """What a run gave: pictures seen, skipped, without a character; characters; a line a picture refused."""

    pictures: int = 0
    skipped: int = 0
    empty: int = 0
    characters: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Poser:
    """The pose net, and where characters come from.

    Attributes:
        settings: what decides the net's answers (weights, options): other ones do a picture again.
        with_alpha: the net takes RGBA pictures (the paper's preprocessing); else they are laid on white.
        largest_only: leave all characters but the largest out.
    """

    pose: Pose
    finder: Finder
    settings: Sequence[str] = ()
    with_alpha: bool = False
    largest_only: bool = False

    def mark(self, item: FoundImage) -> str:
        """Returns a digest of all that decides the results of a picture."""
        return digest(list(self.settings), self.with_alpha, self.largest_only, self.finder.mark(item))

    def see(
        self, items: Sequence[FoundImage], batch: Sequence[Read]
    ) -> Iterator[tuple[list[Figure], np.ndarray[tuple[int, ...], np.dtype[np.float32]]] | str]:
        """Yields for each picture its characters and their joints ``(n, 25, 3)``, or what is wrong with it."""
        readable = [(item, read.image) for item, read in zip(items, batch, strict=True) if read.image is not None]
        found = self.finder.find([item for item, _ in readable], [image for _, image in readable])
        if self.largest_only:
            found = [answer if isinstance(answer, str) else largest(answer) for answer in found]
        shown = [
            (image if self.with_alpha or image.shape[2] == 3 else composite_on_white(image), answer)
            for (_, image), answer in zip(readable, found, strict=True)
            if not isinstance(answer, str) and answer
        ]
        pictures = [image for image, _ in shown]
        boxes = [[figure.box_xyxy for figure in figures] for _, figures in shown]
        if self.with_alpha:  # as published: whoever else is in the box stays there
            joints = iter(self.pose.predict(pictures, boxes) if shown else [])
        else:
            characters = [[figure.character for figure in figures] for _, figures in shown]
            joints = iter(joints_of(self.pose, pictures, characters, boxes))
        answers = iter(found)
        for read in batch:
            answer = next(answers) if read.image is not None else (read.error or f"{read.path}: not readable")
            if isinstance(answer, str):
                yield answer
            else:
                rows = np.asarray(next(joints), np.float32) if answer else np.zeros((0, 25, 3), np.float32)
                yield answer, rows


def largest(figures: list[Figure]) -> list[Figure]:
    """Returns the figure of the largest box, alone."""

    def area(figure: Figure) -> float:
        x1, y1, x2, y2 = figure.box_xyxy
        return (x2 - x1) * (y2 - y1)

    return [max(figures, key=area)] if figures else []


def pose_to_folder(
    poser: Poser,
    inputs: Sequence[Path],
    out: Path,
    kinds: Sequence[str],
    *,
    overwrite: bool = False,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
    threads: int | None = None,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Finds the poses in every picture of ``inputs`` and writes what is wished below ``out``.

    Results are listed in ``poses.jsonl`` as they are written. A picture that is listed with the same file, settings and
    results is skipped; one that cannot be used is listed with its error and stops nothing. The COCO file comes last,
    over all pictures of ``inputs``.

    Args:
        poser: the net and the source of characters.
        inputs: files and folders.
        out: result folder; made when missing.
        kinds: what is written, some of :data:`KINDS`.
        overwrite: do again what is done.
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
    journal = Journal.read(out, KINDS, POSES)
    journal.records = {name: record for name, record in journal.records.items() if is_readable(record)}
    names = journal.names(found, result_names(found))
    stamps = [stamp_of(item.path, poser.mark(item)) for item in found]
    outcome = Outcome()
    todo = [
        index
        for index, (name, stamp) in enumerate(zip(names, stamps, strict=True))
        if overwrite or not journal.is_done(name, stamp, folders(kinds))
    ]
    outcome.skipped = len(found) - len(todo)
    if on_start is not None:
        on_start(len(todo))
    pool = ThreadPoolExecutor(threads or max(2, min(8, os.cpu_count() or 2)), thread_name_prefix="pictures")
    journal.start()
    try:
        for batch in read_batches([found[index].path for index in todo], pool, batch_size, pixel_limit):
            places = [todo[read.index] for read in batch]
            batch_names = [names[place] for place in places]
            for place, record in zip(
                places, _pose(poser, [found[i] for i in places], batch, batch_names, out, kinds, pool), strict=True
            ):
                journal.add(record | stamps[place])
                _note(outcome, record)
                if on_picture is not None:
                    on_picture()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        journal.finish()
    if "coco" in kinds:
        write_coco(out / COCO_FILE, [journal.records[one_line(name.as_posix())] for name in names])
    return outcome


def _pose(
    poser: Poser,
    items: Sequence[FoundImage],
    batch: list[Read],
    names: Sequence[PurePath],
    out: Path,
    kinds: Sequence[str],
    pool: ThreadPoolExecutor,
) -> list[Record]:
    """Runs one batch and writes its pictures, each in a thread; returns their records in order."""
    pending: list[Record | Future[Record]] = []
    for item, read, name, answer in zip(items, batch, names, poser.see(items, batch), strict=True):
        if isinstance(answer, str) or read.image is None:
            error = one_line(answer if isinstance(answer, str) else "not readable")
            nothing: Record = {"width": None, "height": None, "characters": [], "files": {}, "error": error}
            pending.append({**opening(item, name), **nothing})
        else:
            pending.append(pool.submit(write_results, out, name, item, read.image, *answer, kinds))
    return [item if isinstance(item, dict) else item.result() for item in pending]


def _note(outcome: Outcome, record: Record) -> None:
    if record["error"] is not None:
        outcome.failures.append(record["error"])
        return
    outcome.pictures += 1
    outcome.characters += len(record["characters"])
    outcome.empty += not record["characters"]
