"""The small task source: a ResNet that reads a stride-8 map, for crops too small for the paper's stride 32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from shared.keypoints.schema import COCO_17
from shared.training.published_weights import imagenet_state
from tagger.net import IMAGENET_MEAN, IMAGENET_STD

_LEVELS = ("layer1", "layer2", "layer3", "layer4")


class KeypointResNet(nn.Module):
    """ResNet, top-down fusion into its finest level asked for, convolutions, deconvolution.

    A 128 px crop has 4×4 cells at stride 32, too few to tell a wrist from an elbow, so this source reads
    stride 8 (16×16) with the deeper levels added from above.

    Args:
        backbone: torchvision's name of the ResNet.
        levels: levels to fuse, finest first; the finest gives the size of the features.
        task_width: channels of the fused map and of the head (128; 512 in Mask R-CNN).
        task_depth: 3×3 convolutions of the head (4; 8 in Mask R-CNN).
        keypoints: heatmaps.
        imagenet: start the ResNet from torchvision's ImageNet weights (a download on first use); else random.

    Source: the head follows Mask R-CNN's keypoint head (He et al. 2017); the fusion follows feature pyramids
        (Lin et al. 2017).
    Deviation: BatchNorm after each convolution of the head, because it trains from random weights in minutes.

    Raises:
        ValueError: levels that are unknown or not in order.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: Literal["resnet18", "resnet34", "resnet50"] = "resnet18",
        levels: Sequence[str] = ("layer2", "layer3", "layer4"),
        task_width: int = 128,
        task_depth: int = 4,
        keypoints: int = len(COCO_17),
        imagenet: bool = False,
    ) -> None:
        super().__init__()
        if not levels or [level for level in _LEVELS if level in levels] != list(levels):
            raise ValueError(f"levels {list(levels)} must be some of {', '.join(_LEVELS)}, finest first")
        self.backbone, self.levels = backbone, tuple(levels)
        self.task_width, self.task_depth, self.keypoints = task_width, task_depth, keypoints
        resnet: Any = torchvision.models.get_model(backbone, weights=None)
        if imagenet:
            resnet.load_state_dict(imagenet_state(backbone))
        resnet.fc = nn.Identity()
        self.depth = _LEVELS.index(levels[-1]) + 1
        for level in _LEVELS[self.depth :]:
            setattr(resnet, level, nn.Identity())
        self.resnet = resnet
        first = 256 if backbone == "resnet50" else 64
        self.laterals = nn.ModuleList(nn.Conv2d(first * 2 ** _LEVELS.index(level), task_width, 1) for level in levels)
        self.convs = nn.Sequential(*(_block(task_width) for _ in range(task_depth)))
        self.deconv = nn.ConvTranspose2d(task_width, keypoints, 4, stride=2, padding=1)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    @property
    def feature_channels(self) -> int:
        """Channels of what ``features`` returns."""
        return self.task_width

    def feature_side(self, crop_side: int) -> int:
        """Returns the side of what ``features`` returns for a crop of ``crop_side`` pixels."""
        stride = 4 << _LEVELS.index(self.levels[0])
        return -(-crop_side // stride)

    def logits_side(self, crop_side: int) -> int:
        """Returns the side of the logits for a crop of ``crop_side`` pixels."""
        return 2 * self.feature_side(crop_side)

    def describe(self) -> dict[str, Any]:
        """Returns the architecture as plain data: the arguments of this class."""
        return {
            "backbone": self.backbone,
            "levels": list(self.levels),
            "task_width": self.task_width,
            "task_depth": self.task_depth,
            "keypoints": self.keypoints,
        }

    @property
    def trunk_channels(self) -> int:
        """Channels of what ``trunk`` returns."""
        return self.task_width

    def trunk(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the fused map that the head's convolutions read."""
        x = (rgb - self.mean) / self.std
        x = self.resnet.maxpool(self.resnet.relu(self.resnet.bn1(self.resnet.conv1(x))))
        maps: dict[str, Tensor] = {}
        for level in _LEVELS[: self.depth]:
            x = maps[level] = getattr(self.resnet, level)(x)
        fused: Tensor | None = None
        for lateral, level in reversed(list(zip(self.laterals, self.levels, strict=True))):
            side = lateral(maps[level])
            if fused is not None:
                side = side + functional.interpolate(fused, size=side.shape[-2:], mode="nearest")
            fused = side
        assert fused is not None
        return fused

    def features(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the last activation before the deconvolution."""
        return self.features_of(self.trunk(rgb))

    def features_of(self, trunk: Tensor) -> Tensor:
        """Maps what ``trunk`` returns to the last activation before the deconvolution."""
        features: Tensor = self.convs(trunk)
        return features

    def logits_of(self, features: Tensor) -> Tensor:
        """Maps features to keypoint logits ``(B, keypoints, 2h, 2w)``."""
        logits: Tensor = self.deconv(features)
        return logits

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to keypoint logits."""
        return self.logits_of(self.features(rgb))


def _block(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
