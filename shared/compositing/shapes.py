"""Random shapes as masks: polygons, boxes, ellipses, strokes, twigs, blobs, marks like writing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.noise import noise

ByteArray = NDArray[np.uint8]
Drawer = Callable[[np.random.Generator, ByteArray, float], None]

_SHIFT = 4  # points are given to OpenCV in sixteenths of a pixel


def random_shape(rng: np.random.Generator, size_px: float) -> ByteArray:
    """Returns a square mask ``(M, M)``, 0–255 with soft edges, of a random shape about ``size_px`` large.

    M is a third larger than the size; what reaches further is cut off.
    """
    side = max(6, int(size_px * 1.34))
    mask = np.zeros((side, side), np.uint8)
    _DRAWERS[int(_EDGES.searchsorted(rng.random(), side="right"))](rng, mask, size_px)
    if rng.random() < 0.15:  # symmetric, as furniture, fronts of houses and figures are
        half = side // 2
        mask[:, side - half :] = mask[:, :half][:, ::-1]
    return mask


def _fill(mask: ByteArray, points: NDArray[np.float64]) -> None:
    centred = points + mask.shape[0] / 2
    cv2.fillPoly(mask, [np.rint(centred * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)


def _polygon(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    count = int(rng.integers(3, 10))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    radii = size / 2 * rng.uniform(0.4, 1.2, count) if rng.random() < 0.6 else np.full(count, size / 2)
    _fill(mask, np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=-1))


def _box(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    half = size / 2 * np.array([1.0, np.exp(rng.uniform(np.log(0.1), 0))])
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (half if rng.random() < 0.5 else half[::-1])
    if rng.random() < 0.4:  # a wall or a road seen at an angle
        corners[:2, 0] *= rng.uniform(0.4, 1.0)
    angle = (0.0, rng.normal(0, 0.1), rng.uniform(0, np.pi))[int(rng.integers(3))]
    cos, sin = np.cos(angle), np.sin(angle)
    _fill(mask, corners @ np.array([[cos, sin], [-sin, cos]]))


def _ellipse(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    middle = mask.shape[0] // 2
    axes = (max(1, int(size / 2)), max(1, int(size / 2 * np.exp(rng.uniform(np.log(0.2), 0)))))
    start = 180.0 if rng.random() < 0.1 else 0.0
    cv2.ellipse(mask, (middle, middle), axes, rng.uniform(0, 180), start, 360, 255, -1, cv2.LINE_AA)


def _stroke(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    """A crooked line: limbs of furniture, cables, rails, smears."""
    steps = rng.normal(0, size / 4, (int(rng.integers(2, 7)), 2)) + rng.normal(0, size / 4, 2)
    points = np.cumsum(steps, axis=0)
    points += mask.shape[0] / 2 - points.mean(axis=0)
    width = max(1, int(size * np.exp(rng.uniform(np.log(0.02), np.log(0.3)))))
    whole = np.rint(points * 2**_SHIFT).astype(np.int32)
    cv2.polylines(mask, [whole], False, 255, width, cv2.LINE_AA, _SHIFT)


def _twig(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    """A stem that forks: branches, antlers, legs of stools."""
    middle = mask.shape[0] / 2
    ends = [
        (middle, middle + size / 2, rng.normal(-np.pi / 2, 0.3), size / 2.4, max(1.0, size * rng.uniform(0.02, 0.1)))
    ]
    for _ in range(7):
        x, y, angle, length, width = ends.pop(0)
        to_x, to_y = x + length * np.cos(angle), y + length * np.sin(angle)
        cv2.line(mask, (int(x), int(y)), (int(to_x), int(to_y)), 255, max(1, int(width)), cv2.LINE_AA)
        turns = angle - rng.uniform(0.2, 0.9), angle + rng.uniform(0.2, 0.9)
        ends += [(to_x, to_y, turn, length * rng.uniform(0.6, 0.9), width * 0.6) for turn in turns]


def _blob(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    """A lump with a crooked outline, or a few: bushes, clouds, smoke, stains."""
    side = mask.shape[0]
    window = np.zeros((side, side), np.uint8)
    cv2.circle(window, (side // 2, side // 2), side // 4, 255, -1)
    reach = side // 2 | 1
    mixed = cv2.addWeighted(cv2.blur(window, (reach, reach)), 0.6, noise(rng, side), 0.4, 0)
    # Steep, not a step: the edge stays soft over a pixel or two.
    cv2.LUT(mixed, _STEEP, mask)


def _marks(rng: np.random.Generator, mask: ByteArray, size: float) -> None:
    """Marks like writing: random letters in a random hand."""
    letters = "".join(chr(int(c)) for c in rng.integers(33, 127, int(rng.integers(1, 9))))
    scale = max(0.25, size / 24 / len(letters) ** 0.8)
    place = (int(mask.shape[0] / 2 - size / 2), int(mask.shape[0] / 2 + size / 5))
    width = max(1, int(scale * rng.uniform(0.8, 3.5)))
    cv2.putText(mask, letters, place, int(rng.integers(0, 8)), scale, 255, width, cv2.LINE_AA)


_STEEP = np.clip((np.arange(256) - 118.0) * 32 + 128, 0, 255).astype(np.uint8)
_DRAWERS: tuple[Drawer, ...] = (_polygon, _box, _ellipse, _stroke, _twig, _blob, _marks)
_SHARES = (0.2, 0.22, 0.16, 0.14, 0.08, 0.14, 0.06)
_EDGES = np.cumsum(_SHARES) / np.sum(_SHARES)
