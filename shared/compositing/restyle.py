"""A cut-out in another way of drawing: grey, bare lines, few colours, large pixels, an outline."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.line_art import to_line_art

ByteArray = NDArray[np.uint8]


def restyle(rng: np.random.Generator, cutout_rgba: ByteArray) -> ByteArray:
    """Returns straight RGBA ``(H, W, 4)`` in a randomly chosen style; the character stays where it is."""
    style = _STYLES[int(rng.integers(len(_STYLES)))]
    return style(rng, np.ascontiguousarray(cutout_rgba))


def _grey(rng: np.random.Generator, rgba: ByteArray) -> ByteArray:
    grey = cv2.cvtColor(rgba, cv2.COLOR_RGBA2GRAY)
    return np.asarray(cv2.merge([grey, grey, grey, rgba[..., 3]]), np.uint8)


def _line_art(rng: np.random.Generator, rgba: ByteArray) -> ByteArray:
    """Ink on paper of one colour, mostly white."""
    lines = to_line_art(_solid(rgba), 3 + 2 * int(rng.integers(0, 2)))
    if rng.random() < 0.4:
        paper = np.linspace((0, 0, 0), rng.integers(120, 256, 3), 256).astype(np.uint8)
        lines = np.asarray(cv2.LUT(lines, paper[:, None]), np.uint8)
    return np.dstack([lines, rgba[..., 3]])


def _posterised(rng: np.random.Generator, rgba: ByteArray) -> ByteArray:
    levels = int(rng.integers(2, 6))
    steps = np.rint(np.rint(np.arange(256) / 255 * levels) / levels * 255).astype(np.uint8)
    return np.dstack([np.asarray(cv2.LUT(rgba[..., :3], steps), np.uint8), rgba[..., 3]])


def _flat(rng: np.random.Generator, rgba: ByteArray) -> ByteArray:
    """Lines and texture melt into areas, as in emoji and posters without outlines."""
    reach = 3 + 2 * int(rng.integers(0, 3))
    return np.dstack([np.asarray(cv2.medianBlur(_solid(rgba), reach), np.uint8), rgba[..., 3]])


def _pixelated(rng: np.random.Generator, rgba: ByteArray) -> ByteArray:
    """Large square pixels with hard edges, as in the sprites of games."""
    height, width = rgba.shape[:2]
    share = min(1.0, rng.uniform(32, 90) / max(height, width))
    small = cv2.resize(cv2.cvtColor(rgba, cv2.COLOR_RGBA2mRGBA), None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    small = cv2.cvtColor(small, cv2.COLOR_mRGBA2RGBA)
    small[..., 3] = np.where(small[..., 3] > 127, 255, 0)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def _outlined(rng: np.random.Generator, rgba: ByteArray) -> ByteArray:
    """An ink line round the whole figure, which belongs to it."""
    width = 1 + int(rng.integers(1, 4)) * max(rgba.shape[:2]) // 256
    inner = cv2.erode(rgba[..., 3], np.ones((2 * width + 1, 2 * width + 1), np.uint8), borderValue=(0,))
    weight = cv2.merge([inner, inner, inner])
    ink = np.full_like(rgba[..., :3], rng.integers(0, 70, 3, np.uint8))
    mixed = cv2.add(cv2.multiply(_solid(rgba), weight, scale=1 / 255), cv2.multiply(ink, 255 - weight, scale=1 / 255))
    return np.dstack([np.asarray(mixed, np.uint8), rgba[..., 3]])


def _solid(rgba: ByteArray) -> ByteArray:
    """Returns RGB with white where nothing is, so that filters do not draw in colours from under transparency."""
    return np.where(rgba[..., 3:] > 0, rgba[..., :3], np.uint8(255))


_STYLES: tuple[Callable[[np.random.Generator, ByteArray], ByteArray], ...] = (
    _grey, _line_art, _posterised, _flat, _pixelated, _outlined,
)  # fmt: skip
