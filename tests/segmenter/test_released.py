"""The released checkpoint's layouts, made with random weights: each becomes a checkpoint that predicts the same."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from segmenter.net import SegmenterNet
from segmenter.predict import load
from segmenter.released import import_released
from shared.errors import DataError


@pytest.fixture(scope="module")
def net() -> SegmenterNet:
    torch.manual_seed(0)
    return SegmenterNet().eval()


def _write(layout: str, net: SegmenterNet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    state = net.state_dict()
    if layout == "safetensors":
        save_file(state, folder / "weights.safetensors")
        return folder / "weights.safetensors"
    if layout == "two dicts":
        content: dict[str, Any] = {
            "model": {k.removeprefix("deeplab."): v for k, v in state.items() if k.startswith("deeplab.")},
            "final_head": {k.removeprefix("final_head."): v for k, v in state.items() if k.startswith("final_head.")},
        }
    else:
        module = types.ModuleType("easydict")

        class EasyDict(dict):  # type: ignore[type-arg]
            """Stands for the settings class inside the release."""

        EasyDict.__module__, EasyDict.__qualname__ = "easydict", "EasyDict"
        module.EasyDict = EasyDict  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "easydict", module)
        settings = EasyDict(bg_seg=EasyDict(size=256))
        content = {"state_dict": state, "hyper_parameters": settings, "epoch": 96}
    torch.save(content, folder / "weights.ckpt")
    monkeypatch.delitem(sys.modules, "easydict", raising=False)
    return folder / "weights.ckpt"


@pytest.mark.parametrize("layout", ["lightning", "two dicts", "safetensors"])
def test_every_layout_becomes_the_same_predictor(
    layout: str, net: SegmenterNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _write(layout, net, tmp_path, monkeypatch)
    import_released(source, tmp_path / "out.ckpt")
    predictor = load(tmp_path / "out.ckpt", bf16=False)
    assert predictor.image_size == 256
    for (name, ours), theirs in zip(predictor.net.state_dict().items(), net.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    if layout == "lightning":
        (mask,) = predictor.predict([np.zeros((20, 30, 3), np.uint8)])
        assert mask.shape == (20, 30)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"resnet.conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    with pytest.raises(DataError, match=r"no weights for deeplab\.backbone"):
        import_released(path, tmp_path / "out.ckpt")
    assert not (tmp_path / "out.ckpt").exists()
    path.write_bytes(b"broken")
    with pytest.raises(DataError, match="not readable"):
        import_released(path, tmp_path / "out.ckpt")
    with pytest.raises(DataError, match="no such file"):
        import_released(tmp_path / "absent.ckpt", tmp_path / "out.ckpt")
