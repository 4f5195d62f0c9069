"""The feature extractors under the segmenter: torchvision's, dilated, and a compact one of ours."""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, get_args

import torchvision.models as tv
from torch import Tensor, nn

from segmenter.compact import CompactStage, compact_stem

BackboneName = Literal["compact", "resnet18", "resnet50", "resnet101", "mobilenet_v3_large"]
#: Channels of the maps of stride 2, 4, 8 and of the last map.
CHANNELS: dict[str, tuple[int, int, int, int]] = {
    "compact": (24, 48, 96, 160),
    "resnet18": (64, 64, 128, 256),
    "resnet50": (64, 256, 512, 2048),
    "resnet101": (64, 256, 512, 2048),
    "mobilenet_v3_large": (16, 24, 40, 960),
}
#: The layers after which the maps of stride 2, 4 and 8 are whole.
_TAPS = {
    "compact": ("stem", "stage1", "stage2"),
    "resnet18": ("relu", "layer1", "layer2"),
    "resnet50": ("relu", "layer1", "layer2"),
    "resnet101": ("relu", "layer1", "layer2"),
    "mobilenet_v3_large": ("1", "3", "6"),
}


class Backbone(nn.Sequential):
    """Layers run in order, under their own names; returns the maps of stride 2, 4 and 8 and the last map."""

    def __init__(self, layers: OrderedDict[str, nn.Module], taps: tuple[str, str, str]) -> None:
        super().__init__(layers)
        self._taps = taps

    def forward(self, image: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """Maps normalised RGB ``(B, 3, H, W)`` to ``{stride: map}`` and the map of the output stride."""
        maps: dict[int, Tensor] = {}
        features = image
        for name, layer in self.named_children():
            features = layer(features)
            if name in self._taps:
                maps[2 << self._taps.index(name)] = features
        return maps, features


def build_backbone(name: BackboneName, output_stride: int) -> Backbone:
    """Returns a randomly initialised backbone whose last map has stride 8 or 16 (``compact``, ``resnet18``: 16).

    ``resnet18`` ends with layer3: its blocks cannot be dilated. State keys are those of torchvision's DeepLabv3
    (``conv1.weight``, ``layer1.0…``, ``0.0.weight`` …), except those of ``compact``, which is ours.

    Raises:
        ValueError: unknown name or stride.
    """
    if name not in CHANNELS:
        raise ValueError(f"backbone {name!r} must be one of {', '.join(get_args(BackboneName))}")
    strides = (16,) if name in ("compact", "resnet18") else (8, 16)
    if output_stride not in strides:
        raise ValueError(f"output_stride {output_stride} of {name} must be {' or '.join(map(str, strides))}")
    if name == "compact":
        layers = _compact()
    elif name == "mobilenet_v3_large":
        layers = OrderedDict(tv.mobilenet_v3_large(weights=None, dilated=True).features.named_children())
        if output_stride == 8:
            _dilate_mobilenet(layers)
        # torchvision's momentum here is 0.01: after the few hundred steps of a short run the running
        # statistics would still be mostly their initial 0 and 1, and evaluation would see noise.
        for module in nn.ModuleList(layers.values()).modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 0.1
    elif name == "resnet18":
        shallow = tv.resnet18(weights=None)
        layers = OrderedDict(
            (key, layer) for key, layer in shallow.named_children() if key not in ("layer4", "avgpool", "fc")
        )
    else:
        make = tv.resnet101 if name == "resnet101" else tv.resnet50
        net = make(weights=None, replace_stride_with_dilation=[False, output_stride == 8, True])
        layers = OrderedDict((key, layer) for key, layer in net.named_children() if key not in ("avgpool", "fc"))
    return Backbone(layers, _TAPS[name])


def _compact() -> OrderedDict[str, nn.Module]:
    first, second, third, last = CHANNELS["compact"]
    return OrderedDict(
        stem=compact_stem(first),
        stage1=CompactStage(first, second, blocks=1),
        stage2=CompactStage(second, third, blocks=2),
        stage3=CompactStage(third, last, blocks=2),
    )


def _dilate_mobilenet(layers: OrderedDict[str, nn.Module]) -> None:
    """Keeps stride 8 from block 7 on: its stride goes, and the depthwise kernels after it spread twice as far."""
    for index in range(7, 16):
        for conv in layers[str(index)].modules():
            if isinstance(conv, nn.Conv2d) and conv.groups > 1:
                conv.stride = (1, 1)
                spread = 1 if index == 7 else 2
                conv.dilation = (conv.dilation[0] * spread, conv.dilation[1] * spread)
                conv.padding = tuple((k - 1) // 2 * d for k, d in zip(conv.kernel_size, conv.dilation, strict=True))
