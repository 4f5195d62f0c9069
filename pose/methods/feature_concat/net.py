"""Feature concatenation: picture, domain features and task heatmaps side by side into one head."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import DomainConverter, KeypointHead, TaskConverter, resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput
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

    def frozen_features(self, rgb: Tensor) -> tuple[list[Tensor], Tensor]:
        """Returns the four domain maps and the task logits of RGB ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return self.domain.source(rgb), self.task.source(rgb)

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        maps, task_logits = self.frozen_features(rgb)
        parts = [resize(rgb, self.side), self.domain_converter(maps), self.task_converter(task_logits)]
        logits: Tensor = self.head(torch.cat(parts, dim=1))
        return logits

    def train_forward(self, rgb: Tensor) -> PoseOutput:
        """Returns what the training step needs; there is nothing to imitate."""
        return PoseOutput(self.forward(rgb))

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.head.last, probability)
