"""Exported folders: they load, predict the same, and their ONNX computes the same."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from segmenter.export import export_segmenter
from segmenter.module import SegmenterModule
from segmenter.predict import load
from segmenter.saved import read_saved
from shared.errors import DataError, UsageError

SIDE = 64


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    module = SegmenterModule("compact", 16, [1, 2], 32, skip_strides=[8, 4, 2])
    module.image_size = SIDE
    for norm in (m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.uniform_(-0.5, 0.5)
        norm.running_var.uniform_(0.5, 2.0)
    content = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    module.on_save_checkpoint(content)
    path = tmp_path_factory.mktemp("export") / "best.ckpt"
    torch.save(content, path)
    return path


def _pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (20 + 30 * i, 50, 3), dtype=np.uint8) for i in range(3)]


def test_the_folder_predicts_what_the_checkpoint_does(checkpoint: Path, tmp_path: Path) -> None:
    written = export_segmenter(checkpoint, tmp_path / "out")
    assert written.files == ["README.md", "config.json", "model.safetensors"]
    before, after = read_saved(checkpoint), read_saved(tmp_path / "out")
    assert (after.settings, after.image_size, after.preprocessing) == (before.settings, SIDE, "letterbox")
    for ours, theirs in zip(
        load(tmp_path / "out").predict(_pictures()), load(checkpoint).predict(_pictures()), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert "DeepLabv3 on compact" in (tmp_path / "out/README.md").read_text()


def test_onnx_with_any_batch_computes_the_same(checkpoint: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    written = export_segmenter(checkpoint, tmp_path / "out", onnx=True)
    assert written.onnx_difference is not None
    assert written.onnx_difference < 1e-4
    file = tmp_path / "out/model.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    net = load(checkpoint).net
    batch = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    for count in (1, 3):
        mask, logits = session.run(None, {"image": batch[:count]})
        with torch.inference_mode():
            expected = net(torch.from_numpy(batch[:count]).permute(0, 3, 1, 2).float() / 255)
        assert mask.shape == (count, SIDE, SIDE)
        assert np.abs(logits - expected.numpy()).max() < 1e-4
        assert np.abs(mask - expected.softmax(dim=1)[:, 1].numpy()).max() < 1e-4
    told = session.get_modelmeta().custom_metadata_map
    assert (told["inkpose.kind"], told["inkpose.image_size"]) == ("segmenter", str(SIDE))
    assert os.fsencode(Path(__file__).parent.parent.parent) not in file.read_bytes()


def test_the_instance_head_travels_along(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    torch.manual_seed(0)
    module = SegmenterModule("compact", 16, [1, 2], 32, skip_strides=[8, 4, 2], instances=True, init="masks.ckpt")
    module.image_size = SIDE
    content = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    module.on_save_checkpoint(content)
    torch.save(content, tmp_path / "apart.ckpt")
    written = export_segmenter(tmp_path / "apart.ckpt", tmp_path / "out", onnx=True)
    assert written.onnx_difference is not None
    session = onnxruntime.InferenceSession(str(tmp_path / "out/model.onnx"), providers=["CPUExecutionProvider"])
    batch = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    _, _, maps = session.run(None, {"image": batch})
    predictor = load(tmp_path / "out", bf16=False)
    assert predictor.apart
    with torch.inference_mode():
        expected = predictor.net.instance_maps(torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 255)
    np.testing.assert_allclose(maps, expected.numpy(), atol=1e-4)
    assert "`instances` `(batch, 3, 16, 16)`" in (tmp_path / "out/README.md").read_text()


def test_half_precision_halves_the_file_and_keeps_the_mask(checkpoint: Path, tmp_path: Path) -> None:
    export_segmenter(checkpoint, tmp_path / "whole")
    export_segmenter(checkpoint, tmp_path / "half", precision="float16")
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("half", "whole")]
    assert sizes[0] < 0.55 * sizes[1]
    exact, half = (load(tmp_path / name, bf16=False).predict(_pictures())[0] for name in ("whole", "half"))
    assert 0 < np.abs(exact - half).max() < 0.02


def test_wrong_input_is_named_and_writes_nothing(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/photo.txt").write_text("x")
    with pytest.raises(UsageError, match="photo"):
        export_segmenter(checkpoint, tmp_path / "mine")
    with pytest.raises(DataError, match="no such checkpoint"):
        export_segmenter(tmp_path / "none.ckpt", tmp_path / "out")
    export_segmenter(checkpoint, tmp_path / "out")
    config = json.loads((tmp_path / "out/config.json").read_text())
    config["net"]["pyramid_channels"] = 16
    (tmp_path / "out/config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="do not fit"):
        load(tmp_path / "out")
    del config["input"]
    (tmp_path / "out/config.json").write_text(json.dumps(config))
    with pytest.raises(DataError, match="do not fit"):
        load(tmp_path / "out")
