"""The network: published shape, any picture size, weights taken from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision

from segmenter.aspp import ASPP
from segmenter.backbones import CHANNELS, build_backbone
from segmenter.compact import ResidualBlock
from segmenter.initial_weights import initialise
from segmenter.net import SegmenterNet
from shared.errors import DataError


@pytest.fixture(scope="module")
def small() -> SegmenterNet:
    torch.manual_seed(0)
    return SegmenterNet("mobilenet_v3_large", 16, (2, 4), skip_strides=[4]).eval()


def test_published_network_has_the_published_size_and_keys() -> None:
    net = SegmenterNet()
    assert sum(p.numel() for p in net.parameters()) == 58_196_154
    keys = list(net.state_dict())
    assert len(keys) == 690
    assert {key.split(".")[0] if key.startswith("final") else ".".join(key.split(".")[:2]) for key in keys} == {
        "deeplab.backbone", "deeplab.classifier", "final_head",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["resnet101", "mobilenet_v3_large"])
def test_state_layout_is_torchvisions_below_the_heads(name: str) -> None:
    theirs = torchvision.models.get_model(f"deeplabv3_{name}", weights=None, weights_backbone=None).state_dict()
    ours = SegmenterNet(name).state_dict()  # type: ignore[arg-type]
    for key, value in theirs.items():
        if key.startswith(("backbone.", "classifier.0.")):
            assert ours[f"deeplab.{key}"].shape == value.shape


@pytest.mark.parametrize("name", ["resnet101", "mobilenet_v3_large"])
def test_backbone_and_pyramid_compute_what_torchvisions_do(name: str) -> None:
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(f"deeplabv3_{name}", weights=None, weights_backbone=None).eval()
    net = SegmenterNet(name, 8 if name == "resnet101" else 16).eval()  # type: ignore[arg-type]
    state = {f"deeplab.{k}": v for k, v in theirs.state_dict().items() if k.startswith(("backbone.", "classifier.0."))}
    net.load_state_dict({**net.state_dict(), **state})
    image = torch.rand(1, 3, 64, 48)
    with torch.inference_mode():
        expected = theirs.classifier[0](theirs.backbone(image)["out"])
        got = net.deeplab.classifier[0](net.deeplab.backbone(image)[1])
    # Random weights grow the activations over 100 layers, and every layer rounds at 1e-7 of their size.
    torch.testing.assert_close(got, expected, atol=1e-3, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "stride"),
    [("resnet50", 8), ("resnet50", 16), ("mobilenet_v3_large", 8), ("mobilenet_v3_large", 16), ("compact", 16)],
)
def test_output_stride_is_what_was_asked_for(name: str, stride: int) -> None:
    maps, last = build_backbone(name, stride).eval()(torch.rand(1, 3, 64, 96))  # type: ignore[arg-type]
    assert {key: tuple(value.shape[-2:]) for key, value in maps.items()} == {2: (32, 48), 4: (16, 24), 8: (8, 12)}
    assert tuple(value.shape[1] for value in (*maps.values(), last)) == CHANNELS[name]
    assert last.shape[-2:] == (64 // stride, 96 // stride)


@pytest.mark.parametrize("size", [(1, 1), (33, 65), (64, 32)])
def test_any_size_gives_logits_of_that_size(small: SegmenterNet, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        assert small(torch.rand(2, 3, *size)).shape == (2, 2, *size)


def test_a_batch_is_the_same_as_one_by_one(small: SegmenterNet) -> None:
    images = torch.rand(3, 3, 48, 32)
    with torch.inference_mode():
        together = small(images)
        alone = torch.cat([small(image[None]) for image in images])
    # Different convolution algorithms for different batch sizes round differently.
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_it_normalises_inside(small: SegmenterNet) -> None:
    image = torch.rand(1, 3, 32, 32)
    seen: list[torch.Tensor] = []
    handle = small.deeplab.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    small(image)
    handle.remove()
    expected = (image - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / torch.tensor(
        [0.229, 0.224, 0.225]
    ).view(1, 3, 1, 1)
    torch.testing.assert_close(seen[0], expected)


def test_one_picture_in_a_training_batch_does_not_crash() -> None:
    net = SegmenterNet("mobilenet_v3_large", 16, (2, 4)).train()
    net(torch.rand(1, 3, 64, 64)).sum().backward()
    pooling = net.deeplab.classifier[0].convs[-1]
    assert int(pooling[2].num_batches_tracked) == 0  # its statistics are used, not moved
    net(torch.rand(2, 3, 64, 64))
    assert int(pooling[2].num_batches_tracked) == 1


def test_pooling_branch_is_constant_over_the_map() -> None:
    pooled = ASPP(4, (1,), 8).eval().convs[-1](torch.rand(2, 4, 5, 7))
    assert pooled.shape == (2, 8, 5, 7)
    assert torch.equal(pooled, pooled[:, :, :1, :1].expand_as(pooled))


@pytest.mark.parametrize(
    "image", [torch.rand(3, 8, 8), torch.rand(1, 4, 8, 8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8)]
)
def test_wrong_input_is_named(small: SegmenterNet, image: torch.Tensor) -> None:
    with pytest.raises(ValueError, match=r"must be float \(B, 3, H, W\)"):
        small(image)


def test_weights_of_torchvisions_deeplab_are_taken_without_its_heads(tmp_path: Path) -> None:
    theirs = torchvision.models.segmentation.deeplabv3_mobilenet_v3_large(
        weights=None, weights_backbone=None, aux_loss=True
    )
    path = tmp_path / "coco.pth"
    torch.save(theirs.state_dict(), path)
    net = SegmenterNet("mobilenet_v3_large", 16)
    taken = initialise(net, "mobilenet_v3_large", str(path))
    assert torch.equal(net.deeplab.backbone[0][0].weight, theirs.backbone["0"][0].weight)
    assert torch.equal(net.deeplab.classifier[0].project[0].weight, theirs.classifier[0].project[0].weight)
    assert not any("final_head" in key or "aux" in key for key in taken)
    assert not any(key.startswith("deeplab.classifier.") and ".0." not in key for key in taken)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r50.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), path)
    with pytest.raises(DataError, match="another network"):
        initialise(SegmenterNet("mobilenet_v3_large", 16), "mobilenet_v3_large", str(path))


def test_missing_and_damaged_weights_are_named(tmp_path: Path) -> None:
    net = SegmenterNet("mobilenet_v3_large", 16)
    with pytest.raises(DataError, match="no such file"):
        initialise(net, "mobilenet_v3_large", str(tmp_path / "absent.pth"))
    (tmp_path / "bad.pth").write_bytes(b"not weights")
    with pytest.raises(DataError, match="not readable"):
        initialise(net, "mobilenet_v3_large", str(tmp_path / "bad.pth"))


@pytest.mark.parametrize("strides", [[2], [8, 4], [4, 2, 8]])
@pytest.mark.parametrize("name", ["compact", "mobilenet_v3_large"])
def test_skips_carry_what_the_last_map_cannot(name: str, strides: list[int]) -> None:
    torch.manual_seed(0)
    net = SegmenterNet(name, 16, (2,), 32, skip_strides=strides).eval()  # type: ignore[arg-type]
    image = torch.rand(1, 3, 48, 80)
    maps, last = net.deeplab.backbone((image - net.mean) / net.std)
    net.deeplab.backbone.forward = lambda _: (maps, torch.zeros_like(last))
    reference = net(image)
    for stride in (2, 4, 8):
        changed = {**maps, stride: maps[stride] + 1}
        net.deeplab.backbone.forward = lambda _, changed=changed: (changed, torch.zeros_like(last))
        assert torch.equal(net(image), reference) == (stride not in strides)


def test_skips_of_other_strides_are_refused() -> None:
    with pytest.raises(ValueError, match="must be some of"):
        SegmenterNet("compact", 16, (2,), skip_strides=[16])
    with pytest.raises(ValueError, match="output_stride 8 of compact"):
        SegmenterNet("compact", 8, (2,))
    with pytest.raises(ValueError, match="must be one of"):
        SegmenterNet("vgg", 8, (2,))  # type: ignore[arg-type]


def test_a_residual_block_begins_as_its_shortcut() -> None:
    block = ResidualBlock(4, 4, stride=2).eval()
    features = torch.rand(1, 4, 6, 10)
    expected = torch.nn.functional.leaky_relu(torch.nn.functional.avg_pool2d(features, 2), 0.01)
    torch.testing.assert_close(block(features), expected)


def test_resnet18_begins_from_the_resnet_of_a_keypoint_net(tmp_path: Path) -> None:
    """A task source's or tagger's checkpoint holds the same layers under ``net.resnet.``."""
    torch.manual_seed(0)
    resnet = torchvision.models.resnet18(weights=None)
    state = {f"net.resnet.{key}": value for key, value in resnet.state_dict().items() if not key.startswith("fc.")}
    torch.save({"state_dict": {**state, "net.deconv.weight": torch.zeros(3)}}, tmp_path / "source.ckpt")
    net = SegmenterNet("resnet18", 16, (2, 4), 32, skip_strides=[8, 4, 2])
    before = net.state_dict()["final_head.0.weight"].clone()
    initialise(net, "resnet18", str(tmp_path / "source.ckpt"))
    assert torch.equal(net.deeplab.backbone.layer3[1].conv2.weight, resnet.layer3[1].conv2.weight)
    assert torch.equal(net.state_dict()["final_head.0.weight"], before)
    assert net(torch.rand(2, 3, 40, 56)).shape == (2, 2, 40, 56)
    with pytest.raises(ValueError, match="output_stride"):
        build_backbone("resnet18", 8)
