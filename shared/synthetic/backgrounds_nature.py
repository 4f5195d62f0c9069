"""Landscapes: sky by the time of day, clouds, sun or moon, hills, woods, fields, sea, snow."""

from __future__ import annotations

import numpy as np

from shared.synthetic import scene_plants as plants
from shared.synthetic import texture
from shared.synthetic.brush import Brush, Colour, ImageArray, blob, hsv, mix, shade
from shared.synthetic.texture import SizeWH

_TIMES = ("day", "day", "day", "sunset", "night", "overcast")


def sky(rng: np.random.Generator, size_wh: SizeWH, horizon: float) -> tuple[ImageArray, set[str], str]:
    """Returns a sky down to ``horizon`` (pixels), its tags, and the time: day, sunset, night or overcast."""
    time = _TIMES[int(rng.integers(0, len(_TIMES)))]
    tags = {"outdoors", "sky"}
    if time == "day":
        hue = rng.uniform(0.53, 0.62)
        colours = [hsv(hue, rng.uniform(0.45, 0.8), rng.uniform(0.75, 0.98)), hsv(hue, rng.uniform(0.05, 0.35), 1.0)]
        tags |= {"blue_sky", "day"}
    elif time == "sunset":
        colours = [
            hsv(rng.uniform(0.65, 0.95), rng.uniform(0.3, 0.6), rng.uniform(0.5, 0.85)),
            hsv(rng.uniform(0.95, 1.05), 0.55, 0.95),
            hsv(rng.uniform(0.06, 0.13), 0.6, 1.0),
        ]
        tags |= {"sunset"}
    elif time == "night":
        hue = rng.uniform(0.58, 0.75)
        colours = [hsv(hue, 0.8, rng.uniform(0.08, 0.2)), hsv(hue, rng.uniform(0.4, 0.7), rng.uniform(0.25, 0.5))]
        tags |= {"night", "night_sky"}
    else:
        grey = rng.uniform(0.55, 0.95)
        colours = [hsv(0.6, 0.08, grey * 0.85), hsv(0.6, 0.04, grey)]
    image = np.empty((size_wh[1], size_wh[0], 3), np.uint8)
    depth = max(1, min(size_wh[1], round(horizon)))
    image[:depth] = texture.ramp((size_wh[0], depth), colours)
    image[depth:] = colours[-1]
    brush = Brush(image)
    _lights(rng, brush, depth, time, tags)
    if rng.random() < 0.7:
        _clouds(rng, brush, depth, time)
        tags |= {"cloud", "cloudy_sky"} if time == "overcast" or rng.random() < 0.4 else {"cloud"}
    return image, tags, time


def _lights(rng: np.random.Generator, brush: Brush, depth: int, time: str, tags: set[str]) -> None:
    x, y = brush.width * rng.uniform(0.1, 0.9), depth * rng.uniform(0.1, 0.5)
    radius = max(brush.width, brush.height) * rng.uniform(0.02, 0.07)
    if time == "night":
        for _ in range(int(rng.integers(15, 60))):
            size = rng.uniform(0.4, 1.3)
            brush.ellipse(brush.width * rng.random(), depth * rng.random(), size, size, (255, 255, 240))
        tags |= {"star_(sky)", "starry_sky"}
        if rng.random() < 0.6:
            brush.ellipse(x, y, radius * 1.8, radius * 1.8, (255, 250, 220), 0.15)
            brush.ellipse(x, y, radius, radius, (255, 251, 225))
            tags |= {"moon", "full_moon"}
    elif time != "overcast" and rng.random() < 0.35:
        y = depth * 0.85 if time == "sunset" else y
        for reach, alpha in ((3.0, 0.12), (2.0, 0.2), (1.0, 0.99)):
            brush.ellipse(x, y, radius * reach, radius * reach, (255, 246, 214), alpha)
        tags.add("sun")


