"""The demo recipes on shards with one flag more, stopped and resumed: the same weights as in one go."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from inkpose.cli import main as inkpose
from tests.fixtures_dataset import write_tiny_dataset

CONFIGS = Path(__file__).parents[2] / "configs"
EXTRA: dict[str, list[str]] = {
    "tagger": ["--model.image_size", "32", "--data.image_size", "32"],
    "segmenter": ["--data.image_size", "32", "--data.foregrounds", "null", "--data.backgrounds", "null"],
    "pose": [
        "--data.image_size", "64", "--model.init_args.image_size", "64", "--model.init_args.head_side", "16",
        "--model.init_args.domain_source", "random:resnet18", "--model.init_args.task_source", "random:keypoint_resnet",
        "--model.init_args.head_widths", "[8,8,8]",
    ],
}  # fmt: skip


class StopAfter(pl.Callback):
    """Sends this process a SIGTERM in the third step."""

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == 2:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sharded")
    write_tiny_dataset(folder / "data", 32)
    command = ["data", "shards", str(folder / "data"), "--out", str(folder / "shards"), "--per-shard", "4"]
    assert inkpose(command) == 0
    shutil.rmtree(folder / "data")  # a training needs nothing of it
    return folder


def weights(run: Path) -> dict[str, Any]:
    checkpoint = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 4
    state: dict[str, Any] = checkpoint["state_dict"]
    return state


@pytest.mark.slow
@pytest.mark.parametrize("subsystem", EXTRA)
def test_a_demo_recipe_from_shards_resumes_to_the_same_weights(
    subsystem: str, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit: Any = __import__(f"{subsystem}.__main__", fromlist=["main"]).main

    def command(run: str, *more: str) -> list[str]:
        return [
            "fit", "--config", str(CONFIGS / subsystem / "demo.yaml"), "--data.root", str(root / "data"),
            "--data.shards", str(root / "shards"), "--data.batch_size", "2", "--data.num_workers", "1",
            *EXTRA[subsystem], "--trainer.default_root_dir", str(tmp_path / run), "--trainer.accelerator", "cpu",
            "--trainer.precision", "32-true", "--trainer.enable_progress_bar", "false", "--trainer.max_steps", "4",
            "--trainer.val_check_interval", "2", "--trainer.limit_val_batches", "1", *more,
        ]  # fmt: skip

    assert fit(command("whole")) == 0
    assert fit(command("part", "--trainer.callbacks", "tests.integration.test_training_from_shards.StopAfter")) == 143
    assert "stopped by SIGTERM" in capsys.readouterr().err
    assert fit(command("part", "--resume", "true", "--data.num_workers", "0")) == 0
    one, other = weights(tmp_path / "whole"), weights(tmp_path / "part")
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)
    moved = command("part", "--resume", "true")
    moved[moved.index("--data.shards") + 1] = "null"
    assert fit(moved) == 2
    assert "trained with data.shards=" in capsys.readouterr().err
