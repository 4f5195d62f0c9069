"""Coarse masks made crisp: a colour guided filter that follows the picture's own edges."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]

#: Long side at which the filter is solved; above it only its application runs at full size.
SOLVE_SIDE_PX = 1024
#: Rows handled at a time at full size: bounds the memory, whatever the picture's size.
BAND_ROWS = 256


def resize(array: NDArray[Any], size_wh: tuple[int, ...]) -> NDArray[Any]:
    """Resizes ``(H, W[, C])``: area averaging where it shrinks in both directions, bilinear otherwise."""
    height, width = array.shape[:2]
    shrinks = size_wh[0] <= width and size_wh[1] <= height
    resized: NDArray[Any] = cv2.resize(array, size_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return resized


def shrunk(array: NDArray[Any], side_px: int) -> NDArray[Any]:
    """Returns ``(H, W[, C])`` with a long side of at most ``side_px``."""
    height, width = array.shape[:2]
    scale = min(1.0, side_px / max(height, width))
    return resize(array, (max(1, round(width * scale)), max(1, round(height * scale))))


def guided_coefficients(guide_rgb: Float32Array, values: Float32Array, radius: int, epsilon: float) -> Float32Array:
    """Solves the guided filter: in every window, ``values ≈ a · rgb + b`` with small ``a``.

    Args:
        guide_rgb: ``(H, W, 3)`` in [0, 1].
        values: ``(H, W)`` to be made to follow the guide's edges.
        radius: half window side in pixels.
        epsilon: weight of small ``a``; variances of the guide below it are smoothed over.

    Returns:
        ``(H, W, 4)``: a (3) and b, averaged over the windows that hold each pixel.

    Source: He, Sun & Tang 2013, "Guided Image Filtering", eq. 14–16.
    """
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(array: Float32Array) -> Float32Array:
        return np.asarray(cv2.blur(array, window, borderType=cv2.BORDER_REFLECT), dtype=np.float32)

    mean_rgb, mean_value = mean(guide_rgb), mean(values)
    cross = mean(np.multiply(guide_rgb, values[..., None], dtype=np.float32)) - mean_rgb * mean_value[..., None]
    r, g, b = (guide_rgb[..., i] for i in range(3))
    rr, rg, rb, gg, gb, bb = (mean(x * y) for x, y in ((r, r), (r, g), (r, b), (g, g), (g, b), (b, b)))
    mr, mg, mb = (mean_rgb[..., i] for i in range(3))
    eps = np.float32(epsilon)
    rr, gg, bb = rr - mr * mr + eps, gg - mg * mg + eps, bb - mb * mb + eps
    rg, rb, gb = rg - mr * mg, rb - mr * mb, gb - mg * mb
    # The inverse of a symmetric 3×3 matrix, written out: numpy's solver is slow on so many small ones.
    irr, irg, irb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    igg, igb, ibb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * irr + rg * irg + rb * irb
    cr, cg, cb = (cross[..., i] for i in range(3))
    slope = (
        np.stack(
            [irr * cr + irg * cg + irb * cb, irg * cr + igg * cg + igb * cb, irb * cr + igb * cg + ibb * cb], axis=-1
        )
        / np.maximum(determinant, eps**3)[..., None]
    )
    offset = mean_value - (slope * mean_rgb).sum(axis=-1)
    return mean(np.dstack([slope, offset]).astype(np.float32))


def refine(
    image_rgb: NDArray[np.uint8], probability: Float32Array, radius_cells: float = 1.0, epsilon: float = 1e-4
) -> Float32Array:
    """Enlarges a coarse probability map to the picture's size, following the picture's edges.

    The filter is solved at no more than :data:`SOLVE_SIDE_PX` and applied at full size in bands of rows, so that the
    working memory beside the result does not grow with the picture.

    Args:
        image_rgb: ``(H, W, 3)``.
        probability: ``(h, w)`` in [0, 1] over the same picture.
        radius_cells: half window side, in cells of ``probability``.
        epsilon: see :func:`guided_coefficients`.

    Returns:
        ``(H, W)`` in [0, 1].

    Source: He & Sun 2015, "Fast Guided Filter" (coefficients solved small, applied large).
    """
    height, width = image_rgb.shape[:2]
    guide = shrunk(image_rgb, SOLVE_SIDE_PX).astype(np.float32) / np.float32(255)
    small_wh = guide.shape[1::-1]
    coarse = np.asarray(resize(probability, small_wh), dtype=np.float32)
    cell_px = max(small_wh) / max(probability.shape)
    radius = max(1, round(radius_cells * max(1.0, cell_px)))
    coefficients = guided_coefficients(guide, coarse, radius, epsilon)
    result = np.empty((height, width), np.float32)
    for top in range(0, height, BAND_ROWS):
        bottom = min(height, top + BAND_ROWS)
        band = _enlarged_rows(coefficients, top, bottom, (width, height))
        rgb = image_rgb[top:bottom].astype(np.float32) / 255
        result[top:bottom] = np.clip((band[..., :3] * rgb).sum(axis=-1) + band[..., 3], 0, 1)
    return result


def enlarge(probability: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Returns ``probability`` ``(h, w)`` at ``(H, W)``, bilinear, without looking at the picture."""
    return np.asarray(resize(probability, size_wh), dtype=np.float32)


def _enlarged_rows(values: Float32Array, top: int, bottom: int, size_wh: tuple[int, int]) -> Float32Array:
    """Returns rows ``top`` to ``bottom`` of ``values`` ``(h, w, C)`` enlarged bilinearly to ``size_wh``."""
    rows = np.clip((np.arange(top, bottom) + 0.5) * len(values) / size_wh[1] - 0.5, 0, len(values) - 1)
    upper = np.floor(rows).astype(np.intp)
    share = (rows - upper).astype(np.float32)[:, None, None]
    mixed = values[upper] * (1 - share) + values[np.minimum(upper + 1, len(values) - 1)] * share
    return np.asarray(cv2.resize(mixed, (size_wh[0], bottom - top), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
