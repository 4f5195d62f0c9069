"""Laying a picture with straight alpha over another, and moving it without coloured fringes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, warp

ByteArray = NDArray[np.uint8]


def over(foreground_rgba: ByteArray, background_rgb: ByteArray) -> ByteArray:
    """Returns straight RGBA ``(H, W, 4)`` laid over RGB ``(H, W, 3)``: ``α·F + (1 − α)·B``, rounded, uint8.

    Raises:
        ValueError: the shapes do not fit.
    """
    if foreground_rgba.shape != (*background_rgb.shape[:2], 4) or background_rgb.shape[2:] != (3,):
        raise ValueError(
            f"foreground_rgba {foreground_rgba.shape} and background_rgb {background_rgb.shape}; "
            "must be (H, W, 4) and (H, W, 3) of one size"
        )
    alpha = foreground_rgba[..., 3:].astype(np.float32) / 255.0
    mixed = background_rgb + alpha * (foreground_rgba[..., :3].astype(np.float32) - background_rgb)
    result: ByteArray = np.rint(mixed).astype(np.uint8)
    return result


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
