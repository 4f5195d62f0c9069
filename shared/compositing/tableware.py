"""Tables and what stands on them, seen from above: plates, doilies, cakes and pots with their tops, arms of lamps.

Things that :mod:`shared.compositing.still_life` turns on its lathe are seen from the side. In pictures of rooms most of
them show a round top as well, on a plate, on a table: smooth, closed shapes with outlines, as heads and clothes have.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.palettes import color_of, random_palette
from shared.compositing.textures import random_texture

ByteArray = NDArray[np.uint8]
Color = tuple[int, int, int]

_SHIFT = 4  # points are given to OpenCV in sixteenths of a pixel


def dish(rng: np.random.Generator, width: int, height: int) -> tuple[ByteArray, ByteArray]:
    """Returns a plate, a doily, a rug or a tray, lying flat: RGB ``(height, width, 3)`` and its mask.

    Rings of few colours round a middle, some with a scalloped edge and spots.
    """
    colors = [_pale(rng) if rng.random() < 0.5 else _bright(rng) for _ in range(3)]
    picture, mask = np.empty((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    picture[:] = colors[0]
    scallops, depth = int(rng.integers(8, 40)), float(rng.uniform(0.03, 0.1)) * (rng.random() < 0.4)
    _fill(mask, _ring(width, height, 1.0, scallops, depth), 255)
    inner = 1.0
    for number in range(int(rng.integers(1, 5))):
        inner *= rng.uniform(0.55, 0.95)
        _fill(picture, _ring(width, height, inner, scallops, depth), colors[(number + 1) % 3])
    if rng.random() < 0.4:
        _spot(rng, picture, colors[int(rng.integers(3))], inner)
    if rng.random() < 0.5:
        cv2.polylines(picture, [_fixed(_ring(width, height, 0.97, scallops, depth))], True, _dark(rng), 1, 16, _SHIFT)
    return picture, mask


def layered(rng: np.random.Generator, width: int, height: int, light: float) -> tuple[ByteArray, ByteArray]:
    """Returns a round thing with its top: cake, burger, pot, drum, stool, jar; RGB ``(height, width, 3)`` and mask.

    Args:
        rng: decides everything else.
        width: pixels.
        height: pixels.
        light: from where it is lit, −1 (left) to 1 (right).
    """
    picture, mask = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    slant = rng.uniform(0.15, 0.6)
    rise = max(1.0, height - slant * width)  # from the middle of the foot to the middle of the top
    knots = rng.uniform(0.55, 1.0, (int(rng.integers(2, 7)), 1)).astype(np.float32)
    steps = max(4, min(24, int(rise)))
    method = cv2.INTER_NEAREST if rng.random() < 0.3 else cv2.INTER_LINEAR
    radii = np.asarray(cv2.resize(knots, (1, steps), interpolation=method), np.float32)[:, 0] * (width / 2 - 1)
    bands = [_bright(rng) if rng.random() < 0.7 else _pale(rng) for _ in range(int(rng.integers(1, 5)))]
    edge = _dark(rng) if rng.random() < 0.5 else None
    for step, radius in enumerate(radii.tolist()):  # from the foot up, each disc over the one below
        y = height - 1 - slant * width / 2 - rise * step / steps
        centre, axes = (width / 2, y), (radius, radius * slant)
        band = np.array(bands[step * len(bands) // steps], np.float64)
        _ellipse(picture, centre, axes, _color(band * 0.7))
        _ellipse(mask, centre, axes, 255)
        lit = centre[0] + light * radius * 0.45, y
        _ellipse(picture, lit, (radius * 0.5, radius * slant * 0.95), _color(band * rng.uniform(0.85, 1.0)))
        if edge is not None and (step in (0, steps - 1) or rng.random() < 0.08):
            _ellipse(picture, centre, axes, edge, thickness=1)
    top = height - 1 - slant * width / 2 - rise
    for share in (1.0, rng.uniform(0.5, 0.95)):
        shade = np.array(_bright(rng) if rng.random() < 0.5 else bands[-1], np.float64)
        axes = (radii[-1] * share, radii[-1] * share * slant)
        _ellipse(picture, (width / 2, top), axes, _color(shade * 1.1))
        _ellipse(mask, (width / 2, top), axes, 255)
    if rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 9))):  # berries, cream, knobs
            angle, away = rng.uniform(0, 2 * np.pi), radii[-1] * rng.uniform(0, 0.8)
            centre = width / 2 + np.cos(angle) * away, top + np.sin(angle) * away * slant
            _ellipse(picture, centre, (width * 0.05 + 1, width * 0.05 + 1), _bright(rng))
    return picture, mask


def lay_table(rng: np.random.Generator, canvas: ByteArray, far_y: float) -> None:
    """Paints a table's or counter's top, in perspective, from ``far_y`` (pixels) down, with its edge; in place."""
    side = canvas.shape[0]
    near_y = min(1.3, rng.uniform(0.15, 0.9) + far_y / side) * side
    middle, half = rng.uniform(0.1, 0.9) * side, rng.uniform(0.2, 0.9) * side
    shrunk, lean = half * rng.uniform(0.5, 1.0), rng.normal(0, 0.2) * side
    corners = np.array(
        [[middle + lean - shrunk, far_y], [middle + lean + shrunk, far_y], [middle + half, near_y],
         [middle - half, near_y]], np.float64,
    )  # fmt: skip
    if rng.random() < 0.6:
        top = random_texture(rng, side, random_palette(rng))
    else:
        top = np.full((side, side, 3), _pale(rng) if rng.random() < 0.5 else _bright(rng), np.uint8)
    square = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
    painted = cv2.warpPerspective(top, cv2.getPerspectiveTransform(square, corners.astype(np.float32)), (side, side))
    mask = np.zeros((side, side), np.uint8)
    edge = corners[2:] + np.array([0, rng.uniform(0.02, 0.1) * side])
    _fill(canvas, np.concatenate([corners[[3, 2]], edge]), _color(top[-1, side // 2] * rng.uniform(0.3, 0.8)))
    _fill(mask, corners, 255)
    cv2.copyTo(np.asarray(painted, np.uint8), mask, canvas)


def bend_tube(rng: np.random.Generator, canvas: ByteArray, foot_xy: tuple[float, float], size: float) -> None:
    """Draws a bent tube that rises from its foot: arm of a lamp, handle, hose, rail, wreath; in place.

    What it encloses is ground, as between an arm and a body.
    """
    turn, lean = rng.uniform(0.4, 1.7) * np.pi, rng.choice([-1.0, 1.0])
    angles = np.linspace(0, turn, 24)
    width, rise = rng.uniform(0.15, 0.6) * size, rng.uniform(0.0, 0.6) * size
    x = foot_xy[0] + lean * width * (1 - np.cos(angles))
    y = foot_xy[1] - rise - rng.uniform(0.3, 1.0) * size * np.sin(angles) * 0.5
    points = np.concatenate([[foot_xy], np.stack([x, y], -1)])
    thickness = max(1, int(size * rng.uniform(0.02, 0.12)))
    color = _dark(rng) if rng.random() < 0.5 else _bright(rng)
    cv2.polylines(canvas, [_fixed(points)], False, color, thickness, cv2.LINE_AA, _SHIFT)
    if thickness > 2:  # light along it
        bright = _color(np.array(color) * 0.5 + 127)
        cv2.polylines(canvas, [_fixed(points - thickness * 0.2)], False, bright, 1, cv2.LINE_AA, _SHIFT)


def _ring(width: int, height: int, share: float, scallops: int, depth: float) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    radius = share * (1 - depth + depth * np.abs(np.cos(angles * scallops / 2)))
    return np.stack(
        [(width - 1) / 2 * (1 + radius * np.cos(angles)), (height - 1) / 2 * (1 + radius * np.sin(angles))], axis=-1
    )


def _spot(rng: np.random.Generator, picture: ByteArray, color: Color, reach: float) -> None:
    """Spots a dish with a pattern of dots round its middle, in place."""
    height, width = picture.shape[:2]
    for angle in np.linspace(0, 2 * np.pi, int(rng.integers(3, 14)), endpoint=False):
        centre = width / 2 * (1 + reach * 0.7 * np.cos(angle)), height / 2 * (1 + reach * 0.7 * np.sin(angle))
        _ellipse(picture, centre, (width * 0.05 + 0.5, height * 0.05 + 0.5), color)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    fixed: NDArray[np.int32] = np.rint(points * 2**_SHIFT).astype(np.int32)
    return fixed


def _fill(canvas: ByteArray, points: NDArray[np.float64], color: Color | int) -> None:
    cv2.fillPoly(canvas, [_fixed(points)], color, cv2.LINE_AA, _SHIFT)


def _ellipse(
    canvas: ByteArray, centre: tuple[float, float], axes: tuple[float, float], color: Color | int, thickness: int = -1
) -> None:
    (cx, cy), (ax, ay) = (tuple(round(value * 2**_SHIFT) for value in pair) for pair in (centre, axes))
    cv2.ellipse(canvas, (cx, cy), (ax, ay), 0, 0, 360, color, thickness, cv2.LINE_AA, _SHIFT)


def _color(values: NDArray[np.float64]) -> Color:
    red, green, blue = (int(value) for value in np.clip(values, 0, 255))
    return red, green, blue


def _bright(rng: np.random.Generator) -> Color:
    return color_of(rng, random_palette(rng), 25.0)


def _pale(rng: np.random.Generator) -> Color:
    return _color(rng.uniform(170, 255) + rng.normal(0, 14, 3))


def _dark(rng: np.random.Generator) -> Color:
    return _color(rng.uniform(0, 70, 3))
