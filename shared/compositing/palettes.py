"""Colours that go together, and pictures recoloured by tables of 256 entries."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]
Color = tuple[int, int, int]


def random_palette(rng: np.random.Generator, count: int = 6) -> ByteArray:
    """Returns ``(count, 3)`` RGB colours round one to three hues; muted more often than vivid, as in photographs."""
    hues = rng.uniform(0, 180, int(rng.integers(1, 4)))
    if rng.random() < 0.5:  # earth and wood, leaves, sky: in OpenCV's half degrees
        hues = rng.choice([14.0, 22.0, 45.0, 105.0], 2) + rng.normal(0, 5, 2)
    hue = rng.choice(hues, count) + rng.normal(0, 6, count)
    vivid = rng.random() < 0.3
    saturation = rng.beta(2, 1.2 if vivid else 5, count) * 255
    value = rng.beta(1.6, 1.2, count) * 255
    hsv = np.stack([hue % 180, saturation, value], axis=-1)[None].astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0], np.uint8)


def palette_of(rng: np.random.Generator, cutout_rgba: ByteArray, count: int = 6) -> ByteArray | None:
    """Returns ``(count, 3)`` colours found in the opaque part of a cut-out ``(H, W, 4)``; None when it has none."""
    rows, columns = rng.integers(0, cutout_rgba.shape[0], 200), rng.integers(0, cutout_rgba.shape[1], 200)
    found = cutout_rgba[rows, columns]
    found = found[found[:, 3] > 200]
    return None if len(found) == 0 else np.asarray(found[rng.integers(0, len(found), count), :3], np.uint8)


def color_of(rng: np.random.Generator, palette: ByteArray, spread: float = 12.0) -> Color:
    """Returns one colour of ``palette`` ``(N, 3)``, changed a little."""
    red, green, blue = (palette[int(rng.integers(len(palette)))] + rng.normal(0, spread, 3)).tolist()
    # Faster than numpy's clip, and this is called dozens of times a sample.
    return min(max(int(red), 0), 255), min(max(int(green), 0), 255), min(max(int(blue), 0), 255)


def ramp(rng: np.random.Generator, palette: ByteArray) -> ByteArray:
    """Returns a table ``(256, 1, 3)`` that runs through two to five of the palette's colours, some of it in steps."""
    stops = np.array([color_of(rng, palette) for _ in range(int(rng.integers(2, 6)))], np.uint8)
    interpolation = cv2.INTER_NEAREST if rng.random() < 0.2 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(stops[:, None], (1, 256), interpolation=interpolation), np.uint8)


def recolor(field: ByteArray, table: ByteArray) -> ByteArray:
    """Returns the field ``(H, W)`` looked up in ``table`` ``(256, 1, 3)``: RGB ``(H, W, 3)``."""
    return np.asarray(cv2.LUT(cv2.merge([field, field, field]), table), np.uint8)
