"""A run small enough to be killed and resumed hundreds of times: ``python -m tests.shared.training.toy_run fit …``."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
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
        x = batch["x"]
        loss = (self.layer(x) - 2 * x).square().mean()
        self.log("train/loss", loss, batch_size=len(x))
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        x = batch["x"]
        self.log("val/loss", (self.layer(x) - 2 * x).square().mean(), sync_dist=True, batch_size=len(x))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.hparams["lr"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        stamp(checkpoint, "tagger")


class Numbers:
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def sample(self, index: int, rng: np.random.Generator | None) -> dict[str, Any]:
        noise = 0.0 if rng is None else rng.normal(0, 0.01)
        return {"x": np.array([(index + 1) / self.count + noise], np.float32)}


class ToyData(pl.LightningDataModule):
    def __init__(self, count: int = 40, num_workers: int = 0, batch_size: int = 4) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.count, self.num_workers, self.batch_size = count, num_workers, batch_size

    def train_dataloader(self) -> Any:
        return train_loader(SampleDataset(Numbers(self.count)), self.batch_size, self.num_workers, None, self.trainer)

    def val_dataloader(self) -> Any:
        return eval_loader(SampleDataset(Numbers(5)), 2, self.num_workers, self.trainer)


if __name__ == "__main__":
    sys.exit(run(ToyModule, ToyData))
