"""Affine geometry of pictures, masks and points in one frame.

Frame: continuous pixels, origin at the top-left corner of the picture, x before y; pixel ``i`` covers
``[i, i + 1)`` and has its centre at ``i + ½``. An *affine* is a float64 array ``(2, 3)`` that maps points of a
source picture to points of a target picture. One affine moves image, mask and points of a sample together.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def identity() -> FloatArray:
    """Returns the affine that moves nothing."""
    return np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def translation(dx: float, dy: float) -> FloatArray:
    """Returns the affine that adds ``(dx, dy)`` pixels."""
    return np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])


def scaling(sx: float, sy: float | None = None) -> FloatArray:
    """Returns the affine that multiplies x by ``sx`` and y by ``sy`` (``sx`` when None) about the origin."""
    return np.array([[sx, 0.0, 0.0], [0.0, sx if sy is None else sy, 0.0]])


def rotation(degrees: float) -> FloatArray:
    """Returns the affine that turns about the origin; positive is clockwise on screen (y points down)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0]])


def horizontal_flip(width_px: float) -> FloatArray:
    """Returns the mirror ``x -> width_px - x`` (left/right joints must be swapped by the caller)."""
    return np.array([[-1.0, 0.0, width_px], [0.0, 1.0, 0.0]])


def compose(*affines: FloatArray) -> FloatArray:
    """Returns one affine that applies ``affines`` in the order given (first argument first)."""
    result: FloatArray = identity()
    for affine in affines:
        result = np.asarray(affine[:, :2] @ result, np.float64)
        result[:, 2] += affine[:, 2]
    return result


def invert(affine: FloatArray) -> FloatArray:
    """Returns the inverse affine.

    Raises:
        ValueError: ``affine`` flattens the plane (determinant 0).
    """
    (a, b, x), (c, d, y) = affine.tolist()
    area = a * d - b * c
    if not abs(area) >= 1e-12:
        raise ValueError(f"affine {affine.tolist()} has no inverse; its scale must not be 0")
    inverse: FloatArray = np.array([[d, -b, b * y - d * x], [-c, a, c * x - a * y]]) / area
    return inverse


def scale_of(affine: FloatArray) -> float:
    """Returns the affine's mean length scale (square root of the area scale)."""
    (a, b, _), (c, d, _) = affine.tolist()
    return math.sqrt(abs(a * d - b * c))


def apply_to_points(affine: FloatArray, points_xy: NDArray[Any]) -> FloatArray:
    """Moves points ``(..., 2)``; returns float64 of the same shape (NaN stays NaN)."""
    moved: FloatArray = np.asarray(points_xy, dtype=np.float64) @ affine[:, :2].T + affine[:, 2]
    return moved


def square_crop(box_xyxy: tuple[float, float, float, float], side_px: int, padding: float = 0.1) -> FloatArray:
    """Returns the affine from picture to a square crop that centres a box.

    The square has side ``(1 + padding) · max(width, height)`` of the box (``padding/2`` on each side) and lands
    on ``[0, side_px]²``; it may reach outside the picture. Source: Chen & Zwicker 2022 (5 % on each side).

    Raises:
        ValueError: the box has no area or is not finite.
    """
    x1, y1, x2, y2 = (float(v) for v in box_xyxy)
    long_side = max(x2 - x1, y2 - y1)
    if not (math.isfinite(long_side) and long_side > 0 and x2 >= x1 and y2 >= y1):
        raise ValueError(f"box_xyxy {box_xyxy} must be finite with x2 > x1 or y2 > y1")
    scale = side_px / (long_side * (1.0 + padding))
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    return np.array([[scale, 0.0, side_px / 2 - scale * centre_x], [0.0, scale, side_px / 2 - scale * centre_y]])


def letterbox(width_px: int, height_px: int, side_px: int) -> FloatArray:
    """Returns the affine that fits a picture into ``[0, side_px]²``, centred, aspect kept."""
    scale = side_px / max(width_px, height_px)
    return np.array([[scale, 0.0, (side_px - scale * width_px) / 2], [0.0, scale, (side_px - scale * height_px) / 2]])


