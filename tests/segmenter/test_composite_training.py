"""The real command on cut-outs and backgrounds alone, the layout of the paper's data, with every effect on."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from segmenter.__main__ import main
from tests.fixtures_dataset import write_tiny_dataset

CONFIGS = Path(__file__).parents[2] / "configs/segmenter"


@pytest.mark.slow
def test_fg_and_bg_are_enough_to_train_and_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "data", tmp_path / "run"
    write_tiny_dataset(data, count=12)
    (data / "images").rename(data / "unused")
    command = [
        "fit", "--config", str(CONFIGS / "masks_small.yaml"), "--data.root", str(data), "--data.num_workers", "0",
        "--data.batch_size", "2", "--data.image_size", "64", "--data.composed_ratio", "0",
        "--data.foregrounds", f"[{{path: {data}/fg, weight: 2}}]",
        "--data.backgrounds", f"[{{path: {data}/bg}}, {{procedural: clutter, weight: 1}}]",
        "--trainer.default_root_dir", str(out), "--trainer.accelerator", "cpu", "--trainer.precision", "32-true",
        "--trainer.enable_progress_bar", "false", "--trainer.log_every_n_steps", "1",
        "--model.init", "random",
    ]  # fmt: skip
    assert main([*command, "--trainer.max_steps", "2", "--trainer.val_check_interval", "2"]) == 0
    settings = torch.load(out / "checkpoints/last.ckpt", weights_only=True)["datamodule_hyper_parameters"]
    assert settings["backgrounds"] == [{"path": f"{data}/bg"}, {"procedural": "clutter", "weight": 1.0}]
    written = yaml.safe_load((CONFIGS / "masks_small.yaml").read_text())["data"]["placement"]
    assert settings["placement"]["count_weights"] == written["count_weights"]
    more = ["--trainer.max_steps", "3", "--trainer.val_check_interval", "3", "--resume", "true"]
    assert main([*command, *more]) == 0
    assert torch.load(out / "checkpoints/last.ckpt", weights_only=True)["global_step"] == 3
    capsys.readouterr()
    other = [*more, "--data.effects", "{plain: 0.5}"]
    assert main([*command, *other]) == 2
    assert "effects" in capsys.readouterr().err
