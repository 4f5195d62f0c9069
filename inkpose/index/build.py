"""Pictures into the index: seen in batches by the nets, taken in group by group, so that a run can be cut off."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from inkpose.filenames import one_line
from inkpose.index.plan import Known, Plan, Wanted, plan, sha256_of, sync_plan, wanted_pictures
from inkpose.index.schema import Figure, Picture
from inkpose.index.store import PoseIndex
from inkpose.index.thumbnails import thumbnail
from inkpose.reading import Read, read_batches
from inkpose.seen import Image, Seen
from shared.images import PIXEL_LIMIT

#: Pictures seen are written at least this often, seconds and pictures: what a killed run has to do again.
_COMMIT_SECONDS, _COMMIT_PICTURES = 20.0, 512


class Eye(Protocol):
    """What is needed of ``inkpose.pipeline.Pipeline``."""

    def __call__(self, images: Sequence[Image], /) -> list[Seen]:
        """Sees a batch of pictures."""


@dataclass
class Outcome:
    """What a run did: numbers of pictures, and one line per picture that could not be read."""

    added: int = 0
    characters: int = 0
    unchanged: int = 0
    removed: int = 0
    failures: list[str] = field(default_factory=list)


def add(
    inputs: Sequence[Path],
    index: PoseIndex,
    eye: Callable[[], Eye],
    *,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Takes pictures into the index; those it has already, unchanged, are left alone.

    Args:
        inputs: pictures, folders, manifests (.parquet; their classes are taken as tags).
        index: to write to.
        eye: makes the nets, once there is something to see: ``lambda: Pipeline.load(weights)``.
        batch_size: most pictures seen at once.
        pixel_limit: pictures with more pixels are refused.
        on_start: is told the number of pictures to see.
        on_picture: is called after each.

    Raises:
        UsageError: another process writes to the index.
        DataError: an input is missing, or the index cannot be written.
    """
    run = _Run(index, batch_size, pixel_limit, on_start, on_picture)
    wanted = wanted_pictures(inputs, run.outcome.failures)
    with index.writing():
        before = known(index)
        run.follow(plan(wanted, before), before, eye)
    return run.outcome


def sync(
    index: PoseIndex,
    eye: Callable[[], Eye],
    *,
    forget_missing: bool = False,
    batch_size: int = 16,
    pixel_limit: int = PIXEL_LIMIT,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Makes the index follow the folders, files and manifests added before: new, changed and deleted pictures.

    Arguments as in :func:`add`; ``forget_missing`` takes out the pictures of a folder that is gone as a whole.

    Raises:
        UsageError: another process writes to the index.
        DataError: a folder is gone, or the index cannot be written.
    """
    run = _Run(index, batch_size, pixel_limit, on_start, on_picture)
    with index.writing():
        before = known(index)
        run.follow(sync_plan(before, run.outcome.failures, forget_missing), before, eye)
    return run.outcome


def known(index: PoseIndex) -> dict[str, Known]:
    """Returns what the index says of its pictures, by path."""
    table = index.known_pictures()
    columns = [table[name].to_pylist() for name in ("path", "source", "sha256", "mtime_ns", "size_bytes")]
    return {path: Known(*rest) for path, *rest in zip(*columns, strict=True)}


@dataclass
class _Run:
    index: PoseIndex
    batch_size: int
    pixel_limit: int
    on_start: Callable[[int], None] | None
    on_picture: Callable[[], None] | None
    outcome: Outcome = field(default_factory=Outcome)

    def follow(self, todo: Plan, before: Mapping[str, Known], eye: Callable[[], Eye]) -> None:
        self.index.remove(todo.gone)
        self.index.touch(todo.touch)
        self.outcome.removed, self.outcome.unchanged = len(todo.gone), todo.unchanged + len(todo.touch)
        if self.on_start is not None:
            self.on_start(len(todo.look))
        if todo.look:
            self._look(todo.look, before, eye())
        if todo.look or todo.gone:
            self.index.compact()

    def _look(self, wanted: Sequence[Wanted], before: Mapping[str, Known], eye: Eye) -> None:
        pending: list[Picture] = []
        last = time.monotonic()
        pool = ThreadPoolExecutor(max(2, min(8, os.cpu_count() or 2)), thread_name_prefix="pictures")
        try:
            paths = [Path(one.path) for one in wanted]
            for batch in read_batches(paths, pool, self.batch_size, self.pixel_limit):
                pending += self._see(batch, wanted, eye, pool)
                # A picture that was fine and is damaged now: what the index says of it is true no more.
                self._lose([str(read.path) for read in batch if read.image is None and str(read.path) in before])
                if len(pending) >= _COMMIT_PICTURES or time.monotonic() - last > _COMMIT_SECONDS:
                    self.index.add(pending)
                    pending, last = [], time.monotonic()
                for _ in batch:
                    if self.on_picture is not None:
                        self.on_picture()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            # After Ctrl-C, too: what is seen is kept. Where writing failed, it fails again and says so again.
            self.index.add(pending)

    def _see(
        self, batch: Sequence[Read], wanted: Sequence[Wanted], eye: Eye, pool: ThreadPoolExecutor
    ) -> list[Picture]:
        """Returns the pictures of a batch that could be read; the others become failures."""
        failed = [read for read in batch if read.image is None]
        self.outcome.failures += [one_line(read.error or f"{read.path}: not readable") for read in failed]
        readable = [read for read in batch if read.image is not None]
        seen = eye([read.image for read in readable if read.image is not None])
        made = [pool.submit(_picture, read, one, wanted[read.index]) for read, one in zip(readable, seen, strict=True)]
        pictures = [future.result() for future in made]
        self.outcome.added += len(pictures)
        self.outcome.characters += sum(len(picture.figures) for picture in pictures)
        return pictures

    def _lose(self, paths: list[str]) -> None:
        if paths:
            self.index.remove(paths)
            self.outcome.removed += len(paths)


def _picture(read: Read, seen: Seen, wanted: Wanted) -> Picture:
    image = read.image
    assert image is not None
    figures = []
    for character in seen.characters:
        x1, y1, x2, y2 = (float(value) for value in character.box_xyxy)
        box = x1, y1, x2 - x1, y2 - y1
        figures.append(Figure(box, character.keypoints, character.score, thumbnail(image, box)))
    return Picture(
        path=wanted.path,
        width=seen.width,
        height=seen.height,
        tags=[tag.name for tag in seen.tags] if wanted.tags is None else list(wanted.tags),
        figures=figures,
        source=wanted.source,
        sha256=_sha256_if_unchanged(read.path, wanted),
        mtime_ns=wanted.mtime_ns,
        size_bytes=wanted.size_bytes,
    )


def _sha256_if_unchanged(path: Path, wanted: Wanted) -> str:
    """Returns the digest; empty when the file was changed while it was looked at, so that it is looked at again."""
    try:
        digest = sha256_of(path)
        return digest if path.stat().st_mtime_ns == wanted.mtime_ns else ""
    except OSError:
        return ""
