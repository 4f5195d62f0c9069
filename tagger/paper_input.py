"""The input rules of the paper's released tagger, for its weights to give the numbers they gave there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.images import composite_on_white


def paper_square(image: NDArray[np.uint8], side: int = 256) -> NDArray[np.uint8]:
    """Returns a picture as the release fed it, RGB ``(side, side, 3)``.

    The long side becomes ``side`` by Pillow's bilinear resize, the short side is truncated to whole pixels; zeros are
    added around (one more above and left where the rest is odd), and only then is alpha laid on white. So an RGBA
    picture is letterboxed white, an RGB picture **black**.

    Args:
        image: RGB ``(H, W, 3)`` or straight RGBA ``(H, W, 4)``.
        side: of the square, pixels.

    Source: Chen & Zwicker 2022, behaviour of the released code.
    Deviation: a short side that truncates to 0 becomes 1 (the release fails).
    """
    height, width = image.shape[:2]
    long = max(height, width)
    new_width, new_height = max(1, int(width * side / long)), max(1, int(height * side / long))
    small = np.asarray(Image.fromarray(image).resize((new_width, new_height), Image.Resampling.BILINEAR))
    left, top = -((new_width - side) // 2), -((new_height - side) // 2)
    square = np.zeros((side, side, image.shape[2]), np.uint8)
    square[top : top + new_height, left : left + new_width] = small
    return composite_on_white(square) if image.shape[2] == 4 else square
