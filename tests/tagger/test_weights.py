from __future__ import annotations

import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
import torchvision

from shared.errors import DataError
from shared.training.foreign_weights import read_tensors
from tagger.net import TaggerNet
from tagger.weights import initialise, resnet_tensors


def test_bare_torchvision_weights(tmp_path: Path) -> None:
    source = torchvision.models.resnet18(num_classes=5)
    torch.save(source.state_dict(), tmp_path / "r18.pth")
    net = TaggerNet("resnet18", 5)
    match = initialise(net, tmp_path / "r18.pth")
    assert match.missing == ()
    assert match.left_over == ()
    torch.testing.assert_close(net.resnet.state_dict(), source.state_dict())


@pytest.mark.parametrize("prefix", ["resnet.", "net.resnet.", "module.resnet.", "model."])
def test_prefixes_are_taken_off(prefix: str) -> None:
    assert list(resnet_tensors({f"{prefix}layer1.0.conv1.weight": torch.zeros(1)})) == ["layer1.0.conv1.weight"]


def test_another_class_list_gives_the_backbone_only(tmp_path: Path) -> None:
    source = TaggerNet("resnet18", 9)
    safetensors.torch.save_file(source.state_dict(), tmp_path / "w.safetensors")
    net = TaggerNet("resnet18", 4)
    before = net.resnet.fc.weight.clone()
    match = initialise(net, tmp_path / "w.safetensors")
    assert match.missing == ("fc.weight", "fc.bias")
    assert torch.equal(net.resnet.fc.weight, before)
    assert torch.equal(net.resnet.conv1.weight, source.resnet.conv1.weight)


def test_another_backbone_is_refused(tmp_path: Path) -> None:
    torch.save(TaggerNet("resnet18", 4).state_dict(), tmp_path / "w.pth")
    with pytest.raises(DataError, match="resnet34 are missing"):
        initialise(TaggerNet("resnet34", 4), tmp_path / "w.pth")


def test_old_lightning_checkpoint_with_easydict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # easydict is not installed here; the file must load without it all the same.
    module = types.ModuleType("easydict")

    class EasyDict(dict[str, Any]):
        pass

    EasyDict.__module__, EasyDict.__qualname__ = "easydict", "EasyDict"
    module.EasyDict = EasyDict  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "easydict", module)
        content = {
            "state_dict": TaggerNet("resnet18", 3).state_dict(),
            "hyper_parameters": EasyDict(largs=EasyDict(size=256), lr=1e-3),
            "pytorch-lightning_version": "1.3.8",
        }
        torch.save(content, tmp_path / "old.ckpt")
    tensors = read_tensors(tmp_path / "old.ckpt")
    assert tensors.keys() == TaggerNet("resnet18", 3).state_dict().keys()


class _Evil:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "x": _Evil(tmp_path / "made")}, tmp_path / "evil.ckpt")
    with pytest.raises(DataError, match="code and not weights"):
        read_tensors(tmp_path / "evil.ckpt")
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps({"x": _Evil(tmp_path / "made")}))
    with pytest.raises(DataError, match=r"plain\.pkl"):
        read_tensors(tmp_path / "plain.pkl")
    assert not (tmp_path / "made").exists()


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("hello")
    (tmp_path / "text.safetensors").write_text("hello")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"a": 1}, tmp_path / "numbers.pth")
    for name in ("text.pth", "text.safetensors", "list.pth", "numbers.pth", "missing.pth", "missing.safetensors"):
        with pytest.raises(DataError, match=name.replace(".", r"\.")):
            read_tensors(tmp_path / name)
