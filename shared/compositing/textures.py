"""Square pieces of texture: ground, walls, tiles, cloth, leaves, grass, stones. About 0.1 ms at 128 px."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.noise import noise
from shared.compositing.palettes import color_of, ramp, recolor

ByteArray = NDArray[np.uint8]
Maker = Callable[[np.random.Generator, int, ByteArray], ByteArray]


def random_texture(rng: np.random.Generator, side_px: int, palette: ByteArray) -> ByteArray:
    """Returns RGB ``(S, S, 3)`` of a random kind in the colours of ``palette`` ``(N, 3)``."""
    maker = _MAKERS[int(_EDGES.searchsorted(rng.random(), side="right"))]
    texture = maker(rng, side_px, palette)
    return shaded(rng, texture, 0.5) if rng.random() < 0.4 else texture


def shaded(rng: np.random.Generator, image: ByteArray, strength: float) -> ByteArray:
    """Returns ``image`` ``(S, S, 3)`` unevenly lit: darker by up to ``strength``, brighter by up to half of it."""
    light = noise(rng, image.shape[0])
    table = np.linspace(1 - strength * rng.random(), 1 + strength / 2 * rng.random(), 256) * 128
    light = np.asarray(cv2.LUT(light, np.clip(table, 0, 255).astype(np.uint8)), np.uint8)
    return np.asarray(cv2.multiply(image, cv2.merge([light, light, light]), scale=1 / 128), np.uint8)


def _gradient(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    corners = np.array([[color_of(rng, palette) for _ in range(2)] for _ in range(2)], np.uint8)
    if rng.random() < 0.5:
        corners[:, 1] = corners[:, 0]
    # Resized from cell centres: four times the side, the middle of it, is the ramp itself.
    return np.asarray(cv2.resize(corners, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def _fractal(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    return recolor(noise(rng, side), ramp(rng, palette))


def _mottled(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    """Three fields, one a channel, round a common brightness: skin of rocks, soil, rust, carpets."""
    common, mean = noise(rng, side), color_of(rng, palette)
    depth, tint = rng.uniform(0.2, 0.9), rng.uniform(0.0, 0.4)
    channels = [
        cv2.addWeighted(common, depth, noise(rng, side), tint, mean[c] - 128 * (depth + tint)) for c in range(3)
    ]
    return np.asarray(cv2.merge(channels), np.uint8)


def _stripes(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    """Stripes, waves, planks and folds."""
    angle, period = rng.uniform(0, np.pi), side * np.exp(rng.uniform(np.log(0.03), np.log(0.5)))
    x, y = _grid(side)
    phase = (np.cos(angle) * x + np.sin(angle) * y) * np.float32(256 / period)
    if rng.random() < 0.5:
        phase = phase + noise(rng, side).astype(np.float32) * np.float32(rng.uniform(0.1, 2.0))
    return recolor(phase.astype(np.int32).astype(np.uint8), _cyclic(ramp(rng, palette)))


def _cyclic(table: ByteArray) -> ByteArray:
    return np.concatenate([table[::2], table[::-2]])


def _tiles(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    """Bricks, tiles, windows, shelves of books: cells of like size, each with its own colour, and joints."""
    cell_w, cell_h = (max(3, int(side * np.exp(rng.uniform(np.log(0.04), np.log(0.35))))) for _ in range(2))
    rows, columns = side // cell_h + 2, side // cell_w + 3
    base, spread = np.array(color_of(rng, palette), np.float32), rng.uniform(2, 60)
    if rng.random() < 0.3:
        cells = palette[rng.integers(0, len(palette), (rows, columns))].astype(np.float32)
    else:
        cells = base + rng.normal(0, spread, (rows, columns, 1)).astype(np.float32)
    cells = np.clip(cells, 0, 255).astype(np.uint8)
    tiled = np.repeat(np.repeat(cells, cell_h, axis=0), cell_w, axis=1)
    joint, width = color_of(rng, palette), int(rng.integers(0, max(2, min(cell_w, cell_h) // 3)))
    if width:
        tiled[np.arange(tiled.shape[0]) % cell_h < width] = joint
        tiled[:, np.arange(tiled.shape[1]) % cell_w < width] = joint
    if rng.random() < 0.5:  # a bond: every other course is moved by half a cell
        courses = tiled[: rows * cell_h].reshape(rows, cell_h, -1, 3)
        courses[1::2] = np.roll(courses[1::2], cell_w // 2, axis=2)
    top, left = int(rng.integers(0, cell_h)), int(rng.integers(0, cell_w))
    return np.ascontiguousarray(tiled[top : top + side, left : left + side])


def _leaves(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    """Ellipses by the hundred: foliage, pebbles, crowds of petals; dark ones below, light ones above."""
    canvas = np.full((side, side, 3), color_of(rng, palette // 3), np.uint8)
    count, size = int(rng.integers(30, 140)), side * np.exp(rng.uniform(np.log(0.02), np.log(0.1)))
    long, turn, spread = rng.uniform(1.0, 3.0), rng.uniform(0, 180), rng.choice([10.0, 90.0])
    places, angles = rng.integers(0, side, (count, 2)).tolist(), (turn + rng.normal(0, spread, count)).tolist()
    for number, (place, angle) in enumerate(zip(places, angles, strict=True)):
        light = 0.4 + 0.6 * number / count
        red, green, blue = palette[number % 3 % len(palette)].tolist()
        color = (red * light, green * light, blue * light)
        cv2.ellipse(canvas, place, (int(size * long) + 1, int(size) + 1), angle, 0, 360, color, -1)
    return canvas


def _blades(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    """Short strokes of one direction: grass, fur, straw, rain, hatching."""
    canvas = _fractal(rng, side, palette)
    count, width = int(rng.integers(40, 200)), 1 + int(rng.random() < 0.3)
    starts, turn = rng.integers(-5, side + 5, (count, 2)), rng.uniform(0, 2 * np.pi)
    angles, lengths = turn + rng.normal(0, rng.uniform(0.05, 0.6), count), rng.uniform(0.03, 0.25, count) * side
    ends = starts + (lengths * np.stack([np.cos(angles), np.sin(angles)])).T.astype(int)
    colors = [color_of(rng, palette, 25.0) for _ in range(6)]
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        cv2.line(canvas, start, end, colors[number % 6], width)
    return canvas


def _stones(rng: np.random.Generator, side: int, palette: ByteArray) -> ByteArray:
    """Cells with crooked borders: stones, scales, patches of fields, camouflage."""
    cells = max(2, int(np.exp(rng.uniform(np.log(3), np.log(16)))))
    colors = palette[rng.integers(0, len(palette), (cells, cells))]
    grid = np.asarray(cv2.resize(colors, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)
    x, y = _grid(side)
    reach = np.float32(side / cells / 100)
    moved_x, moved_y = x + noise(rng, side) * reach, y + noise(rng, side) * reach
    return np.asarray(cv2.remap(grid, moved_x, moved_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.uint8)


@cache
def _grid(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    y, x = np.mgrid[:side, :side].astype(np.float32)
    return x, y


_MAKERS: tuple[Maker, ...] = (_gradient, _fractal, _mottled, _stripes, _tiles, _leaves, _blades, _stones)
_SHARES = (0.16, 0.18, 0.18, 0.1, 0.14, 0.08, 0.08, 0.08)
_EDGES = np.cumsum(_SHARES) / np.sum(_SHARES)
