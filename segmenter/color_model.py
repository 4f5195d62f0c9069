"""What the picture's own colours say: masks that take in the rest of a figure and leave out the rest of a scene.

The net sees small pictures and is often sure of a part of a figure only. The colours of that part, and those of what
is surely background, decide about what lies between.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmenter.logits import logit, sigmoid
from segmenter.refine import BAND_ROWS, Float32Array, shrunk

ByteArray = NDArray[np.uint8]

#: Long side at which colours are counted.
SIDE_PX = 192
_BINS = 16  #: of each axis of CIELAB's inner half, where nearly all colours lie
_ROUNDS = 3
_FLOOR = 5e-4  #: share of all pixels below which a colour is too rare to speak for either side
_SOFTNESS = 0.003  #: deviation of the blur that takes out single odd pixels, as a share of the long side
#: Share of the picture that must be more likely character than not; below it there is no colour to go by.
LEAST_SHARE = 0.002


def weigh_colors(image_rgb: ByteArray, probability: Float32Array) -> Float32Array:
    """Returns the probability of "character" ``(H, W)`` after asking how common each pixel's colour is on either side.

    In each of three rounds ``logit(q) = logit(p) + log(f(c) / b(c))``, with ``f`` and ``b`` the histograms of colours
    weighted by ``q`` and ``1 − q`` of the round before; the last round's ratios are smoothed over some pixels.
    A picture that hardly shows a character is left as it is.

    Args:
        image_rgb: ``(H, W, 3)``.
        probability: ``(H, W)`` in [0, 1], from the net.

    Source: Boykov & Jolly 2001 (histograms); Rother, Kolmogorov & Blake 2004, "GrabCut" (rounds); without their cut,
    since the net's answer is smooth already.
    """
    if float((probability > 0.5).mean()) < LEAST_SHARE:
        return probability
    ratio = _log_ratio(shrunk(image_rgb, SIDE_PX), shrunk(probability, SIDE_PX))
    height, width = probability.shape
    result = np.empty_like(probability)
    deviation = _SOFTNESS * max(height, width)
    rim = int(4 * deviation) + 2  # rows that reach into a band
    for top in range(0, height, BAND_ROWS):  # the working memory does not grow with the picture
        rows, above = slice(top, top + BAND_ROWS), min(rim, top)
        band = ratio[_cells(image_rgb[top - above : top + BAND_ROWS + rim])]
        band = np.asarray(cv2.GaussianBlur(band, (0, 0), deviation), np.float32)[above : above + BAND_ROWS]
        result[rows] = sigmoid(logit(probability[rows]) + band)
    return result


def _log_ratio(image_rgb: ByteArray, probability: Float32Array) -> Float32Array:
    """Returns ``log(f / b)`` of each cell ``(BINS³,)``."""
    cells, prior = _cells(image_rgb).ravel(), logit(probability).ravel()
    q = probability.ravel()
    ratio = np.zeros(_BINS**3, np.float32)
    for _ in range(_ROUNDS):
        ratio = np.log(_histogram(cells, q) / _histogram(cells, 1 - q)).astype(np.float32)
        q = sigmoid(prior + ratio[cells])
    return ratio


def _cells(image_rgb: ByteArray) -> NDArray[np.int32]:
    """Returns the number ``(H, W)`` of the histogram's cell of each pixel."""
    lab = np.asarray(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2LAB), np.uint8)
    cells: NDArray[np.int32] = _LIGHTNESS[lab[..., 0]] + _CHROMA[lab[..., 1]] * _BINS + _CHROMA[lab[..., 2]]
    return cells


def _histogram(cells: NDArray[np.int32], weights: Float32Array) -> NDArray[np.float64]:
    """Returns the share of each cell ``(BINS³,)``, smoothed over its neighbours, never 0."""
    counts = np.bincount(cells, weights, _BINS**3).astype(np.float64).reshape(_BINS, _BINS, _BINS)
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        before, after = (np.take(padded, np.arange(_BINS) + step, axis) for step in (0, 2))
        counts = counts / 2 + (before + after) / 4
    shares: NDArray[np.float64] = counts.ravel() / max(float(counts.sum()), 1e-9) + _FLOOR
    return shares


_LEVELS = np.arange(256)
_LIGHTNESS = (_LEVELS * _BINS // 256 * _BINS * _BINS).astype(np.int32)
_CHROMA = np.clip((_LEVELS - 128) * _BINS // 150 + _BINS // 2, 0, _BINS - 1).astype(np.int32)
