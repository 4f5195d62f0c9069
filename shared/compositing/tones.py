"""Other light and other colours for one layer, so that character and background need not match, or may."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]


def change_tone(rng: np.random.Generator, image: ByteArray, strength: float = 1.0) -> ByteArray:
    """Returns RGB or straight RGBA ``(H, W, C)`` in another light: hue, saturation, gamma, black and white point.

    Alpha stays as it is. Strength 1 is a strong change: hue turned by up to 60°, gamma ½ to 2. The numbers are ours.
    """
    color = np.ascontiguousarray(image[..., :3])
    saturation = np.exp(rng.normal(0, 0.4 * strength))
    angle = rng.uniform(-np.pi / 3, np.pi / 3) * strength if rng.random() < 0.5 else 0.0
    color = np.asarray(cv2.transform(color, _hue_matrix(angle, saturation)), np.uint8)
    level = np.arange(256) / 255.0
    tables = []
    gamma, black, white = 2 ** rng.uniform(-1, 1) ** 3, rng.uniform(0, 0.15), rng.uniform(0.8, 1.15)
    for _ in range(3):
        cast = 2 ** rng.uniform(-0.3, 0.3)
        curve = strength * (black + (white - black) * level ** (gamma * cast)) + (1 - strength) * level
        tables.append(np.clip(np.rint(curve * 255), 0, 255).astype(np.uint8))
    color = np.asarray(cv2.LUT(color, np.stack(tables, axis=-1)[:, None]), np.uint8)
    return color if image.shape[2] == 3 else np.dstack([color, image[..., 3]])


def _hue_matrix(angle: float, saturation: float) -> NDArray[np.float64]:
    """Returns the 3×3 matrix that turns colours about the grey axis by ``angle`` radians and scales their chroma."""
    axis = np.full(3, 1 / np.sqrt(3))
    along = np.outer(axis, axis)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(along + saturation * (np.cos(angle) * (np.eye(3) - along) + np.sin(angle) * cross), np.float64)
