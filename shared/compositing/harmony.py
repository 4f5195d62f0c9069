"""Character and background brought together in colour, so that a clash of colours does not give the cut-out away."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]

#: A background whose channels all have a standard deviation below this is flat.
FLAT = 20.0


def match_colors(rng: np.random.Generator, cutout_rgba: ByteArray, background: ByteArray) -> ByteArray:
    """Returns the cut-out ``(H, W, 4)`` with its colours moved towards the background's ``(S, S, 3)``, alpha as it was.

    Each channel's histogram over the opaque pixels is matched to the background's, then mixed with the old colours,
    half to wholly. Nothing changes over a background of nearly one colour: the character would vanish.
    """
    opaque = cutout_rgba[cutout_rgba[..., 3] > 127]
    if len(opaque) == 0 or background.std(axis=(0, 1)).max() < FLAT:
        return cutout_rgba
    share, tables = rng.uniform(0.5, 1.0), []
    for channel in range(3):
        own, other = (
            np.cumsum(np.bincount(values, minlength=256)) / values.size
            for values in (opaque[:, channel], background[..., channel].ravel())
        )
        matched = np.interp(own, other, np.arange(256))
        tables.append(np.rint(share * matched + (1 - share) * np.arange(256)).astype(np.uint8))
    color = cv2.LUT(np.ascontiguousarray(cutout_rgba[..., :3]), np.stack(tables, axis=-1)[:, None])
    return np.dstack([np.asarray(color, np.uint8), cutout_rgba[..., 3]])


def quantized(rng: np.random.Generator, scene: ByteArray) -> ByteArray:
    """Returns the scene ``(S, S, 3)`` in 8 to 32 colours of its own, as in prints and indexed pictures."""
    pixels = scene.reshape(-1, 3)
    count = int(rng.integers(8, 33))
    centres = pixels[rng.integers(0, len(pixels), count)].astype(np.float32)
    sample = pixels[rng.integers(0, len(pixels), 800)].astype(np.float32)
    for _ in range(3):  # k-means, roughly
        nearest = _nearest(sample, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, sample)
        members = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(members > 0, sums / np.maximum(members, 1), centres).astype(np.float32)
    chosen = _nearest(pixels.astype(np.float32), centres)
    return np.rint(centres).astype(np.uint8)[chosen].reshape(scene.shape)


def _nearest(colors: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    # The square of the colour itself is the same for all centres.
    return np.asarray((np.square(centres).sum(axis=1) - 2 * colors @ centres.T).argmin(axis=1), np.int64)
