"""Domain features only: what the tagger alone knows of poses. A baseline of the paper's Table 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, KeypointHead, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput
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

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        with torch.no_grad():
            maps = self.domain.source(rgb)
        logits: Tensor = self.head(torch.cat([resize(rgb, self.side), self.domain_converter(maps)], dim=1))
        return logits

    def train_forward(self, rgb: Tensor) -> PoseOutput:
        """Returns what the training step needs; there is nothing to imitate."""
        return PoseOutput(self.forward(rgb))

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.head.last, probability)
