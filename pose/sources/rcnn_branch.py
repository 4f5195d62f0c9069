"""The keypoint branch of an R-CNN for one box that is the whole square picture, and nothing else of the detector."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torchvision
import torchvision.ops
from torch import Tensor, nn
from torch.nn import functional

from pose.blocks import resize
from shared.keypoints.schema import COCO_17


class FrozenBatchNorm2d(torchvision.ops.FrozenBatchNorm2d):  # type: ignore[misc]
    """torchvision's, in one pass over the map instead of two."""

    def forward(self, x: Tensor) -> Tensor:
        """Maps ``(B, C, H, W)`` to the same, normalised by the fixed mean and variance."""
        return functional.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


class RcnnBranch(nn.Module):
    """Backbone, pyramid level P5, pooling of the whole map, keypoint head.

    A box that is the whole picture of 448 px or more always falls on P5, which needs no level above it, and ROI
    pooling of the whole map is a fixed linear map. So no proposals, box head, finer levels or ROI operators are
    needed. BatchNorm is frozen throughout. Subclasses say how the picture is prepared and how P5 is pooled.

    Args:
        depth: of the ResNet, 50 or 101.
        input_side: side to which the crop is enlarged.
        eps: what BatchNorm adds to its variances.

    Source: Mask R-CNN (He et al. 2017), keypoint head; feature pyramids (Lin et al. 2017).
    """

    roi_side = 14
    trunk_channels = 256
    feature_channels = 512
    keypoints = len(COCO_17)

    def __init__(self, depth: int, input_side: int = 800, eps: float = 1e-5) -> None:
        super().__init__()
        self.input_side = input_side
        norm = partial(FrozenBatchNorm2d, eps=eps)
        resnet: Any = torchvision.models.get_model(f"resnet{depth}", weights=None, norm_layer=norm)
        resnet.fc = nn.Identity()
        self.resnet = resnet
        self.lateral5 = nn.Conv2d(2048, 256, 1)
        self.output5 = nn.Conv2d(256, 256, 3, padding=1)
        self.convs = nn.Sequential(
            *(_conv(self.trunk_channels if i == 0 else self.feature_channels, self.feature_channels) for i in range(8))
        )
        self.deconv = nn.ConvTranspose2d(self.feature_channels, self.keypoints, 4, stride=2, padding=1)

    def prepare(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to what the backbone takes."""
        raise NotImplementedError

    def pool(self, level5: Tensor) -> Tensor:
        """Maps P5 ``(B, 256, h, h)`` to ``(B, 256, 14, 14)``."""
        raise NotImplementedError

    def tame(self) -> None:
        """Makes random weights usable: BatchNorm frozen at identity does not tame dozens of residual blocks."""
        for name, buffer in self.resnet.named_buffers():
            if name.endswith("bn3.weight"):
                buffer.fill_(0.2)

    def feature_side(self, crop_side: int) -> int:
        """Returns the side of what ``features`` returns, whatever the crop."""
        return self.roi_side

    def logits_side(self, crop_side: int) -> int:
        """Returns the side of the logits, whatever the crop."""
        return 4 * self.roi_side

    def describe(self) -> dict[str, Any]:
        """Returns the architecture as plain data: the arguments of the class."""
        return {"input_side": self.input_side}

    def trunk(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the pooled pyramid level ``(B, 256, 14, 14)``.

        Raises:
            ValueError: the crop is not square (the whole-picture shortcut would be wrong).
        """
        if rgb.shape[-1] != rgb.shape[-2]:
            raise ValueError(f"rgb {tuple(rgb.shape)} must be square (B, 3, S, S)")
        net = self.resnet
        x = net.maxpool(net.relu(net.bn1(net.conv1(self.prepare(rgb)))))
        x = net.layer4(net.layer3(net.layer2(net.layer1(x))))
        return self.pool(self.output5(self.lateral5(x)))

    def features(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the activation of the eighth convolution, ``(B, 512, 14, 14)``."""
        return self.features_of(self.trunk(rgb))

    def features_of(self, trunk: Tensor) -> Tensor:
        """Maps what ``trunk`` returns to the last activation before the deconvolution."""
        features: Tensor = self.convs(trunk)
        return features

    def logits_of(self, features: Tensor) -> Tensor:
        """Maps features to keypoint logits ``(B, 17, 56, 56)``."""
        return resize(self.deconv(features), 4 * self.roi_side)

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to keypoint logits ``(B, 17, 56, 56)``."""
        return self.logits_of(self.features(rgb))


def channel_constants(values: tuple[float, float, float]) -> Tensor:
    """Returns ``(1, 3, 1, 1)`` for arithmetic with pictures."""
    return torch.tensor(values).view(1, 3, 1, 1)


def _conv(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.ReLU())
