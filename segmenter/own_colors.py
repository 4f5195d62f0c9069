"""The character's own colour at its rim, where the picture shows a mixture of it and the old background."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.refine import Float32Array, resize

#: Weight of smooth colours, and of colours that are smooth where opacity changes. Measured on composites whose true
#: colours are known (tests/segmenter/test_own_colors.py holds them to it).
_SMOOTH, _SMOOTH_AT_RIM = 1e-3, 0.03
#: Sweeps over each level of the pyramid.
_SWEEPS, _SMALL_SWEEPS, _SMALL_PX = 4, 10, 32
#: Long side at which all pixels are solved; above it only those that are needed.
SOLVE_SIDE_PX = 512
_TILE_PX = 192


def foreground_colors(
    image_rgb: NDArray[np.uint8], opacity: NDArray[np.uint8], needed: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Estimates the foreground's colour F of ``image = α·F + (1 − α)·B``, with F and B smooth.

    Args:
        image_rgb: ``(H, W, 3)``.
        opacity: α ``(H, W)``, 0–255.
        needed: ``(H, W)``: where F is asked for; elsewhere the picture's own colour is returned.

    Returns:
        ``(H, W, 3)`` uint8.

    Source: Germer, Uelwer, Conrad & Harmeling 2020, "Fast Multi-Level Foreground Estimation", eq. 4: per pixel a 2 × 2
        system with the four neighbours' colours, solved from a single pixel up to the full size.
    Deviation: all pixels are updated at once (Jacobi), levels are averaged, not sampled, the weights of smoothness are
        ours, and above :data:`SOLVE_SIDE_PX` only tiles with needed pixels are solved.
    """
    height, width = opacity.shape
    scale = min(1.0, SOLVE_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    colors = _solve_all(_planes(resize(image_rgb, size)), _share(resize(opacity, size)))
    result = image_rgb.copy()
    if scale == 1.0:
        result[needed] = _as_bytes(colors[0])[needed]
        return result
    octaves = math.ceil(math.log2(1 / scale))
    for top in range(0, height, _TILE_PX):
        for left in range(0, width, _TILE_PX):
            tile = slice(top, top + _TILE_PX), slice(left, left + _TILE_PX)
            if needed[tile].any():
                result[tile][needed[tile]] = _solve_tile(image_rgb, opacity, colors, tile, octaves)[needed[tile]]
    return result


def _solve_all(image: Float32Array, alpha: Float32Array) -> Float32Array:
    """Returns F and B ``(2, 3, h, w)`` of planes ``(3, h, w)``, from one pixel up."""
    height, width = alpha.shape
    levels = max(1, math.ceil(math.log2(max(width, height))))
    shares = np.stack([alpha, 1 - alpha])[:, None]
    colors: Float32Array = (shares * image).sum(axis=(2, 3), keepdims=True) / (
        shares.sum(axis=(2, 3), keepdims=True) + np.float32(1e-3)
    )
    for level in range(1, levels + 1):
        size = max(1, round(width ** (level / levels))), max(1, round(height ** (level / levels)))
        colors = _resized(colors.reshape(6, *colors.shape[2:]), size).reshape(2, 3, size[1], size[0])
        sweeps = _SMALL_SWEEPS if max(size) <= _SMALL_PX else _SWEEPS
        colors = _sweep(_resized(image, size), _resized(alpha[None], size)[0], colors, sweeps)
    return colors


def _solve_tile(
    image_rgb: NDArray[np.uint8],
    opacity: NDArray[np.uint8],
    colors: Float32Array,
    tile: tuple[slice, slice],
    octaves: int,
) -> NDArray[np.uint8]:
    """Returns F of a tile at full size, begun from the small solution ``(2, 3, h, w)``."""
    height, width = opacity.shape
    sweeps = _SWEEPS * octaves
    # What is wrong at the border of a window moves inwards by one pixel a sweep: tiles join without a seam.
    top, left = max(0, tile[0].start - sweeps), max(0, tile[1].start - sweeps)
    bottom, right = min(height, tile[0].stop + sweeps), min(width, tile[1].stop + sweeps)
    step_x, step_y = colors.shape[3] / width, colors.shape[2] / height
    begin = np.array(
        [[step_x, 0, (left + 0.5) * step_x - 0.5], [0, step_y, (top + 0.5) * step_y - 0.5]], dtype=np.float64
    )
    started = np.stack(
        [
            cv2.warpAffine(
                plane, begin, (right - left, bottom - top), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
            for plane in colors.reshape(6, *colors.shape[2:])
        ]
    ).astype(np.float32)  # fmt: skip
    window = slice(top, bottom), slice(left, right)
    solved = _sweep(
        _planes(image_rgb[window]), _share(opacity[window]), started.reshape(2, 3, *started.shape[1:]), sweeps
    )
    rows = slice(tile[0].start - top, min(tile[0].stop, height) - top)
    columns = slice(tile[1].start - left, min(tile[1].stop, width) - left)
    return _as_bytes(solved[0])[rows, columns]


def _sweep(image: Float32Array, alpha: Float32Array, colors: Float32Array, sweeps: int) -> Float32Array:
    """Improves F and B ``(2, 3, h, w)`` of ``image`` ``(3, h, w)`` and ``alpha`` ``(h, w)``."""
    height, width = alpha.shape
    padded = np.pad(alpha, 1, mode="edge")
    places = [(slice(y, y + height), slice(x, x + width)) for y, x in ((1, 2), (1, 0), (2, 1), (0, 1))]
    weights = [_SMOOTH + _SMOOTH_AT_RIM * np.abs(alpha - padded[place]) for place in places]
    total = sum(weights)
    rest = 1 - alpha
    front, mixed, back = alpha * alpha + total, alpha * rest, rest * rest + total
    determinant = front * back - mixed * mixed
    # The inverse of the 2 × 2 matrix, once for all sweeps.
    front, mixed, back = front / determinant, mixed / determinant, back / determinant
    known = np.stack([alpha * image, rest * image])
    for _ in range(sweeps):
        around = np.pad(colors, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
        right_side = known.copy()
        for place, weight in zip(places, weights, strict=True):
            right_side += weight * around[(..., *place)]
        colors = np.stack([back * right_side[0] - mixed * right_side[1], front * right_side[1] - mixed * right_side[0]])
        np.clip(colors, 0, 1, out=colors)
    return np.asarray(colors, dtype=np.float32)


def _resized(planes: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    return np.stack([resize(plane, size_wh).reshape(size_wh[1], size_wh[0]) for plane in planes])


def _planes(image_rgb: NDArray[Any]) -> Float32Array:
    return np.ascontiguousarray(image_rgb.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


def _share(opacity: NDArray[Any]) -> Float32Array:
    return opacity.astype(np.float32) / np.float32(255)


def _as_bytes(planes: Float32Array) -> NDArray[np.uint8]:
    return np.rint(planes.transpose(1, 2, 0) * 255).astype(np.uint8)
