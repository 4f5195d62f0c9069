"""A run small enough to be killed and resumed hundreds of times: ``python -m tests.shared.training.toy_run fit …``."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from shared.augment import seed_worker
from shared.training.checkpoints import stamp
from shared.training.cli import run


class ToyModule(pl.LightningModule):
    """Linear regression; slow on purpose, so that a signal can hit the middle of an epoch."""

    def __init__(self, lr: float = 0.1, delay_s: float = 0.0) -> None:
        super().__init__()
        self.save_hyperparameters("lr")
        self.delay_s = delay_s
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        time.sleep(self.delay_s)
        (x,) = batch
        loss = (self.layer(x) - 2 * x).square().mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        (x,) = batch
        self.log("val/loss", (self.layer(x) - 2 * x).square().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.hparams["lr"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        stamp(checkpoint, "tagger")


class ToyData(pl.LightningDataModule):
    def __init__(self, count: int = 40, num_workers: int = 0) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.count, self.num_workers = count, num_workers

    def train_dataloader(self) -> Any:
        x = torch.arange(self.count, dtype=torch.float32)[:, None] / self.count
        return DataLoader(
            TensorDataset(x),
            batch_size=4,
            num_workers=self.num_workers,
            worker_init_fn=seed_worker,
            persistent_workers=self.num_workers > 0,
        )

    def val_dataloader(self) -> Any:
        return DataLoader(TensorDataset(torch.ones(4, 1)), batch_size=4)


if __name__ == "__main__":
    sys.exit(run(ToyModule, ToyData))