def _clouds(rng: np.random.Generator, brush: Brush, depth: int, time: str) -> None:
    top: Colour = {"day": (255, 255, 255), "sunset": (255, 214, 190), "night": (88, 92, 128)}.get(time, (236, 238, 242))
    low = mix(top, (120, 140, 190), 0.25)
    for _ in range(int(rng.integers(2, 6))):
        x, y, size = (
            brush.width * rng.uniform(-0.1, 1.1),
            depth * rng.uniform(0.1, 0.9),
            brush.width * rng.uniform(0.06, 0.2),
        )
        puffs = [
            (x + size * rng.uniform(-1, 1), y - size * rng.uniform(0, 0.35), size * rng.uniform(0.25, 0.5))
            for _ in range(6)
        ]
        for cx, cy, radius in puffs:
            brush.ellipse(cx, cy + radius * 0.25, radius * 1.1, radius * 0.8, low)
        for cx, cy, radius in puffs:
            brush.ellipse(cx, cy, radius, radius * 0.7, top)


def _ridge(rng: np.random.Generator, brush: Brush, y: float, rise: float, colour: Colour, sharp: bool) -> None:
    count = 24
    x = np.linspace(-5, brush.width + 5, count)
    if sharp:
        heights = np.abs(np.interp(x, np.linspace(-5, brush.width + 5, 8), rng.uniform(0.1, 1.0, 8)))
    else:
        phase = rng.uniform(0, 6.28, 2)
        heights = (
            0.5
            + 0.3 * np.sin(x / brush.width * rng.uniform(3, 7) + phase[0])
            + 0.2 * np.sin(x / brush.width * 11 + phase[1])
        )
    top = np.stack([x, y - rise * heights], 1)
    brush.polygon(np.vstack([top, [[brush.width + 5, brush.height + 5], [-5, brush.height + 5]]]), colour)


