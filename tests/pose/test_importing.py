"""Files of others: names, shapes and values arrive, nothing in them is run, and what is missing is named."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from inkpose.cli import main
from pose.build import build_net
from pose.importing import _recipe, import_pose, import_task_source
from pose.predict import load
from pose.sources.detectron2_file import read_detectron2_file
from pose.sources.domain import DomainSource
from pose.sources.keypoint_rcnn import KeypointRcnnBranch
from pose.sources.mask_rcnn import MaskRcnnBranch
from pose.sources.named import load_domain_source, load_task_source
from pose.sources.released import architecture_of, branch_names
from pose.sources.rf5 import MEAN, STD
from shared.errors import DataError
from tagger.net import TaggerNet


class _Block(nn.Module):
    """A residual block under the release's names."""

    def __init__(self, first: int, width: int) -> None:
        super().__init__()
        layers: dict[str, nn.Module] = {}
        for i in range(3):
            layers[f"conv{i}"] = nn.Conv2d(first if i == 0 else width, width, 3)
            layers[f"norm{i}"] = nn.BatchNorm2d(width)
        self.net = nn.ModuleDict(layers)
        self.net_tail = nn.ModuleDict({"norm3": nn.BatchNorm2d(width)})


def released_head(method: str) -> nn.Module:
    """The trained part of a released checkpoint, written from the published layout."""
    part = nn.Module()
    per_level = [nn.Sequential(nn.Conv2d(c, 64, 1), nn.Identity()) for c in (64, 256, 512, 1024)]
    part.converter_resnet = nn.ModuleList(
        [nn.ModuleList(per_level), nn.Sequential(nn.BatchNorm2d(256), nn.LeakyReLU(), nn.Conv2d(256, 128, 3))]
    )
    part.converter_rcnn = nn.Sequential(nn.Conv2d(17 if method == "concat" else 512, 32, 1))
    if method == "match":
        part.matcher_rcnn = nn.Sequential(nn.Identity(), nn.Conv2d(128, 512, 3), nn.ReLU(), nn.BatchNorm2d(512))
    part.head = nn.Sequential(
        nn.Conv2d(163, 128, 3), nn.LeakyReLU(), nn.BatchNorm2d(128), _Block(128, 64), _Block(64, 32),
        nn.Conv2d(32, 25, 3),
    )  # fmt: skip
    return part


def detectron2_names(branch: MaskRcnnBranch) -> dict[str, Tensor]:
    """The branch's tensors under detectron2's names: the inverse of what the import does, written by hand."""
    found: dict[str, Tensor] = {}
    for name, value in branch.state_dict().items():
        for ours, theirs in (("conv1", "conv1"), ("conv2", "conv2"), ("conv3", "conv3")):
            name = name.replace(f".bn{ours[-1]}.", f".{theirs}.norm.")
        name = name.replace(".downsample.0.", ".shortcut.").replace(".downsample.1.", ".shortcut.norm.")
        for level in (1, 2, 3, 4):
            name = name.replace(f"resnet.layer{level}.", f"backbone.bottom_up.res{level + 1}.")
        name = name.replace("resnet.conv1", "backbone.bottom_up.stem.conv1")
        name = name.replace("lateral5", "backbone.fpn_lateral5").replace("output5", "backbone.fpn_output5")
        if name.startswith("convs."):
            _, number, _, kind = name.split(".")
            name = f"roi_heads.keypoint_head.conv_fcn{int(number) + 1}.{kind}"
        found[name.replace("deconv.", "roi_heads.keypoint_head.score_lowres.")] = value
    return found


def released_checkpoint(method: str, seed: int = 0) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    state = {f"keypoint_head.{name}": value for name, value in released_head(method).state_dict().items()}
    for name, value in TaggerNet("resnet50", 7).resnet.state_dict().items():
        if not name.startswith(("layer4", "fc")):
            state[f"resnet.{name}"] = value
    # Random statistics, so that a mixed-up pair of norms would show.
    for name in state:
        if name.endswith(("running_mean", "running_var")):
            state[name] = torch.rand_like(state[name]) + 0.5
    return state


