"""The small canvas on which it is counted how much of a figure's shapes can be seen."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, apply_to_points, compose, scaling

SIDE_PX = 128  #: the long side at which pixels are counted
SHIFT = 4  #: fractional bits of :func:`fixed_points`


def small_canvas(affine: FloatArray, size_wh: tuple[int, int]) -> tuple[FloatArray, tuple[int, int]]:
    """Returns the affine to a canvas of at most :data:`SIDE_PX` pixels instead of ``size_wh``, and its ``(h, w)``."""
    scale = min(1.0, SIDE_PX / max(size_wh))
    width, height = (max(1, round(side * scale)) for side in size_wh)
    return compose(affine, scaling(scale)), (height, width)


def fixed_points(affine: FloatArray, outline: FloatArray) -> list[NDArray[np.int32]]:
    """Returns a moved outline ``(n, 2)`` as OpenCV's drawing functions take it with ``shift=SHIFT``."""
    return [np.rint(apply_to_points(affine, outline) * 2**SHIFT).astype(np.int32)]


def count_seen(labels: NDArray[np.uint8], mask: NDArray[np.bool_], count: int) -> NDArray[Any]:
    """Returns how many pixels of each of ``count`` labels a picture shows, int64.

    Args:
        labels: ``(h, w)`` of a small canvas.
        mask: ``(H, W)`` of the picture's size, true where the picture shows the character.
        count: of labels.
    """
    small = cv2.resize(mask.astype(np.uint8), labels.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.bincount(labels[small > 0], minlength=count)