def landscape(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Returns an outdoor scene, its tags and the place of the horizon (fraction of the height)."""
    height = size_wh[1]
    level = rng.uniform(0.4, 0.85)
    image, tags, time = sky(rng, size_wh, height * level)
    line = ((40, 35, 50), max(1.0, max(size_wh) / 300)) if rng.random() < 0.25 else None
    brush = Brush(image, line=line)
    dim = {"day": 1.0, "sunset": 0.75, "night": 0.32}.get(time, 0.85)
    if rng.random() < 0.5:
        far = mix(
            hsv(rng.uniform(0.3, 0.65), 0.35, 0.7 * dim),
            tuple(image[max(0, int(height * level) - 2), 0].tolist()),
            0.45,
        )
        sharp = rng.random() < 0.5
        _ridge(rng, brush, height * level, height * rng.uniform(0.1, 0.35), far, sharp)
        tags.add("mountain" if sharp else "hill")
    ground = ("meadow", "meadow", "sea", "sand", "snow", "wood", "flowers")[int(rng.integers(0, 7))]
    painter = {"sea": _sea, "sand": _sea}.get(ground, _land)
    painter(rng, brush, height * level, ground, dim, tags)
    if time == "night" or rng.random() < 0.15:
        texture_light = texture.vignette(size_wh, 150)
        image[:] = texture.multiply(image, texture_light)
    return image, tags, level


def _sea(rng: np.random.Generator, brush: Brush, y: float, ground: str, dim: float, tags: set[str]) -> None:
    colour = hsv(rng.uniform(0.5, 0.62), rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.9) * dim)
    brush.rectangle(-2, y, brush.width + 2, brush.height + 2, colour)
    for _ in range(int(rng.integers(8, 30))):
        wy = y + (brush.height - y) * rng.random() ** 1.5
        length = brush.width * (0.03 + 0.15 * (wy - y) / max(1.0, brush.height - y)) * rng.uniform(0.5, 1.5)
        wx = brush.width * rng.random()
        brush.stroke([(wx, wy), (wx + length, wy)], shade(colour, rng.uniform(1.1, 1.6)), brush.unit)
    tags |= {"ocean", "water", "horizon"}
    if ground == "sand":
        shore = y + (brush.height - y) * rng.uniform(0.25, 0.6)
        _ridge(rng, brush, shore, brush.height * 0.05, shade((238, 219, 172), dim), False)
        tags.add("beach")
        if rng.random() < 0.5:
            plants.palm(
                brush, rng, brush.width * rng.random(), shore + brush.height * 0.1, brush.height * rng.uniform(0.4, 0.8)
            )
            tags |= {"palm_tree", "tree"}


def _land(rng: np.random.Generator, brush: Brush, y: float, ground: str, dim: float, tags: set[str]) -> None:
    grass = hsv(rng.uniform(0.18, 0.38), rng.uniform(0.35, 0.75), rng.uniform(0.45, 0.85) * dim)
    colour = shade((244, 247, 252), dim) if ground == "snow" else grass
    _ridge(rng, brush, y, brush.height * 0.05, colour, False)
    tags.add("snow" if ground == "snow" else "grass")
    if rng.random() < 0.3:
        near, x = rng.uniform(0.2, 0.5), brush.width * rng.uniform(0.2, 0.8)
        path = shade((205, 180, 140), dim)
        brush.polygon(
            [(x, y), (x + 3, y), (x + brush.width * near, brush.height), (x - brush.width * near, brush.height)], path
        )
        tags.add("path")
    trees = int(rng.integers(6, 16)) if ground == "wood" else int(rng.integers(0, 5))
    kinds = (plants.tree, plants.pine) if ground != "snow" else (plants.pine,)
    for depth in np.sort(rng.random(trees)):
        base = y + (brush.height - y) * 0.35 * depth
        kinds[int(rng.integers(0, len(kinds)))](
            brush, rng, brush.width * rng.random(), base, brush.height * (0.15 + 0.4 * depth)
        )
    tags |= {"tree"} if trees else set()
    tags |= {"forest"} if trees > 9 else set()
    if ground == "flowers":
        petals = [hsv(rng.random(), rng.uniform(0.3, 0.8), 1.0 * max(dim, 0.5)) for _ in range(2)]
        for depth in np.sort(rng.random(70)):
            radius = brush.height * (0.004 + 0.016 * depth)
            brush.ellipse(
                brush.width * rng.random(),
                y + (brush.height - y) * (0.05 + 0.95 * depth),
                radius,
                radius * 0.8,
                petals[int(rng.integers(0, 2))],
                outlined=False,
            )
        tags |= {"flower", "flower_field"}
    elif ground != "snow":
        for _ in range(int(rng.integers(0, 40))):
            gx, gy = brush.width * rng.random(), y + (brush.height - y) * rng.uniform(0.1, 1)
            brush.stroke(
                [(gx, gy), (gx + rng.uniform(-3, 3), gy - brush.height * 0.02)], shade(grass, rng.uniform(0.7, 1.25)), 1
            )
    if rng.random() < 0.3:
        plants.bush(
            brush, rng, brush.width * rng.random(), y + (brush.height - y) * 0.5, brush.height * rng.uniform(0.08, 0.2)
        )
        tags.add("bush")


def falling(rng: np.random.Generator, image: ImageArray) -> str:
    """Paints snow, rain, petals or leaves in the air; returns the tag."""
    brush = Brush(image)
    kind = ("snowing", "rain", "petals", "leaf")[int(rng.integers(0, 4))]
    size = max(brush.width, brush.height) * rng.uniform(0.006, 0.016)
    colour = {"snowing": (255, 255, 255), "rain": (205, 215, 230), "petals": (250, 190, 210)}.get(kind, (206, 120, 50))
    for _ in range(int(rng.integers(15, 60))):
        x, y = brush.width * rng.random(), brush.height * rng.random()
        if kind == "rain":
            brush.stroke([(x, y), (x - size, y + size * 5)], colour, brush.unit)
        elif kind == "snowing":
            brush.ellipse(x, y, size * rng.uniform(0.3, 0.8), size * rng.uniform(0.3, 0.8), colour, 0.9)
        else:
            brush.polygon(
                blob(rng, x, y, size, size * rng.uniform(0.4, 0.8), 0.2, 8), shade(colour, rng.uniform(0.85, 1.2))
            )
    return kind
