"""Exported pose nets: the folder answers as the checkpoint does, and ONNX as the net."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inkpose.cli import main
from pose.build import build_method, method_named, write_recipe
from pose.calibration import BINS
from pose.methods.settings import HeadSettings
from pose.predict import load
from pose.saved import as_config, read_saved
from pose.sources.domain import DomainSource
from pose.sources.keypoint_resnet import KeypointResNet
from shared.training.checkpoints import stamp
from tests.fixtures_dataset import write_tiny_dataset

SMALL = HeadSettings(head_side=16, level_width=8, domain_width=12, task_width=4, head_widths=(16, 12, 8))


def write_checkpoint(path: Path, method: str) -> Path:
    torch.manual_seed(0)
    domain, task = DomainSource("resnet18"), KeypointResNet(task_width=16, task_depth=1)
    recipe = write_recipe(method_named(method), 64, domain, task, SMALL)
    net = build_method(recipe, domain, task)
    checkpoint: dict[str, Any] = {
        "state_dict": {f"net.{name}": value for name, value in net.state_dict().items()},
        "hyper_parameters": {"sigma_cells": 1.0, "padding": 0.1},
    }
    stamp(checkpoint, "pose")
    curves = torch.linspace(0, 1, BINS).square().expand(25, BINS).clone()
    checkpoint["inkpose"] |= {"net": recipe.plain(), "gate": [0.3] * 25, "calibration": curves}
    torch.save(checkpoint, path)
    return path


@pytest.mark.parametrize("method", ["feature_concat", "feature_match"])
def test_the_folder_answers_as_the_checkpoint(method: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = write_checkpoint(tmp_path / "pose.ckpt", method), tmp_path / "exported"
    assert main(["export", "pose", "--checkpoint", str(path), "--out", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["README.md", "config.json", "model.safetensors"]
    picture = np.random.default_rng(0).integers(0, 256, (80, 70, 3), dtype=np.uint8)
    box = [[(5.0, 5.0, 60.0, 75.0)]]
    first, again = (load(p, precision="float32").locate([picture], box)[0] for p in (path, out))
    assert np.array_equal(first, again)
    assert np.array_equal(load(path).gate, load(out).gate)
    assert load(out).gate[0] == pytest.approx(0.09, abs=0.01)  # the calibrated 0.3
    assert json.dumps(as_config(read_saved(path))) == json.dumps(as_config(read_saved(out)))
    assert "calibrated" in (out / "README.md").read_text()
    assert main(["export", "pose", "--checkpoint", str(tmp_path / "no.ckpt"), "--out", str(out)]) == 2
    (out / "mine.txt").write_text("keep")
    assert main(["export", "pose", "--checkpoint", str(path), "--out", str(out)]) == 2
    assert (out / "mine.txt").read_text() == "keep"
    capsys.readouterr()


def test_half_precision_is_half_the_size(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "pose.ckpt", "domain_only")
    sizes = []
    for name, more in (("whole", []), ("half", ["--half"])):
        assert main(["export", "pose", "--checkpoint", str(path), "--out", str(tmp_path / name), *more]) == 0
        sizes.append((tmp_path / name / "model.safetensors").stat().st_size)
    assert sizes[1] < 0.52 * sizes[0]
    assert load(tmp_path / "half").crop_side == 64


@pytest.mark.slow
@pytest.mark.parametrize("method", ["feature_concat", "feature_match", "task_pretrained"])
def test_onnx_computes_what_the_net_computes(method: str, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    path, out = write_checkpoint(tmp_path / "pose.ckpt", method), tmp_path / "exported"
    assert main(["export", "pose", "--checkpoint", str(path), "--out", str(out), "--onnx"]) == 0
    session = onnxruntime.InferenceSession(str(out / "model.onnx"), providers=["CPUExecutionProvider"])
    predictor = load(out, precision="float32", flip_test=False)
    crops = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    keypoints, logits = session.run(["keypoints", "logits"], {"image": crops})
    expected = predictor.logits(torch.from_numpy(crops).permute(0, 3, 1, 2))
    assert np.allclose(logits, expected.numpy(), atol=1e-3)
    # Of the same logits, the same places and scores.
    points, score = predictor.decode(torch.from_numpy(logits))
    assert np.allclose(keypoints[..., :2], points.numpy(), atol=0.05)
    assert np.allclose(keypoints[..., 2], score.numpy(), atol=1e-4)
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["inkpose.gate"]) == pytest.approx(predictor.gate.tolist(), abs=1e-6)
    assert len(json.loads(metadata["inkpose.keypoints"])) == 25


def test_the_command_scores_it_beside_the_published_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, data = write_checkpoint(tmp_path / "pose.ckpt", "domain_only"), tmp_path / "data"
    write_tiny_dataset(data, count=12, size=64)
    arguments = ["eval", "pose", "--checkpoint", str(path), "--data", str(data), "--json", str(tmp_path / "m.json")]
    assert main([*arguments, "--paper-metrics"]) == 0
    told = capsys.readouterr().out
    assert "0.794" in told  # Khungurn & Chou's nose
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert {"pdj@0.1_visible", "pcpm@0.5_visible", "calibration_error", "reliability"} <= metrics.keys()
    assert any(name.startswith("paper/") for name in metrics)
    # An exported folder is as good as the checkpoint.
    assert main(["export", "pose", "--checkpoint", str(path), "--out", str(tmp_path / "exported")]) == 0
    arguments[3], arguments[7] = str(tmp_path / "exported"), str(tmp_path / "again.json")
    assert main([*arguments, "--paper-metrics"]) == 0
    assert json.loads((tmp_path / "again.json").read_text()) == metrics
    capsys.readouterr()
