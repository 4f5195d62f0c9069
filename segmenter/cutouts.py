"""Cut-outs without fringes: straight RGBA whose rim has the character's own colour."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.refine import Float32Array
from shared.geometry import box_of_mask

#: Windows of the two passes of colour estimation, in pixels.
_WINDOWS = (91, 7)
#: Rows handled at a time: bounds the memory at full size.
_BAND_ROWS = 512


def rim_of(width: int, height: int) -> int:
    """Returns how many pixels round a mask its edge may fade out in: 0.8 % of the picture's long side, at least 3."""
    return max(3, round(0.008 * max(width, height)))


def character_alpha(probability: Float32Array, mask: NDArray[np.bool_], rim_px: int = 3) -> Float32Array:
    """Returns the opacity ``(H, W)`` of one character: 1 deep in ``mask``, 0 far from it, the map in between.

    In between is what lies within ``rim_px`` of the mask's edge, on either side. There the map is stretched so that 0.1
    and less is fully transparent and 0.9 and more fully opaque, and bounded by a ramp: the edge itself is free to be
    soft (hair), ``rim_px`` inwards all is opaque (a network is hardly ever certain, and a body at 0.8 would let the new
    background shine through), ``rim_px`` outwards all is transparent. Other characters, and specks, have no part in it.
    """
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    outer = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3)
    alpha = np.clip((probability - 0.1) / 0.8, 0, 1)
    # A pixel beside the edge has distance 1, and is as free as the edge.
    least = np.where(mask, np.clip((inner - 1) / rim_px, 0.5, 1), 0)
    most = np.where(mask, 1, np.clip(1 - (outer - 1) / rim_px, 0, 1))
    return np.asarray(np.clip(alpha, least, most), dtype=np.float32)


def cutout(image_rgb: NDArray[np.uint8], alpha: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns straight RGBA ``(H, W, 4)``: the character's own colours, opacity apart.

    A rim pixel of the picture is already mixed with the old background; pasted with its own colour it would carry a
    dark or white fringe along. So colours of the foreground and the background are estimated from their surroundings,
    and where ``0 < alpha < 1`` the foreground's is stored. Opaque pixels keep the picture's colour exactly; transparent
    ones near the rim take the character's colour too (a viewer that interpolates shows no fringe), far ones are black.

    Args:
        image_rgb: ``(H, W, 3)`` uint8.
        alpha: ``(H, W)`` opacity, float in [0, 1] or uint8.

    Source: Forte 2021, "Approximate Fast Foreground Colour Estimation" (two passes of blurred estimates).

    Raises:
        ValueError: shapes that do not belong together.
    """
    if image_rgb.shape != (*alpha.shape, 3):
        raise ValueError(f"image_rgb {image_rgb.shape} and alpha {alpha.shape} must be (H, W, 3) and (H, W)")
    opacity = alpha if alpha.dtype == np.uint8 else np.round(np.clip(alpha, 0, 1) * 255).astype(np.uint8)
    result = np.zeros((*alpha.shape, 4), np.uint8)
    box = box_of_mask(opacity)
    if box is None:
        return result
    # Half of either window reaches that far: beyond it nothing has a share in the character.
    reach = sum(window // 2 for window in _WINDOWS)
    height, width = alpha.shape
    columns = slice(max(0, box[0] - reach), min(width, box[2] + reach))
    for top in range(max(0, box[1] - reach), min(height, box[3] + reach), _BAND_ROWS):
        bottom = min(height, top + _BAND_ROWS)
        first, last = max(0, top - 2 * reach), min(height, bottom + 2 * reach)
        own = slice(top - first, bottom - first)
        band = image_rgb[first:last, columns]
        colors = _foreground(band, opacity[first:last, columns])[own]
        opaque = opacity[top:bottom, columns, None] == 255
        result[top:bottom, columns, :3] = np.where(opaque, band[own], colors)
    result[..., 3] = opacity
    return result


def _foreground(image_rgb: NDArray[np.uint8], opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Estimates the foreground's colour ``(H, W, 3)`` at every pixel; black where none is near."""
    image, alpha = image_rgb.astype(np.float32), opacity.astype(np.float32) / np.float32(255)
    weight = alpha[..., None]
    front, back = image, image
    for window in _WINDOWS:
        front_mean, front_share = _weighted_blur(front, alpha, window)
        back_mean, _ = _weighted_blur(back, 1 - alpha, window)
        front = np.clip(front_mean + weight * (image - weight * front_mean - (1 - weight) * back_mean), 0, 255)
        back = back_mean
    # Where no foreground is in the small window, the large one's mean is all there is to know.
    front[front_share < 1e-4] = 0
    return np.asarray(np.round(front), dtype=np.uint8)


def _weighted_blur(colors: Float32Array, weight: Float32Array, window: int) -> tuple[Float32Array, Float32Array]:
    share = cv2.blur(weight, (window, window))
    total = cv2.blur(colors * weight[..., None], (window, window))
    return np.asarray(total / (share[..., None] + 1e-5), dtype=np.float32), np.asarray(share, dtype=np.float32)
