"""Pictures made small for pages: shrunk without dark rims, packed as WebP."""

from __future__ import annotations

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage


def shrunk(array: NDArray[np.uint8], longest: int) -> NDArray[np.uint8]:
    """Returns RGB or straight RGBA ``(H, W, C)`` with no side over ``longest`` pixels; smaller ones as they are."""
    height, width = array.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return array
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if array.shape[2] == 3:
        return np.asarray(cv2.resize(array, size, interpolation=cv2.INTER_AREA), np.uint8)
    # Colours are averaged by their opacity, or transparent black would darken the rim.
    alpha = array[:, :, 3:].astype(np.float32)
    weighted = cv2.resize(np.dstack([array[:, :, :3] * alpha, alpha]), size, interpolation=cv2.INTER_AREA)
    color = weighted[:, :, :3] / np.maximum(weighted[:, :, 3:], 1e-3)
    return np.rint(np.dstack([color, weighted[:, :, 3]])).clip(0, 255).astype(np.uint8)


def encode_webp(array: NDArray[np.uint8], quality: int = 84) -> bytes:
    """Returns the WebP file of RGB or straight RGBA ``(H, W, C)``; ``quality`` 0–100."""
    buffer = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(array)).save(buffer, "WEBP", quality=quality, method=4)
    return buffer.getvalue()
