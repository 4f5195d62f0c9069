from __future__ import annotations

import pytest
import torch
import torchvision

from tagger.net import IMAGENET_MEAN, IMAGENET_STD, LEVELS, TaggerNet


def test_paper_size_has_the_released_layout() -> None:
    with torch.device("meta"):
        net = TaggerNet("resnet50", 1062)
    state = net.state_dict()
    assert len(state) == 320
    assert all(key.startswith("resnet.") for key in state)
    assert sum(p.numel() for p in net.parameters()) == 25_684_070  # 25.684 M
    assert state["resnet.fc.weight"].shape == (1062, 2048)


def test_forward_is_torchvision_on_normalised_input() -> None:
    torch.manual_seed(0)
    net = TaggerNet("resnet18", 7).eval()
    rgb = torch.rand(2, 3, 64, 48)
    reference = torchvision.models.resnet18(num_classes=7).eval()
    reference.load_state_dict({key.removeprefix("resnet."): value for key, value in net.state_dict().items()})
    normalised = torchvision.transforms.functional.normalize(rgb, list(IMAGENET_MEAN), list(IMAGENET_STD))
    torch.testing.assert_close(net(rgb), reference(normalised))


@pytest.mark.parametrize("backbone", ["resnet18", "resnet50"])
def test_feature_shapes(backbone: str) -> None:
    net = TaggerNet(backbone, 3).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        maps = net.features(torch.rand(1, 3, 64, 96), tuple(LEVELS))
    assert list(maps) == list(LEVELS)
    for level, stride in LEVELS.items():
        assert maps[level].shape == (1, net.feature_channels(level), 64 // stride, 96 // stride), level


def test_features_run_no_deeper_than_asked() -> None:
    net = TaggerNet("resnet18", 3).eval()
    ran: list[str] = []
    net.resnet.layer3.register_forward_hook(lambda *_: ran.append("layer3"))
    net.features(torch.rand(1, 3, 32, 32), ("layer2", "layer1"))
    assert ran == []


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="resnet34"):
        TaggerNet("vgg", 3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="num_classes"):
        TaggerNet("resnet18", 0)
    net = TaggerNet("resnet18", 3)
    with pytest.raises(ValueError, match="layer5"):
        net.features(torch.rand(1, 3, 32, 32), ("layer5",))
    with pytest.raises(ValueError, match=r"\(B, 3, H, W\)"):
        net(torch.rand(1, 4, 32, 32))
