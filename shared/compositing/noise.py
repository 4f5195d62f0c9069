"""Fractal noise of natural spectra: the unevenness of walls, clouds, ground and leaves, drawn in microseconds."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]

#: Fields of the bank, and their side in pixels.
BANK_COUNT, BANK_SIDE = 40, 256


def noise(rng: np.random.Generator, side_px: int) -> ByteArray:
    """Returns a smooth random field ``(S, S)`` that uses the whole range 0–255, the median about 128.

    It is a piece of a bank of fields, turned, mirrored and enlarged at random: a Fourier transform a sample would be
    too slow. The bank is the same in every process.
    """
    field = _bank()[int(rng.integers(BANK_COUNT))]
    side = int(BANK_SIDE * rng.uniform(0.2, 1.0))
    top, left = (int(v) for v in rng.integers(0, BANK_SIDE - side + 1, 2))
    piece = field[top : top + side, left : left + side]
    turns = int(rng.integers(8))
    piece = np.ascontiguousarray((piece.T if turns & 1 else piece)[:: 1 - (turns & 2), :: 1 - (turns & 4) // 2])
    return np.asarray(cv2.resize(piece, (side_px, side_px), interpolation=cv2.INTER_LINEAR), np.uint8)


@cache
def _bank() -> NDArray[np.uint8]:
    # Amplitude falls as 1 / frequency^b: photographs have b near 1 (Field 1987); up to 2.2 gives clouds and shade.
    rng = np.random.default_rng(20220104)
    frequency = np.hypot(*np.meshgrid(np.fft.rfftfreq(BANK_SIDE), np.fft.fftfreq(BANK_SIDE)))
    frequency[0, 0] = np.inf
    fields = np.empty((BANK_COUNT, BANK_SIDE, BANK_SIDE), np.uint8)
    for index in range(BANK_COUNT):
        spectrum = np.fft.rfft2(rng.standard_normal((BANK_SIDE, BANK_SIDE)))
        values = np.fft.irfft2(spectrum * frequency ** -rng.uniform(0.8, 2.2), (BANK_SIDE, BANK_SIDE))
        if rng.random() < 0.25:  # ridges: veins of marble, cracks, folds
            values = -np.abs(values)
        low, high = np.percentile(values, (1, 99))
        fields[index] = np.clip((values - low) / (high - low) * 255, 0, 255)
    return fields
