"""The descriptor of the paper: distances between all points in the padded crop."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.schema import COCO_25, MIDPOINT_INDICES

#: Pairs of 25 points.
PAPER_SIZE = len(COCO_25) * (len(COCO_25) - 1) // 2
#: Side of the crop, pixels, and what it adds to the box's long side.
_SIDE_PX, _PADDING = 256.0, 0.1
_FIRST, _SECOND = np.triu_indices(len(COCO_25), k=1)


def describe_paper(points: NDArray[np.float64], boxes_xywh: NDArray[Any] | None = None) -> NDArray[np.float32]:
    """Returns the 300 distances in pixels of the 256 px crop, pairs ``i < j`` row by row, float32 ``(N, 300)``.

    Scores are not looked at. Source: Chen & Zwicker 2022 (pose-guided retrieval).
    Deviation: their nets give every joint a place; one that is absent here is put at the middle of the crop.

    Args:
        points: ``(N, 17, 3)`` x, y, score.
        boxes_xywh: ``(N, 4)`` boxes that the crops are made of; None takes the joints' boxes.
    """
    xy = points[..., :2]
    boxes = _joint_boxes(xy) if boxes_xywh is None else np.asarray(boxes_xywh, np.float64).reshape(-1, 4)
    if len(boxes) != len(points):
        raise ValueError(f"boxes_xywh has {len(boxes)} rows, keypoints {len(points)}")
    middle = (boxes[:, :2] + boxes[:, 2:] / 2)[:, None]
    scale = _SIDE_PX / np.maximum(boxes[:, 2:].max(axis=1) * (1 + _PADDING), 1e-9)
    placed = np.where(np.isfinite(xy).all(axis=-1, keepdims=True), xy - middle, 0.0)
    placed *= scale[:, None, None]
    all_points = np.concatenate([placed, placed[:, np.array(MIDPOINT_INDICES)].mean(axis=2)], axis=1)
    steps = all_points[:, _FIRST] - all_points[:, _SECOND]
    distances: NDArray[np.float32] = np.hypot(steps[..., 0], steps[..., 1]).astype(np.float32)
    return distances


def _joint_boxes(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    there = np.isfinite(xy[..., 0] + xy[..., 1])[..., None]
    low = np.where(there, xy, np.inf).min(axis=1)
    high = np.where(there, xy, -np.inf).max(axis=1)
    empty = ~there.any(axis=1)
    return np.concatenate([np.where(empty, 0, low), np.where(empty, 1, np.maximum(high - low, 1e-6))], axis=1)
