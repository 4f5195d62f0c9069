"""Domain-adversarial fine-tuning: the head's features shall not tell photo-like pictures from drawings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.blocks import resize, start_at_probability
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.frozen import Frozen
from pose.sources.named import TaskSource, take_head


class AdversarialNet(nn.Module):
    """The task source with its backbone frozen, its head's convolutions and a new last layer trained.

    At inference it is no larger than task fine-tuning; the judge lives in the training only
    (:mod:`pose.methods.adversarial.judge`).

    Args:
        task: the photo keypoint net; its head is taken out of it.
        settings: of it only ``head_side`` and ``keypoints`` are read.

    Source: Chen & Zwicker 2022, Table 1 "adversarial"; Ganin & Lempitsky 2015, unsupervised domain adaptation by
        backpropagation.
    Deviation: where the paper's judge sits is not published. Here it reads the head's last activation, and the joints
        of drawings are learnt as in task fine-tuning; the other pictures only meet the judge.
    """

    def __init__(self, task: TaskSource, settings: HeadSettings) -> None:
        super().__init__()
        self.side = settings.head_side
        self.feature_channels = task.feature_channels
        self.convs = take_head(task)
        self.deconv = nn.ConvTranspose2d(task.feature_channels, settings.keypoints, 4, stride=2, padding=1)
        self.task = Frozen(task)

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the frozen backbone says of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return SourceFeatures(trunk=self.task.source.trunk(rgb))

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits, and the features ``(B, C, h, w)`` that the judge reads."""
        assert features.trunk is not None
        judged = self.convs(features.trunk)
        return PoseOutput(resize(self.deconv(judged), self.side), features=judged)

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, keypoints, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def start_at_probability(self, probability: float) -> None:
        """Makes the untrained net say ``probability`` everywhere."""
        start_at_probability(self.deconv, probability)
