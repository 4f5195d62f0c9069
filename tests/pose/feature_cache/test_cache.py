"""A training from the cache is the training without it, to the last bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from pose.feature_cache.kinds import domain_kind, trunk_kind, weights_digest
from pose.module import PoseModule
from pose.sources.domain import DomainSource
from pose.sources.keypoint_resnet import KeypointResNet
from pose.sources.named import take_head
from shared.batches import to_float
from shared.datamodules.poses import PoseDataModule
from shared.errors import DataError, UsageError
from tests.fixtures_dataset import write_tiny_dataset

SMALL: dict[str, Any] = {
    "domain_source": "random:resnet18", "task_source": "random:keypoint_resnet", "image_size": 64, "head_side": 16,
    "level_width": 16, "domain_width": 24, "task_width": 8, "head_widths": (32, 24, 16), "loss": "bce_location",
    "lr": 3e-3, "sigma_cells": 1.0,
}  # fmt: skip
CACHED = ("feature_concat", "feature_match", "domain_only", "task_finetune", "task_with_domain")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    write_tiny_dataset(root, count=12, size=96)
    return root


def datamodule(root: Path, **changes: Any) -> PoseDataModule:
    return PoseDataModule(str(root), **{"image_size": 64, "batch_size": 4, "num_workers": 0, "views": 2, **changes})


def made(method: str = "feature_concat", **changes: Any) -> PoseModule:
    torch.manual_seed(0)
    return PoseModule(method=method, **{**SMALL, **changes})


def fit(module: PoseModule, data: PoseDataModule, steps: int, precision: Any = "32-true") -> PoseModule:
    trainer = pl.Trainer(
        max_steps=steps, accelerator="cpu", precision=precision, logger=False, enable_progress_bar=False,
        enable_model_summary=False, enable_checkpointing=False, num_sanity_val_steps=0, limit_val_batches=0,
    )  # fmt: skip
    trainer.fit(module, datamodule=data)
    return module


def tensors(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


@pytest.mark.parametrize("method", CACHED)
def test_training_from_the_cache_is_training_without(method: str, data: Path, tmp_path: Path) -> None:
    plain = tensors(fit(made(method), datamodule(data), steps=4))
    for _ in range(2):  # filled, then read only
        cached = fit(made(method, feature_cache=str(tmp_path)), datamodule(data), steps=4)
        assert cached.cache is not None
        found = tensors(cached)
        assert plain.keys() == found.keys()
        assert all(torch.equal(plain[name], found[name]) for name in plain)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_cached_features_are_the_sources_answers(precision: str, data: Path, tmp_path: Path) -> None:
    module = fit(made(feature_cache=str(tmp_path)), datamodule(data), 1, precision)
    assert module.cache is not None
    views = datamodule(data).fixed_views()
    assert views is not None
    assert len(views) < 64  # they were computed in one batch, as here
    pictures = torch.from_numpy(np.stack([views.picture(n) for n in range(len(views))])).permute(0, 3, 1, 2)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision != "32-true"):
        expected = module.net.frozen_features(to_float(pictures))
    order = torch.tensor([5, 0, 3, len(views) - 1])
    found = module.cache.read(order, torch.device("cpu"))
    pairs = [*zip(found.domain or (), expected.domain or (), strict=True)]
    for ours, theirs in [(found.picture, expected.picture), (found.trunk, expected.trunk), *pairs]:
        assert ours is not None
        assert theirs is not None
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs[order])
    assert found.trunk is not None
    assert found.trunk.dtype == (torch.float32 if precision == "32-true" else torch.bfloat16)


def test_a_second_training_computes_nothing_and_reads_no_picture(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit(made(feature_cache=str(tmp_path)), datamodule(data), 1)
    files = {file: file.read_bytes() for file in tmp_path.rglob("*.safetensors")}
    assert files

    def refuse(*_: Any) -> None:
        raise AssertionError("run again")

    monkeypatch.setattr("shared.datamodules.pose_samples.read_warped", refuse)
    monkeypatch.setattr(DomainSource, "maps", refuse)
    monkeypatch.setattr(KeypointResNet, "trunk", refuse)
    # Another seed, another method, the same pictures and sources.
    fit(made(feature_cache=str(tmp_path)), datamodule(data, seed=5), 2)
    fit(made("feature_match", feature_cache=str(tmp_path)), datamodule(data, seed=6), 2)
    fit(made("domain_only", feature_cache=str(tmp_path), task_source=None), datamodule(data), 2)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.safetensors")} == files


def test_a_kind_is_its_weights_its_size_and_its_machine(data: Path) -> None:
    torch.manual_seed(0)
    domain, task = DomainSource("resnet18"), KeypointResNet(task_width=16, task_depth=1)
    whole = weights_digest(task)
    name, trunk = domain_kind(domain, 16, "32-true cpu").name, trunk_kind(task, "32-true cpu").name
    assert domain_kind(domain, 8, "32-true cpu").name != name
    assert domain_kind(domain, 16, "bf16-mixed cpu").name != name
    with torch.no_grad():
        domain.net.resnet.layer3[1].bn2.running_var[0] += 1e-6
    assert domain_kind(domain, 16, "32-true cpu").name != name
    # The head is no part of the trunk: taken out or not, it is the same kind.
    take_head(task)
    assert weights_digest(task) == whole
    with torch.no_grad():
        task.laterals[0].bias[0] += 1e-6
    assert trunk_kind(task, "32-true cpu").name != trunk


def test_no_room_is_said_before_anything_is_written(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"take 0\.0\d GB, the cache may hold 0\.00"):
        fit(made(feature_cache=str(tmp_path), feature_cache_gb=1e-6), datamodule(data), 1)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_unreadable_pictures_are_passed_over_as_without_a_cache(tmp_path: Path) -> None:
    root = tmp_path / "data"
    write_tiny_dataset(root, count=12, size=96)
    module_data = datamodule(root)
    paths = module_data.characters("train").image_paths
    for path in set(paths[1:]):
        path.write_bytes(path.read_bytes()[:200])
    plain = tensors(fit(made(), datamodule(root), steps=2))
    cached = tensors(fit(made(feature_cache=str(tmp_path / "cache")), module_data, steps=2))
    assert all(torch.equal(plain[name], cached[name]) for name in plain)
    paths[0].write_bytes(b"no picture")
    with pytest.raises(DataError, match="no picture can be read"):
        fit(made(feature_cache=str(tmp_path / "cache")), datamodule(root), steps=2)


@pytest.mark.parametrize(
    ("changes", "settings", "message"),
    [
        ({}, {"views": None}, r"set data\.views"),
        ({"method": "adversarial"}, {"views": None, "other_root": "."}, "adversarial cannot use it"),
    ],
)
def test_what_cannot_be_cached_says_so(
    changes: dict[str, Any], settings: dict[str, Any], message: str, data: Path, tmp_path: Path
) -> None:
    module = made(**{"feature_cache": str(tmp_path), **changes})
    with pytest.raises(UsageError, match=message):
        fit(module, datamodule(data, **settings), 1)
    with pytest.raises(UsageError, match=r"trainer\.precision=bf16-true"):
        fit(made(feature_cache=str(tmp_path)), datamodule(data), 1, "bf16-true")


def test_clean_crops_are_cached_too(data: Path, tmp_path: Path) -> None:
    clean: dict[str, Any] = {"views": None, "augment": False}
    plain = tensors(fit(made(), datamodule(data, **clean), steps=3))
    cached = tensors(fit(made(feature_cache=str(tmp_path)), datamodule(data, **clean), steps=3))
    assert all(torch.equal(plain[name], cached[name]) for name in plain)
