"""Feature concatenation: picture, domain features and task heatmaps side by side into one head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, KeypointHead, TaskConverter, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.domain import DomainSource
from pose.sources.frozen import Frozen
from pose.sources.named import TaskSource


class FeatureConcatNet(nn.Module):
    """The paper's best method; both sources are frozen, converters and head are trained (0.796 M parameters).

    Args:
        domain: the tagger's lower layers.
        task: keypoint net trained on photos; its logits are the task features.
        settings: sizes of the trained part.

    Source: Chen & Zwicker 2022, section 3.3 "feature concatenation".
    """

    def __init__(self, domain: DomainSource, task: TaskSource, settings: HeadSettings) -> None:
        super().__init__()
        self.side = settings.head_side
        self.domain = Frozen(domain)
        self.task = Frozen(task)
        self.domain_converter = DomainConverter(
            domain.level_channels, self.side, settings.level_width, settings.domain_width
        )
        self.task_converter = TaskConverter(task.keypoints, self.side, settings.task_width)
        # The order picture, domain, task is the paper's: released weights depend on it.
        self.head = KeypointHead(
            3 + settings.domain_width + settings.task_width, settings.head_widths, settings.keypoints
        )

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the sources say of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return SourceFeatures(
                resize(rgb, self.side), self.domain.source.maps(rgb, self.side), self.task.source.trunk(rgb)
            )

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits ``(B, keypoints, side, side)``; there is nothing to imitate."""
        assert features.picture is not None
        assert features.domain is not None
        assert features.trunk is not None
        with torch.no_grad():
            task_logits = self.task.source.logits_of(self.task.source.features_of(features.trunk))
        parts = [features.picture, self.domain_converter(features.domain), self.task_converter(task_logits)]
        return PoseOutput(self.head(torch.cat(parts, dim=1)))

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.head.last, probability)
