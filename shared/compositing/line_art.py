"""A coloured drawing as grey line art, cheaply: what scanned and unfinished drawings look like."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def to_line_art(image: NDArray[np.uint8], thickness_px: int = 3) -> NDArray[np.uint8]:
    """Returns dark lines on white, RGB ``(H, W, 3)``: each pixel's grey divided by the brightest one nearby.

    Flat areas become white whatever their colour, edges and drawn lines stay dark.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    brightest = cv2.dilate(grey, np.ones((thickness_px, thickness_px), np.uint8))
    lines = cv2.divide(grey, np.maximum(brightest, 1), scale=255)
    return np.asarray(cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB), np.uint8)
