"""Layers that the pose methods share. Source: Chen & Zwicker 2022, supplementary network diagrams."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def resize(maps: Tensor, side: int) -> Tensor:
    """Resizes ``(B, C, H, W)`` to ``(B, C, side, side)``: bilinear on pixel centres, no antialiasing."""
    if maps.shape[-2:] == (side, side):
        return maps
    return functional.interpolate(maps, size=(side, side), mode="bilinear", align_corners=False)


def shrink(maps: Tensor, side: int) -> Tensor:
    """Resizes maps that are larger than ``side``, as :func:`resize` does, and leaves others as they are."""
    return resize(maps, side) if maps.shape[-1] > side else maps


def conv3(in_channels: int, out_channels: int) -> nn.Conv2d:
    """Returns a 3×3 convolution with bias that keeps the size by repeating the border."""
    return nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="replicate")


class ResBlock(nn.Module):
    """``depth`` convolutions with a skip from the first one, taken before its activation.

    ``a = conv0(x); t = norm0(relu(a)); t = norm_i(relu(conv_i(t))) for i ≥ 1; y = norm(relu(a + t))``.
    The activation precedes the normalisation throughout.
    """

    def __init__(self, in_channels: int, channels: int, depth: int = 3) -> None:
        super().__init__()
        self.convs = nn.ModuleList(conv3(in_channels if i == 0 else channels, channels) for i in range(depth))
        self.norms = nn.ModuleList(nn.BatchNorm2d(channels) for _ in range(depth))
        self.tail_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Maps ``(B, in_channels, H, W)`` to ``(B, channels, H, W)``."""
        skip = self.convs[0](x)
        t = self.norms[0](functional.relu(skip))
        for conv, norm in zip(list(self.convs)[1:], list(self.norms)[1:], strict=True):
            t = norm(functional.relu(conv(t)))
        out: Tensor = self.tail_norm(functional.relu(skip + t))
        return out


class DomainConverter(nn.Module):
    """Brings the domain source's levels to one map: per level 1×1, resize; then BN, LeakyReLU, 3×3.

    Args:
        level_channels: channels of each level, in the order given to ``forward``.
        side: side of the result in cells.
        level_width: channels of a level after its 1×1.
        out_channels: channels of the result.
    """

    def __init__(self, level_channels: Sequence[int], side: int, level_width: int, out_channels: int) -> None:
        super().__init__()
        self.side = side
        self.levels = nn.ModuleList(nn.Conv2d(channels, level_width, 1) for channels in level_channels)
        total = level_width * len(level_channels)
        self.fuse = nn.Sequential(nn.BatchNorm2d(total), nn.LeakyReLU(), conv3(total, out_channels))

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps levels ``(B, C_i, H_i, W_i)`` to ``(B, out_channels, side, side)``."""
        parts = [self._bring(conv, level) for conv, level in zip(self.levels, maps, strict=True)]
        fused: Tensor = self.fuse(torch.cat(parts, dim=1))
        return fused

    def _bring(self, conv: nn.Module, level: Tensor) -> Tensor:
        # A 1×1 convolution and a resize can change places; the cheaper order does the convolution on fewer cells.
        return resize(conv(shrink(level, self.side)), self.side)


class TaskConverter(nn.Module):
    """Brings the task source's maps to the head: 1×1, then resize."""

    def __init__(self, in_channels: int, side: int, out_channels: int) -> None:
        super().__init__()
        self.side = side
        self.conv = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps ``(B, in_channels, h, w)`` to ``(B, out_channels, side, side)``."""
        return resize(self.conv(maps), self.side)


class KeypointHead(nn.Module):
    """From the concatenated features to heatmap logits.

    Args:
        in_channels: channels of the concatenation (163 in the paper).
        widths: channels of the first convolution and of the two residual blocks (128, 64, 32 in the paper).
        keypoints: heatmaps (25).
    """

    def __init__(self, in_channels: int, widths: Sequence[int], keypoints: int) -> None:
        super().__init__()
        first, *rest = widths
        blocks = [ResBlock(a, b) for a, b in zip([first, *rest], rest, strict=False)]
        self.layers = nn.Sequential(
            conv3(in_channels, first), nn.LeakyReLU(), nn.BatchNorm2d(first), *blocks, conv3(widths[-1], keypoints)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Maps ``(B, in_channels, H, W)`` to logits ``(B, keypoints, H, W)``."""
        logits: Tensor = self.layers(x)
        return logits

    @property
    def last(self) -> nn.Conv2d:
        """The layer that gives the logits."""
        layer = self.layers[-1]
        assert isinstance(layer, nn.Conv2d)
        return layer


def start_at_probability(layer: nn.Conv2d | nn.ConvTranspose2d, probability: float) -> None:
    """Sets the bias of the last layer so that an untrained net says ``probability`` everywhere.

    Heatmaps are nearly empty: without it the first hundreds of steps only teach the net to say no.
    Source: Lin et al. 2017 (focal loss), section 4.1.
    """
    assert layer.bias is not None
    nn.init.constant_(layer.bias, float(torch.logit(torch.tensor(probability))))
