"""Figures that end where no picture ends: portraits and sprites of visual novels, of which the rest is not drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]

#: How much of a figure's height is left. The numbers are ours: from the chest to below the knees of a standing one.
_KEPT = (0.35, 0.85)


def cut_off(rng: np.random.Generator, cutout_rgba: ByteArray) -> ByteArray:
    """Returns straight RGBA ``(h, W, 4)``, h ≤ H: the upper part of a character, ending as portraits end.

    Most end in a straight line; some in a slanted or round one, some fade out.
    """
    rows = np.flatnonzero((cutout_rgba[..., 3] > 127).any(axis=1))
    if len(rows) < 8:
        return cutout_rgba
    top, length = int(rows[0]), int(rows[-1] - rows[0] + 1)
    end = top + length * rng.uniform(*_KEPT)
    kind = rng.random()
    width = cutout_rgba.shape[1]
    across = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1
    line, fade, soft_from = np.full(width, end, np.float32), 1.0, 0.5  # half a pixel on each side of the line
    if kind >= 0.8:
        fade, soft_from = length * rng.uniform(0.08, 0.3), 0.0
    elif kind >= 0.6:
        slant, bend = rng.normal(0, 0.08), rng.uniform(-0.15, 0.15)
        line = (end + length * (slant * across + bend * (across**2 - 0.5))).astype(np.float32)
    height = min(len(cutout_rgba), int(np.ceil(line.max())) + 1)
    down = np.arange(height, dtype=np.float32)[:, None] + 0.5
    left = np.clip((line[None] - down) / np.float32(fade) + np.float32(soft_from), 0, 1)
    result = cutout_rgba[:height].copy()
    result[..., 3] = np.rint(result[..., 3] * left)
    return result
