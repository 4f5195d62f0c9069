"""The paper's task source: the keypoint branch of a Mask R-CNN with ResNet-101, and nothing else of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import FrozenBatchNorm2d

from pose.blocks import resize
from shared.keypoints.schema import COCO_17

#: Mean of BGR in 0–255, which the branch subtracts; there is no division.
BGR_MEAN = (103.53, 116.28, 123.675)


class MaskRcnnBranch(nn.Module):
    """What Keypoint R-CNN R101-FPN computes for one box that is the whole square picture.

    Such a box always falls on pyramid level P5, which needs no level above it, and aligned ROI pooling of the
    whole map with 2×2 samples a bin is a resize to 28² followed by 2×2 averaging. So no proposals, box head,
    finer levels or ROI operators are needed: 61.35 M parameters.

    Args:
        input_side: side to which the crop is enlarged (800 in the paper).
        imagenet: start the ResNet from torchvision's ImageNet weights (a download on first use); else random.

    Source: Chen & Zwicker 2022, section 3 (task features); detectron2's COCO-Keypoints R101-FPN configuration.
    """

    mean: Tensor
    roi_side = 14
    trunk_channels = 256
    feature_channels = 512
    keypoints = len(COCO_17)

    def __init__(self, input_side: int = 800, imagenet: bool = False) -> None:
        super().__init__()
        self.input_side = input_side
        resnet: Any = torchvision.models.resnet101(weights=None, norm_layer=partial(FrozenBatchNorm2d, eps=1e-5))
        resnet.fc = nn.Identity()
        for level in (resnet.layer2, resnet.layer3, resnet.layer4):
            # The original MSRA layout: the stride sits in the first 1×1 convolution, not in the 3×3.
            level[0].conv1.stride, level[0].conv2.stride = (2, 2), (1, 1)
        self.resnet = resnet
        self.lateral5 = nn.Conv2d(2048, 256, 1)
        self.output5 = nn.Conv2d(256, 256, 3, padding=1)
        self.convs = nn.Sequential(
            *(_conv(self.trunk_channels if i == 0 else self.feature_channels, self.feature_channels) for i in range(8))
        )
        self.deconv = nn.ConvTranspose2d(self.feature_channels, self.keypoints, 4, stride=2, padding=1)
        self.register_buffer("mean", torch.tensor(BGR_MEAN).view(1, 3, 1, 1), persistent=False)
        if imagenet:
            self._load_imagenet()
        else:
            # BatchNorm that is frozen at identity does not tame 33 random residual blocks; small ones it does.
            for name, buffer in resnet.named_buffers():
                if name.endswith("bn3.weight"):
                    buffer.fill_(0.2)

    def _load_imagenet(self) -> None:
        weights = torchvision.models.resnet101(weights="DEFAULT").state_dict()
        # torchvision's input is RGB / (255·std); folding that into the first filter gives BGR in 0–255.
        std = torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1)
        weights["conv1.weight"] = (weights["conv1.weight"] / (255.0 * std)).flip(1)
        own = self.resnet.state_dict()
        self.resnet.load_state_dict({name: weights[name] for name in own})

    def feature_side(self, crop_side: int) -> int:
        """Returns the side of what ``features`` returns, whatever the crop."""
        return self.roi_side

    def logits_side(self, crop_side: int) -> int:
        """Returns the side of the logits, whatever the crop."""
        return 4 * self.roi_side

    def describe(self) -> dict[str, Any]:
        """Returns the architecture as plain data: the arguments of this class."""
        return {"input_side": self.input_side}

    def trunk(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the pooled pyramid level ``(B, 256, 14, 14)``.

        Raises:
            ValueError: the crop is not square (the whole-picture shortcut would be wrong).
        """
        if rgb.shape[-1] != rgb.shape[-2]:
            raise ValueError(f"rgb {tuple(rgb.shape)} must be square (B, 3, S, S)")
        x = resize(rgb, self.input_side).flip(1) * 255.0 - self.mean
        net = self.resnet
        x = net.maxpool(net.relu(net.bn1(net.conv1(x))))
        x = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        x = self.output5(self.lateral5(x))
        return functional.avg_pool2d(resize(x, 2 * self.roi_side), 2)

    def features(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the activation of the eighth convolution, ``(B, 512, 14, 14)``."""
        features: Tensor = self.convs(self.trunk(rgb))
        return features

    def logits_of(self, features: Tensor) -> Tensor:
        """Maps features to keypoint logits ``(B, 17, 56, 56)``."""
        return resize(self.deconv(features), 4 * self.roi_side)

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to keypoint logits ``(B, 17, 56, 56)``."""
        return self.logits_of(self.features(rgb))


def _conv(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.ReLU())
