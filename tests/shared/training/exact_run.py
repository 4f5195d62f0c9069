"""Runs of a net with all that could make a resumed one differ: BatchNorm, dropout, Muon, a schedule, averaged weights.

``python -m tests.shared.training.exact_run FOLDER SEED ROUNDS`` checks random stops in each process it is started in.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging, ModelCheckpoint
from torchmetrics import SumMetric

from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
from shared.training.batch_seeds import SeedEachBatch
from shared.training.checkpoint_files import WholeFiles
from shared.training.interrupt import TrainingStoppedError
from shared.training.keep_last import KeepLast
from shared.training.optimizers import make_optimizer
from shared.training.schedule import with_schedule

VALIDATED = 5  # three for one of two processes, two for the other


class Stop(NamedTuple):
    """At which step of its kind a run is told to stop, counted from its own beginning; ``kill`` breaks it off there."""

    kind: str
    step: int
    kill: bool = False
    rank: int | None = None


class BrokenOffError(Exception):
    pass


class _Source:
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def sample(self, index: int, rng: np.random.Generator | None) -> dict[str, Any]:
        image = np.random.default_rng(index).integers(0, 256, (6, 6, 3), np.uint8)
        if rng is not None:
            image = image ^ rng.integers(0, 16, image.shape, np.uint8)
        return {"image": image, "truth": np.float32(image[..., 0].mean() / 255), "id": index}


class Data(pl.LightningDataModule):
    def train_dataloader(self) -> Any:
        return train_loader(SampleDataset(_Source(26), seed=3), 2, 0, None, self.trainer)

    def val_dataloader(self) -> Any:
        return eval_loader(SampleDataset(_Source(VALIDATED)), 2, 0, self.trainer)


class Net(pl.LightningModule):
    def __init__(self, stop: Stop | None = None) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Dropout(0.5),
            torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 1),
        )  # fmt: skip
        self.validated = SumMetric()
        self.stop, self.count = stop, {"train": 0, "val": 0}

    def _maybe_stop(self, kind: str) -> None:
        self.count[kind] += 1
        if self.stop is None or (kind, self.count[kind]) != self.stop[:2]:
            return
        if self.stop.kill:
            raise BrokenOffError
        if self.stop.rank in (None, self.trainer.global_rank):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGUSR1)  # a second one changes nothing

    def _loss(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return (self.net(batch["image"] / 255)[:, 0] - batch["truth"]).square().mean()

    def training_step(self, batch: dict[str, torch.Tensor], index: int) -> torch.Tensor:
        self._maybe_stop("train")
        return self._loss(batch)

    def validation_step(self, batch: dict[str, torch.Tensor], index: int) -> None:
        self._maybe_stop("val")
        self.log("val/loss", self._loss(batch), sync_dist=True, batch_size=len(batch["id"]))
        self.validated.update(torch.ones(len(batch["id"])))

    def on_validation_epoch_end(self) -> None:
        assert int(self.validated.compute()) == VALIDATED
        self.validated.reset()
        torch.rand(1)  # what validation draws is no matter of the training

    def configure_optimizers(self) -> Any:
        return with_schedule(self, make_optimizer(self.parameters(), "muon", 0.02, 0.01), "cosine", 2)


#: Settings of the trainer; 26 samples in batches of two.
SCHEDULES: dict[str, dict[str, Any]] = {
    "epochs": {"max_epochs": 2},
    "accumulating": {"max_epochs": 2, "accumulate_grad_batches": 2},
    "steps": {"max_steps": 16, "max_epochs": -1, "val_check_interval": 5, "check_val_every_n_epoch": None},
    "steps accumulating": {
        "max_steps": 8,
        "max_epochs": -1,
        "val_check_interval": 4,
        "check_val_every_n_epoch": None,
        "accumulate_grad_batches": 2,
    },
}


def fit(folder: Path, schedule: dict[str, Any], stop: Stop | None, resume: bool, **machine: Any) -> bool:
    """Runs or goes on; returns whether it came to its end."""
    torch.manual_seed(1)
    module = Net(stop)
    best = ModelCheckpoint(
        folder, filename="best", monitor="val/loss", enable_version_counter=False,
        auto_insert_metric_name=False,
    )  # fmt: skip
    trainer = pl.Trainer(
        default_root_dir=folder, logger=False, accelerator="cpu", enable_progress_bar=False, num_sanity_val_steps=0,
        enable_model_summary=False, plugins=[WholeFiles()], **schedule, **machine,
        callbacks=[EMAWeightAveraging(decay=0.8), SeedEachBatch(7), best, KeepLast(every_n_steps=3)],
    )  # fmt: skip
    last = folder / "last.ckpt"
    try:
        trainer.fit(module, Data(), ckpt_path=last if resume and last.exists() else None, weights_only=True)
    except TrainingStoppedError:
        return False
    except BrokenOffError:
        return False
    return True


def outcome(folder: Path) -> dict[str, Any]:
    """Returns all that a run leaves, without the paths in it."""
    kept = {}
    for name in ("last", "best"):
        checkpoint = torch.load(folder / f"{name}.ckpt", weights_only=True)
        choice = next(value for key, value in checkpoint["callbacks"].items() if key.startswith("ModelCheckpoint"))
        kept[name] = {key: checkpoint[key] for key in ("state_dict", "current_model_state", "global_step")}
        kept[name] |= {key: checkpoint[key] for key in ("averaging_state", "optimizer_states", "lr_schedulers")}
        kept[name] |= {"score": choice["best_model_score"]}
    return kept


def differences(a: Any, b: Any, name: str = "") -> list[str]:
    """Returns the names of what is not the same to the bit."""
    if isinstance(a, dict) and isinstance(b, dict):
        both = sorted(a.keys() | b.keys(), key=str)
        return [found for key in both for found in differences(a.get(key), b.get(key), f"{name}/{key}")]
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)) and len(a) == len(b):
        return [found for i, (x, y) in enumerate(zip(a, b, strict=True)) for found in differences(x, y, f"{name}/{i}")]
    same = torch.equal(a, b) if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) else a == b
    return [] if same else [name]


def check(folder: Path, schedule: dict[str, Any], stops: list[Stop], whole: dict[str, Any], **machine: Any) -> None:
    """Stops a run again and again, and compares what it leaves with what an undisturbed one leaves."""
    for number, stop in enumerate(stops):
        fit(folder, schedule, stop, number > 0, **machine)
    assert fit(folder, schedule, None, True, **machine), stops
    assert differences(outcome(folder), whole) == [], stops


def main(folder: Path, seed: int, rounds: int) -> None:
    """Checks random stops of random schedules."""
    torch.set_num_threads(1)
    machine = {"devices": 2, "strategy": "ddp"}
    rng = random.Random(seed)  # the same in all processes
    whole: dict[str, Any] = {}
    for turn in range(rounds):
        name = rng.choice(list(SCHEDULES))
        if name not in whole:
            assert fit(folder / name, SCHEDULES[name], None, False, **machine)
            whole[name] = outcome(folder / name)
        stops = [
            Stop(rng.choice(["train", "train", "val"]), rng.randint(1, 8), rng.random() < 0.3, rng.choice([None, 0, 1]))
            for _ in range(2)
        ]
        check(folder / str(turn), SCHEDULES[name], stops, whole[name], **machine)
    sys.stderr.write(f"{rounds} rounds the same\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
