"""``last.ckpt``: written at set steps, around validations and when a signal stops the run; resumed exactly."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.trainer.states import TrainerFn

from shared.errors import UsageError
from shared.training.interrupt import StopSignals, TrainingStoppedError


def last_checkpoint(trainer: pl.Trainer) -> Path:
    """Returns where the run keeps ``last.ckpt`` (it may not exist yet)."""
    callback = trainer.checkpoint_callback
    folder = getattr(callback, "dirpath", None)
    return Path(folder or Path(trainer.default_root_dir) / "checkpoints") / "last.ckpt"


# Being a Checkpoint, it is called after all callbacks that are none; it belongs after ModelCheckpoint in their list.
class KeepLast(Checkpoint):
    """Saves ``last.ckpt`` where a resumed run can go on as if nothing had happened, and stops a run that was told to.

    Such places are the ends of optimiser steps (gradients that are being accumulated are in no checkpoint), the
    beginnings of validations, which the resumed run then does, and their ends. All processes agree on the place, so
    that none waits for another. Lightning alone would save inside the signal handler, wherever the run is, or exit 0
    on SIGTERM, which a scheduler reads as success; so its handlers are not installed.

    Args:
        every_n_steps: also save after every so many optimiser steps; 0 does not.
    """

    def __init__(self, every_n_steps: int = 0) -> None:
        self.every_n_steps = every_n_steps
        self._signals = StopSignals()
        self._before_validation = False
        self._max_steps: int | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Takes the signals of a fit."""
        if stage != TrainerFn.FITTING:
            return
        trainer._signal_connector.register_signal_handlers = _nothing  # type: ignore[method-assign]

        def at_once(signum: int) -> None:
            if trainer.strategy.launcher is not None:
                trainer.strategy.launcher.kill(signum)  # the processes that this one has started
            raise TrainingStoppedError(signum, None)

        self._signals.install(at_once)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Lets a run that was stopped at its last validation begin again, although its last step is done."""
        if self._before_validation and trainer.max_steps > 0:
            self._max_steps = trainer.max_steps
            trainer.fit_loop.epoch_loop.max_steps += 1

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From now on there is work to lose.

        Raises:
            UsageError: validations would come in the middle of optimiser steps.
        """
        self._before_validation = False
        interval, per_step = trainer.val_check_batch, trainer.accumulate_grad_batches
        if interval and interval not in (math.inf, trainer.num_training_batches) and interval % per_step:
            raise UsageError(
                f"trainer.val_check_interval: a validation each {interval} batches would come in the middle of a step "
                f"of {per_step} (trainer.accumulate_grad_batches); give a multiple of it"
            )
        self._signals.begin()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Puts the limit of steps back, where there was no validation to be done again."""
        self._restore_limit(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves at the end of an optimiser step, if it is time or a signal came.

        Raises:
            TrainingStoppedError: on every process, after the checkpoint is on the disk.
        """
        loop: Any = trainer.fit_loop.epoch_loop
        if loop._should_accumulate() or loop._should_check_val_fx(trainer.fit_loop._data_fetcher):
            return  # the validation's beginning comes next, and is the better place
        signum = self._agreed(trainer, pl_module)
        step = trainer.global_step
        if signum or (step and self.every_n_steps and step % self.every_n_steps == 0):
            self._save(trainer)
        self._stop(trainer, signum)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves in such a way that the validation is done again if it is not finished.

        Raises:
            TrainingStoppedError: as above.
        """
        if _is_validating(trainer):
            self._restore_limit(trainer)
            # Marked as one that was broken off: Lightning begins with it again.
            total: Any = trainer.fit_loop.epoch_loop.val_loop.batch_progress.total
            total.ready = total.started = total.processed + 1
            self._before_validation = True
            self._save(trainer)
            self._before_validation = False
            total.ready = total.started = total.processed
            self._stop(trainer, self._agreed(trainer, pl_module))

    def on_validation_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Breaks off a validation; it was saved before.

        Raises:
            TrainingStoppedError: as above.
        """
        if _is_validating(trainer):
            self._stop(trainer, self._agreed(trainer, pl_module))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves what the validation has found: the choice of the best checkpoint, thresholds."""
        loop: Any = trainer.fit_loop.epoch_loop
        # After the last validation of an epoch, the best checkpoint may be chosen at the end of the epoch only.
        if _is_validating(trainer) and not loop._num_ready_batches_reached():
            self._save(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Saves the end of an epoch, and of the training."""
        self._save(trainer)

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Saves too when a signal to all processes has ended those that read, so that the next batch never comes.

        Raises:
            TrainingStoppedError: in the loader's error's place.
        """
        told = self._signals.told
        if told and isinstance(exception, RuntimeError) and "DataLoader worker" in str(exception):
            loop: Any = trainer.fit_loop.epoch_loop
            # With several processes the others may be anywhere; what they saved last is what counts.
            if trainer.training and trainer.world_size == 1 and not loop._should_accumulate():
                self._save(trainer)
            self._signals.restore()
            raise TrainingStoppedError(told, last_checkpoint(trainer)) from exception

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Puts the former handlers back."""
        self._signals.restore()

    def state_dict(self) -> dict[str, Any]:
        """Says whether a validation is to come."""
        return {"before_validation": self._before_validation}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes it back."""
        self._before_validation = state_dict["before_validation"]

    def _agreed(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> int:
        """Returns the signal that any process was told, 0 for none; the same on all."""
        if trainer.world_size == 1:
            return self._signals.told
        told = torch.tensor(self._signals.told, device=pl_module.device)
        return int(trainer.strategy.reduce(told, reduce_op="max"))

    def _save(self, trainer: pl.Trainer) -> None:
        if not trainer.fast_dev_run:  # type: ignore[attr-defined]
            trainer.save_checkpoint(last_checkpoint(trainer))

    def _restore_limit(self, trainer: pl.Trainer) -> None:
        if self._max_steps is not None:
            trainer.fit_loop.epoch_loop.max_steps, self._max_steps = self._max_steps, None

    def _stop(self, trainer: pl.Trainer, signum: int) -> None:
        if signum:
            raise TrainingStoppedError(signum, last_checkpoint(trainer))


def _is_validating(trainer: pl.Trainer) -> bool:
    return trainer.state.fn == TrainerFn.FITTING and not trainer.sanity_checking


def _nothing() -> None: ...
