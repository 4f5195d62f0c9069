"""Training through the real modules: one batch is learnt to the pixel, checkpoints stand alone, frozen stays frozen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor

from pose.__main__ import main
from pose.evaluate import evaluate
from pose.module import PoseModule
from pose.predict import load
from pose.task_source_module import TaskSourceModule
from shared.datamodules.poses import PoseDataModule
from shared.errors import DataError, UsageError
from shared.keypoints.schema import JointState
from shared.training.checkpoints import load_checkpoint
from tests.fixtures_dataset import write_tiny_dataset

SMALL: dict[str, Any] = {
    "domain_source": "random:resnet18", "image_size": 64, "head_side": 16, "level_width": 16, "domain_width": 24,
    "task_width": 8, "head_widths": (32, 24, 16), "loss": "bce_location", "start_probability": 0.01, "lr": 3e-3,
    "sigma_cells": 1.0,
}  # fmt: skip
TASK: dict[str, Any] = {
    "arguments": {"backbone": "resnet18", "levels": ["layer2", "layer3"], "task_width": 32, "task_depth": 1},
    "image_size": 64,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    write_tiny_dataset(root, count=16, size=96)
    return root


@pytest.fixture(scope="module")
def task_source(data: Path) -> Path:
    """A task source checkpoint as the real command writes it."""
    run = data / "run_task_source"
    torch.manual_seed(0)
    trainer = fit(TaskSourceModule(**TASK), data, run, steps=2)
    path = run / "task.ckpt"
    trainer.save_checkpoint(path)
    return path


def datamodule(root: Path, **changes: Any) -> PoseDataModule:
    settings: dict[str, Any] = {"image_size": 64, "batch_size": 4, "num_workers": 0, "augment": False, **changes}
    return PoseDataModule(str(root), **settings)


def fit(
    module: pl.LightningModule, root: Path, run: Path, steps: int, ckpt_path: Path | None = None, **changes: Any
) -> pl.Trainer:
    trainer = pl.Trainer(
        default_root_dir=run,
        max_steps=steps,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        num_sanity_val_steps=0,
        limit_val_batches=1,
    )
    trainer.fit(module, datamodule=datamodule(root, **changes), ckpt_path=ckpt_path, weights_only=True)
    return trainer


def one_batch(root: Path) -> dict[str, Tensor]:
    loader = datamodule(root, batch_size=6).train_dataloader()
    batch: dict[str, Tensor] = next(iter(loader))
    return batch


@pytest.mark.parametrize("method", ["feature_concat", "feature_match"])
def test_one_batch_is_learnt_to_the_pixel(method: str, data: Path) -> None:
    torch.manual_seed(0)
    module = PoseModule(task_source="random:keypoint_resnet", method=method, **SMALL)
    module.net.train()
    batch = one_batch(data)
    optimizer = torch.optim.Adam([p for p in module.net.parameters() if p.requires_grad], lr=5e-3)
    for _ in range(120):
        parts, _ = module._losses(batch)
        optimizer.zero_grad()
        torch.stack(list(parts.values())).sum().backward()
        optimizer.step()
    points, score = module.codec.decode(module.net(batch["image"] / 255.0).detach())
    present = (batch["state"] == JointState.VISIBLE) | (batch["state"] == JointState.OCCLUDED)
    error = (points - batch["points_xy"]).norm(dim=-1)[present]
    assert error.median() < 1.0  # a quarter of a cell of 4 px
    assert (error < 4.0).double().mean() > 0.95
    outside = batch["state"] == JointState.OUTSIDE
    assert outside.any()
    assert score[present].mean() > 4 * score[outside].mean()


def test_a_task_source_learns_a_batch(data: Path) -> None:
    torch.manual_seed(0)
    module = TaskSourceModule(**TASK)
    batch = one_batch(data)
    optimizer = torch.optim.AdamW(module.parameters(), lr=2e-3)
    for _ in range(60):
        loss, logits = module._loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    points, _ = module.codec.decode(logits.detach())
    state = batch["state"][:, :17]
    present = (state == JointState.VISIBLE) | (state == JointState.OCCLUDED)
    assert ((points - batch["points_xy"][:, :17]).norm(dim=-1)[present] < 4.0).double().mean() > 0.95


def test_a_task_source_goes_on_from_another_ones_weights(data: Path, task_source: Path, tmp_path: Path) -> None:
    before = load_checkpoint(task_source, "task_source")["state_dict"]
    module = TaskSourceModule(**TASK, init=str(task_source), lr=0.0)
    fit(module, data, tmp_path, steps=1)
    weights = dict(module.named_parameters())
    assert weights
    assert all(torch.equal(value, before[name]) for name, value in weights.items())
    other = {**TASK, "arguments": {**TASK["arguments"], "task_depth": 2}}
    with pytest.raises(UsageError, match="another build"):
        fit(TaskSourceModule(**other, init=str(task_source)), data, tmp_path, steps=1)


def test_a_checkpoint_stands_alone(data: Path, task_source: Path, tmp_path: Path) -> None:
    # The source's file is removed before loading: prediction must not need it.
    copy = tmp_path / "source.ckpt"
    copy.write_bytes(task_source.read_bytes())
    module = PoseModule(task_source=str(copy), **SMALL)
    module.gate = torch.linspace(0.1, 0.9, 25)
    trainer = fit(module, data, tmp_path, steps=1)
    module.gate = torch.linspace(0.1, 0.9, 25)
    trainer.save_checkpoint(tmp_path / "pose.ckpt")
    copy.unlink()
    predictor = load(tmp_path / "pose.ckpt", precision="float32")
    assert predictor.crop_side == 64
    assert np.allclose(predictor.gate, np.linspace(0.1, 0.9, 25))
    rgb = torch.rand(2, 3, 64, 64)
    assert torch.allclose(predictor.net(rgb), module.eval().net(rgb), atol=1e-5)
    picture = np.full((80, 70, 3), 200, np.uint8)
    assert predictor.predict([picture], [[(5.0, 5.0, 60.0, 75.0)]])[0].shape == (1, 25, 3)


def test_evaluate_gives_plain_finite_numbers(data: Path, tmp_path: Path) -> None:
    module = PoseModule(task_source="random:keypoint_resnet", **SMALL)
    fit(module, data, tmp_path, steps=1).save_checkpoint(tmp_path / "pose.ckpt")
    calls: list[tuple[int, int]] = []
    values = evaluate(
        tmp_path / "pose.ckpt", data, batch_size=3, num_workers=0, paper=True, progress=lambda *n: calls.append(n)
    )
    assert {"pdj@0.2", "pckh@0.5", "pcp@0.5", "oks_ap", "n", "excluded", "pdj@0.2/nose"} <= values.keys()
    reliability = values.pop("reliability")
    by_kind = values.pop("by_kind")
    assert sum(row["n"] for row in by_kind["view"].values()) == values["n"]
    assert sum(row["n"] for row in reliability) > 0
    assert all(0 <= row["score"] <= 1 and 0 <= row["found"] <= 1 for row in reliability)
    assert all(type(value) is float and np.isfinite(value) for value in values.values())
    people = len(datamodule(data).characters("test"))
    assert values["n"] == people
    assert calls[-1] == (-(-people // 3),) * 2
    assert values["paper/skipped"] < people or not any(name.startswith("paper/oks") for name in values)


def test_the_imitated_source_is_not_in_the_checkpoint(data: Path, task_source: Path, tmp_path: Path) -> None:
    module = PoseModule(task_source=str(task_source), method="feature_match", match_weight=0.5, **SMALL)
    trainer = fit(module, data, tmp_path, steps=2)
    trainer.save_checkpoint(tmp_path / "match.ckpt")
    weights = load_checkpoint(tmp_path / "match.ckpt", "pose")["state_dict"]
    assert not any("teacher" in key or ".task." in key for key in weights)
    assert load(tmp_path / "match.ckpt").net is not None
    # Training goes on: the source comes from its own file again.
    again = PoseModule(task_source=str(task_source), method="feature_match", match_weight=0.5, **SMALL)
    assert fit(again, data, tmp_path, steps=3, ckpt_path=tmp_path / "match.ckpt").global_step == 3


def test_resumed_training_equals_an_uninterrupted_one(data: Path, task_source: Path, tmp_path: Path) -> None:
    def module() -> PoseModule:
        torch.manual_seed(0)
        return PoseModule(task_source=str(task_source), schedule="constant", **SMALL)

    whole = module()
    fit(whole, data, tmp_path, steps=4)
    fit(first := module(), data, tmp_path, steps=2).save_checkpoint(tmp_path / "half.ckpt")
    assert first.trainer.global_step == 2
    fit(second := module(), data, tmp_path, steps=4, ckpt_path=tmp_path / "half.ckpt")
    for (name, a), b in zip(whole.net.state_dict().items(), second.net.state_dict().values(), strict=True):
        assert torch.allclose(a, b, atol=1e-5), name


def test_a_method_that_trains_nothing_is_calibrated_and_saved(
    data: Path, task_source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "fit", "--config", str(Path(__file__).parents[2] / "configs/pose/task_pretrained.yaml"),
        "--data.root", str(data), "--data.image_size", "64", "--data.batch_size", "4", "--data.num_workers", "0",
        "--model.init_args.image_size", "64", "--model.init_args.head_side", "16", "--trainer.precision", "32",
        "--model.init_args.task_source", str(task_source), "--trainer.default_root_dir", str(tmp_path),
        "--trainer.enable_progress_bar", "false",
    ]  # fmt: skip
    assert main(arguments) == 0
    predictor = load(tmp_path / "checkpoints/best.ckpt", precision="float32", flip_test=False)
    source = load_checkpoint(task_source, "task_source")["state_dict"]
    for name, value in predictor.net.state_dict().items():
        assert torch.equal(value, source[name.replace("task.source.", "net.")])
    assert len(one_batch(data)["image"]) == 6
    assert evaluate(tmp_path / "checkpoints/best.ckpt", data, num_workers=0)["n"] > 0


def test_adversarial_training_needs_and_uses_another_look(data: Path, task_source: Path, tmp_path: Path) -> None:
    module = PoseModule(task_source=str(task_source), method="adversarial", adversarial_weight=1.0, **SMALL)
    with pytest.raises(UsageError, match=r"data\.other_root"):
        fit(module, data, tmp_path, steps=1)
    before = {name: value.clone() for name, value in module.judge.state_dict().items()}
    trainer = fit(module, data, tmp_path, steps=2, other_root=str(data))
    assert all(not torch.equal(value, before[name]) for name, value in module.judge.state_dict().items())
    trainer.save_checkpoint(tmp_path / "pose.ckpt")
    net = load(tmp_path / "pose.ckpt", precision="float32").net
    assert not any("judge" in name for name in net.state_dict())
    again = PoseModule(task_source=str(task_source), method="adversarial", adversarial_weight=1.0, **SMALL)
    trainer = fit(again, data, tmp_path, steps=3, ckpt_path=tmp_path / "pose.ckpt", other_root=str(data))
    assert trainer.global_step == 3


def test_the_optimiser_holds_the_trainable_part_only(task_source: Path) -> None:
    module = PoseModule(task_source=str(task_source), **SMALL)
    module.trainer = pl.Trainer(logger=False, enable_checkpointing=False)
    optimizer = module.configure_optimizers()["optimizer"]
    held = sum(p.numel() for group in optimizer.param_groups for p in group["params"])
    assert held == sum(p.numel() for p in module.net.parameters() if p.requires_grad)
    assert held < sum(p.numel() for p in module.net.parameters()) / 10


def test_data_of_another_size_is_refused(data: Path, tmp_path: Path) -> None:
    module = TaskSourceModule(**{**TASK, "image_size": 96})
    with pytest.raises(UsageError, match=r"image_size=96, data\.image_size=64"):
        fit(module, data, tmp_path, steps=1)


def test_checkpoints_of_other_kinds_and_broken_ones(task_source: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a checkpoint of task_source, not of pose"):
        load(task_source)
    (tmp_path / "broken.ckpt").write_bytes(b"nothing of use")
    with pytest.raises(DataError, match="not a readable checkpoint"):
        load(tmp_path / "broken.ckpt")
    checkpoint = torch.load(task_source, weights_only=True)
    checkpoint["inkpose"]["kind"] = "pose"
    torch.save(checkpoint, tmp_path / "other.ckpt")
    with pytest.raises(DataError, match="not a whole pose checkpoint"):
        load(tmp_path / "other.ckpt")


def test_the_command_trains_both(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parent.parent.parent
    quick = [
        "--data.root", str(data), "--data.image_size", "64", "--data.batch_size", "4", "--data.num_workers", "0",
        "--model.init_args.image_size", "64", "--trainer.max_steps", "2", "--trainer.val_check_interval", "2",
        "--trainer.enable_progress_bar", "false", "--trainer.enable_model_summary", "false",
        "--trainer.precision", "32",
    ]  # fmt: skip
    source = str(root / "configs/pose/task_source_demo.yaml")
    run = str(tmp_path / "task_source")
    assert main(["fit", "--config", source, *quick, "--trainer.default_root_dir", run]) == 0
    best = Path(run) / "checkpoints/best.ckpt"
    assert load_checkpoint(best, "task_source")["inkpose"]["net"]["name"] == "keypoint_resnet"
    pose_run = str(tmp_path / "pose")
    arguments = [
        "fit", "--config", str(root / "configs/pose/demo.yaml"), *quick, "--trainer.default_root_dir", pose_run,
        "--model.init_args.head_side", "16", "--model.init_args.domain_source", "random:resnet18",
    ]  # fmt: skip
    assert main([*arguments, "--model.init_args.task_source", str(tmp_path / "none.ckpt")]) == 2
    assert "make train-task-source" in capsys.readouterr().err
    assert main([*arguments, "--model.init_args.task_source", str(best)]) == 0
    assert load(Path(pose_run) / "checkpoints/best.ckpt").crop_side == 64
    assert (Path(pose_run) / "config.yaml").is_file()
