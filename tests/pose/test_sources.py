"""The frozen sources: what they compute, and how a text names them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional
from torchvision.ops import roi_align

from pose.sources.domain import DomainSource
from pose.sources.frozen import Frozen
from pose.sources.keypoint_rcnn import KeypointRcnnBranch, pooling_weights
from pose.sources.keypoint_resnet import KeypointResNet
from pose.sources.mask_rcnn import MaskRcnnBranch
from pose.sources.named import build_task_source, describe_task_source, load_domain_source, load_task_source
from pose.sources.released import branch_names
from shared.errors import DataError, UsageError
from tagger.net import TaggerNet


def test_domain_source_is_the_taggers_lower_part() -> None:
    torch.manual_seed(0)
    tagger = TaggerNet("resnet18", num_classes=5).eval()
    rgb = torch.rand(2, 3, 64, 64)
    expected = tagger.features(rgb, ["stem", "layer1", "layer2", "layer3"])
    maps = DomainSource.of(tagger).eval()(rgb)
    assert all(torch.equal(a, b) for a, b in zip(maps, expected.values(), strict=True))
    source = DomainSource("resnet18")
    assert source.level_channels == [m.shape[1] for m in maps]
    assert not any("layer4" in name or "fc" in name for name in source.state_dict())


def test_keypoint_resnet_reads_the_stride_asked_for() -> None:
    rgb = torch.rand(1, 3, 96, 96)
    for levels, side in ((["layer2", "layer3"], 12), (["layer3"], 6), (["layer1", "layer4"], 24)):
        net = KeypointResNet("resnet18", levels, task_width=8, task_depth=2).eval()
        features = net.features(rgb)
        assert features.shape == (1, 8, side, side)
        assert side == net.feature_side(96)
        assert net.logits_of(features).shape == (1, 17, 2 * side, 2 * side)
        assert net.logits_side(96) == 2 * side
    with pytest.raises(ValueError, match="finest first"):
        KeypointResNet(levels=["layer3", "layer2"])


def test_a_coarse_level_reaches_the_features() -> None:
    net = KeypointResNet(task_width=8, task_depth=1).eval()
    rgb = torch.rand(1, 3, 64, 64)
    before = net.features(rgb)
    torch.nn.init.zeros_(net.resnet.layer4[1].bn2.weight)
    assert not torch.equal(before, net.features(rgb))


@pytest.fixture(scope="module")
def branch() -> MaskRcnnBranch:
    torch.manual_seed(0)
    return MaskRcnnBranch(input_side=128).eval()


def test_branch_shapes_and_square_input(branch: MaskRcnnBranch) -> None:
    with torch.no_grad():
        features = branch.features(torch.rand(2, 3, 40, 40))
        assert features.shape == (2, 512, 14, 14)
        assert branch.logits_of(features).shape == (2, 17, 56, 56)
    assert features.min() >= 0  # after the ReLU: the matching target is never negative
    with pytest.raises(ValueError, match="square"):
        branch.features(torch.rand(1, 3, 40, 44))


def test_branch_sees_bgr_of_0_to_255_minus_the_mean(branch: MaskRcnnBranch) -> None:
    seen: list[torch.Tensor] = []
    handle = branch.resnet.conv1.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    rgb = torch.tensor([1.0, 0.5, 0.25]).view(1, 3, 1, 1).expand(1, 3, 32, 32)
    with torch.no_grad():
        branch.features(rgb)
    handle.remove()
    assert seen[0].shape == (1, 3, 128, 128)
    expected = [0.25 * 255 - 103.53, 0.5 * 255 - 116.28, 255 - 123.675]
    assert seen[0][0, :, 5, 9].tolist() == pytest.approx(expected, rel=1e-5)


def test_branch_strides_sit_in_the_first_convolution(branch: MaskRcnnBranch) -> None:
    for level in (branch.resnet.layer2, branch.resnet.layer3, branch.resnet.layer4):
        assert level[0].conv1.stride == (2, 2)
        assert level[0].conv2.stride == (1, 1)
    buffers = dict(branch.resnet.named_buffers())
    assert "bn1.running_mean" in buffers
    assert not any("bn" in name for name, _ in branch.resnet.named_parameters())


@pytest.mark.parametrize("side", [25, 4, 13])
def test_pooling_of_the_whole_map_is_roi_align(side: int) -> None:
    # The shortcut of the branch against torchvision's operator, aligned, with 2×2 samples a bin.
    torch.manual_seed(0)
    level = torch.randn(2, 3, side, side)
    boxes = [torch.tensor([[0.0, 0.0, float(side), float(side)]])] * 2
    expected = roi_align(level, boxes, output_size=14, spatial_scale=1.0, sampling_ratio=2, aligned=True)
    shortcut = functional.avg_pool2d(
        functional.interpolate(level, size=(28, 28), mode="bilinear", align_corners=False), 2
    )
    assert torch.allclose(shortcut, expected, atol=1e-5)


def test_imagenet_filter_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    # torchvision's net on normalised RGB and the branch's on BGR·255 - mean must see the same first layer.
    import torchvision

    torch.manual_seed(0)
    plain = torchvision.models.resnet101(weights=None)
    published = {"resnet101": plain.state_dict()}
    monkeypatch.setattr("pose.sources.mask_rcnn.imagenet_state", published.__getitem__)
    branch = MaskRcnnBranch(input_side=32, imagenet=True)
    rgb = torch.rand(1, 3, 32, 32)
    mean, std = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1), torch.tensor([0.229, 0.224, 0.225])
    expected = plain.conv1((rgb - mean) / std.view(1, 3, 1, 1))
    found = branch.resnet.conv1(rgb.flip(1) * 255 - branch.mean)
    assert torch.allclose(found, expected, atol=1e-4)
    assert torch.equal(branch.resnet.layer4[2].bn3.running_var, plain.layer4[2].bn3.running_var)


def test_frozen_ignores_train() -> None:
    frozen = Frozen(KeypointResNet(task_width=8, task_depth=1))
    outer = torch.nn.Sequential(frozen).train()
    assert outer.training
    assert not any(module.training for module in frozen.modules())
    assert not any(parameter.requires_grad for parameter in frozen.parameters())


def test_describing_and_building_are_a_round_trip() -> None:
    source = KeypointResNet("resnet18", ["layer2", "layer3"], 24, 2)
    text = describe_task_source(source)
    again = build_task_source(text["name"], text["arguments"])
    again.load_state_dict(source.state_dict())
    assert describe_task_source(again) == text
    assert describe_task_source(MaskRcnnBranch(64))["arguments"] == {"input_side": 64}


def test_names() -> None:
    assert load_domain_source("random:resnet34").describe() == {"backbone": "resnet34"}
    assert isinstance(load_task_source("random:keypoint_resnet"), KeypointResNet)
    with pytest.raises(UsageError, match="resnet18, resnet34, resnet50"):
        load_domain_source("random:resnet19")
    with pytest.raises(UsageError, match="keypoint_resnet, mask_rcnn_r101"):
        load_task_source("random:hourglass")
    with pytest.raises(UsageError, match="keypoint_resnet"):
        build_task_source("keypoint_resnet", {"depth": 3})


def test_missing_and_wrong_files(tmp_path: Path) -> None:
    for load in (load_domain_source, load_task_source):
        with pytest.raises(DataError, match="no such checkpoint"):
            load(str(tmp_path / "nothing.ckpt"))
    path = tmp_path / "segmenter.ckpt"
    torch.save({"inkpose": {"kind": "segmenter", "format": 1}, "state_dict": {}, "hyper_parameters": {}}, path)
    with pytest.raises(DataError, match="a checkpoint of segmenter, not of task_source"):
        load_task_source(str(path))


def test_the_r50_branch_is_torchvisions_for_a_box_of_the_whole_picture() -> None:
    import torchvision

    torch.manual_seed(0)
    side = 448  # the least at which such a box falls on P5
    model = torchvision.models.detection.keypointrcnn_resnet50_fpn(weights=None, weights_backbone=None, min_size=side)
    model.eval()
    for name, module in model.backbone.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 0.0
            module.weight.data.fill_(0.2 if name.endswith("bn3") else 1.0)
    state = model.state_dict()
    branch = KeypointRcnnBranch(side).eval()
    branch.load_state_dict(
        {own: state[name] for name, own in branch_names(state).items() if own in branch.state_dict()}
    )
    rgb = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        images, _ = model.transform(list(rgb))
        maps = model.backbone(images.tensors)
        box = [torch.tensor([[0.0, 0.0, float(side), float(side)]])]
        pooled = model.roi_heads.keypoint_roi_pool(maps, box, images.image_sizes)
        features = model.roi_heads.keypoint_head(pooled)
        expected = model.roi_heads.keypoint_predictor(features)
        assert torch.allclose(branch.features(rgb), features, atol=1e-4 * features.abs().max())
        assert torch.allclose(branch(rgb), expected, atol=1e-4 * expected.abs().max())
    assert expected.std() > 0


@pytest.mark.parametrize(("size", "bins"), [(25, 14), (14, 14), (4, 14)])
def test_unaligned_pooling_weights_are_roi_align(size: int, bins: int) -> None:
    torch.manual_seed(0)
    level = torch.randn(1, 2, size, size)
    box = [torch.tensor([[0.0, 0.0, float(size), float(size)]])]
    expected = roi_align(level, box, output_size=bins, sampling_ratio=2, aligned=False)
    weights = pooling_weights(size, bins)
    assert torch.allclose(torch.einsum("yh,bchw,xw->bcyx", weights, level, weights), expected, atol=1e-5)
