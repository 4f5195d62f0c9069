"""Anti-aliased shapes painted straight onto a picture: what backgrounds, props and marks are made of.

Coordinates are continuous pixels (see :mod:`shared.geometry`), colours RGB tuples 0–255. OpenCV fills shapes of a
few points in microseconds, which is what a background of a hundred shapes can afford; characters, which need
curves, gradients and layers, use the vector engine instead.
"""

from __future__ import annotations

import colorsys
import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
#: uint8 pixels; OpenCV's annotations promise no particular type of number, so neither does this one.
ImageArray = NDArray[Any]
_SHIFT = 4  # OpenCV takes fixed-point coordinates: 1/16 px


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Returns the RGB colour of hue (turns, any number), saturation and value (clipped to 0–1)."""
    r, g, b = colorsys.hsv_to_rgb(hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0))
    return round(r * 255), round(g * 255), round(b * 255)


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    """Returns ``first`` moved towards ``second`` by ``amount`` 0–1."""
    r, g, b = (round(a + (z - a) * amount) for a, z in zip(first, second, strict=True))
    return r, g, b


def shade(colour: Colour, factor: float) -> Colour:
    """Returns ``colour`` darker (``factor`` < 1) or lighter (> 1, towards white)."""
    return mix((0, 0, 0), colour, factor) if factor <= 1 else mix(colour, (255, 255, 255), min(factor - 1, 1.0))


def luminance(colour: Colour) -> float:
    """Returns the perceived brightness 0–255 (Rec. 601 weights)."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def blob(
    rng: np.random.Generator, cx: float, cy: float, rx: float, ry: float, wobble: float = 0.15, points: int = 28
) -> NDArray[np.float64]:
    """Returns a closed, smooth, irregular outline ``(points, 2)`` about ``(cx, cy)``."""
    angle = np.linspace(0.0, 2 * math.pi, points, endpoint=False)
    radius = np.ones_like(angle)
    for harmonic in (2, 3, 5):
        radius += wobble / harmonic * np.cos(harmonic * angle + rng.uniform(0, 2 * math.pi))
    return np.stack([cx + rx * radius * np.cos(angle), cy + ry * radius * np.sin(angle)], axis=1)


class Brush:
    """Paints on ``image`` in place, and optionally notes where it painted.

    Args:
        image: uint8 ``(H, W, 3)`` RGB, contiguous; changed in place.
        coverage: uint8 ``(H, W)`` that takes 255 wherever something opaque is painted, or None.
        line: colour and width (pixels) of the outline of filled shapes; None paints without outlines.
    """

    def __init__(
        self, image: ImageArray, coverage: ImageArray | None = None, line: tuple[Colour, float] | None = None
    ) -> None:
        self.image, self.coverage, self.line = image, coverage, line
        self.height, self.width = image.shape[:2]
        #: one pixel of a 256-pixel picture: what fixed small distances are measured in
        self.unit = max(self.height, self.width) / 256

    def polygon(self, points: Any, colour: Colour, alpha: float = 1.0, outlined: bool = True) -> None:
        """Fills the closed outline ``points`` ``(N, 2)``; ``alpha`` < 1 is a glaze without outline."""
        corners = _fixed(points)
        if alpha < 1.0:
            self._glaze(corners, colour, alpha)
            return
        cv2.fillPoly(self.image, [corners], colour, lineType=cv2.LINE_AA, shift=_SHIFT)
        if self.coverage is not None:
            cv2.fillPoly(self.coverage, [corners], 255, lineType=cv2.LINE_AA, shift=_SHIFT)
        if outlined and self.line is not None:
            self._stroke(corners, self.line[0], self.line[1], closed=True)

    def rectangle(
        self, x1: float, y1: float, x2: float, y2: float, colour: Colour, alpha: float = 1.0, outlined: bool = True
    ) -> None:
        """Fills an upright rectangle."""
        self.polygon([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], colour, alpha, outlined)

    def ellipse(
        self,
        cx: float,
        cy: float,
        rx: float,
        ry: float,
        colour: Colour,
        alpha: float = 1.0,
        degrees: float = 0.0,
        outlined: bool = True,
    ) -> None:
        """Fills an ellipse turned clockwise by ``degrees``."""
        angle = np.linspace(0.0, 2 * math.pi, 16 if max(rx, ry) < 8 else 36, endpoint=False)
        x, y, turn = rx * np.cos(angle), ry * np.sin(angle), math.radians(degrees)
        points = np.stack(
            [cx + x * math.cos(turn) - y * math.sin(turn), cy + x * math.sin(turn) + y * math.cos(turn)], axis=1
        )
        self.polygon(points, colour, alpha, outlined)

    def stroke(self, points: Any, colour: Colour, width: float = 1.0, closed: bool = False) -> None:
        """Draws a line through ``points`` ``(N, 2)``, ``width`` pixels wide (at least one)."""
        self._stroke(_fixed(points), colour, width, closed)

    def _stroke(self, corners: NDArray[np.int32], colour: Colour, width: float, closed: bool) -> None:
        thickness = max(1, round(width))
        cv2.polylines(self.image, [corners], closed, colour, thickness, cv2.LINE_AA, _SHIFT)
        if self.coverage is not None:
            cv2.polylines(self.coverage, [corners], closed, 255, thickness, cv2.LINE_AA, _SHIFT)

    def _glaze(self, corners: NDArray[np.int32], colour: Colour, alpha: float) -> None:
        low, high = corners.min(axis=0) >> _SHIFT, (corners.max(axis=0) >> _SHIFT) + 2
        x1, y1 = max(0, int(low[0]) - 1), max(0, int(low[1]) - 1)
        x2, y2 = min(self.width, int(high[0])), min(self.height, int(high[1]))
        if x1 >= x2 or y1 >= y2:
            return
        region = self.image[y1:y2, x1:x2]
        painted = region.copy()
        cv2.fillPoly(painted, [corners - np.array([x1, y1]) * (1 << _SHIFT)], colour, cv2.LINE_AA, _SHIFT)
        region[:] = cv2.addWeighted(painted, alpha, region, 1.0 - alpha, 0.0)


def _fixed(points: Any) -> NDArray[np.int32]:
    # OpenCV counts pixel centres at integers; our frame has them at halves. Far points are clipped to stay in range.
    shifted = (np.asarray(points, dtype=np.float64) - 0.5) * (1 << _SHIFT)
    return np.clip(np.rint(shifted), -(2**24), 2**24).astype(np.int32)
