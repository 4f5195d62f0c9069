"""How good masks are: per-picture numbers and their means.

0/0 rules. A picture without a character has no foreground to find, and its F1, IoU, … would be 0/0:

- ``rules="ours"``: such pictures are reported apart. ``f1``, ``precision``, ``recall``, ``iou``, ``fg_bg_iou`` (mean of
  the IoU of the character and that of the background), ``box_iou`` and ``boundary_iou`` are means over the pictures
  that have a character (an empty answer there scores 0 in all but ``fg_bg_iou``); ``false_alarm`` (mean share of pixels
  called character) and ``empty_correct`` (share answered with an empty mask) are means over those that have none.
- ``rules="paper"``: means over all pictures with the published rules: F1 0/0 is 1, precision and recall 0/0 are 0,
  empty against empty has IoU 1, and boxes are the published program's (an empty mask gives the whole picture).

``accuracy`` and ``mae`` are means over all pictures under both. A mean over no picture is NaN.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torchmetrics import Metric

from segmenter.boxes import box_iou, paper_box
from shared.geometry import box_of_mask

Rules = Literal["ours", "paper"]
_FOREGROUND = ("f1", "precision", "recall", "iou", "fg_bg_iou", "box_iou", "boundary_iou")
_EVERYWHERE = ("accuracy", "mae")
_EMPTY = ("false_alarm", "empty_correct")
#: Share of the picture's diagonal that counts as boundary (Cheng et al. 2021, Boundary IoU).
BOUNDARY_SHARE = 0.02


def boundary(mask: Tensor, rounds: int) -> Tensor:
    """Returns the inner rim of ``mask`` ``(H, W)`` bool: what ``rounds`` erosions by a 3×3 square take away.

    Outside the picture counts as background, so a character cut by the border has a rim there.
    """
    outside = functional.pad((~mask).float()[None, None], (rounds,) * 4, value=1.0)
    side = 2 * rounds + 1
    grown = functional.max_pool2d(functional.max_pool2d(outside, (1, side), stride=1), (side, 1), stride=1)
    return mask & (grown[0, 0] > 0)


def boundary_rounds(height: int, width: int) -> int:
    """Returns the thickness of the rim in pixels: 0.02 of the diagonal, rounded, at least 1."""
    return max(1, round(BOUNDARY_SHARE * float(np.hypot(height, width))))


def _ratio(numerator: float, denominator: float, when_empty: float) -> float:
    return numerator / denominator if denominator else when_empty


def image_metrics(
    probability: Tensor, alpha: Tensor, valid: Tensor | None = None, rules: Rules = "ours"
) -> dict[str, float]:
    """Compares one answer with the truth.

    Args:
        probability: ``(H, W)`` in [0, 1]; above ½ is character.
        alpha: ``(H, W)`` true opacity in [0, 1]; above ½ is character.
        valid: ``(H, W)`` bool, False where a pixel does not count (letterbox padding: a frame around a rectangle).
        rules: see the module's docstring; here it decides the 0/0 of precision and recall and the kind of box.

    Returns:
        All metrics of the picture as plain floats, and ``empty`` (1.0 when the truth has no character).
    """
    if valid is not None:
        rows, columns = valid.any(dim=1), valid.any(dim=0)
        probability, alpha = (values[rows][:, columns] for values in (probability, alpha))
    if probability.shape != alpha.shape or probability.ndim != 2 or probability.numel() == 0:
        raise ValueError(f"probability {tuple(probability.shape)} and alpha {tuple(alpha.shape)} must be equal (H, W)")
    answer, truth = probability > 0.5, alpha > 0.5
    both, either = int((answer & truth).sum()), int((answer | truth).sum())
    found, true, pixels = int(answer.sum()), int(truth.sum()), truth.numel()
    rounds = boundary_rounds(*truth.shape)
    answer_rim, truth_rim = boundary(answer, rounds), boundary(truth, rounds)
    masks: list[NDArray[Any]] = [answer.cpu().numpy(), truth.cpu().numpy()]
    boxes = [paper_box(mask) if rules == "paper" else box_of_mask(mask) for mask in masks]
    iou = _ratio(both, either, 1.0)
    nothing = 0.0 if rules == "paper" else float(found == true == 0)
    return {
        "f1": _ratio(2 * both, found + true, 1.0),
        "precision": _ratio(both, found, nothing),
        "recall": _ratio(both, true, nothing),
        "iou": iou,
        "fg_bg_iou": (iou + _ratio(pixels - either, pixels - both, 1.0)) / 2,
        "box_iou": box_iou(*boxes),
        "boundary_iou": _ratio(int((answer_rim & truth_rim).sum()), int((answer_rim | truth_rim).sum()), 1.0),
        "accuracy": 1 - (either - both) / pixels,
        "mae": float((probability - alpha).abs().mean()),
        "false_alarm": found / pixels,
        "empty_correct": float(found == 0),
        "empty": float(true == 0),
    }


class SegmentationMetrics(Metric):
    """Means of :func:`image_metrics` over pictures; exact under any batching and any number of processes."""

    full_state_update = False
    sums: Tensor
    counts: Tensor

    def __init__(self, rules: Rules = "ours") -> None:
        super().__init__()
        if rules not in ("ours", "paper"):
            raise ValueError(f"rules {rules!r} must be 'ours' or 'paper'")
        self.rules: Rules = rules
        self.names = (*_FOREGROUND, *_EVERYWHERE, *_EMPTY)
        size = len(self.names)
        self.add_state("sums", torch.zeros(size, dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("counts", torch.zeros(2, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, probability: Tensor, alpha: Tensor, weight: Tensor | None = None) -> None:
        """Adds pictures: ``probability``, ``alpha``, ``weight`` (0 in padding) are ``(B, H, W)`` in [0, 1]."""
        for index in range(len(probability)):
            valid = None if weight is None else weight[index] > 0
            values = image_metrics(probability[index].float(), alpha[index].float(), valid, self.rules)
            empty = bool(values["empty"])
            row = [values[name] if self._counts_for(name, empty) else 0.0 for name in self.names]
            self.sums += torch.tensor(row, dtype=torch.float64, device=self.sums.device)
            self.counts[int(empty)] += 1

    def _counts_for(self, name: str, empty: bool) -> bool:
        if name in _EMPTY:
            return empty
        return name in _EVERYWHERE or self.rules == "paper" or not empty

    def compute(self) -> dict[str, float]:
        """Returns the means, ``n`` (pictures) and ``n_empty`` (those without a character)."""
        full, empty = (int(count) for count in self.counts)
        sizes = dict.fromkeys(_FOREGROUND, full + empty if self.rules == "paper" else full)
        sizes |= dict.fromkeys(_EVERYWHERE, full + empty) | dict.fromkeys(_EMPTY, empty)
        means = {
            name: float(total) / sizes[name] if sizes[name] else float("nan")
            for name, total in zip(self.names, self.sums, strict=True)
        }
        return {**means, "n": float(full + empty), "n_empty": float(empty)}
