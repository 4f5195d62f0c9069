"""Skeletons drawn on crops, for people who watch a training."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pose.codecs.heatmap import is_present
from shared.keypoints.schema import COCO_17

_LEFT, _RIGHT, _MIDDLE = (30, 110, 240), (235, 70, 40), (40, 170, 70)


def color_of(name: str) -> tuple[int, int, int]:
    """Returns RGB: blue for the character's left, red for its right, green for the middle."""
    return _LEFT if name.startswith("left") else _RIGHT if name.startswith("right") else _MIDDLE


def draw_skeleton(
    image: NDArray[np.uint8], points_xy: NDArray[np.float64], thickness_px: float = 2.0
) -> NDArray[np.uint8]:
    """Returns a copy of RGB ``image`` ``(H, W, 3)`` with the COCO-17 skeleton on it.

    Args:
        image: uint8.
        points_xy: ``(K ≥ 17, 2)`` pixels; points after the 17th are not drawn, nor those that are NaN.
        thickness_px: of the bones; joints are drawn 1½ times as wide.
    """
    canvas, bits = image.copy(), 4  # sixteenths of a pixel
    valid = np.asarray(np.isfinite(points_xy).all(axis=1))
    # OpenCV's integers are centres of pixels, the project's are corners.
    fixed = (np.nan_to_num(points_xy, posinf=0, neginf=0) - 0.5) * (1 << bits)
    places = [(int(x), int(y)) for x, y in fixed.clip(-(2**24), 2**24)]
    width = max(1, round(thickness_px))
    for a, b in COCO_17.edge_indices:
        if valid[a] and valid[b]:
            sides = {color_of(COCO_17.names[i]) for i in (a, b)}
            color = sides.pop() if len(sides) == 1 else _MIDDLE
            cv2.line(canvas, places[a], places[b], color, width, cv2.LINE_AA, bits)
    for index, name in enumerate(COCO_17.names):
        if valid[index]:
            radius = round(0.75 * thickness_px * (1 << bits))
            cv2.circle(canvas, places[index], radius, color_of(name), -1, cv2.LINE_AA, bits)
    return canvas


def draw_examples(images: Tensor, predicted_xy: Tensor, points_xy: Tensor, state: Tensor) -> NDArray[np.uint8]:
    """Returns one RGB picture: above the true skeletons, below the predicted ones.

    Args:
        images: uint8 ``(B, 3, S, S)``.
        predicted_xy: ``(B, K, 2)`` crop pixels, NaN for absent joints.
        points_xy: ``(B, K, 2)``.
        state: ``(B, K)``.
    """
    truth = points_xy.float().masked_fill(~is_present(state)[..., None], float("nan"))
    rows = []
    for points in (truth, predicted_xy.float()):
        crops = [
            draw_skeleton(np.ascontiguousarray(image.permute(1, 2, 0).numpy()), one.double().numpy())
            for image, one in zip(images.cpu(), points.cpu(), strict=True)
        ]
        rows.append(np.concatenate(crops, axis=1))
    return np.concatenate(rows, axis=0)
