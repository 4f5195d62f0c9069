"""Tells characters apart that touch: where each one's middle is, and which way to it from every cell."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from segmenter.aspp import conv_norm_relu
from segmenter.backbones import CHANNELS, BackboneName

#: Picture pixels a cell of the head's maps.
STRIDE = 4
_WIDTHS = (128, 96, 64)
#: Few cells are a middle: the untrained head says so (0.12), and its first steps are not spent on that.
_FIRST_LOGIT = -2.0


class InstanceHead(nn.Module):
    """A decoder of its own on the segmenter's maps; nothing that it learns changes the mask.

    Source: Cheng et al. 2020, "Panoptic-DeepLab": a map of centres and one of offsets to them, from a decoder beside
    the semantic one. Ours: widths, and that the backbone's last map is read beside the pyramid, which a finished
    segmenter has learnt for its masks alone.

    Args:
        backbone: the segmenter's.
        pyramid_channels: of the segmenter's pyramid.
    """

    def __init__(self, backbone: BackboneName, pyramid_channels: int) -> None:
        super().__init__()
        _, fine, middle, last = CHANNELS[backbone]
        first, second, third = _WIDTHS
        self.deep = nn.Sequential(*conv_norm_relu(pyramid_channels + last, first, 1), *conv_norm_relu(first, first, 3))
        self.joins = nn.ModuleDict(
            {
                "8": nn.Sequential(*conv_norm_relu(first + middle, second, 3)),
                "4": nn.Sequential(*conv_norm_relu(second + fine, third, 3)),
            }
        )
        self.answer = nn.Sequential(*conv_norm_relu(third, third, 5), nn.Conv2d(third, 3, 1))
        final = self.answer[-1]
        assert isinstance(final, nn.Conv2d)
        assert final.bias is not None
        nn.init.constant_(final.bias[:1], _FIRST_LOGIT)

    def forward(self, pyramid: Tensor, last: Tensor, maps: dict[int, Tensor]) -> Tensor:
        """Returns ``(B, 3, H / 4, W / 4)``: logit of a middle, and offset x, y to the own one in cells.

        Args:
            pyramid: ``(B, pyramid_channels, h, w)``.
            last: the backbone's last map ``(B, C, h, w)``.
            maps: the backbone's maps by stride.
        """
        features = self.deep(torch.cat([pyramid, last], dim=1))
        for stride in (8, 4):
            finer = maps[stride]
            features = functional.interpolate(features, size=finer.shape[-2:], mode="bilinear", align_corners=False)
            features = self.joins[str(stride)](torch.cat([features, finer], dim=1))
        answer: Tensor = self.answer(features)
        return answer
