"""The paper's released prediction: its input size, its rounding, and its bicubic mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from segmenter.refine import Float32Array


def paper_resized(image_rgb: NDArray[np.uint8], side: int = 256) -> NDArray[np.uint8]:
    """Returns a picture ``(H, W, 3)`` with its short side at ``side`` pixels, the long one cut to whole pixels.

    The picture is resized up or down by Pillow's bilinear filter, with no padding round it.

    Source: Chen & Zwicker 2022, behaviour of the released program.
    Deviation: transparency is laid on white before the resize, not after; the two differ by rounding alone.
    """
    height, width = image_rgb.shape[:2]
    short = min(height, width)
    size = (int(width * side / short), int(height * side / short))
    return np.asarray(Image.fromarray(image_rgb).resize(size, Image.Resampling.BILINEAR))


def paper_mask(probability: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    """Returns a map ``(h, w)`` in [0, 1] at ``size_wh``, as the release enlarges it: cut to 8 bits, then bicubic.

    Values are n / 255; the release takes for character what is above ½.
    """
    grey = Image.fromarray((probability * 255).astype(np.uint8))
    return np.asarray(grey.resize(size_wh, Image.Resampling.BICUBIC), np.float32) / np.float32(255)
