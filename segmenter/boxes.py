"""Boxes of masks: the tight one, and the paper's with its slack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.geometry import box_of_mask

Box = tuple[int, int, int, int]


def paper_box(mask: NDArray[Any]) -> Box:
    """Returns the box ``(x1, y1, x2, y2)`` (exclusive ends) that the published program prints for ``mask`` ``(H, W)``.

    It has one pixel of slack at the top and left and none at the bottom and right, and an empty mask gives the
    whole picture.

    Source: Chen & Zwicker 2022, released program. Our own boxes are tight, and None when empty
    (:func:`shared.geometry.box_of_mask`).
    """
    mask = np.asarray(mask) != 0
    height, width = mask.shape
    box = box_of_mask(mask)
    if box is None:
        return 0, 0, width, height
    x1, y1, x2, y2 = box
    return max(x1 - 1, 0), max(y1 - 1, 0), x2, y2


def box_iou(a_xyxy: Box | None, b_xyxy: Box | None) -> float:
    """Returns the intersection over union of two boxes; None is "no character": 1 against None, 0 against a box."""
    if a_xyxy is None or b_xyxy is None:
        return float(a_xyxy is None and b_xyxy is None)
    width = min(a_xyxy[2], b_xyxy[2]) - max(a_xyxy[0], b_xyxy[0])
    height = min(a_xyxy[3], b_xyxy[3]) - max(a_xyxy[1], b_xyxy[1])
    overlap = max(width, 0) * max(height, 0)
    areas = sum((x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (a_xyxy, b_xyxy))
    return overlap / (areas - overlap) if areas > overlap else 1.0
