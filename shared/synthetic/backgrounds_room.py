"""Rooms: wall and floor, windows with curtains, doors, shelves, pictures, furniture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shared.synthetic import scene_props as props
from shared.synthetic import texture
from shared.synthetic.brush import Brush, Colour, ImageArray, hsv, mix, shade
from shared.synthetic.texture import SizeWH

_Part = Callable[[np.random.Generator, Brush, float, set[str]], None]


def _floor(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    width, height = brush.width, brush.height
    kind = int(rng.integers(0, 4))
    colour = (
        hsv(rng.uniform(0.04, 0.11), rng.uniform(0.15, 0.6), rng.uniform(0.4, 0.9))
        if kind < 2
        else hsv(rng.random(), rng.uniform(0, 0.25), rng.uniform(0.6, 0.95))
    )
    brush.rectangle(-2, y, width + 2, height + 2, colour)
    vanish = (width * rng.uniform(0.2, 0.8), y - height * rng.uniform(0.15, 0.6))
    edge = shade(colour, 0.8)
    if kind in (0, 1):
        # Boards (or mat seams) run to the vanishing point.
        for x in np.linspace(-width * 1.5, width * 2.5, 22):
            t = (y - vanish[1]) / (height - vanish[1])
            brush.stroke([(vanish[0] + (x - vanish[0]) * t, y), (x, height)], edge, brush.unit)
        tags.add("wooden_floor")
    elif kind == 2:
        _tiles(brush, y, vanish, shade(colour, rng.uniform(0.6, 0.85)))
        tags |= {"tiles", "tile_floor", "checkered_floor"}
    elif rng.random() < 0.5:
        brush.ellipse(
            width * rng.uniform(0.2, 0.8),
            y + (height - y) * 0.6,
            width * 0.3,
            (height - y) * 0.3,
            hsv(rng.random(), 0.4, 0.8),
        )
        tags.add("rug")


def _tiles(brush: Brush, y: float, vanish: tuple[float, float], dark: Colour) -> None:
    rows = y + (brush.height - y) * (np.arange(7) / 6.0) ** 1.7
    edges = np.linspace(-brush.width, brush.width * 2, 16)
    for row in range(6):
        for column in range(row % 2, 15, 2):
            corners = []
            for depth, x in ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)):
                t = (rows[depth] - vanish[1]) / (brush.height - vanish[1])
                corners.append((vanish[0] + (edges[x] - vanish[0]) * t, rows[depth]))
            brush.polygon(corners, dark, outlined=False)


def _wall(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    wall = hsv(rng.random(), rng.uniform(0.02, 0.3), rng.uniform(0.6, 0.98))
    brush.image[: max(1, int(y))] = texture.ramp(
        (brush.width, max(1, int(y))), [shade(wall, rng.uniform(0.85, 1.1)), wall]
    )
    kind, edge = rng.random(), shade(wall, 0.9)
    if kind < 0.2:
        step = brush.width * rng.uniform(0.04, 0.1)
        for x in np.arange(0, brush.width, step * 2):
            brush.rectangle(x, 0, x + step, y, edge, outlined=False)
    elif kind < 0.32:
        step = brush.height * rng.uniform(0.03, 0.06)
        for row in range(int(y / step) + 1):
            brush.stroke([(0, row * step), (brush.width, row * step)], edge, brush.unit)
            for x in np.arange((row % 2) * step, brush.width, step * 2):
                brush.stroke([(x, row * step), (x, (row + 1) * step)], edge, brush.unit)
        tags.add("brick_wall")
    brush.rectangle(-2, y - brush.height * 0.025, brush.width + 2, y, shade(wall, rng.choice([0.6, 1.6])))


def _window(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    wide, tall = brush.width * rng.uniform(0.2, 0.45), y * rng.uniform(0.4, 0.65)
    x1, y1 = brush.width * rng.uniform(0.0, 0.75), y * rng.uniform(0.08, 0.25)
    frame = (250, 248, 242) if rng.random() < 0.6 else hsv(0.08, 0.5, 0.45)
    outside = (
        [hsv(rng.uniform(0.53, 0.62), 0.45, 0.95), (230, 242, 250)]
        if rng.random() < 0.7
        else [(20, 24, 60), (60, 62, 110)]
    )
    edge, gap = 3 * brush.unit, 2 * brush.unit
    brush.rectangle(x1 - edge, y1 - edge, x1 + wide + edge, y1 + tall + edge, frame)
    for half in range(2):
        left = x1 + half * wide / 2 + gap
        right, middle = left + wide / 2 - 2 * gap, y1 + tall * 0.5
        brush.rectangle(left, y1 + gap, right, middle - gap, outside[0], outlined=False)
        brush.rectangle(left, middle + gap, right, y1 + tall - gap, outside[1], outlined=False)
    tags.add("window")
    if rng.random() < 0.55:
        cloth = hsv(rng.random(), rng.uniform(0.1, 0.6), rng.uniform(0.6, 1.0))
        for side, x in ((-1, x1), (1, x1 + wide)):
            for fold in range(3):
                near, far = x + side * wide * (0.12 - 0.09 * fold), x + side * wide * (0.03 - 0.09 * fold)
                brush.rectangle(
                    min(near, far), y1 - 6, max(near, far), y1 + tall * 1.2, shade(cloth, 0.85 + 0.12 * fold)
                )
        tags.add("curtains")


def _shelf(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    wide, tall = brush.width * rng.uniform(0.18, 0.35), y * rng.uniform(0.5, 0.85)
    x1, base, wood = (
        brush.width * rng.uniform(-0.05, 0.8),
        y + brush.height * 0.02,
        hsv(rng.uniform(0.05, 0.1), 0.5, rng.uniform(0.3, 0.7)),
    )
    brush.rectangle(x1, base - tall, x1 + wide, base, wood)
    rows = int(rng.integers(3, 6))
    for row in range(rows):
        low = base - tall * row / rows - tall * 0.02
        high = base - tall * (row + 1) / rows + tall * 0.03
        brush.rectangle(x1 + wide * 0.05, high, x1 + wide * 0.95, low, shade(wood, 0.6), outlined=False)
        x = x1 + wide * 0.07
        while x < x1 + wide * 0.88 and rng.random() < 0.93:
            thick = wide * rng.uniform(0.04, 0.1)
            top = low - (low - high) * rng.uniform(0.6, 0.95)
            brush.rectangle(
                x, top, x + thick, low, hsv(rng.random(), rng.uniform(0.3, 0.8), rng.uniform(0.4, 0.9)), outlined=False
            )
            x += thick * 1.08
    tags |= {"bookshelf", "book"}


def _picture(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    wide, tall = brush.width * rng.uniform(0.08, 0.2), y * rng.uniform(0.12, 0.25)
    x1, y1 = brush.width * rng.uniform(0.02, 0.8), y * rng.uniform(0.1, 0.4)
    brush.rectangle(x1, y1, x1 + wide, y1 + tall, hsv(rng.uniform(0.05, 0.13), 0.6, rng.uniform(0.25, 0.7)))
    edge = 3 * brush.unit
    inner = (x1 + edge, y1 + edge, x1 + wide - edge, y1 + tall - edge)
    brush.rectangle(*inner, hsv(rng.random(), 0.3, 0.9), outlined=False)
    brush.polygon(
        [(inner[0], inner[3]), (x1 + wide * 0.4, y1 + tall * 0.45), inner[2:]],
        hsv(rng.random(), 0.5, 0.6),
        outlined=False,
    )
    tags.add("picture_frame")


def _door(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    wide, x1 = brush.width * rng.uniform(0.15, 0.22), brush.width * rng.uniform(0.0, 0.8)
    colour, top = hsv(rng.uniform(0.04, 0.12), rng.uniform(0.2, 0.6), rng.uniform(0.4, 0.9)), y * rng.uniform(0.1, 0.3)
    brush.rectangle(x1, top, x1 + wide, y + 1, colour)
    for panel in (0.12, 0.55):
        brush.rectangle(
            x1 + wide * 0.2,
            top + (y - top) * panel,
            x1 + wide * 0.8,
            top + (y - top) * (panel + 0.33),
            shade(colour, 0.85),
        )
    brush.ellipse(x1 + wide * 0.88, (top + y) / 2, wide * 0.05, wide * 0.05, (240, 210, 90))
    tags.add("door")


def _chalkboard(rng: np.random.Generator, brush: Brush, y: float, tags: set[str]) -> None:
    x1, x2 = brush.width * rng.uniform(0.0, 0.25), brush.width * rng.uniform(0.7, 1.0)
    brush.rectangle(x1, y * 0.2, x2, y * 0.75, hsv(0.09, 0.5, 0.55))
    edge, green = 4 * brush.unit, hsv(rng.uniform(0.38, 0.45), 0.5, 0.33)
    brush.rectangle(x1 + edge, y * 0.2 + edge, x2 - edge, y * 0.75 - edge, green, outlined=False)
    for _ in range(int(rng.integers(0, 5))):
        points = np.stack(
            [
                np.linspace(x1 + (x2 - x1) * rng.uniform(0.05, 0.7), x1 + (x2 - x1) * 0.95, 12),
                y * rng.uniform(0.3, 0.65) + brush.unit * rng.uniform(-3, 3, 12),
            ],
            1,
        )
        brush.stroke(points[: int(rng.integers(4, 12))], (225, 232, 228), brush.unit)
    tags |= {"chalkboard"}


_PARTS: tuple[_Part, ...] = (_window, _window, _window, _shelf, _picture, _picture, _door, _chalkboard)


def room(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Returns an indoor scene, its tags and the level of the floor's far edge (fraction of the height)."""
    width, height = size_wh
    level = rng.uniform(0.55, 0.85)
    image = np.empty((height, width, 3), np.uint8)
    line: tuple[Colour, float] | None = (
        (hsv(0.05, 0.4, 0.25), max(1.0, max(size_wh) / 300)) if rng.random() < 0.5 else None
    )
    brush = Brush(image, line=line)
    tags = {"indoors"}
    _wall(rng, brush, height * level, tags)
    _floor(rng, brush, height * level, tags)
    for _ in range(int(rng.integers(1, 5))):
        _PARTS[int(rng.integers(0, len(_PARTS)))](rng, brush, height * level, tags)
    for _ in range(int(rng.integers(0, 4))):
        paint, tag, relative = props.INDOOR[int(rng.integers(0, len(props.INDOOR)))]
        base = height * (level + (1 - level) * rng.uniform(0.05, 0.6))
        paint(brush, rng, width * rng.uniform(0.05, 0.95), base, height * 0.55 * relative * rng.uniform(0.7, 1.2))
        tags |= {tag} if tag else set()
    if rng.random() < 0.3:
        tint = texture.vignette(size_wh, int(rng.integers(110, 200)), (rng.random(), rng.random() * 0.5))
        warm = mix((255, 255, 255), hsv(rng.uniform(0.05, 0.15), 0.6, 1.0), rng.uniform(0, 0.5))
        image[:] = texture.multiply(texture.multiply(image, tint), texture.flat(size_wh, warm))
    return image, tags, level
