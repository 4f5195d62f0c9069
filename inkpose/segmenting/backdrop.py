"""What stands behind a cut-out: nothing, a colour, or the picture itself, blurred."""

from __future__ import annotations

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.over import over
from shared.errors import UsageError

ByteArray = NDArray[np.uint8]

#: A colour, or the names of the two others.
Backdrop = tuple[int, int, int] | str


def parse_backdrop(text: str) -> Backdrop:
    """Returns ``transparent``, ``blur`` or a colour ``(r, g, b)`` of what a user wrote.

    Raises:
        UsageError: it is none of them.
    """
    if text in ("transparent", "blur"):
        return text
    if text == "white":
        return 255, 255, 255
    if re.fullmatch(r"#?[0-9a-fA-F]{6}", text):
        value = int(text.removeprefix("#"), 16)
        return value >> 16, value >> 8 & 255, value & 255
    raise UsageError(f"--background {text}: not known; choose transparent, white, #rrggbb (e.g. '#00ff00') or blur")


def laid_on(figure_rgba: ByteArray, picture_rgb: ByteArray, backdrop: Backdrop) -> ByteArray:
    """Returns a cut-out ``(H, W, 4)`` on its backdrop: RGB ``(H, W, 3)``, or as it is when transparent.

    Args:
        figure_rgba: straight RGBA of the character in the picture's frame.
        picture_rgb: the picture that it was cut from, for ``blur``.
        backdrop: see :func:`parse_backdrop`.
    """
    if backdrop == "transparent":
        return figure_rgba
    if isinstance(backdrop, str):
        return over(figure_rgba, _blurred_behind(figure_rgba[..., 3], picture_rgb))
    return over(figure_rgba, np.full_like(picture_rgb, backdrop))


def _blurred_behind(opacity: ByteArray, picture_rgb: ByteArray) -> ByteArray:
    """Blurs what is behind the character, of which nothing leaks into it: a halo would show its old outline."""
    height, width = opacity.shape
    scale = min(1.0, 256 / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # The rim of a mask is uncertain: what is near the character does not count as background either.
    margin = np.ones((1 + 2 * max(1, max(height, width) // 200),) * 2, np.uint8)
    share = 1 - cv2.resize(cv2.dilate(opacity, margin), size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    small = cv2.resize(picture_rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32) * share[..., None]
    near, far = max(size) / 40, max(size) / 8
    total = sum(cv2.GaussianBlur(small, (0, 0), sigma) * weight for sigma, weight in ((near, 1.0), (far, 1e-3)))
    known = sum(cv2.GaussianBlur(share, (0, 0), sigma) * weight for sigma, weight in ((near, 1.0), (far, 1e-3)))
    colors = np.asarray(total) / (np.asarray(known)[..., None] + 1e-6)
    blurred = np.clip(np.rint(colors), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
