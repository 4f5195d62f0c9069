"""The small picture of a character that the index carries, so that results can be shown without the originals."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.images import composite_on_white, encode_jpeg

#: Longest side, pixels.
LONG_SIDE_PX = 192
#: Rim around the box, as a part of its long side.
_RIM = 0.08

Box = tuple[float, float, float, float]


def region(box_xywh: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Returns the part ``(x, y, w, h)`` of the picture that the thumbnail shows: the box with a rim."""
    x, y, w, h = box_xywh
    rim = _RIM * max(w, h)
    left, top = int(max(0.0, min(x - rim, width - 1))), int(max(0.0, min(y - rim, height - 1)))
    right, bottom = min(width, int(np.ceil(x + w + rim))), min(height, int(np.ceil(y + h + rim)))
    return left, top, max(1, right - left), max(1, bottom - top)


def thumbnail(image: NDArray[np.uint8], box_xywh: Box) -> bytes:
    """Returns the JPEG of one character of a picture, RGB or straight RGBA ``(H, W, C)``."""
    height, width = image.shape[:2]
    x, y, w, h = region(box_xywh, width, height)
    part = np.ascontiguousarray(image[y : y + h, x : x + w])
    scale = min(1.0, LONG_SIDE_PX / max(w, h))
    if part.shape[2] == 4:
        part = composite_on_white(part)
    if scale < 1:
        size = max(1, round(w * scale)), max(1, round(h * scale))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(part, 82)
