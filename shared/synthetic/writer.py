"""Draws the pictures of a data set in several processes and stores them."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from shared.errors import DataError
from shared.files import write_bytes, write_json
from shared.images import encode_jpeg, encode_png
from shared.synthetic.dataset import Plan, finish, is_done, note_of, prepare, sample_files, sample_hash, verify
from shared.synthetic.mixes import MIXES
from shared.synthetic.page import draw_page
from shared.synthetic.scene import Scene, draw_scene
from shared.synthetic.truth import annotation_records, cut_out, post_record

logger = logging.getLogger(__name__)

#: Width / height of pictures and how often (ours): illustrations are upright or square more often than wide.
SHAPES: tuple[tuple[float, float], ...] = ((1.0, 0.45), (0.75, 0.25), (0.66, 0.1), (1.333, 0.15), (1.6, 0.05))


def draw_sample(plan: Plan, image_id: int) -> Scene:
    """Draws the picture ``image_id`` of a data set: a function of the plan and the id alone."""
    rng = np.random.default_rng([plan.seed, image_id])
    shares = np.cumsum([share for _, share in SHAPES])
    aspect = SHAPES[int(np.searchsorted(shares / shares[-1], rng.random(), side="right"))][0]
    size_wh = (plan.size, round(plan.size / aspect)) if aspect >= 1 else (round(plan.size * aspect), plan.size)
    mix = MIXES[plan.mix] if isinstance(plan.mix, str) else plan.mix.mix
    paged = plan.style == "drawn" and plan.characters[1] > 0 and rng.random() < mix.panels
    return (draw_page if paged else draw_scene)(rng, size_wh, plan.style, plan.characters, mix)


def write_sample(root: Path, image_id: int, scene: Scene) -> dict[str, Any]:
    """Stores one picture's files; returns its record (``post``, ``annotations``, ``sha256``)."""
    record: dict[str, Any] = {"post": post_record(image_id, scene), "annotations": annotation_records(image_id, scene)}
    contents = [
        encode_jpeg(scene.image, scene.quality), encode_jpeg(scene.background, 90), encode_png(scene.instances),
    ]  # fmt: skip
    contents += [encode_png(cut_out(foreground)) for foreground in scene.foregrounds]
    files = sample_files(root, image_id, len(scene.foregrounds))
    for path, content in zip(files, contents, strict=True):
        write_bytes(path, content)
    record["sha256"] = sample_hash(root, record)
    return record


def draw_chunk(root: Path, plan: Plan, start: int, stop: int) -> int:
    """Draws and stores the pictures ``start … stop - 1``, then notes their records; returns how many."""
    ids = range(start, stop)
    write_json(note_of(root, ids), [write_sample(root, i, draw_sample(plan, i)) for i in ids], indent=None)
    return len(ids)


def write_dataset(root: Path, plan: Plan, workers: int = 1, progress: Callable[[int], None] = lambda done: None) -> str:
    """Draws a whole data set into ``root`` and returns its content hash.

    An interrupted call (Ctrl-C, a killed machine) leaves finished chunks behind; the next one with the same plan
    goes on after them, and the result is the same. A complete data set is checked against its hash instead.

    Args:
        root: empty, missing, or holding this very data set, whole or begun.
        plan: what to draw.
        workers: processes; 1 draws in this one.
        progress: called with the number of pictures newly finished (or found finished).

    Raises:
        UsageError: ``root`` holds something else.
        DataError: a file cannot be written, or a complete data set was changed.
    """
    if prepare(root, plan):
        found = verify(root)
        progress(plan.count)
        return found
    todo = []
    for ids in plan.chunks():
        if is_done(root, ids):
            progress(len(ids))
        else:
            todo.append(ids)
    _remove_leftovers(root)
    if workers <= 1 or len(todo) <= 1:
        for ids in todo:
            progress(draw_chunk(root, plan, ids.start, ids.stop))
    else:
        _draw_in_processes(root, plan, todo, min(workers, len(todo)), progress)
    return finish(root, plan)


def _remove_leftovers(root: Path) -> None:
    """Deletes temporary files of a run that was killed."""
    for folder in ("images/*", "fg", "fg_behind/*", "bg", "masks", "metadata", "annotations", ".synth"):
        for path in root.glob(f"{folder}/.*.part"):
            path.unlink(missing_ok=True)


def _draw_in_processes(
    root: Path, plan: Plan, todo: list[range], workers: int, progress: Callable[[int], None]
) -> None:
    context = multiprocessing.get_context("spawn")  # forked copies of a process with threads can hang
    with _single_threaded_children():
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
        try:
            waiting: set[Future[int]] = {pool.submit(draw_chunk, root, plan, ids.start, ids.stop) for ids in todo}
            while waiting:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in finished:
                    progress(future.result())
        except BrokenProcessPool:
            raise DataError(
                f"{root}: a drawing process was killed (out of memory?); run again with fewer workers, it goes on"
            ) from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _single_threaded_children() -> Iterator[None]:
    """Processes started inside use one thread each: as many processes as cores already keep the machine busy."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _start_worker() -> None:
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which lets chunks end and stops
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_die_with, args=(parent,), daemon=True).start()


def _die_with(parent: Any) -> None:
    # A killed parent cannot tell its workers, and they would wait for ever.
    parent.join()
    os._exit(1)
