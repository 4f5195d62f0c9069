"""Stopping a run at a batch boundary: the checkpoint is saved whole and the exit code says what happened."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl
import torch

log = logging.getLogger(__name__)

#: Ctrl-C, a cluster's kill, and the warning that SLURM sends before its time limit.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


def last_checkpoint(trainer: pl.Trainer) -> Path:
    """Returns where the run keeps ``last.ckpt`` (it may not exist yet)."""
    callback = trainer.checkpoint_callback
    folder = getattr(callback, "dirpath", None)
    return Path(folder or Path(trainer.default_root_dir) / "checkpoints") / "last.ckpt"


class TrainingStoppedError(Exception):
    """A signal ended the run at a batch boundary, after ``last.ckpt`` was saved."""

    def __init__(self, signum: int, checkpoint: Path) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}; saved {checkpoint}")
        self.signum = signum
        self.checkpoint = checkpoint


class StopAtBatchEnd(pl.Callback):
    """Turns the first signal into a saved checkpoint at the end of the current batch.

    Lightning alone would save nothing on Ctrl-C and exit 0 on SIGTERM, which a scheduler reads as success.
    All ranks agree on the batch, so that no rank waits for another. A second Ctrl-C ends the process at once;
    it cannot damage a file, because checkpoints are written under another name and renamed.
    """

    def __init__(self) -> None:
        self._signum: int | None = None
        self._previous: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Installs the handlers (main thread only: Python allows no other)."""
        self._signum = None
        if threading.current_thread() is threading.main_thread():
            # Lightning registers its own in fit(); ours come later and win until the training ends.
            self._previous = {signum: signal.signal(signum, self._handle) for signum in SIGNALS}

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self._signum is not None and signum == signal.SIGINT:
            raise KeyboardInterrupt
        if self._signum is None:
            log.warning("%s: saving at the end of this batch …", signal.Signals(signum).name)
            self._signum = signum
            # Reading processes that the same signal ends would raise PyTorch's error in the middle of the saving.
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves ``last.ckpt`` and raises when any rank was told to stop.

        Raises:
            TrainingStoppedError: on every rank, after the checkpoint is on disk.
        """
        if trainer.world_size > 1:
            told = torch.tensor(self._signum or 0, device=pl_module.device)
            signum = int(trainer.strategy.reduce(told, reduce_op="max"))
        else:
            signum = self._signum or 0
        if signum:
            path = last_checkpoint(trainer)
            trainer.save_checkpoint(path)
            raise TrainingStoppedError(signum, path)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Saves too when the signal went to the whole process group and took the reading processes with it.

        Then the next batch never comes: the loader raises while it waits, between two batches, and the state is that
        of the last batch end.

        Raises:
            TrainingStoppedError: in the loader's error's place.
        """
        if self._signum is not None and isinstance(exception, RuntimeError) and "DataLoader worker" in str(exception):
            path = last_checkpoint(trainer)
            trainer.save_checkpoint(path)
            self._restore_handlers()
            raise TrainingStoppedError(self._signum, path) from exception

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Puts the former handlers back."""
        self._restore_handlers()

    def _restore_handlers(self) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)
        self._previous = {}
