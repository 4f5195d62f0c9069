"""Atrous spatial pyramid pooling, with the state-dict layout of torchvision's DeepLabv3."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def conv_norm_relu(in_channels: int, out_channels: int, side: int, dilation: int = 1) -> list[nn.Module]:
    """Returns the layers of a convolution of ``side`` (odd) cells that keeps the map's size, without bias."""
    padding = side // 2 * dilation
    conv = nn.Conv2d(in_channels, out_channels, side, padding=padding, dilation=dilation, bias=False)
    return [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]


class ImagePooling(nn.Sequential):
    """The pyramid's picture-wide branch: mean over the map, 1×1 convolution, norm, ReLU, spread over the map again.

    Deviation: with one picture in a training batch its norm takes the running statistics. The batch's own would be
    those of a single value per channel, which PyTorch refuses; a ragged last batch should not end a run.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), *conv_norm_relu(in_channels, out_channels, 1))

    def forward(self, features: Tensor) -> Tensor:
        """Maps ``(B, C, h, w)`` to ``(B, out_channels, h, w)``, constant over each map."""
        pool, conv, norm, relu = self
        pooled: Tensor = conv(pool(features))
        if self.training and len(pooled) == 1:
            assert isinstance(norm, nn.BatchNorm2d)
            pooled = functional.batch_norm(
                pooled, norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False, eps=norm.eps
            )
        else:
            pooled = norm(pooled)
        pooled = relu(pooled)
        return pooled.expand(-1, -1, *features.shape[-2:])


class ASPP(nn.Module):
    """Looks at a feature map at several dilations and as a whole.

    Source: Chen et al. 2017, "Rethinking Atrous Convolution for Semantic Image Segmentation".
    """

    def __init__(self, in_channels: int, atrous_rates: Sequence[int], out_channels: int = 256, dropout: float = 0.5):
        super().__init__()
        branches = [nn.Sequential(*conv_norm_relu(in_channels, out_channels, 1))]
        branches += [nn.Sequential(*conv_norm_relu(in_channels, out_channels, 3, rate)) for rate in atrous_rates]
        branches.append(ImagePooling(in_channels, out_channels))
        self.convs = nn.ModuleList(branches)
        self.project = nn.Sequential(
            *conv_norm_relu(len(branches) * out_channels, out_channels, 1), nn.Dropout(dropout)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Maps ``(B, in_channels, h, w)`` to ``(B, out_channels, h, w)``."""
        projected: Tensor = self.project(torch.cat([branch(features) for branch in self.convs], dim=1))
        return projected
