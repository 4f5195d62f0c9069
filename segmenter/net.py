"""The segmenter's network: DeepLabv3 and a small refinement head that sees the picture again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from segmenter.aspp import ASPP
from segmenter.backbones import CHANNELS, BackboneName, build_backbone
from segmenter.instance_head import InstanceHead

#: Strides of the backbone's maps that can join on the way up, and the channels of the joins that have a convolution.
SKIP_STRIDES = (2, 4, 8)
_WIDTHS = {8: 64, 4: 32}
#: ImageNet statistics of RGB in [0, 1], as torchvision's weights expect.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Encoded(NamedTuple):
    """Of a picture: the backbone's maps by stride, its last map, and the pyramid's answer to it."""

    maps: dict[int, Tensor]
    last: Tensor
    pyramid: Tensor


class DeepLab(nn.Module):
    """Backbone, pyramid, and 3×3 convolutions down to 16 channels.

    Source: Chen & Zwicker 2022: DeepLabv3 whose last layers are replaced by 3×3 convolutions to 64 and 16 channels,
    each with bias, batch norm and LeakyReLU(0.01), zero padded.

    Deviation: with ``skip_strides`` the map is enlarged step by step between these two convolutions and joined by the
    backbone's maps of those strides, as DeepLabv3+ does with one: the coarser joins have a 3×3 convolution of their
    own, the finest is read by the published convolution to 16. A small net trained from nothing for minutes needs
    it to find edges; the published net has none.
    """

    def __init__(
        self,
        backbone: BackboneName,
        output_stride: int,
        atrous_rates: Sequence[int],
        pyramid_channels: int,
        dropout: float,
        skip_strides: Sequence[int],
    ) -> None:
        super().__init__()
        self.backbone = build_backbone(backbone, output_stride)
        *skip_channels, channels = CHANNELS[backbone]
        self.skip_strides = sorted(skip_strides, reverse=True)
        joined = [skip_channels[SKIP_STRIDES.index(stride)] for stride in self.skip_strides]
        widths = [_WIDTHS[stride] for stride in self.skip_strides[:-1]]
        self.joins = nn.ModuleList(
            nn.Sequential(*_conv_norm_leaky(before + extra, width))
            for before, extra, width in zip([64, *widths], joined, widths, strict=False)
        )
        self.classifier = nn.Sequential(
            ASPP(channels, atrous_rates, pyramid_channels, dropout),
            *_conv_norm_leaky(pyramid_channels, 64),
            *_conv_norm_leaky([64, *widths][-1] + (joined[-1] if joined else 0), 16),
        )

    def forward(self, normalized: Tensor) -> Tensor:
        """Maps normalised RGB ``(B, 3, H, W)`` to ``(B, 16, H, W)``."""
        return self.decode(self.encode(normalized), normalized)

    def encode(self, normalized: Tensor) -> Encoded:
        """Returns what the picture's pixels are found from."""
        maps, last = self.backbone(normalized)
        return Encoded(maps, last, self.classifier[0](last))

    def decode(self, encoded: Encoded, normalized: Tensor) -> Tensor:
        """Returns ``(B, 16, H, W)`` of what :meth:`encode` gave."""
        maps = encoded.maps
        features = self.classifier[1:4](encoded.pyramid)
        for stride, join in zip(self.skip_strides, [*self.joins, nn.Identity()], strict=False):
            features = join(torch.cat([_resized(features, maps[stride]), maps[stride]], dim=1))
        return _resized(self.classifier[4:](features), normalized)


class SegmenterNet(nn.Module):
    """Tells character from background, pixel by pixel.

    With the defaults it is the published network: 58.196 M parameters, state keys ``deeplab.backbone.*``,
    ``deeplab.classifier.*``, ``final_head.*``.

    Args:
        backbone: ``resnet101`` (published), ``resnet50``, ``mobilenet_v3_large`` or ``compact``.
        output_stride: 8 or 16, picture pixels per cell of the backbone's last map.
        atrous_rates: dilations of the pyramid, in cells of that map.
        pyramid_channels: of each branch of the pyramid and of its result; 256 for the published network.
        dropout: share of the pyramid's channels dropped in training.
        skip_strides: some of 2, 4, 8 (see :class:`DeepLab`); none for the published network.
        instances: with a head that tells characters apart (ours; the published network has none).

    Source: Chen & Zwicker 2022.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: BackboneName = "resnet101",
        output_stride: int = 8,
        atrous_rates: Sequence[int] = (12, 24, 36),
        pyramid_channels: int = 256,
        dropout: float = 0.5,
        skip_strides: Sequence[int] = (),
        instances: bool = False,
    ) -> None:
        super().__init__()
        if unknown := set(skip_strides) - set(SKIP_STRIDES):
            raise ValueError(f"skip_strides {sorted(unknown)} must be some of {SKIP_STRIDES}")
        self.deeplab = DeepLab(backbone, output_stride, atrous_rates, pyramid_channels, dropout, skip_strides)
        self.final_head = nn.Sequential(
            *_conv_norm_leaky(16 + 3, 16), *_conv_norm_leaky(16, 8), nn.Conv2d(8, 2, kernel_size=1)
        )
        self.instance_head = InstanceHead(backbone, pyramid_channels) if instances else None
        # Not in the state dict: published checkpoints have none, and they never change.
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Returns logits ``(B, 2, H, W)`` (class 1 is the character) of RGB in [0, 1] ``(B, 3, H, W)``, any H, W.

        Raises:
            ValueError: not a float tensor of that shape.
        """
        normalized = self._normalized(image)
        return self._logits(self.deeplab(normalized), normalized)

    def instance_maps(self, image: Tensor) -> Tensor:
        """Returns the instance head's answer alone: ``(B, 3, H / 4, W / 4)`` as of :class:`InstanceHead`.

        Args:
            image: as for calling the net.

        Raises:
            ValueError: not such a tensor, or the net has no such head.
        """
        return self._instances(self.deeplab.encode(self._normalized(image)))

    def mask_and_instances(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the logits that calling the net gives, and :meth:`instance_maps`, for less than the two of them."""
        normalized = self._normalized(image)
        encoded = self.deeplab.encode(normalized)
        return self._logits(self.deeplab.decode(encoded, normalized), normalized), self._instances(encoded)

    def _instances(self, encoded: Encoded) -> Tensor:
        if self.instance_head is None:
            raise ValueError("the net has no instance head; build it with instances=True")
        maps: Tensor = self.instance_head(encoded.pyramid, encoded.last, encoded.maps)
        return maps

    def _normalized(self, image: Tensor) -> Tensor:
        if image.ndim != 4 or image.shape[1] != 3 or not image.is_floating_point():
            raise ValueError(f"image is {image.dtype} {tuple(image.shape)}; must be float (B, 3, H, W) in [0, 1]")
        normalized: Tensor = (image - self.mean) / self.std
        return normalized

    def _logits(self, features: Tensor, normalized: Tensor) -> Tensor:
        logits: Tensor = self.final_head(torch.cat([features, normalized.to(features.dtype)], dim=1))
        return logits


def _resized(features: Tensor, like: Tensor) -> Tensor:
    return functional.interpolate(features, size=like.shape[-2:], mode="bilinear", align_corners=False)


def _conv_norm_leaky(in_channels: int, out_channels: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(0.01),
    ]
