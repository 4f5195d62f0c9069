"""The score below which a joint counts as not in the picture, chosen on validation data."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from pose.codecs.heatmap import is_present
from shared.keypoints.schema import COCO_25, JointState

#: Used until validation has seen enough joints of both kinds. Source: a third party's measurement on the released
#: model, whose legs scored .305 when visible and .140 when cropped away.
DEFAULT_GATE = 0.15

#: Joints of a kind (absent) that a keypoint must have for a gate of its own (ours).
ENOUGH = 20

_BINS = 1000


class ScoreGate(Metric):
    """Chooses per keypoint the gate at which both mistakes are equally frequent.

    Mistakes: a present joint (visible or occluded) called absent, and an absent one called present. A keypoint
    that was absent too rarely takes the gate of all keypoints together.
    """

    full_state_update = False
    counts: Tensor

    def __init__(self, keypoints: int = len(COCO_25)) -> None:
        super().__init__()
        self.add_state("counts", torch.zeros(2, keypoints, _BINS, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, score: Tensor, state: Tensor) -> None:
        """Adds scores ``(B, K)`` in [0, 1] of joints with ``state`` ``(B, K)``."""
        bins = (score.float().nan_to_num(0.0).clamp(0, 1) * _BINS).long().clamp(max=_BINS - 1)
        for kind, joints in enumerate((state == JointState.OUTSIDE, is_present(state))):
            for keypoint in range(bins.shape[1]):
                self.counts[kind, keypoint] += torch.bincount(bins[joints[:, keypoint], keypoint], minlength=_BINS)

    def compute(self) -> Tensor:
        """Returns the gates ``(K,)``."""
        together = _balance(self.counts.sum(dim=1)) if self._enough(self.counts.sum(dim=1)) else DEFAULT_GATE
        gates = [
            _balance(self.counts[:, k]) if self._enough(self.counts[:, k]) else together
            for k in range(self.counts.shape[1])
        ]
        return torch.tensor(gates, device=self.counts.device)

    @staticmethod
    def _enough(counts: Tensor) -> bool:
        return bool((counts.sum(dim=-1) >= ENOUGH).all())


def _balance(counts: Tensor) -> float:
    """Returns the gate for histograms ``(2, BINS)`` of absent and present joints."""
    shares = counts.double() / counts.sum(dim=-1, keepdim=True)
    below = torch.nn.functional.pad(shares.cumsum(dim=-1), (1, 0))
    called_absent, called_present = below[1], 1 - below[0]
    # Rising minus falling crosses 0 once; where it stays at its least distance, the middle is the safest.
    gap = (called_absent - called_present).abs()
    best = torch.nonzero(gap <= gap.min() + 1e-9).flatten()
    return float(best[len(best) // 2]) / _BINS
