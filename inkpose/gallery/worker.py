"""One thread that holds the nets: everything that needs them waits in its short queue."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from inkpose.pipeline import Pipeline

Result = TypeVar("Result")

#: Requests that may wait for the nets; more are told to come again.
MOST_WAITING = 16


class Busy(Exception):
    """Too much is waiting for the nets already."""


class NetWorker:
    """Runs work that needs the nets, one piece at a time and in the order it came.

    The nets use all cores by themselves: two at once would be slower, and twice the memory.

    Args:
        load: makes the pipeline; called in the thread before the first work, so the page opens at once.
        most_waiting: requests that may be queued or running.
    """

    def __init__(self, load: Callable[[], Pipeline], most_waiting: int = MOST_WAITING) -> None:
        self._load = load
        self._most = most_waiting
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="nets")
        self._waiting = 0
        self._count = threading.Lock()
        self._pipeline: Pipeline | None = None

    async def run(self, work: Callable[[Pipeline], Result]) -> Result:
        """Runs ``work`` for a request; if the request is cancelled before its turn, so is the work.

        Raises:
            Busy: the queue is full.
        """
        with self._count:
            if self._waiting >= self._most:
                raise Busy
            self._waiting += 1
        future = self._pool.submit(self._do, work)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def call(self, work: Callable[[Pipeline], Result]) -> Result:
        """Runs ``work`` for a thread of ours and waits for it: requests in between have their turns."""
        return self._pool.submit(self._do, work).result()

    def warm(self) -> None:
        """Starts loading the nets; a failure is told to whoever asks first."""
        self._pool.submit(self._do, lambda _: None)

    def close(self) -> None:
        """Ends the thread after the piece it is at."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def ready(self) -> bool:
        """Whether the nets are loaded."""
        return self._pipeline is not None

    def _do(self, work: Callable[[Pipeline], Result]) -> Result:
        if self._pipeline is None:
            self._pipeline = self._load()
        return work(self._pipeline)

    def _done(self, _: Future[Result]) -> None:
        with self._count:
            self._waiting -= 1
