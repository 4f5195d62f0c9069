"""Additions to the index in the background: one at a time, watched by polling, stopped between two pictures."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from inkpose.filenames import one_line
from inkpose.gallery.worker import NetWorker
from inkpose.index.build import add, sync
from inkpose.index.store import PoseIndex
from inkpose.seen import Image, Seen
from shared.errors import InkposeError, UsageError

log = logging.getLogger(__name__)

#: Pictures seen at once: few, so that somebody who only wants to look need not wait long.
BATCH = 4

#: Failures that are told one by one.
_TOLD_FAILURES = 50


class Stopped(KeyboardInterrupt):
    """The user stopped the job: the index keeps what was seen, as after Ctrl-C."""


@dataclass
class Progress:
    """How far a job is."""

    state: Literal["idle", "running", "done", "stopped", "failed"] = "idle"
    label: str = ""
    done: int = 0
    total: int | None = None
    added: int = 0
    characters: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0


class IndexJobs:
    """The one job that may run.

    Args:
        path: the folder of the index; made by the first job.
        worker: holds the nets; a job asks it for one batch at a time.
    """

    def __init__(self, path: Path, worker: NetWorker) -> None:
        self._path, self._worker = path, worker
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._progress = Progress()
        self._began = 0.0

    def start(self, folder: Path | None) -> None:
        """Adds the pictures of a folder, or (None) looks at all folders of the index again.

        Raises:
            UsageError: a job is running already, or there is no such folder.
        """
        if folder is not None and not folder.exists():
            raise UsageError(f"{one_line(str(folder))}: no such folder on this computer; check the path")
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise UsageError("pictures are being added already; wait, or stop that first")
            self._stop.clear()
            label = "all folders" if folder is None else one_line(str(folder))
            self._progress = Progress(state="running", label=label)
            self._began = time.monotonic()
            self._thread = threading.Thread(target=self._run, args=(folder, self._progress), name="index job")
            self._thread.start()

    def stop(self, wait: bool = False) -> None:
        """Asks the job to stop after the batch it is at."""
        self._stop.set()
        if wait and self._thread is not None:
            self._thread.join()

    def progress(self) -> dict[str, Any]:
        """Returns how far the job is, or how the last one ended."""
        progress = self._progress
        if progress.state == "running":
            progress.seconds = time.monotonic() - self._began
        return asdict(progress)

    def _run(self, folder: Path | None, progress: Progress) -> None:
        def start(total: int) -> None:
            progress.total = total

        def step() -> None:
            progress.done += 1
            if self._stop.is_set():
                raise Stopped

        def see(images: Sequence[Image]) -> list[Seen]:
            return self._worker.call(lambda pipeline: pipeline(images))

        try:
            index = PoseIndex.open(self._path, create=True)
            if folder is None:
                outcome = sync(index, lambda: see, batch_size=BATCH, on_start=start, on_picture=step)
            else:
                outcome = add([folder], index, lambda: see, batch_size=BATCH, on_start=start, on_picture=step)
            progress.added, progress.characters = outcome.added, outcome.characters
            progress.unchanged, progress.removed = outcome.unchanged, outcome.removed
            progress.failed, progress.failures = len(outcome.failures), outcome.failures[:_TOLD_FAILURES]
            progress.state = "done"
        except Stopped:
            progress.state = "stopped"
        except InkposeError as error:
            progress.error, progress.state = str(error), "failed"
        except Exception as error:
            log.exception("adding %s failed", progress.label)
            progress.error = f"{type(error).__name__}: this is a bug; the terminal shows where"
            progress.state = "failed"
        finally:
            progress.seconds = time.monotonic() - self._began
