"""A training that is stopped anywhere and resumed sees what it would have seen, batch for batch, pixel for pixel."""

import json
import os
import subprocess
import sys
import textwrap
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

from shared.datamodules.masks import MaskDataModule
from tests.fixtures_dataset import write_tiny_dataset


class _Witness(pl.LightningModule):
    """Learns nothing; writes down a checksum of each training batch's pixels."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.seen: list[tuple[int, int]] = []
        self.stop_after = stop_after

    def training_step(self, batch: dict[str, torch.Tensor], index: int) -> torch.Tensor:
        if self.stop_after is not None and self.global_step == self.stop_after:
            raise RuntimeError("killed")
        self.seen.append((self.global_step, zlib.crc32(batch["image"].numpy().tobytes())))
        return self.weight.sum()

    def validation_step(self, batch: dict[str, torch.Tensor], index: int) -> None:
        self.log("val/x", self.weight.sum())

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def _fit(
    root: Path, folder: Path, workers: int, stop_after: int | None, save: dict[str, Any], resume: bool,
    schedule: dict[str, Any],
) -> list[tuple[int, int]]:  # fmt: skip
    module = _Witness(stop_after)
    data = MaskDataModule(str(root), image_size=16, batch_size=2, num_workers=workers, samples_per_epoch=7)
    trainer = pl.Trainer(
        default_root_dir=folder, **schedule, logger=False, accelerator="cpu", enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0,
        callbacks=[ModelCheckpoint(folder, filename="at-{step}", save_top_k=-1, save_last=True, **save)],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="You're resuming from a checkpoint that ended before")
        try:
            trainer.fit(module, data, ckpt_path=folder / "last.ckpt" if resume else None, weights_only=True)
        except RuntimeError as error:
            if str(error) != "killed":
                raise
    return module.seen


pytestmark = pytest.mark.filterwarnings("ignore:Checkpoint directory", "ignore:.*LeafSpec")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_dataset(folder, 20, size=24)  # ten training pictures; three batches of two make an epoch
    return folder


SAVES = {
    "each batch": {"every_n_train_steps": 1},
    "each second batch": {"every_n_train_steps": 2},
    "after validation": {"every_n_epochs": 1},
    "at the end of training epochs": {"every_n_epochs": 1, "save_on_train_epoch_end": True},
}
FIRST_SAVE = {"each batch": 1, "each second batch": 2, "after validation": 3, "at the end of training epochs": 3}
CASES = [(save, stop) for save in SAVES for stop in (1, 2, 3, 4, 6, 7) if stop >= FIRST_SAVE[save]]
# Lightning counts epochs otherwise when only steps are limited, and validates anywhere when told to.
SCHEDULES = {
    "epochs": {"max_epochs": 3},
    "steps": {"max_steps": 9, "max_epochs": -1},
    "validation inside epochs": {
        "max_steps": 9,
        "max_epochs": -1,
        "val_check_interval": 2,
        "check_val_every_n_epoch": None,
    },
    "a limit of batches": {"max_epochs": 4, "limit_train_batches": 2},
}


def _check(root: Path, folder: Path, stop_after: int, save: dict[str, Any], schedule: dict[str, Any]) -> None:
    whole = dict(_fit(root, folder / "whole", 0, None, save, False, schedule))
    assert len(set(whole.values())) == len(whole) >= 8
    before = dict(_fit(root, folder / "run", 0, stop_after, save, False, schedule))
    after = dict(_fit(root, folder / "run", 0, None, save, True, schedule))
    assert {step: whole[step] for step in before} == before
    assert {step: whole[step] for step in after} == after
    assert sorted(before | after) == sorted(whole)


@pytest.mark.parametrize(("save", "stop_after"), CASES)
def test_resumed_run_sees_the_same(save: str, stop_after: int, root: Path, tmp_path: Path) -> None:
    _check(root, tmp_path, stop_after, SAVES[save], SCHEDULES["epochs"])


@pytest.mark.parametrize("schedule", list(SCHEDULES)[1:])
@pytest.mark.parametrize("save", ["each batch", "after validation"])
@pytest.mark.parametrize("stop_after", [4, 5, 6])
def test_other_schedules_resume_too(schedule: str, save: str, stop_after: int, root: Path, tmp_path: Path) -> None:
    _check(root, tmp_path, stop_after, SAVES[save], SCHEDULES[schedule])


def test_resumed_run_sees_the_same_with_workers(root: Path, tmp_path: Path) -> None:
    save, schedule = SAVES["each batch"], SCHEDULES["epochs"]
    whole = dict(_fit(root, tmp_path / "whole", 0, None, save, False, schedule))
    assert dict(_fit(root, tmp_path / "run", 2, 4, save, False, schedule)) == {step: whole[step] for step in range(4)}
    after = dict(_fit(root, tmp_path / "run", 2, None, save, True, schedule))
    assert after == {step: whole[step] for step in range(4, 9)}


DDP_SCRIPT = """
import json, sys
import pytorch_lightning as pl, torch
from shared.datamodules.poses import PoseDataModule

class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm2d(3)  # buffers: an unequal number of steps would hang
        self.val_seen, self.train_seen = [], []
    def training_step(self, batch, index):
        self.train_seen += batch["annotation_id"].tolist()
        return self.norm(batch["image"].float()).mean()
    def validation_step(self, batch, index):
        self.norm(batch["image"].float())
        self.val_seen += batch["annotation_id"].tolist()
    def on_fit_end(self):
        # one write a line: the processes share the pipe
        sys.stdout.write("SEEN " + json.dumps({"val": self.val_seen, "train": self.train_seen}) + "\\n")
        sys.stdout.flush()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

if __name__ == "__main__":
    torch.set_num_threads(1)
    data = PoseDataModule(sys.argv[1], image_size=16, batch_size=2, num_workers=0)
    pl.Trainer(
        max_epochs=1, logger=False, accelerator="cpu", devices=2, strategy="ddp", enable_progress_bar=False,
        enable_checkpointing=False, enable_model_summary=False, num_sanity_val_steps=0,
    ).fit(Net(), data)
"""


@pytest.mark.slow
def test_two_processes_share_each_sample_once(tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path / "data", 20, size=24)
    path = tmp_path / "data/annotations/person_keypoints_val.json"
    document = json.loads(path.read_text())
    document["annotations"] = document["annotations"][:5]  # three for one rank, two for the other
    path.write_text(json.dumps(document))
    train = json.loads((tmp_path / "data/annotations/person_keypoints_train.json").read_text())["annotations"]
    script = tmp_path / "fit.py"
    script.write_text(textwrap.dedent(DDP_SCRIPT))
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "data")], capture_output=True, text=True, timeout=120,
        env=environment, check=False,
    )  # fmt: skip
    ranks = [json.loads(line[5:]) for line in run.stdout.splitlines() if line.startswith("SEEN ")]
    assert len(ranks) == 2, run.stderr[-2000:]
    validation, training = ([sample for rank in ranks for sample in rank[part]] for part in ("val", "train"))
    assert sorted(validation) == sorted(row["id"] for row in document["annotations"])
    assert len(training) == len(set(training)) == len(train) // 4 * 4
