"""Backgrounds that look photographed: soft focus, uneven light, surfaces with texture, sensor noise."""

from __future__ import annotations

import cv2
import numpy as np

from shared.synthetic import texture
from shared.synthetic.backgrounds_city import street
from shared.synthetic.backgrounds_nature import landscape
from shared.synthetic.backgrounds_room import room
from shared.synthetic.brush import Brush, Colour, ImageArray, blob, hsv, shade
from shared.synthetic.texture import SizeWH


def _dull(rng: np.random.Generator) -> Colour:
    """A colour as surfaces have it in photographs: mostly grey-brown, sometimes green, blue or vivid."""
    if rng.random() < 0.6:
        return hsv(rng.uniform(0.04, 0.14), rng.uniform(0.05, 0.4), rng.uniform(0.2, 0.95))
    return hsv(rng.random(), rng.uniform(0.05, 0.7), rng.uniform(0.15, 0.95))


def surface(rng: np.random.Generator, size_wh: SizeWH, colour: Colour) -> ImageArray:
    """Returns a textured surface: stains of light and dark, fine tooth, sometimes a woven or streaked direction."""
    tones = [shade(colour, rng.uniform(0.5, 0.8)), colour, shade(colour, rng.uniform(1.1, 1.4))]
    field = texture.smooth_noise(rng, size_wh, int(rng.integers(2, 7)), int(rng.integers(2, 6)))
    if rng.random() < 0.3:
        width, height = size_wh
        streak = rng.integers(0, 256, (1, max(2, width // 2)), dtype=np.uint8)
        field = cv2.addWeighted(field, 0.7, cv2.resize(streak, (width, height), interpolation=cv2.INTER_LINEAR), 0.3, 0)
    return texture.colourise(field, tones)


def _studio(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Wall and floor as two surfaces, with clutter out of focus."""
    width, height = size_wh
    level = rng.uniform(0.45, 0.9)
    image = surface(rng, size_wh, _dull(rng))
    split = int(height * level)
    if rng.random() < 0.8 and split < height - 2:
        image[split:] = surface(rng, (width, height - split), _dull(rng))
    _clutter(rng, image, int(rng.integers(0, 14)), height * level)
    return image, {"indoors"}, level


def _foliage(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Greenery out of focus above grass or earth, with points of light."""
    width, height = size_wh
    leaf = hsv(rng.uniform(0.18, 0.4), rng.uniform(0.2, 0.6), rng.uniform(0.25, 0.65))
    image = surface(rng, size_wh, leaf)
    brush = Brush(image)
    for _ in range(int(rng.integers(20, 70))):
        radius = max(size_wh) * rng.uniform(0.01, 0.08)
        brush.polygon(
            blob(rng, width * rng.random(), height * rng.random(), radius, radius, 0.4, 12),
            shade(leaf, rng.uniform(0.4, 1.6)),
            rng.uniform(0.3, 0.9),
        )
    level = rng.uniform(0.6, 0.9)
    brush.rectangle(-2, height * level, width + 2, height + 2, shade(_dull(rng), 0.9), 0.85)
    return image, {"outdoors", "grass"}, level


def _pile(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Sharp shapes of all sizes over one another, lit from one side.

    Deviation: the "dead leaves" model of natural pictures (Lee, Mumford & Huang 2001) with textured leaves.
    """
    width, height = size_wh
    image = surface(rng, size_wh, _dull(rng))
    brush = Brush(image)
    family = [_dull(rng) for _ in range(int(rng.integers(2, 7)))]
    angular, light = rng.random(), rng.uniform(-1, 1)
    for radius in np.sort(max(size_wh) * 0.02 * rng.random(int(rng.integers(40, 140))) ** -0.6)[::-1]:
        radius = min(float(radius), max(size_wh) * 0.3)
        x, y = width * rng.random(), height * rng.random()
        colour = shade(family[int(rng.integers(0, len(family)))], rng.uniform(0.7, 1.25))
        if rng.random() < angular:
            turn = rng.normal(0, 0.2) + np.array([0.8, 2.3, 3.9, 5.5]) + rng.normal(0, 0.15, 4)
            outline = np.stack([x + radius * np.cos(turn), y + radius * rng.uniform(0.4, 1.6) * np.sin(turn)], 1)
        else:
            outline = blob(rng, x, y, radius, radius * rng.uniform(0.4, 1.3), 0.3, 16)
        brush.polygon(outline + np.array([radius * 0.08, radius * 0.1]), shade(colour, 0.4), 0.6)
        brush.polygon(outline, colour)
        if radius > max(size_wh) * 0.04:
            brush.polygon((outline - [x, y]) * 0.7 + [x + light * radius * 0.25, y], shade(colour, 1.15), 0.5)
    tooth = texture.smooth_noise(rng, size_wh, int(rng.integers(8, 40)), 2)
    tooth = cv2.addWeighted(tooth, rng.uniform(0.05, 0.3), np.full((height, width), 200, np.uint8), 1.0, 0)
    return texture.multiply(image, tooth, 1.1), set(), rng.uniform(0.6, 0.95)


def _clutter(rng: np.random.Generator, image: ImageArray, count: int, floor_px: float) -> None:
    brush = Brush(image)
    for _ in range(count):
        x, size = brush.width * rng.random(), max(brush.width, brush.height) * rng.uniform(0.03, 0.25)
        colour, base = _dull(rng), floor_px * rng.uniform(0.3, 1.15)
        kind = rng.random()
        if kind < 0.5:
            brush.rectangle(x, base - size * rng.uniform(0.5, 2), x + size, base, colour)
        elif kind < 0.8:
            brush.polygon(blob(rng, x, base, size * 0.5, size * rng.uniform(0.3, 0.9), 0.3, 16), colour)
        else:
            brush.stroke([(x, base), (x + size * rng.uniform(-0.3, 0.3), base - size * 2)], colour, size * 0.15)


def photographed(rng: np.random.Generator, image: ImageArray, focus: float) -> ImageArray:
    """Returns ``image`` as a camera would see it: blurred by ``focus`` (fraction of the long side), lit, noisy."""
    height, width = image.shape[:2]
    image = texture.blurred(image, focus * max(width, height))
    if rng.random() < 0.7:
        light = cv2.addWeighted(
            texture.smooth_noise(rng, (width, height), 2, 2),
            rng.uniform(0.2, 0.7),
            np.full((height, width), 110, np.uint8),
            1.0,
            0,
        )
        image = texture.multiply(image, light, rng.uniform(1.2, 1.6))
    if rng.random() < 0.5:
        image = texture.multiply(image, texture.vignette((width, height), int(rng.integers(90, 220))))
    return image


def photo(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str], float]:
    """Returns a photo-like empty scene, its tags and the level where the ground begins (fraction of the height)."""
    kind = rng.random()
    if kind < 0.25:
        image, tags, level = _studio(rng, size_wh)
    elif kind < 0.5:
        image, tags, level = _pile(rng, size_wh)
    elif kind < 0.65:
        image, tags, level = _foliage(rng, size_wh)
    else:
        scene = (room, street, landscape)[int(rng.integers(0, 3))]
        image, tags, level = scene(rng, size_wh)
        colour = surface(rng, size_wh, (150, 150, 150))
        image = cv2.addWeighted(texture.multiply(image, colour, 1.6), 0.85, texture.flat(size_wh, _dull(rng)), 0.15, 0)
    focus = float(rng.choice([0.0, 0.002, 0.006, 0.012, 0.03]))
    image = photographed(rng, image, focus)
    if focus > 0.005:
        tags = (tags - {"star_(sky)", "starry_sky", "power_lines"}) | {"blurry", "blurry_background"}
    return image, tags, level
