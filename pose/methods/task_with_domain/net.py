"""Task fine-tuning with domain features: what the tagger sees is added where the head begins."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.domain import DomainSource
from pose.sources.frozen import Frozen
from pose.sources.named import TaskSource, take_head


class TaskWithDomainNet(nn.Module):
    """Task fine-tuning whose head reads the sum of the frozen backbone's map and the converted domain features.

    Args:
        domain: the tagger's lower layers, frozen.
        task: the photo keypoint net; its head is taken out of it.
        settings: ``task_width`` and ``head_widths`` are not read.

    Source: Chen & Zwicker 2022, Table 1 "task fine-tuning with domain features".
    Deviation: how the features enter is not published. Here a 1×1 convolution that starts at zero adds them, so that
        the training begins exactly where task fine-tuning begins.
    """

    def __init__(self, domain: DomainSource, task: TaskSource, crop_side: int, settings: HeadSettings) -> None:
        super().__init__()
        self.side = settings.head_side
        self.domain_converter = DomainConverter(
            domain.level_channels, task.feature_side(crop_side), settings.level_width, settings.domain_width
        )
        self.add = nn.Conv2d(settings.domain_width, task.trunk_channels, 1)
        nn.init.zeros_(self.add.weight)
        assert self.add.bias is not None
        nn.init.zeros_(self.add.bias)
        self.convs = take_head(task)
        self.deconv = nn.ConvTranspose2d(task.feature_channels, settings.keypoints, 4, stride=2, padding=1)
        self.domain = Frozen(domain)
        self.task = Frozen(task)

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the sources say of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            maps = self.domain.source.maps(rgb, self.domain_converter.side)
            return SourceFeatures(domain=maps, trunk=self.task.source.trunk(rgb))

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits ``(B, keypoints, side, side)``; there is nothing to imitate."""
        assert features.domain is not None
        assert features.trunk is not None
        together = features.trunk + self.add(self.domain_converter(features.domain))
        return PoseOutput(resize(self.deconv(self.convs(together)), self.side))

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.deconv, probability)
