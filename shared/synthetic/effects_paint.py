"""A drawing turned into paint: water-colour on rough paper, and opaque brush strokes."""

from __future__ import annotations

import cv2
import numpy as np

from shared.synthetic import texture
from shared.synthetic.brush import ImageArray


def watercolour(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Returns thin paint: pale uneven washes that are darker where they end, bleeding a little, on paper's grain."""
    height, width = image.shape[:2]
    size_wh, scale = (width, height), max(height, width) / 256
    side = 2 * max(1, round(1.6 * scale)) + 1
    wash = cv2.medianBlur(image, side)
    # Paint flows: the edges of washes wander by a pixel or two.
    wash = _wandering(rng, wash, rng.uniform(0.5, 1.2) * scale, 14)
    edges = cv2.absdiff(wash, cv2.medianBlur(wash, 2 * side + 1))
    wash = cv2.subtract(wash, cv2.convertScaleAbs(edges, alpha=rng.uniform(0.2, 0.5)))
    pigment = cv2.convertScaleAbs(texture.smooth_noise(rng, size_wh, 5, 4), alpha=0.35, beta=165)
    thin = cv2.convertScaleAbs(wash, alpha=rng.uniform(0.62, 0.85), beta=rng.uniform(40, 75))
    # Thick paint stays darker where the pigment has gathered.
    painted = texture.blend(thin, wash, cv2.convertScaleAbs(cv2.bitwise_not(pigment), alpha=rng.uniform(0.8, 1.6)))
    lines = cv2.min(painted, cv2.addWeighted(image, 0.75, np.full_like(image, 64), 1.0, 0))
    paper = cv2.convertScaleAbs(texture.smooth_noise(rng, size_wh, 60, 2), alpha=rng.uniform(0.06, 0.16), beta=238)
    return texture.multiply(lines, paper, 1.02)


def painterly(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Returns thick paint: patches that follow short strokes, colours that change from stroke to stroke."""
    height, width = image.shape[:2]
    scale = max(height, width) / 256
    rough = _wandering(rng, image, rng.uniform(0.6, 1.4) * scale, 34)
    rough = cv2.medianBlur(rough, 2 * max(1, round(rng.uniform(1.4, 2.4) * scale)) + 1)
    length = max(3, round(rng.uniform(5, 9) * scale))
    strokes = texture.grain(rng, np.full((height, width), 128, np.uint8), 60)
    kernel = np.zeros((length, length), np.float64)
    angle = rng.uniform(0, np.pi)
    for step in np.linspace(-length / 2, length / 2, 4 * length):
        x, y = (round(length / 2 - 0.5 + step * part) for part in (np.cos(angle), np.sin(angle)))
        if 0 <= x < length and 0 <= y < length:
            kernel[y, x] = 1
    bristles = cv2.filter2D(strokes, -1, kernel / kernel.sum())
    bristles = cv2.convertScaleAbs(bristles, alpha=rng.uniform(1.5, 3.0), beta=rng.uniform(-110, -60))
    light = cv2.convertScaleAbs(cv2.max(bristles, np.full_like(bristles, 60)), alpha=0.45, beta=150)
    return texture.multiply(rough, light, 1.12)


def _wandering(rng: np.random.Generator, image: ImageArray, reach_px: float, cells: int) -> ImageArray:
    """Returns ``image`` with edges that wander by about ``reach_px`` pixels; no part of it moves as a whole."""
    height, width = image.shape[:2]
    fields = [texture.smooth_noise(rng, (width, height), cells, 2).astype(np.float32) for _ in "xy"]
    shift = [(field - 128) * np.float32(reach_px / 64) for field in fields]
    x = np.arange(width, dtype=np.float32)[None, :] + shift[0]
    y = np.arange(height, dtype=np.float32)[:, None] + shift[1]
    # Nearest neighbour: no interpolation whose last bit depends on the processor.
    return cv2.remap(image, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
