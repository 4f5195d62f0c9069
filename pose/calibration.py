"""Scores that mean what they say: the share of joints with that score that are found, measured on validation data."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from pose.codecs.heatmap import is_present
from shared.keypoints.schema import COCO_25, JointState

#: Cells of the histogram of raw scores, and knots of the curve.
BINS = 100

#: Joints below which nothing is calibrated, and the joints' worth of the common curve in a keypoint's own (ours).
ENOUGH, _PRIOR = 200, 50.0

#: A step of the curve is tilted by this share of the raw score, so that no two raw scores become one.
_TILT = 1e-3


def is_found(points_xy: Tensor, truth_xy: Tensor, state: Tensor, area: Tensor) -> Tensor:
    """Returns where a joint is in the crop and its place has a COCO similarity of at least ½.

    Args:
        points_xy: ``(B, 25, 2)`` answers in any frame.
        truth_xy: ``(B, 25, 2)`` in that frame.
        state: ``(B, 25)`` :class:`JointState`.
        area: ``(B,)`` area of the character's segment in that frame.
    """
    sigmas = torch.tensor(COCO_25.sigmas, device=points_xy.device)
    # exp(-d² / (2·area·(2σ)²)) ≥ ½
    radius2 = 8.0 * math.log(2.0) * area[:, None] * sigmas**2
    return is_present(state) & ((points_xy - truth_xy).square().sum(dim=-1) <= radius2)


class ScoreCalibration(Metric):
    """Learns from validation data the curve from raw scores to shares of found joints, one a keypoint.

    The curve rises (pools of adjacent violators); a keypoint with little data leans on the curve of all.

    Args:
        keypoints: K.
    """

    full_state_update = False
    counts: Tensor

    def __init__(self, keypoints: int = len(COCO_25)) -> None:
        super().__init__()
        # Not found, found.
        self.add_state("counts", torch.zeros(2, keypoints, BINS, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, score: Tensor, found: Tensor, state: Tensor) -> None:
        """Adds raw scores ``(B, K)`` in [0, 1] of joints; those nobody labelled are left out."""
        bins = (score.float().nan_to_num(0.0).clamp(0, 1) * BINS).long().clamp(max=BINS - 1)
        labelled = state != JointState.UNKNOWN
        for kind, chosen in enumerate((labelled & ~found, labelled & found)):
            for keypoint in range(bins.shape[1]):
                values = bins[chosen[:, keypoint], keypoint]
                self.counts[kind, keypoint] += torch.bincount(values, minlength=BINS)

    def compute(self) -> Tensor:
        """Returns the curves ``(K, BINS)``: the share found at the middle of each bin of raw scores."""
        counts = self.counts.cpu().numpy().astype(np.float64)
        if counts.sum() < ENOUGH:
            return identity_curves(counts.shape[1])
        total, found = counts.sum(axis=0), counts[1]
        common = rising(found.sum(axis=0), total.sum(axis=0))
        prior = np.full(BINS, _PRIOR / BINS)
        return torch.from_numpy(
            np.stack([rising(found[k] + prior * common, total[k] + prior) for k in range(len(total))])
        ).float()


def identity_curves(keypoints: int = len(COCO_25)) -> Tensor:
    """Returns curves ``(K, BINS)`` that leave scores as they are."""
    return ((torch.arange(BINS) + 0.5) / BINS).expand(keypoints, BINS).clone()


def calibrated(score: Tensor, curves: Tensor) -> Tensor:
    """Returns the calibrated scores of raw ``score`` ``(…, K)``; a higher raw score stays a higher score."""
    curves = curves.to(score.device)
    place = (score.float() * BINS - 0.5).clamp(0, BINS - 1)
    lower = place.floor().long().clamp(max=BINS - 2)
    keypoint = torch.arange(curves.shape[0], device=score.device).expand(score.shape)
    below, above = curves[keypoint, lower], curves[keypoint, lower + 1]
    value = below + (above - below) * (place - lower)
    return (1.0 - _TILT) * value + _TILT * score.float()


def rising(found: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the rising curve nearest to ``found / total`` (weighted squares); bins without data are interpolated.

    Source: pool adjacent violators (Ayer et al. 1955).
    """
    used = np.flatnonzero(total > 0)
    pools: list[list[float]] = []  # found, total, bins
    for i in used:
        pools.append([found[i], total[i], 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    values = np.concatenate([np.full(int(bins), part / whole) for part, whole, bins in pools])
    return np.asarray(np.interp(np.arange(len(total)), used, values), np.float64)


class Reliability(Metric):
    """How well scores keep their word: for each tenth, the mean score beside the share found."""

    full_state_update = False
    sums: Tensor

    def __init__(self, bins: int = 10) -> None:
        super().__init__()
        self.bins = bins
        # Joints, sum of scores, found.
        self.add_state("sums", torch.zeros(3, bins, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, score: Tensor, found: Tensor, state: Tensor) -> None:
        """Adds scores ``(B, K)``; joints nobody labelled are left out."""
        labelled = state != JointState.UNKNOWN
        value = score[labelled].double().nan_to_num(0.0).clamp(0, 1)
        place = (value * self.bins).long().clamp(max=self.bins - 1)
        for row, amount in enumerate((torch.ones_like(value), value, found[labelled].double())):
            self.sums[row].index_add_(0, place, amount)

    def compute(self) -> list[dict[str, Any]]:
        """Returns for each tenth that has joints ``score`` and ``found`` (means) and ``n``."""
        return [
            {"score": total / n, "found": found / n, "n": int(n)} for n, total, found in self.sums.T.tolist() if n > 0
        ]

    def error(self) -> float:
        """Returns the expected calibration error: the mean of |score − share found|; NaN without joints."""
        n, total, found = self.sums
        return float((total - found).abs().sum() / n.sum())
