"""Cut-outs without fringes: straight RGBA whose rim has the character's own colour."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.own_colors import foreground_colors
from segmenter.refine import Float32Array
from shared.geometry import box_of_mask

#: Picture round the character that its old background's colours are taken from, pixels.
_AROUND_PX = 24
#: Transparent pixels that far from the character have its colour too: a viewer that interpolates shows no fringe.
_BEYOND_PX = 2


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
    alpha = np.asarray(np.clip((probability - np.float32(0.1)) / np.float32(0.8), 0, 1), dtype=np.float32)
    # In place, one distance map at a time: a large scan has 400 MB each. A pixel beside the edge has distance 1, and is
    # as free as the edge.
    distance = np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    distance -= 1
    distance /= rim_px
    np.clip(distance, 0.5, 1, out=distance)
    distance[~mask] = 0
    np.maximum(alpha, distance, out=alpha)
    distance = np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3), dtype=np.float32)
    distance -= 1
    distance /= -rim_px
    distance += 1
    np.clip(distance, 0, 1, out=distance)
    return np.minimum(alpha, distance, out=alpha)


def cutout(image_rgb: NDArray[np.uint8], alpha: NDArray[Any]) -> NDArray[np.uint8]:
    """Returns straight RGBA ``(H, W, 4)``: the character's own colours, opacity apart.

    A rim pixel of the picture is already mixed with the old background; pasted with its own colour it would carry a
    dark or white fringe along. So where ``0 < alpha < 1`` the colour of the foreground alone is stored, as estimated by
    :func:`segmenter.own_colors.foreground_colors`. Opaque pixels keep the picture's colour exactly; transparent ones
    beside the rim take the character's colour too (a viewer that interpolates shows no fringe), others are black.

    Args:
        image_rgb: ``(H, W, 3)`` uint8.
        alpha: ``(H, W)`` opacity, float in [0, 1] or uint8.

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
    height, width = alpha.shape
    top, bottom = max(0, box[1] - _AROUND_PX), min(height, box[3] + _AROUND_PX)
    left, right = max(0, box[0] - _AROUND_PX), min(width, box[2] + _AROUND_PX)
    picture, part = image_rgb[top:bottom, left:right], opacity[top:bottom, left:right]
    near = cv2.dilate((part > 0).astype(np.uint8), np.ones((2 * _BEYOND_PX + 1,) * 2, np.uint8)).astype(np.bool_)
    colors = foreground_colors(picture, part, near & (part < 255))
    result[top:bottom, left:right, :3] = np.where(near[..., None], colors, 0)
    result[..., 3] = opacity
    return result
