"""Signals that tell a training to stop: noted in the handler, acted upon between two batches."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

#: Ctrl-C, a cluster's kill, and the warning that SLURM sends before its time limit.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class TrainingStoppedError(Exception):
    """A signal ended the run.

    Attributes:
        signum: the signal.
        checkpoint: from which the run goes on; None where there was nothing to save yet.
    """

    def __init__(self, signum: int, checkpoint: Path | None) -> None:
        saved = "before the first batch" if checkpoint is None else f"saved {checkpoint}"
        super().__init__(f"stopped by {signal.Signals(signum).name}; {saved}")
        self.signum, self.checkpoint = signum, checkpoint


class StopSignals:
    """Notes the first of :data:`SIGNALS`, and nothing more: a handler runs in the middle of anything.

    A second Ctrl-C ends the process at once; it cannot damage a file, because checkpoints are written under another
    name and renamed. Any other further signal changes nothing.
    """

    def __init__(self) -> None:
        self.told = 0
        self._at_once: Callable[[int], None] | None = None
        self._previous: dict[int, Any] = {}

    def install(self, at_once: Callable[[int], None]) -> None:
        """Installs the handlers (main thread only: Python allows no other).

        Args:
            at_once: called with a signal that comes before :meth:`begin`, when no work can be lost; it raises.
        """
        self.told, self._at_once = 0, at_once
        if threading.current_thread() is threading.main_thread():
            self._previous = {signum: signal.signal(signum, self._handle) for signum in SIGNALS}

    def begin(self) -> None:
        """From now on a signal is noted only."""
        self._at_once = None

    def restore(self) -> None:
        """Puts the former handlers back."""
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)
        self._previous = {}

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self.told:
            if signum == signal.SIGINT:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGINT)
            return
        self.told = signum
        # Reading processes that the same signal ends would raise PyTorch's error in the middle of the saving.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if self._at_once is not None:
            self._at_once(signum)
        log.warning("%s: saving at the end of this step …", signal.Signals(signum).name)