def warp(
    image: NDArray[np.uint8],
    affine: FloatArray,
    size_wh: tuple[int, int],
    fill: tuple[int, ...] = (255, 255, 255),
) -> NDArray[np.uint8]:
    """Resamples ``image`` ``(H, W)`` or ``(H, W, C)`` into a target of ``size_wh`` pixels.

    Bilinear; where the affine shrinks, the source is first halved by area averaging, as often as brings the rest of
    the way below √2, so that nothing aliases. Outside the source the target takes ``fill`` (one value a channel, or
    one for all).
    """
    image, affine = _needed_part(image, affine, size_wh)
    image, affine = _reduced(image, affine)
    # OpenCV counts pixel centres at integers, this module at halves.
    indexed = compose(translation(0.5, 0.5), affine, translation(-0.5, -0.5))
    channels = 1 if image.ndim == 2 else image.shape[2]
    border = (fill + (fill[-1],) * 4)[:channels] if channels > 1 else (fill[0],)
    warped = np.asarray(
        cv2.warpAffine(
            image, indexed, size_wh, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=border
        ),
        np.uint8,
    )
    if image.ndim == 3 and warped.ndim == 2:
        warped = warped[:, :, None]
    return warped


def warp_labels(labels: NDArray[np.uint8], affine: FloatArray, size_wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Resamples numbers ``(H, W)`` as :func:`warp` does a picture, without mixing them: the nearest; 0 outside."""
    labels, affine = _needed_part(labels, affine, size_wh)
    indexed = compose(translation(0.5, 0.5), affine, translation(-0.5, -0.5))
    return np.asarray(
        cv2.warpAffine(
            labels, indexed, size_wh, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        ),
        np.uint8,
    )


def _needed_part(
    image: NDArray[np.uint8], affine: FloatArray, size_wh: tuple[int, int]
) -> tuple[NDArray[np.uint8], FloatArray]:
    """Cuts away what the target cannot see: small crops get cheap, and OpenCV's limit of 32767 a side is met."""
    height, width = image.shape[:2]
    target_w, target_h = size_wh
    scale = scale_of(affine)
    if scale < 1e-6:
        return image, affine
    # The target's centre and half its extent, both seen in the source.
    (a, b, x), (c, d, y) = invert(affine).tolist()
    margin = 2.0 + 2.0 / scale  # reach of the area and bilinear filters
    half_w, half_h = abs(a * target_w) / 2 + abs(b * target_h) / 2, abs(c * target_w) / 2 + abs(d * target_h) / 2
    centre_x, centre_y = a * target_w / 2 + b * target_h / 2 + x, c * target_w / 2 + d * target_h / 2 + y
    x1 = min(max(0, math.floor(centre_x - half_w - margin)), width - 1)
    y1 = min(max(0, math.floor(centre_y - half_h - margin)), height - 1)
    x2 = max(min(width, math.ceil(centre_x + half_w + margin)), x1 + 1)
    y2 = max(min(height, math.ceil(centre_y + half_h + margin)), y1 + 1)
    if (x1, y1, x2, y2) == (0, 0, width, height):
        return image, affine
    return image[y1:y2, x1:x2], compose(translation(float(x1), float(y1)), affine)


def _reduced(image: NDArray[np.uint8], affine: FloatArray) -> tuple[NDArray[np.uint8], FloatArray]:
    """Halves the source while the affine shrinks by √2 or more; averaging by any other factor is 5–15 times slower."""
    scale = scale_of(affine)
    while 0 < scale <= math.sqrt(0.5) and max(image.shape[:2]) > 1:
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            image = np.asarray(cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE), np.uint8)
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.uint8)
        affine = compose(scaling(2.0), affine)
        scale *= 2
    return image, affine


def box_of_mask(mask: NDArray[Any]) -> tuple[int, int, int, int] | None:
    """Returns ``(x1, y1, x2, y2)`` that tightly holds the true cells of ``mask`` ``(H, W)``; None when empty.

    ``x2`` and ``y2`` are exclusive, so ``x2 - x1`` is the width in pixels.
    """
    mask = np.asarray(mask) != 0
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
