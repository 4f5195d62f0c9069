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
        auxiliary = {"deeplab.aux_classifier.0.weight": torch.zeros(2)}
        content = {"state_dict": {**state, **auxiliary}, "hyper_parameters": settings, "epoch": 96}
        # Lightning 1.3 keyed its callbacks by their classes.
        content["callbacks"] = {_old_callback(monkeypatch): {"best_model_score": torch.tensor(0.95)}}
    torch.save(content, folder / "weights.ckpt")
    for name in ("easydict", "pytorch_lightning.callbacks.old_checkpoint"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return folder / "weights.ckpt"


def _old_callback(monkeypatch: pytest.MonkeyPatch) -> type:
    """A callback class that this version of Lightning no longer has."""
    name = "pytorch_lightning.callbacks.old_checkpoint"
    module, callback = types.ModuleType(name), type("ModelCheckpoint", (), {"__module__": name})
    module.ModelCheckpoint = callback  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, name, module)
    return callback


@pytest.mark.parametrize(
    "layout",
    [
        "lightning",
        pytest.param("two dicts", marks=pytest.mark.slow),
        pytest.param("safetensors", marks=pytest.mark.slow),
    ],
)
def test_every_layout_becomes_the_same_predictor(
    layout: str, net: SegmenterNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = _write(layout, net, tmp_path, monkeypatch)
    match = import_released(source, tmp_path / "out.ckpt", paper_preprocessing=layout == "two dicts")
    assert (len(match.matched), match.missing) == (690, ())
    assert match.left_over == (("deeplab.aux_classifier.0.weight",) if layout == "lightning" else ())
    predictor = load(tmp_path / "out.ckpt", bf16=False)
    assert predictor.image_size == 256
    assert predictor.preprocessing == ("paper" if layout == "two dicts" else "letterbox")
    for (name, ours), theirs in zip(predictor.net.state_dict().items(), net.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs), name
    if layout == "lightning":
        (mask,) = predictor.predict([np.zeros((20, 30, 3), np.uint8)])
        assert mask.shape == (20, 30)


def test_other_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"resnet.conv1.weight": torch.zeros(64, 3, 7, 7)}, path)
    with pytest.raises(DataError, match=r"576 of 690 tensors are missing .*deeplab\.backbone"):
        import_released(path, tmp_path / "out.ckpt")
    assert not (tmp_path / "out.ckpt").exists()
    path.write_bytes(b"broken")
    with pytest.raises(DataError, match="not a readable file"):
        import_released(path, tmp_path / "out.ckpt")
    with pytest.raises(DataError, match="no such file"):
        import_released(tmp_path / "absent.ckpt", tmp_path / "out.ckpt")


def test_a_file_that_refers_to_code_is_refused_and_nothing_of_it_runs(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": {"a": torch.zeros(1)}, "hyper_parameters": Bomb()}, tmp_path / "bomb.ckpt")
    with pytest.raises(DataError, match="code"):
        import_released(tmp_path / "bomb.ckpt", tmp_path / "out.ckpt")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out.ckpt").exists()


@pytest.mark.slow
def test_old_files_without_batch_counters_are_taken(net: SegmenterNet, tmp_path: Path) -> None:
    state = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_file(state, tmp_path / "old.safetensors")
    match = import_released(tmp_path / "old.safetensors", tmp_path / "out.ckpt")
    assert len(match.matched) == len(state)
    assert len(match.missing) == 690 - len(state)
    load(tmp_path / "out.ckpt")
