"""The paper's own metrics, quirks included, for numbers comparable with its Table 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from pose.metrics import PARTS
from shared.keypoints.schema import COCO_17


def oks_similarity(distance_norm: Tensor, box_wh: Tensor) -> Tensor:
    """Returns the paper's joint-wise similarity ``exp(-d² / (2 s² σ²))``.

    Args:
        distance_norm: ``(B, 17)`` distances divided by the box's long side.
        box_wh: ``(B, 2)`` box width and height.

    Deviation of the paper from COCO: σ where COCO has 2σ, and ``s = √(w·h) / max(w, h)`` from the box where COCO
    has the area of the segment.
    """
    sigmas = torch.tensor(COCO_17.sigmas, device=distance_norm.device, dtype=distance_norm.dtype)
    area = (box_wh.prod(dim=1) / box_wh.amax(dim=1) ** 2)[:, None]
    return torch.exp(-(distance_norm**2) / (2 * area * sigmas**2))


def mean_part_lengths(points_xy: Tensor, box_wh: Tensor) -> tuple[float, ...]:
    """Returns the mean length of each of ``PARTS`` as a share of the box's long side, for PCPm.

    Args:
        points_xy: ``(N, 17, 2)``, every joint labelled.
        box_wh: ``(N, 2)``.
    """
    first, second = (list(ends) for ends in zip(*PARTS, strict=True))
    lengths = (points_xy[:, first] - points_xy[:, second]).norm(dim=-1) / box_wh.amax(dim=1, keepdim=True)
    return tuple(lengths.mean(dim=0).tolist())


class PaperMetrics(Metric):
    """``oks@50``, ``oks@75``, ``pckh@20``, ``pckh@50``, ``pdj@20``, ``pcp@50`` (and ``pcpm@50``) as published.

    All 17 joints count, hidden or not. "OKS@t" is the share of *joints* whose similarity reaches t. Each batch is
    averaged, then the batches, so a short last batch weighs more than its share. A zero length makes its joints
    wrong unless exact.

    Args:
        mean_part_lengths: 14 mean lengths of ``PARTS`` as shares of the box's long side, for PCPm; None skips it.

    Source: Chen & Zwicker 2022, section 4 and Table 1.
    """

    full_state_update = False
    higher_is_better = True
    total: Tensor
    batches: Tensor
    names = ("oks@50", "oks@75", "pckh@20", "pckh@50", "pdj@20", "pcp@50", "pcpm@50")

    def __init__(self, mean_part_lengths: tuple[float, ...] | None = None) -> None:
        super().__init__()
        if mean_part_lengths is not None and len(mean_part_lengths) != len(PARTS):
            raise ValueError(f"mean_part_lengths has {len(mean_part_lengths)} values; one for each of {len(PARTS)}")
        self.mean_part_lengths = mean_part_lengths
        self.add_state("total", torch.zeros(len(self.names), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("batches", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, predicted_xy: Tensor, points_xy: Tensor, box_wh: Tensor) -> None:
        """Adds a batch.

        Args:
            predicted_xy: ``(B, 17, 2)``.
            points_xy: ``(B, 17, 2)``, every joint labelled.
            box_wh: ``(B, 2)`` box size in the same frame.

        Raises:
            ValueError: shapes, or a true place that is not finite.
        """
        if predicted_xy.shape != points_xy.shape or points_xy.shape[1:] != (len(COCO_17), 2):
            raise ValueError(f"need (B, 17, 2) twice, got {tuple(predicted_xy.shape)} and {tuple(points_xy.shape)}")
        if not torch.isfinite(points_xy).all():
            raise ValueError("points_xy must be finite: the paper's metrics need all 17 joints of every character")
        long_side = box_wh.amax(dim=1)[:, None, None]
        predicted, points = predicted_xy / long_side, points_xy / long_side
        distance = (predicted - points).norm(dim=-1)
        similarity = oks_similarity(distance, box_wh)

        def place(name: str) -> Tensor:
            return points[:, COCO_17.index(name)]

        head = (place("nose") - (place("left_shoulder") + place("right_shoulder")) / 2).norm(dim=-1, keepdim=True)
        torso = (place("left_hip") - place("right_shoulder")).norm(dim=-1, keepdim=True)
        first, second = (torch.tensor(ends, device=points.device) for ends in zip(*PARTS, strict=True))
        worst = torch.maximum(distance[:, first], distance[:, second])
        part = (points[:, first] - points[:, second]).norm(dim=-1)
        mean_part = torch.tensor(self.mean_part_lengths or [torch.nan] * len(PARTS), device=points.device)
        hits = (
            similarity >= 0.50,
            similarity >= 0.75,
            distance <= 0.2 * head,
            distance <= 0.5 * head,
            distance <= 0.2 * torso,
            worst <= 0.5 * part,
            worst <= 0.5 * mean_part,
        )
        self.total += torch.stack([hit.double().mean() for hit in hits])
        self.batches += 1

    def compute(self) -> dict[str, Tensor]:
        """Returns the published metrics by name; ``pcpm@50`` only with mean lengths."""
        values = self.total / self.batches
        count = len(self.names) if self.mean_part_lengths is not None else len(self.names) - 1
        return {name: values[i] for i, name in enumerate(self.names[:count])}
