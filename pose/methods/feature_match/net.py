"""Feature matching: domain features learn to imitate the task features, so the task source is not needed later."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, KeypointHead, TaskConverter, conv3, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.domain import DomainSource
from pose.sources.frozen import Frozen


class FeatureMatchNet(nn.Module):
    """Reads only the domain source; 9.946 M parameters at paper size, 1.403 M of them trained.

    Args:
        domain: the tagger's lower layers.
        imitated_channels: channels of the task source's features before its deconvolution (512).
        imitated_side: their side in cells (14).
        settings: sizes of the trained part.

    Source: Chen & Zwicker 2022, section 3.3 "feature matching".
    """

    def __init__(
        self, domain: DomainSource, imitated_channels: int, imitated_side: int, settings: HeadSettings
    ) -> None:
        super().__init__()
        self.side, self.imitated_side = settings.head_side, imitated_side
        self.domain = Frozen(domain)
        self.domain_converter = DomainConverter(
            domain.level_channels, self.side, settings.level_width, settings.domain_width
        )
        self.matcher = nn.Sequential(
            conv3(settings.domain_width, imitated_channels), nn.ReLU(), nn.BatchNorm2d(imitated_channels)
        )
        self.task_converter = TaskConverter(imitated_channels, self.side, settings.task_width)
        self.head = KeypointHead(
            3 + settings.domain_width + settings.task_width, settings.head_widths, settings.keypoints
        )

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the domain source says of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return SourceFeatures(resize(rgb, self.side), self.domain.source.maps(rgb, self.side))

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits and the imitated features ``(B, imitated_channels, imitated_side, imitated_side)``.

        The head always reads the imitation, never the task source, so its loss trains the matcher as well.
        """
        assert features.picture is not None
        assert features.domain is not None
        domain = self.domain_converter(features.domain)
        imitation = self.matcher(resize(domain, self.imitated_side))
        parts = [features.picture, domain, self.task_converter(imitation)]
        return PoseOutput(self.head(torch.cat(parts, dim=1)), imitation)

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.head.last, probability)
