"""Task fine-tuning only: the photo keypoint net goes on learning on drawings. A baseline of the paper's Table 1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.frozen import Frozen
from pose.sources.named import TaskSource, take_head


class TaskFinetuneNet(nn.Module):
    """The task source with its backbone frozen, its head's convolutions trained on, its last layer made anew.

    Args:
        task: the photo keypoint net; its head is taken out of it.
        settings: of it only ``head_side`` and ``keypoints`` are read.

    Source: Chen & Zwicker 2022, Table 1 "task fine-tuning only"; the deconvolution is re-made with 25 outputs.
    """

    def __init__(self, task: TaskSource, settings: HeadSettings) -> None:
        super().__init__()
        self.side = settings.head_side
        self.convs = take_head(task)
        self.deconv = nn.ConvTranspose2d(task.feature_channels, settings.keypoints, 4, stride=2, padding=1)
        self.task = Frozen(task)

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the frozen backbone says of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return SourceFeatures(trunk=self.task.source.trunk(rgb))

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits ``(B, keypoints, side, side)``; there is nothing to imitate."""
        assert features.trunk is not None
        return PoseOutput(resize(self.deconv(self.convs(features.trunk)), self.side))

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.deconv, probability)