def test_match_import_puts_every_tensor_in_its_place(tmp_path: Path) -> None:
    state = released_checkpoint("match")
    unneeded = {"rcnn.model.proposal_generator.rpn_head.conv.weight": torch.zeros(2)}
    torch.save({"state_dict": state | unneeded, "hyper_parameters": {"lr": 1.0}}, tmp_path / "released.ckpt")
    match = import_pose(tmp_path / "released.ckpt", tmp_path / "out.ckpt", "match")
    assert match.left_over == tuple(unneeded)
    assert match.missing == ()
    predictor = load(tmp_path / "out.ckpt", precision="float32")
    own = predictor.net.state_dict()
    assert len(match.matched) == len(state) == len(own)
    pairs = {
        "domain.source.net.resnet.layer3.5.bn2.running_var": "resnet.layer3.5.bn2.running_var",
        "domain_converter.levels.2.bias": "keypoint_head.converter_resnet.0.2.0.bias",
        "domain_converter.fuse.0.running_mean": "keypoint_head.converter_resnet.1.0.running_mean",
        "domain_converter.fuse.2.weight": "keypoint_head.converter_resnet.1.2.weight",
        "matcher.2.weight": "keypoint_head.matcher_rcnn.3.weight",
        "task_converter.conv.weight": "keypoint_head.converter_rcnn.0.weight",
        "head.layers.2.running_var": "keypoint_head.head.2.running_var",
        "head.layers.3.norms.1.running_mean": "keypoint_head.head.3.net.norm1.running_mean",
        "head.layers.4.tail_norm.running_var": "keypoint_head.head.4.net_tail.norm3.running_var",
        "head.layers.4.convs.2.weight": "keypoint_head.head.4.net.conv2.weight",
        "head.layers.5.bias": "keypoint_head.head.5.bias",
    }
    assert all(torch.equal(own[a], state[b]) for a, b in pairs.items())
    logits = predictor.net(torch.rand(1, 3, 256, 256))
    assert logits.shape == (1, 25, 128, 128)
    assert torch.isfinite(logits).all()


def test_a_missing_tensor_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    state = released_checkpoint("match")
    del state["keypoint_head.head.3.net.conv1.weight"]
    torch.save(state, tmp_path / "released.ckpt")
    with pytest.raises(DataError, match=r"1 tensors .*head\.layers\.3\.convs\.1\.weight"):
        import_pose(tmp_path / "released.ckpt", tmp_path / "out.ckpt", "match")
    torch.save(released_checkpoint("concat"), tmp_path / "head_only.ckpt")
    with pytest.raises(DataError, match="--task-source"):
        import_pose(tmp_path / "head_only.ckpt", tmp_path / "out.ckpt", "concat")
    assert not (tmp_path / "out.ckpt").exists()


def test_every_tensor_of_the_branch_has_a_detectron2_name() -> None:
    with torch.device("meta"):
        branch = MaskRcnnBranch()
        target = build_net(_recipe("concat")).state_dict()
    theirs = {f"rcnn.model.{name}": value for name, value in detectron2_names(branch).items()}
    assert architecture_of(theirs) == "mask_rcnn_r101"
    names = branch_names(theirs)
    assert sorted(names.values()) == sorted(branch.state_dict())
    assert all(branch.state_dict()[own].shape == theirs[name].shape for name, own in names.items())
    assert sorted(f"task.source.{own}" for own in names.values()) == sorted(n for n in target if n.startswith("task."))


@pytest.mark.slow
def test_concat_import_runs_the_detectron2_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    branch = MaskRcnnBranch().eval()
    arrays = {name: value.numpy() for name, value in detectron2_names(branch).items()}
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"model": arrays, "__author__": "somebody"}, protocol=2))
    torch.save(released_checkpoint("concat"), tmp_path / "released.ckpt")
    out = tmp_path / "out.ckpt"
    import_pose(tmp_path / "released.ckpt", out, "concat", tmp_path / "model.pkl")
    net: Any = load(out, precision="float32").net
    rgb = torch.rand(1, 3, 256, 256)
    assert net(rgb).shape == (1, 25, 128, 128)
    with torch.no_grad():
        assert torch.allclose(net.task.source(rgb), branch(rgb), atol=1e-4)
    import_task_source(tmp_path / "model.pkl", tmp_path / "source.ckpt")
    again = load_task_source(str(tmp_path / "source.ckpt"))
    assert all(torch.equal(value, branch.state_dict()[name]) for name, value in again.state_dict().items())


class Attack:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("attacked",)


