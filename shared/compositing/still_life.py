"""Lit scenes from nothing: vivid solid things on floors, tables and shelves, with highlights, shadows and lamps.

What :mod:`shared.compositing.clutter` lacks: things that are round, shiny and of many colours, as toys, fruit, dishes
and lamps are in photographs. A net that has not seen them takes each for a character.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.clutter import lay
from shared.compositing.palettes import color_of, random_palette
from shared.compositing.shapes import random_shape
from shared.compositing.tableware import bend_tube, dish, lay_table, layered
from shared.compositing.textures import random_texture

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]


def still_life(rng: np.random.Generator, side_px: int) -> ByteArray:
    """Returns a scene of lit things, RGB ``(S, S, 3)``; there is never a character in it.

    Args:
        rng: decides everything.
        side_px: S.
    """
    wall = random_texture(rng, side_px, random_palette(rng))
    floor = random_texture(rng, side_px, random_palette(rng))
    canvas = wall.copy()
    horizon = int(rng.uniform(0.3, 1.0) * side_px)
    for _ in range(int(rng.integers(0, 9))):
        _hang_picture(rng, canvas, horizon)
    canvas[horizon:] = floor[horizon:]
    light = rng.uniform(-0.8, 0.8)
    from_above = rng.random() < 0.5
    if from_above and rng.random() < 0.7:
        lay_table(rng, canvas, rng.uniform(0.3, 0.9) * side_px)
    for foot, size in _places(rng, side_px, horizon):
        place = rng.uniform(-0.05, 1.05) * side_px, foot
        (_stand_on_table if from_above and rng.random() < 0.7 else _stand)(rng, canvas, place, size, light)
    return _lit(rng, canvas) if rng.random() < 0.6 else canvas


def _places(rng: np.random.Generator, side: int, horizon: int) -> list[tuple[float, float]]:
    """Returns ``(foot, size)`` in pixels of each thing, far ones first: larger the lower their feet stand."""
    count = int(np.exp(rng.uniform(np.log(3), np.log(24))))
    lines = rng.uniform(0.25, 1.0, int(rng.integers(1, 4))) * side  # shelves and tables
    depths = np.sort(rng.uniform(0, 1, count))
    largest = rng.uniform(0.2, 0.7) * side
    places = []
    for depth in depths.tolist():
        on_shelf = rng.random() < 0.4
        foot = float(rng.choice(lines)) if on_shelf else horizon + depth * (1.1 * side - horizon)
        places.append((foot, largest * (0.25 + 0.75 * depth) * rng.uniform(0.4, 1.0)))
    return places


def _stand(
    rng: np.random.Generator, canvas: ByteArray, foot_xy: tuple[float, float], size: float, light: float
) -> None:
    """Puts one thing on its feet, with the shadow that it throws."""
    height, width = max(5, int(size)), max(5, int(size * np.exp(rng.uniform(np.log(0.25), np.log(2.5)))))
    thing, mask = (_turned if rng.random() < 0.65 else _block)(rng, width, height, light)
    if rng.random() < 0.15:
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-100, 100), 1.0)
        thing = np.asarray(cv2.warpAffine(thing, turn, (width, height)), np.uint8)
        mask = np.asarray(cv2.warpAffine(mask, turn, (width, height)), np.uint8)
    left, top = int(foot_xy[0]) - width // 2, int(foot_xy[1]) - height
    if rng.random() < 0.7:
        shadow = np.zeros((max(4, height // 3), width * 2), np.uint8)
        middle, axes = (width, shadow.shape[0] // 2), (int(width * 0.7), max(1, shadow.shape[0] // 3))
        cv2.ellipse(shadow, middle, axes, 0, 0, 360, float(rng.uniform(90, 220)), -1, cv2.LINE_AA)
        shadow = np.asarray(cv2.blur(shadow, (width // 4 + 1, shadow.shape[0] // 4 + 1)), np.uint8)
        place = left - width // 2 - int(light * width * 0.4), top + height - shadow.shape[0] // 2
        lay(canvas, np.zeros((1, 1, 3), np.uint8), shadow, place)
    lay(canvas, thing, mask, (left, top))
    if rng.random() < 0.12:  # a cable, a handle, the arm of a lamp
        stroke = random_shape(rng, size)
        lay(canvas, np.full((1, 1, 3), color_of(rng, random_palette(rng)), np.uint8), stroke, (left, top))


def _stand_on_table(
    rng: np.random.Generator, canvas: ByteArray, foot_xy: tuple[float, float], size: float, light: float
) -> None:
    """Puts one thing that is seen from above on its feet, some on a plate, some a plate alone."""
    width = max(8, int(size * rng.uniform(0.4, 1.4)))
    x, y = foot_xy
    if rng.random() < 0.12:
        bend_tube(rng, canvas, foot_xy, size)
        return
    if rng.random() < 0.5:
        wide = int(width * rng.uniform(1.0, 1.6))
        deep = max(4, int(wide * rng.uniform(0.2, 0.6)))
        lay(canvas, *dish(rng, wide, deep), (int(x) - wide // 2, int(y) - deep + deep // 3))
        if rng.random() < 0.4:
            return
    height = max(8, int(width * rng.uniform(0.4, 1.6)))
    lay(canvas, *layered(rng, width, height, light), (int(x) - width // 2, int(y) - height))


def _turned(rng: np.random.Generator, width: int, height: int, light: float) -> tuple[ByteArray, ByteArray]:
    """Returns a thing turned on a lathe, in bands of colour: vases, bottles, lamps, cakes, balls, cones.

    RGB ``(height, width, 3)`` and its mask ``(height, width)``.
    """
    if rng.random() < 0.25:
        radius = np.sqrt(np.clip(1 - np.linspace(-1, 1, height, dtype=np.float32) ** 2, 0.001, 1))
    else:
        knots = rng.uniform(0.15, 1.0, (int(rng.integers(2, 8)), 1)).astype(np.float32)
        method = cv2.INTER_NEAREST if rng.random() < 0.2 else cv2.INTER_LINEAR
        radius = np.asarray(cv2.resize(knots, (1, height), interpolation=method), np.float32)[:, 0]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None] / radius[:, None]
    mask = np.clip((1 - np.abs(across)) * radius[:, None] * width / 2 + 0.5, 0, 1)
    colors = _vivid(rng, int(rng.integers(1, 5)))
    bands = np.asarray(cv2.resize(colors[:, None], (1, height), interpolation=cv2.INTER_NEAREST), np.float32)
    side = np.clip(across - light, -1.6, 1.6)
    shade = 1 - rng.uniform(0.2, 0.65) * side * side / 1.6
    shiny = rng.uniform(80, 255) * np.exp(-((side * 6) ** 2)) if rng.random() < 0.5 else np.float32(0)
    picture = bands * shade[..., None] + np.asarray(shiny, np.float32)[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8), (mask * 255).astype(np.uint8)


def _block(rng: np.random.Generator, width: int, height: int, light: float) -> tuple[ByteArray, ByteArray]:
    """Returns a box seen over its edge, plain or textured: crates, books, screens, furniture."""
    face, top = rng.uniform(0.3, 0.95) * width, rng.uniform(0.02, 0.4) * height
    skew = rng.uniform(-0.3, 0.3) * height * (width > 12)
    mask, picture = np.zeros((height, width), np.uint8), np.empty((height, width, 3), np.uint8)
    (first,) = _vivid(rng, 1).astype(np.uint8)
    picture[:] = first
    if rng.random() < 0.5:
        side = max(width, height)
        picture[:] = random_texture(rng, side, random_palette(rng))[:height, :width]
    if rng.random() < 0.3:
        inner = (int(width * 0.12), int(top + height * 0.1)), (int(face - width * 0.12), int(height * 0.9))
        cv2.rectangle(picture, *inner, _vivid(rng, 1)[0].tolist(), -1)
    low, lifted = height - 1.0, height - 1.0 - abs(skew) * 0.5
    faces = (
        (((0, top), (face, top), (face, low), (0, low)), 1.0),
        (((face, top), (width, top * 0.5), (width, lifted), (face, low)), 0.75 + 0.3 * light),
        (((0, top), (face, top), (width, top * 0.5), (width * 0.3, 0)), 1.25 - 0.2 * abs(light)),
    )
    for corners, bright in faces:
        part = np.zeros((height, width), np.uint8)
        cv2.fillConvexPoly(part, np.rint(np.array(corners) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        cv2.copyTo(np.asarray(cv2.convertScaleAbs(picture, alpha=bright), np.uint8), part, picture)
        mask = np.maximum(mask, part)
    return picture, mask


def _vivid(rng: np.random.Generator, count: int) -> ByteArray:
    """Returns ``(count, 3)`` colours that need not go together, most of them strong."""
    hue, saturation = rng.uniform(0, 180, count), 255 * rng.beta(1.6, 1.0, count)
    hsv = np.stack([hue, saturation, 255 * rng.beta(2.5, 1.0, count)], axis=-1)[None].astype(np.uint8)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0], np.uint8)


def _hang_picture(rng: np.random.Generator, canvas: ByteArray, horizon: int) -> None:
    """Hangs a poster, a window or a screen on the wall: frame, ground, a few shapes."""
    side = canvas.shape[0]
    width, height = (max(6, int(side * rng.uniform(0.06, 0.4))) for _ in range(2))
    larger = max(width, height)
    poster = random_texture(rng, larger, random_palette(rng))[:height, :width].copy()
    for _ in range(int(rng.integers(0, 5))):
        shape = random_shape(rng, float(larger) * rng.uniform(0.2, 0.7))
        place = int(rng.uniform(-0.2, 0.8) * width), int(rng.uniform(-0.2, 0.8) * height)
        lay(poster, _vivid(rng, 1)[None], shape, place)
    if rng.random() < 0.6:
        frame = _vivid(rng, 1)[0].tolist()
        cv2.rectangle(poster, (0, 0), (width - 1, height - 1), frame, 1 + larger // 30)
    corner = int(rng.uniform(-0.1, 0.95) * side), int(rng.uniform(-0.1, 0.9) * max(1, horizon))
    lay(canvas, poster, np.full((height, width), 255, np.uint8), corner)


def _lit(rng: np.random.Generator, canvas: ByteArray) -> ByteArray:
    """Returns the scene under lamps: dark away from them, warm or cold and up to blinding near them."""
    side = canvas.shape[0]
    ambient = rng.uniform(0.15, 0.85)
    small = 16  # light changes slowly: solved on a coarse grid
    y, x = np.mgrid[:small, :small].astype(np.float32) / small
    light = np.full((small, small, 3), ambient, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        cx, cy = rng.uniform(-0.1, 1.1, 2)
        reach = np.exp(rng.uniform(np.log(0.08), np.log(0.7)))
        tint = np.array([1.0, rng.uniform(0.6, 1.0), rng.uniform(0.3, 1.0)], np.float32)
        tint = tint if rng.random() < 0.7 else tint[::-1]
        pool = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * reach * reach)) * rng.uniform(0.4, 2.0)
        light += pool[..., None].astype(np.float32) * tint
    field = np.asarray(cv2.resize(light, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)
    return np.asarray(np.clip(canvas * field, 0, 255), np.uint8)
