"""Streets: rows of buildings with windows, a road, lamps, wires, cars."""

from __future__ import annotations

import numpy as np

from shared.synthetic import scene_plants as plants
from shared.synthetic import scene_props as props
from shared.synthetic.backgrounds_nature import sky
from shared.synthetic.brush import Brush, Colour, ImageArray, hsv, mix, shade
from shared.synthetic.texture import SizeWH


def _building(
    rng: np.random.Generator, brush: Brush, x1: float, x2: float, top: float, base: float, wall: Colour, lit: bool
) -> None:
    brush.rectangle(x1, top, x2, base, wall)
    columns = max(1, int((x2 - x1) / (brush.width * rng.uniform(0.035, 0.07))))
    rows = max(1, min(14, int((base - top) / (brush.height * rng.uniform(0.05, 0.09)))))
    glass = (255, 226, 150) if lit else mix(shade(wall, 0.55), (120, 170, 210), 0.4)
    step_x, step_y = (x2 - x1) / columns, (base - top) / rows
    wide, tall = rng.uniform(0.4, 0.75), rng.uniform(0.4, 0.7)
    dark = shade(wall, 0.6)
    for row in range(rows):
        for column in range(columns):
            wx, wy = x1 + (column + (1 - wide) / 2) * step_x, top + (row + (1 - tall) / 2) * step_y
            colour = glass if not lit or rng.random() < 0.5 else dark
            brush.rectangle(wx, wy, wx + wide * step_x, wy + tall * step_y, colour, outlined=False)


def street(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Returns a city scene, its tags and the level of the ground (fraction of the height)."""
    width, height = size_wh
    level = rng.uniform(0.55, 0.85)
    image, tags, time = sky(rng, size_wh, height * level)
    dim = {"day": 1.0, "sunset": 0.75, "night": 0.35}.get(time, 0.85)
    line = ((45, 45, 55), max(1.0, max(size_wh) / 320)) if rng.random() < 0.35 else None
    brush = Brush(image, line=line)
    tags |= {"building", "city"}
    haze: Colour = tuple(image[max(0, int(height * level) - 3), 0].tolist())
    hue = rng.random()
    for far in (True, False):
        if far and rng.random() < 0.4:
            continue
        x = -width * rng.random() * 0.1
        while x < width:
            span = width * rng.uniform(0.12, 0.3)
            top = height * level - height * (rng.uniform(0.3, 0.65) if far else rng.uniform(0.12, 0.5))
            wall = hsv(hue + rng.uniform(-0.1, 0.1), rng.uniform(0.02, 0.35), rng.uniform(0.5, 0.95) * dim)
            if far:
                brush.rectangle(x, top, x + span, height * level, mix(wall, haze, 0.65))
            elif rng.random() < 0.85:
                _building(rng, brush, x, x + span, top, height * level, wall, time == "night")
            x += span * rng.uniform(0.9, 1.2)
    if rng.random() < 0.3:
        tags |= {"cityscape"}
    _road(rng, brush, height * level, dim, tags)
    return image, tags, level


def _road(rng: np.random.Generator, brush: Brush, y: float, dim: float, tags: set[str]) -> None:
    width, height = brush.width, brush.height
    pavement = shade(hsv(rng.uniform(0.0, 0.7), 0.06, rng.uniform(0.55, 0.85)), dim)
    brush.rectangle(-2, y, width + 2, height + 2, pavement)
    if rng.random() < 0.6:
        asphalt = shade((98, 100, 108), dim)
        if rng.random() < 0.5:
            x, half = width * rng.uniform(0.2, 0.8), width * rng.uniform(0.3, 0.6)
            brush.polygon(
                [(x - 4 * brush.unit, y), (x + 4 * brush.unit, y), (x + half, height), (x - half, height)], asphalt
            )
            brush.polygon(
                [(x - 0.5, y), (x + 0.5, y), (x + half * 0.04, height), (x - half * 0.04, height)],
                shade((240, 240, 235), dim),
                outlined=False,
            )
        else:
            top, low = y + (height - y) * 0.25, y + (height - y) * 0.9
            brush.rectangle(-2, top, width + 2, low, asphalt)
            for start in np.arange(0, width, width * 0.16):
                brush.rectangle(
                    start,
                    (top + low) / 2,
                    start + width * 0.08,
                    (top + low) / 2 + height * 0.012,
                    shade((240, 240, 235), dim),
                    outlined=False,
                )
        tags |= {"road", "street"}
    for _ in range(int(rng.integers(0, 4))):
        kind = int(rng.integers(0, 4))
        x, base = width * rng.random(), y + (height - y) * rng.uniform(0.1, 0.4)
        if kind == 0:
            props.lamppost(brush, rng, x, base, height * rng.uniform(0.4, 0.8))
            tags.add("lamppost")
        elif kind == 1:
            props.car(brush, rng, x, base, height * rng.uniform(0.08, 0.16))
            tags.add("motor_vehicle")
        elif kind == 2:
            plants.tree(brush, rng, x, base, height * rng.uniform(0.25, 0.6))
            tags.add("tree")
        else:
            _wires(rng, brush, x, base, dim)
            tags |= {"utility_pole", "power_lines"}


def _wires(rng: np.random.Generator, brush: Brush, x: float, base: float, dim: float) -> None:
    pole, top = shade((110, 104, 100), dim), base - brush.height * rng.uniform(0.5, 0.9)
    brush.stroke([(x, base), (x, top)], pole, brush.width * 0.014)
    brush.stroke(
        [(x - brush.width * 0.05, top + 5 * brush.unit), (x + brush.width * 0.05, top + 5 * brush.unit)],
        pole,
        brush.width * 0.01,
    )
    for offset in (3 * brush.unit, 9 * brush.unit, 15 * brush.unit):
        for side in (-1.0, 1.0):
            t = np.linspace(0, 1, 8)
            sag = top + offset + brush.height * 0.06 * np.sin(t * np.pi * 0.5)
            brush.stroke(np.stack([x + side * brush.width * t, sag], 1), (40, 40, 46), brush.unit)
