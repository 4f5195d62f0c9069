"""Pictures to captions and records: read ahead, tag in batches, write whole files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkpose.filenames import one_line
from inkpose.reading import BATCH_PIXELS, read_batches
from inkpose.tagging.captions import Mode, has_caption, write_caption
from inkpose.tagging.journal import Journal, Noted
from inkpose.tagging.selection import Selection, Told
from inkpose.tagging.spelling import spell
from shared.errors import DataError
from shared.images import PIXEL_LIMIT, FoundImage

#: Of a batch, before it is shrunk: only the small squares stay in memory, so it may be larger than where all stays.
_BATCH_PIXELS = 4 * BATCH_PIXELS


class Tagger(Protocol):
    """What is needed of ``tagger.predict.TaggerPredictor``."""

    @property
    def class_names(self) -> Sequence[str]:
        """C names."""

    @property
    def class_groups(self) -> Sequence[str]:
        """C groups."""

    def read(self, path: Path, pixel_limit: int) -> NDArray[np.uint8]:
        """Returns a picture file as the net takes it."""

    def look(self, squares: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns probabilities ``(N, C)``, 0 for classes that were not taught, and embeddings ``(N, D)``."""


@dataclass(frozen=True)
class Spelling:
    """How captions are written: ``prefix`` tags come first in every caption, whatever the picture shows."""

    underscores: bool = False
    escape_brackets: bool = False
    separator: str = ", "
    prefix: Sequence[str] = ()

    def tags(self, told: Sequence[Told]) -> list[str]:
        """Returns the tags of a caption."""
        names = [spell(t.name, underscores=self.underscores, escape_brackets=self.escape_brackets) for t in told]
        return list(dict.fromkeys([*self.prefix, *names]))


@dataclass(frozen=True)
class Captions:
    """Where captions go: ``suffix`` replaces the picture's; ``folder`` None is beside the picture."""

    mode: Mode = "skip"
    suffix: str = ".txt"
    folder: Path | None = None

    def path(self, item: FoundImage) -> Path:
        """Returns the caption file of a picture."""
        base = item.path if self.folder is None else self.folder / item.relative
        return base.with_suffix(self.suffix)


