"""Whole-picture fields: gradients, smooth noise, grain and light, in integer or float64 arithmetic.

Nothing here uses float32 functions whose last bit depends on the processor, so that a data set drawn elsewhere
has the same bytes.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.synthetic.brush import Colour, ImageArray

SizeWH = tuple[int, int]


def flat(size_wh: SizeWH, colour: Colour) -> ImageArray:
    """Returns a picture ``(H, W, 3)`` of one colour."""
    image = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    image[:] = colour
    return image


def ramp(size_wh: SizeWH, colours: list[Colour], degrees: float = 90.0) -> ImageArray:
    """Returns a linear gradient through ``colours``; 0° runs to the right, 90° (default) downwards."""
    width, height = size_wh
    dx, dy = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along = (np.arange(width) + 0.5 - width / 2)[None, :] * dx + (np.arange(height) + 0.5 - height / 2)[:, None] * dy
    reach = abs(width * dx) + abs(height * dy)
    return colourise(along * (255.0 / reach) + 127.5, colours)


def glow(size_wh: SizeWH, colours: list[Colour], centre_xy: tuple[float, float], radius: float) -> ImageArray:
    """Returns a radial gradient: the first colour at ``centre_xy`` (pixels), the last from ``radius`` on."""
    width, height = size_wh
    x = (np.arange(width) + 0.5 - centre_xy[0])[None, :]
    y = (np.arange(height) + 0.5 - centre_xy[1])[:, None]
    return colourise(np.sqrt(x * x + y * y) * (255.0 / radius), colours)


def colourise(field: NDArray[np.float64] | ImageArray, colours: list[Colour]) -> ImageArray:
    """Maps values 0–255 of ``field`` ``(H, W)`` to a gradient through ``colours``; returns ``(H, W, 3)``."""
    stops = np.linspace(0, 255, len(colours))
    table = np.stack([np.interp(np.arange(256), stops, [c[i] for c in colours]) for i in range(3)], axis=1)
    index = field if field.dtype == np.uint8 else np.clip(np.rint(field), 0, 255).astype(np.uint8)
    return cv2.LUT(cv2.merge([index] * 3), np.rint(table).astype(np.uint8)[None])


def smooth_noise(rng: np.random.Generator, size_wh: SizeWH, cells: int = 4, octaves: int = 3) -> ImageArray:
    """Returns a cloudy field ``(H, W)`` 0–255, mean near 128: ``cells`` bumps across, each octave twice as many."""
    total: ImageArray = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    weights = [0.5**octave for octave in range(octaves)]
    for octave, weight in enumerate(weights):
        count = min(cells << octave, max(size_wh))
        grid = rng.integers(0, 256, (count + 1, count + 1), dtype=np.uint8)
        layer = cv2.resize(grid, size_wh, interpolation=cv2.INTER_CUBIC)
        total = cv2.addWeighted(total, 1.0, layer, weight / sum(weights), 0.0)
    return total


def grain(rng: np.random.Generator, image: ImageArray, amplitude: int, coloured: bool = False) -> ImageArray:
    """Returns ``image`` ``(H, W[, 3])`` with noise of about ``±amplitude`` grey levels (triangular)."""
    if amplitude < 1:
        return image
    height, width = image.shape[:2]
    channels = 3 if coloured and image.ndim == 3 else 1
    shape = (height, width, channels)
    noise: ImageArray = rng.integers(0, amplitude + 1, shape, dtype=np.uint8)
    noise = noise if channels > 1 or image.ndim == 2 else cv2.merge([noise[..., 0]] * 3)
    dark = rng.integers(0, amplitude + 1, (height, width), dtype=np.uint8)
    noise = noise.reshape(image.shape)
    result = cv2.add(image, noise)
    return cv2.subtract(result, dark if image.ndim == 2 else cv2.merge([dark] * 3))


def multiply(image: ImageArray, light: ImageArray, gain: float = 1.0) -> ImageArray:
    """Returns ``image · light / 255 · gain``, clipped; ``light`` is ``(H, W)`` or of the image's shape."""
    if image.ndim == 3 and light.ndim == 2:
        light = cv2.merge([light] * 3)
    return cv2.multiply(image, light, scale=gain / 255.0)


def blend(base: ImageArray, top: ImageArray, weight: ImageArray) -> ImageArray:
    """Returns ``top`` over ``base`` with a per-pixel ``weight`` ``(H, W)`` 0–255 (exact at both ends)."""
    if base.ndim == 3:
        weight = cv2.merge([weight] * 3)
    return cv2.add(
        cv2.multiply(top, weight, scale=1 / 255.0), cv2.multiply(base, cv2.bitwise_not(weight), scale=1 / 255.0)
    )


def blurred(image: ImageArray, sigma: float) -> ImageArray:
    """Returns a Gaussian blur of ``sigma`` pixels; wide blurs run on a reduced picture (same look, less work)."""
    if sigma < 0.3:
        return image
    height, width = image.shape[:2]
    if sigma > 4 and min(height, width) >= 16:
        factor = min(sigma / 2.0, min(height, width) / 8)
        small = cv2.resize(
            image, (max(1, int(width / factor)), max(1, int(height / factor))), interpolation=cv2.INTER_AREA
        )
        small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.GaussianBlur(image, (0, 0), sigma)


def vignette(size_wh: SizeWH, darkest: int, centre: tuple[float, float] = (0.5, 0.5)) -> ImageArray:
    """Returns a light field ``(H, W)``: 255 in the middle, ``darkest`` in the far corners."""
    width, height = size_wh
    x = ((np.arange(width) + 0.5) / width - centre[0])[None, :]
    y = ((np.arange(height) + 0.5) / height - centre[1])[:, None]
    return np.rint(np.clip(255 - (255 - darkest) * (x * x + y * y) * 2, 0, 255)).astype(np.uint8)
