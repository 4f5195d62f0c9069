"""Task fine-tuning with domain features: what the tagger sees is added where the head begins."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput
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

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        with torch.no_grad():
            maps, trunk = self.domain.source(rgb), self.task.source.trunk(rgb)
        return resize(self.deconv(self.convs(trunk + self.add(self.domain_converter(maps)))), self.side)

    def train_forward(self, rgb: Tensor) -> PoseOutput:
        """Returns what the training step needs; there is nothing to imitate."""
        return PoseOutput(self.forward(rgb))

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.deconv, probability)