@dataclass
class Outcome:
    """What a run gave.

    Attributes:
        records: a dict a picture: ``image``, ``tags`` (``name``, ``group``, ``score``) and ``error``.
        written: captions written.
        skipped: captions left alone because they were there.
        untagged: pictures of which no tag is told; they get no caption.
        failures: a line a picture that could not be tagged.
        counts: pictures a tag.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    written: int = 0
    skipped: int = 0
    untagged: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


def tag_pictures(
    tagger: Tagger,
    found: Sequence[FoundImage],
    thresholds: NDArray[np.float64],
    selection: Selection,
    spelling: Spelling,
    captions: Captions | None,
    *,
    journal: Journal | None = None,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
    threads: int | None = None,
    dry_run: bool = False,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Tags pictures and writes their captions; a picture that cannot be read stops nothing.

    Captions are written as their batch is done, so that a run that was stopped goes on in the mode "skip". With a
    journal every picture is looked at, for the lists; a caption that is there is then still left alone.

    Args:
        tagger: the net.
        found: pictures.
        thresholds: ``(C,)``: a class is told above its threshold.
        selection: which of those, and their order.
        spelling: of captions.
        captions: None writes no captions.
        journal: open; takes every picture with its embedding, and gives back those of a run that was stopped.
        batch_size: most pictures tagged at once.
        pixel_limit: pictures with more pixels are refused.
        threads: that decode; None takes one a core, eight at most.
        dry_run: write nothing.
        on_start: is told the number of pictures.
        on_picture: is called after each picture.
    """
    outcome = Outcome()
    write = _Writer(None if dry_run else captions, spelling, outcome)
    known = {item.record["image"]: item.record for item in journal.read()} if journal is not None else {}
    todo = []
    for item in _unclaimed(found, captions, outcome):
        record = known.get(one_line(str(item.path)))
        if record is not None and record["error"] is None:
            # Noted before it was stopped; its caption may be missing still.
            _note(outcome, record | {"error": write(item, [Told(**tag) for tag in record["tags"]])})
        elif journal is None and captions is not None and captions.mode == "skip" and has_caption(captions.path(item)):
            outcome.skipped += 1
        else:
            todo.append(item)
    if on_start is not None:
        on_start(len(todo))
    pool = ThreadPoolExecutor(threads or max(2, min(8, os.cpu_count() or 2)), thread_name_prefix="pictures")
    try:
        for batch in read_batches([i.path for i in todo], pool, batch_size, pixel_limit, _BATCH_PIXELS, tagger.read):
            probabilities, embeddings = tagger.look([read.image for read in batch if read.image is not None])
            rows = iter(zip(probabilities, embeddings, strict=True))
            for read in batch:
                item, vector, told = todo[read.index], None, list[Told]()
                record = {"image": one_line(str(item.path)), "tags": told, "error": None}
                if read.image is None:
                    record["error"] = one_line(read.error or f"{item.path}: not readable")
                else:
                    row, vector = next(rows)
                    told = selection.choose(over_thresholds(tagger, row, thresholds))
                    record["tags"] = [{"name": t.name, "group": t.group, "score": round(t.score, 4)} for t in told]
                if journal is not None and record["error"] is None:  # what failed is tried again after a stop
                    journal.note(Noted(record, vector))
                if record["error"] is None:
                    record = record | {"error": write(item, told)}
                _note(outcome, record)
                if on_picture is not None:
                    on_picture()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    place = {one_line(str(item.path)): number for number, item in enumerate(found)}
    outcome.records.sort(key=lambda record: place[record["image"]])
    return outcome


def over_thresholds(tagger: Tagger, row: NDArray[np.float32], thresholds: NDArray[np.float64]) -> list[Told]:
    """Returns the classes of one picture ``(C,)`` whose probability is over the threshold."""
    return [
        Told(tagger.class_names[i], tagger.class_groups[i], float(row[i]))
        for i in np.flatnonzero(row > thresholds).tolist()
    ]


def _unclaimed(found: Sequence[FoundImage], captions: Captions | None, outcome: Outcome) -> list[FoundImage]:
    """Leaves out what would write over the caption of another picture of this run."""
    if captions is None:
        return list(found)
    owners: dict[str, FoundImage] = {}
    todo = []
    for item in found:
        path = captions.path(item)
        owner = owners.setdefault(os.path.abspath(path), item)
        if owner is item:
            todo.append(item)
        else:
            _note(outcome, {
                "image": one_line(str(item.path)), "tags": [],
                "error": one_line(f"{item.path}: shares its caption {path} with {owner.path}; rename one of them"),
            })  # fmt: skip
    return todo


@dataclass(frozen=True)
class _Writer:
    """Writes the caption of a picture; returns the error, if there is one."""

    captions: Captions | None
    spelling: Spelling
    outcome: Outcome

    def __call__(self, item: FoundImage, told: Sequence[Told]) -> str | None:
        if self.captions is None:
            return None
        path, mode = self.captions.path(item), self.captions.mode
        if mode == "skip" and has_caption(path):
            self.outcome.skipped += 1
            return None
        try:
            self.outcome.written += write_caption(path, self.spelling.tags(told), mode, self.spelling.separator)
        except DataError as error:
            return one_line(str(error))
        return None


def _note(outcome: Outcome, record: dict[str, Any]) -> None:
    outcome.records.append(record)
    if record["error"] is not None:
        outcome.failures.append(record["error"])
    elif not record["tags"]:
        outcome.untagged.append(record["image"])
    outcome.counts.update((tag["name"], tag["group"]) for tag in record["tags"])
