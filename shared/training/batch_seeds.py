"""Dropout that a resumed run repeats: PyTorch's random stream begins anew with each batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch


def batch_seed(seed: int, batch: int) -> int:
    """Returns the seed of one batch: a function of the run's seed and the batch's place in the training stream."""
    return int(np.random.SeedSequence([seed, batch]).generate_state(1, np.uint64)[0])


class SeedEachBatch(pl.Callback):
    """Seeds PyTorch before each training batch.

    A checkpoint does not hold the state of the random stream, and would need one for each process and device. This way
    it is a function of the batch's place, as the order of the samples is (``shared.datamodules.sampling``).
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seeds all devices of this process."""
        done: int = trainer.fit_loop.epoch_loop.batch_progress.total.processed  # type: ignore[attr-defined]
        torch.manual_seed(batch_seed(self.seed, done * trainer.world_size + trainer.global_rank))
