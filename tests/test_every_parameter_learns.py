"""Each trained parameter of each net gets a gradient in each step; DDP would wait for ever for one that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from pose.build import METHODS
from pose.module import PoseModule
from pose.task_source_module import TaskSourceModule
from segmenter.module import SegmenterModule
from shared.datamodules.masks import MaskDataModule
from shared.datamodules.poses import PoseDataModule
from shared.datamodules.tags import TagDataModule
from tagger.module import TaggerModule
from tests.fixtures_dataset import write_tiny_dataset

SOURCES: dict[str, Any] = {
    "domain_source": "random:resnet18", "task_source": "random:keypoint_resnet", "image_size": 64, "head_side": 16,
    "level_width": 8, "domain_width": 8, "task_width": 8, "head_widths": (16, 8), "loss": "bce_location",
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_dataset(folder, 12, size=64)
    return folder


def check(module: pl.LightningModule, data: pl.LightningDataModule) -> None:
    module.log = module.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    batch = next(iter(data.train_dataloader()))
    module.train()
    loss = module.training_step(batch, 0)
    loss.backward()
    trained = {name: value for name, value in module.named_parameters() if value.requires_grad}
    assert trained
    assert [name for name, value in trained.items() if value.grad is None] == []


def test_tagger(root: Path) -> None:
    module = TaggerModule("resnet18", image_size=32)
    data = TagDataModule(str(root), image_size=32, batch_size=2, num_workers=0)
    counts, samples = data.positive_counts()
    module.set_counts(torch.as_tensor(counts), samples)
    check(module, data)


def test_tagger_that_looks_closer(root: Path, tmp_path: Path) -> None:
    whole = TaggerModule("resnet18", image_size=32)
    torch.save(whole.net.state_dict(), tmp_path / "whole.pth")
    module = TaggerModule(
        "resnet18", str(tmp_path / "whole.pth"), image_size=64, close_looks=True, whole_size=32, close_size=32
    )
    data = TagDataModule(str(root), image_size=64, batch_size=2, num_workers=0, close_looks=True)
    counts, samples = data.positive_counts()
    module.set_counts(torch.as_tensor(counts), samples)
    check(module, data)


@pytest.mark.parametrize("backbone", ["compact", "mobilenet_v3_large", "resnet50"])
def test_segmenter(backbone: Any, root: Path) -> None:
    module = SegmenterModule(backbone, atrous_rates=(1, 2, 3), soft_weight=1.0, dice_weight=1.0)
    module._trainer = pl.Trainer(logger=False, accelerator="cpu", enable_checkpointing=False)
    check(module, MaskDataModule(str(root), image_size=64, batch_size=2, num_workers=0, composite=False))


def test_segmenter_that_tells_characters_apart(root: Path, tmp_path: Path) -> None:
    masks = SegmenterModule("compact", atrous_rates=(1, 2, 3), pyramid_channels=16)
    torch.save(masks.state_dict(), tmp_path / "masks.pth")
    module = SegmenterModule(
        "compact", atrous_rates=(1, 2, 3), pyramid_channels=16, instances=True, init=str(tmp_path / "masks.pth")
    )
    trained = {name for name, value in module.named_parameters() if value.requires_grad}
    assert all(name.startswith("net.instance_head.") for name in trained)
    check(module, MaskDataModule(str(root), 64, batch_size=2, num_workers=0, composite=False, instances=True))


def test_task_source(root: Path) -> None:
    arguments = {"backbone": "resnet18", "levels": ["layer2", "layer3"], "task_width": 8, "task_depth": 1}
    data = PoseDataModule(str(root), image_size=64, batch_size=2, num_workers=0)
    check(TaskSourceModule(arguments=arguments, image_size=64, heatmap_weight=1.0), data)


@pytest.mark.parametrize("method", [method.name for method in METHODS if method.trains])
def test_pose(method: str, root: Path) -> None:
    module = PoseModule(method=method, **SOURCES)
    module._trainer = pl.Trainer(max_steps=10, logger=False, accelerator="cpu", enable_checkpointing=False)
    other = str(root) if method == "adversarial" else None
    check(module, PoseDataModule(str(root), image_size=64, batch_size=2, num_workers=0, other_root=other))
