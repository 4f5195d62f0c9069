"""Domain features only: what the tagger alone knows of poses. A baseline of the paper's Table 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, KeypointHead, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.domain import DomainSource
from pose.sources.frozen import Frozen


class DomainOnlyNet(nn.Module):
    """Feature concatenation without the task source.

    Args:
        domain: the tagger's lower layers, frozen.
        settings: sizes of the trained part; ``task_width`` is not read.

    Source: Chen & Zwicker 2022, Table 1 "domain features only".
    """

    def __init__(self, domain: DomainSource, settings: HeadSettings) -> None:
        super().__init__()
        self.side = settings.head_side
        self.domain = Frozen(domain)
        self.domain_converter = DomainConverter(
            domain.level_channels, self.side, settings.level_width, settings.domain_width
        )
        self.head = KeypointHead(3 + settings.domain_width, settings.head_widths, settings.keypoints)

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the domain source says of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return SourceFeatures(resize(rgb, self.side), self.domain.source.maps(rgb, self.side))

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits ``(B, keypoints, side, side)``; there is nothing to imitate."""
        assert features.picture is not None
        assert features.domain is not None
        return PoseOutput(self.head(torch.cat([features.picture, self.domain_converter(features.domain)], dim=1)))

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.head.last, probability)
