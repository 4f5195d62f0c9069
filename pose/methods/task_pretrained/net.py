"""Task-pretrained: what a keypoint net for photos finds on drawings without having learnt any. Nothing is trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pose.blocks import resize
from pose.codecs.heatmap import find_peaks
from pose.methods.settings import HeadSettings, PoseOutput, SourceFeatures
from pose.sources.frozen import Frozen
from pose.sources.named import TaskSource
from shared.keypoints.schema import COCO_17, MIDPOINT_INDICES

#: Standard deviation in cells of a midpoint's bell; decoding does not depend on it.
_SIGMA_CELLS = 1.0


class TaskPretrainedNet(nn.Module):
    """The task source's 17 joints, and the midpoints that lie between them.

    Such nets are trained with a softmax over the cells of a map, so the share of a cell is the probability that the
    joint is there; its logit is returned. A midpoint's map is a bell in the middle of its parents' peaks, as high as
    the lower of them.

    Args:
        task: the photo keypoint net.
        settings: of it only ``head_side`` is read.

    Source: Chen & Zwicker 2022, Table 1 "task-pretrained R-CNN".
    Deviation: the midpoints; the paper's row has COCO's joints only.
    """

    def __init__(self, task: TaskSource, settings: HeadSettings) -> None:
        super().__init__()
        self.side = settings.head_side
        self.task = Frozen(task)

    def frozen_features(self, rgb: Tensor) -> SourceFeatures:
        """Returns what the frozen backbone says of square RGB crops ``(B, 3, S, S)`` in [0, 1]."""
        with torch.no_grad():
            return SourceFeatures(trunk=self.task.source.trunk(rgb))

    def from_features(self, features: SourceFeatures) -> PoseOutput:
        """Returns logits ``(B, 25, side, side)``; there is nothing to train."""
        assert features.trunk is not None
        with torch.no_grad():
            source = self.task.source
            task_logits = source.logits_of(source.features_of(features.trunk))
            maps = resize(task_logits[:, : len(COCO_17)].float(), self.side)
            log_share = functional.log_softmax(maps.flatten(2), dim=-1).view_as(maps)
            return PoseOutput(torch.cat([_logit(log_share), self._midpoints(log_share)], dim=1))

    def forward(self, rgb: Tensor) -> Tensor:
        """Maps square RGB crops ``(B, 3, S, S)`` in [0, 1] to logits ``(B, 25, side, side)``."""
        return self.from_features(self.frozen_features(rgb)).logits

    def _midpoints(self, log_share: Tensor) -> Tensor:
        places, peak = find_peaks(log_share)
        parents = torch.tensor(MIDPOINT_INDICES, device=log_share.device)
        middle, height = places[:, parents].mean(dim=2), peak[:, parents].amin(dim=2)
        centres = torch.arange(self.side, device=log_share.device) + 0.5
        across = (centres - middle[..., :1]) ** 2
        down = (centres - middle[..., 1:]) ** 2
        distance = down[..., :, None] + across[..., None, :]
        return _logit(height[..., None, None] - distance / (2 * _SIGMA_CELLS**2))

    def start_at_probability(self, probability: float) -> None:
        """Does nothing: there is no untrained layer."""


def _logit(log_probability: Tensor) -> Tensor:
    """Returns the logit of a probability given by its logarithm, without losing small ones."""
    log_probability = log_probability.clamp(max=-1e-6)
    return log_probability - torch.log(-torch.expm1(log_probability))
