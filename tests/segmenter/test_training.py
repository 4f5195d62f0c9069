"""The real command on a tiny data set: fit, checkpoints, resume, evaluate."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from segmenter.__main__ import main
from segmenter.evaluate import evaluate
from segmenter.predict import load
from tests.fixtures_dataset import write_tiny_dataset

CONFIG = Path(__file__).parents[2] / "configs/segmenter/demo.yaml"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path, Path]:
    """Two steps of the demo recipe on a tiny set; returns the command, the run folder and the data."""
    folder = tmp_path_factory.mktemp("segmenter")
    data, out = folder / "data", folder / "run"
    write_tiny_dataset(data, count=16)
    command = [
        "fit", "--config", str(CONFIG), "--data.root", str(data), "--data.num_workers", "0", "--data.batch_size", "2",
        "--data.image_size", "64", "--data.foregrounds", "null", "--data.backgrounds", "null",
        "--trainer.default_root_dir", str(out), "--trainer.accelerator", "cpu",
        "--trainer.precision", "32-true", "--trainer.enable_progress_bar", "false", "--trainer.log_every_n_steps", "1",
    ]  # fmt: skip
    assert main([*command, "--trainer.max_steps", "2", "--trainer.val_check_interval", "2"]) == 0
    return command, out, data


def test_a_run_leaves_its_config_and_both_checkpoints(run: tuple[list[str], Path, Path]) -> None:
    _, out, _ = run
    assert (out / "config.yaml").is_file()
    for name in ("best", "last"):
        assert load(out / f"checkpoints/{name}.ckpt").image_size == 64
    assert torch.load(out / "checkpoints/last.ckpt", weights_only=True)["global_step"] == 2


def test_it_goes_on_where_it_stopped(run: tuple[list[str], Path, Path]) -> None:
    command, out, _ = run
    more = ["--trainer.max_steps", "3", "--trainer.val_check_interval", "3", "--resume", "true"]
    assert main([*command, *more]) == 0
    assert torch.load(out / "checkpoints/last.ckpt", weights_only=True)["global_step"] == 3


def test_resuming_with_another_network_is_refused(
    run: tuple[list[str], Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    command, _, _ = run
    assert main([*command, "--trainer.max_steps", "4", "--model.skip_strides", "[4]", "--resume", "true"]) == 2
    assert "skip_strides" in capsys.readouterr().err


def test_its_checkpoint_is_evaluated(run: tuple[list[str], Path, Path]) -> None:
    _, out, data = run
    values = evaluate(out / "checkpoints/best.ckpt", data, "test")
    assert values["n"] == 4
    assert 0 <= values["iou"] <= 1