def test_no_code_of_a_pickle_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "model.pkl"
    for attack in (Attack(), {"model": {"a": Attack()}}):
        path.write_bytes(pickle.dumps(attack))
        with pytest.raises(DataError, match="code and not weights"):
            read_detectron2_file(path)
    torch.save({"state_dict": {"a": Attack()}}, tmp_path / "model.ckpt")
    with pytest.raises(DataError, match="code"):
        import_pose(tmp_path / "model.ckpt", tmp_path / "out.ckpt", "match")
    assert not (tmp_path / "attacked").exists()


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_of_arrays_is_read(protocol: int, tmp_path: Path) -> None:
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3), "n": np.array(7, np.int64), "f": np.asfortranarray(np.eye(2))
    }  # fmt: skip
    path = tmp_path / "model.pkl"
    content = {"model": {**arrays, "name": "text", "scalar": np.float32(2)}, "__author__": "x"}
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    found = read_detectron2_file(path)
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name].numpy(), arrays[name]) for name in arrays)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"model\.pkl"):
        read_detectron2_file(path)
    with pytest.raises(DataError, match="no such file"):
        read_detectron2_file(tmp_path / "none.pkl")
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DataError, match="no arrays"):
        read_detectron2_file(path)


def test_torchvision_weights_become_a_task_source(tmp_path: Path) -> None:
    import torchvision

    torch.manual_seed(0)
    model = torchvision.models.detection.keypointrcnn_resnet50_fpn(weights=None, weights_backbone=None).eval()
    torch.save(model.state_dict(), tmp_path / "model.pth")
    match = import_task_source(tmp_path / "model.pth", tmp_path / "source.ckpt")
    assert all(name.startswith(("backbone.fpn", "rpn.", "roi_heads.", "backbone.body")) for name in match.left_over)
    source = load_task_source(str(tmp_path / "source.ckpt"))
    assert isinstance(source, KeypointRcnnBranch)
    head = model.state_dict()["roi_heads.keypoint_head.14.weight"]
    assert torch.equal(source.state_dict()["convs.7.0.weight"], head)
    torch.save({"a.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(DataError, match="Keypoint R-CNN"):
        import_task_source(tmp_path / "other.pth", tmp_path / "no.ckpt")


def test_rf5_layout_is_a_domain_source(tmp_path: Path) -> None:
    import torchvision

    torch.manual_seed(0)
    resnet = torchvision.models.resnet18(weights=None)
    body = nn.Sequential(*list(resnet.children())[:-2])
    head = nn.Sequential(nn.Identity(), nn.Identity(), nn.BatchNorm1d(1024), nn.Identity(), nn.Linear(1024, 512))
    torch.save(nn.Sequential(body, head).state_dict(), tmp_path / "rf5.pth")
    source = load_domain_source(f"rf5:{tmp_path / 'rf5.pth'}").eval()
    assert source.describe() == {"backbone": "resnet18", "mean": list(MEAN), "std": list(STD)}
    rgb = torch.rand(1, 3, 64, 64)
    x = (rgb - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    with torch.no_grad():
        expected = body[:7].eval()(x)
        assert torch.allclose(source(rgb)[3], expected, atol=1e-5)
        again = DomainSource(**source.describe()).eval()
        again.load_state_dict(source.state_dict())
        assert torch.allclose(again(rgb)[3], expected, atol=1e-5)
    torch.save(resnet.state_dict(), tmp_path / "plain.pth")
    with pytest.raises(DataError, match="RF5"):
        load_domain_source(f"rf5:{tmp_path / 'plain.pth'}")


def test_the_command_tells_what_became_of_the_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "released.ckpt", tmp_path / "deep" / "match.ckpt"
    extra = {"rcnn.model.backbone.fpn_lateral2.weight": torch.zeros(1), "mystery": torch.zeros(1)}
    torch.save({"state_dict": released_checkpoint("match") | extra}, path)
    assert main(["import", "pose", str(path), "--method", "match", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "0 missing, 2 left over" in told
    assert "left over: mystery" in told
    assert "left over: 1 tensors of detector parts" in told
    assert main(["import", "pose", str(path), "--method", "both", "--out", str(out)]) == 2
    assert main(["import", "pose", str(path), "--method", "concat", "--out", str(tmp_path / "no.ckpt")]) == 2
    assert main(["import", "task-source", str(path), "--out", str(tmp_path / "no.ckpt")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 3
    assert not (tmp_path / "no.ckpt").exists()
