"""How well characters are told apart: panoptic quality, and how often their number is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric

from segmenter.components import MIN_PICTURE_SHARE


def matched_ious(found: Sequence[NDArray[np.bool_]], truth: Sequence[NDArray[np.bool_]]) -> list[float]:
    """Returns the IoU of each pair of masks ``(H, W)`` that match: those above ½, so that nobody has two partners."""
    matches = []
    for true in truth:
        for mask in found:
            shared = int(np.count_nonzero(mask & true))
            iou = shared / max(1, int(np.count_nonzero(mask | true)))
            if iou > 0.5:
                matches.append(iou)
    return matches


class InstanceMetrics(Metric):
    """Over all pictures together.

    ``rq`` is the F1 of finding characters (recognition quality: matched at an IoU above ½), ``sq`` the mean IoU of
    those found, ``pq`` their product (panoptic quality), ``right_count`` the share of pictures where as many are found
    as there are, and ``characters`` how many there are. Those below 0.2 % of their picture are not asked for. A mean
    over nothing is NaN.

    Source: Kirillov et al. 2019, "Panoptic Segmentation".
    """

    full_state_update = False
    matches: Tensor
    iou: Tensor
    found: Tensor
    true: Tensor
    right: Tensor
    pictures: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("matches", "iou", "found", "true", "right", "pictures"):
            self.add_state(name, torch.tensor(0.0, dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, found: Sequence[NDArray[np.bool_]], numbers: NDArray[Any]) -> None:
        """Adds a picture.

        Args:
            found: a mask ``(H, W)`` a character; none overlaps another.
            numbers: ``(H, W)`` the truth: whose each pixel is, from 1 on; 0 is nobody's.
        """
        areas = np.bincount(numbers.ravel())
        least = MIN_PICTURE_SHARE * numbers.size
        truth = [numbers == number for number in np.flatnonzero(areas >= least) if number > 0]
        ious = matched_ious(found, truth)
        self.matches += len(ious)
        self.iou += sum(ious)
        self.found += len(found)
        self.true += len(truth)
        self.right += len(found) == len(truth)
        self.pictures += 1

    def compute(self) -> dict[str, float]:
        """Returns the values by name."""
        rq, sq = float(2 * self.matches / (self.found + self.true)), float(self.iou / self.matches)
        # Where nothing matched there is no mean IoU, and the quality is nought.
        pq = rq * sq if self.matches else 0.0 * rq
        right = float(self.right / self.pictures)
        return {"pq": pq, "rq": rq, "sq": sq, "right_count": right, "characters": float(self.true)}
