"""The crop of the paper's released scripts, for numbers comparable with theirs."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.geometry import FloatArray


def paper_crop(
    image: NDArray[np.uint8], box_xyxy: tuple[float, float, float, float], side_px: int = 256, padding: float = 0.1
) -> tuple[NDArray[np.uint8], FloatArray]:
    """Returns the crop ``(S, S, 3)`` and the affine from picture to crop that the release maps joints back with.

    The box is made square about its middle (odd rests go to the left and the top), padded, rounded to whole pixels
    (half to even) and resized with antialiasing. What is outside the picture or transparent becomes black. The affine
    belongs to the square before the rounding, so places are up to a pixel off.

    Args:
        image: uint8 RGB ``(H, W, 3)`` or straight RGBA ``(H, W, 4)``.
        box_xyxy: corners in pixels; rounded to whole ones.
        side_px: S.
        padding: share of the box's long side that the crop adds, half on each side.

    Raises:
        ValueError: the box has no area.

    Source: Chen & Zwicker 2022, released inference scripts (measured behaviour).
    """
    x1, y1, x2, y2 = (round(v) for v in box_xyxy)
    width, height = x2 - x1, y2 - y1
    if min(width, height) < 0 or max(width, height) < 1:
        raise ValueError(f"box_xyxy {box_xyxy} must have an area")
    long_side = max(width, height)
    left = x1 + math.floor(-(long_side - width) / 2) - padding / 2 * long_side
    top = y1 + math.floor(-(long_side - height) / 2) - padding / 2 * long_side
    size = (1 + padding) * long_side
    corner_x, corner_y, whole = round(left), round(top), max(1, round(size))
    picture = Image.fromarray(image).convert("RGBA")
    # Pillow multiplies by alpha while it resizes; what was transparent comes out black when alpha is dropped.
    part = picture.crop((corner_x, corner_y, corner_x + whole, corner_y + whole))
    crop = np.asarray(part.resize((side_px, side_px), Image.Resampling.BILINEAR))[:, :, :3]
    scale = side_px / size
    affine = np.array([[scale, 0.0, -scale * left], [0.0, scale, -scale * top]])
    return np.ascontiguousarray(crop), affine
