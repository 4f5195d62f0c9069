"""Laying a picture with straight alpha over another, and moving it without coloured fringes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, warp

ByteArray = NDArray[np.uint8]


def _light_of(values: FloatArray) -> FloatArray:
    # Source: IEC 61966-2-1 (sRGB).
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


#: Light of each sRGB value, 0 to 1; and the sRGB value nearest to each of 65536 steps of light.
_LIGHT = _light_of(np.arange(256) / 255).astype(np.float32)
_VALUES = np.searchsorted(_light_of((np.arange(255) + 0.5) / 255), np.arange(65536) / 65535).astype(np.uint8)


def over(foreground_rgba: ByteArray, background_rgb: ByteArray, linear_light: bool = False) -> ByteArray:
    """Returns straight RGBA ``(H, W, 4)`` laid over RGB ``(H, W, 3)``: ``α·F + (1 − α)·B``, rounded, uint8.

    Args:
        foreground_rgba: the layer above.
        background_rgb: what lies below.
        linear_light: mix amounts of light, as a camera does, instead of sRGB values, as painting programs do.

    Raises:
        ValueError: the shapes do not fit.
    """
    if foreground_rgba.shape != (*background_rgb.shape[:2], 4) or background_rgb.shape[2:] != (3,):
        raise ValueError(
            f"foreground_rgba {foreground_rgba.shape} and background_rgb {background_rgb.shape}; "
            "must be (H, W, 4) and (H, W, 3) of one size"
        )
    if linear_light:
        alpha = foreground_rgba[..., 3:].astype(np.float32) / 255.0
        light = _LIGHT[background_rgb]
        light += alpha * (_LIGHT[foreground_rgba[..., :3]] - light)
        return np.asarray(_VALUES[np.rint(light * (len(_VALUES) - 1)).astype(np.int32)], np.uint8)
    # Weights that add up to 255: OpenCV adds 0.00001 to their sum, which rounds some values down where that is 1.
    share = foreground_rgba[..., 3].astype(np.float32)
    color = cv2.cvtColor(np.ascontiguousarray(foreground_rgba), cv2.COLOR_RGBA2RGB)
    return np.asarray(cv2.blendLinear(color, np.ascontiguousarray(background_rgb), share, 255 - share), np.uint8)


def place(foreground_rgba: ByteArray, affine: FloatArray, size_wh: tuple[int, int]) -> ByteArray:
    """Returns straight RGBA ``(H, W, 4)`` of a foreground moved by ``affine`` onto an empty canvas of ``size_wh``.

    Colours are weighted by alpha while resampling, so that what hides under transparent pixels never shows at edges.
    """
    weighted = np.asarray(cv2.cvtColor(np.ascontiguousarray(foreground_rgba), cv2.COLOR_RGBA2mRGBA), np.uint8)
    moved = warp(weighted, affine, size_wh, fill=(0, 0, 0, 0))
    return np.asarray(cv2.cvtColor(moved, cv2.COLOR_mRGBA2RGBA), np.uint8)


def stack_alpha(below: ByteArray, above: ByteArray) -> ByteArray:
    """Returns the alpha ``(H, W)`` of two layers together: ``1 − (1 − a)(1 − b)``, rounded, uint8."""
    hidden = (255 - below.astype(np.uint16)) * (255 - above.astype(np.uint16))
    result: ByteArray = (255 - (hidden + 127) // 255).astype(np.uint8)
    return result
