"""Backgrounds without a place: white, paper, one colour, gradients, patterns, paint."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.synthetic import texture
from shared.synthetic.brush import Brush, Colour, ImageArray, blob, hsv, luminance, mix, shade
from shared.synthetic.marks import heart
from shared.synthetic.texture import SizeWH

#: Danbooru's name of a plain background by the place of its hue (turns): upper bound, colour name.
_HUES = ((0.03, "red"), (0.1, "orange"), (0.18, "yellow"), (0.44, "green"), (0.53, "aqua"), (0.7, "blue"),
         (0.83, "purple"), (0.94, "pink"), (1.01, "red"))  # fmt: skip


def background_tag(colour: Colour) -> str | None:
    """Returns the Danbooru tag of a background of ``colour`` (``blue_background`` …), None where it is unclear."""
    top, low = max(colour), min(colour)
    if low >= 246:
        return "white_background"
    if top <= 30:
        return "black_background"
    if top - low < 14:
        return "grey_background" if 60 < top < 225 else None
    if (top - low) / top < 0.16:
        return None
    (hue,) = cv2.cvtColor(np.array([[colour]], np.uint8), cv2.COLOR_RGB2HSV)[0, :, 0] / 180.0
    if 0.02 < hue < 0.11 and top < 165:
        return "brown_background"
    if (hue < 0.03 or hue > 0.9) and top > 220 and (top - low) / top < 0.45:
        return "pink_background"
    return f"{next(name for bound, name in _HUES if hue < bound)}_background"


def any_colour(rng: np.random.Generator) -> Colour:
    """Returns a colour as drawn backgrounds have them: pastel mostly, sometimes strong, dark or grey."""
    kind, hue = rng.random(), rng.random()
    if kind < 0.5:
        return hsv(hue, rng.uniform(0.08, 0.35), rng.uniform(0.85, 1.0))
    if kind < 0.75:
        return hsv(hue, rng.uniform(0.35, 0.8), rng.uniform(0.6, 1.0))
    if kind < 0.87:
        return hsv(hue, rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.5))
    grey = int(rng.integers(8, 244))
    return grey, grey, grey


def white(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """Plain white: what most single characters are drawn on."""
    return texture.flat(size_wh, (255, 255, 255)), {"white_background", "simple_background"}


def paper(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """Off-white paper with faint tooth."""
    colour = hsv(rng.uniform(0.08, 0.16), rng.uniform(0.01, 0.1), rng.uniform(0.9, 0.99))
    image = texture.flat(size_wh, colour)
    if rng.random() < 0.6:
        image = texture.multiply(
            image,
            cv2.addWeighted(
                texture.smooth_noise(rng, size_wh, 20, 2), 0.06, np.full(size_wh[::-1], 245, np.uint8), 0.98, 0
            ),
        )
        image = texture.grain(rng, image, int(rng.integers(0, 6)))
    return image, {"simple_background"}


def board(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """A dark board to draw on with chalk."""
    colour = hsv(rng.choice([0.42, 0.6, 0.0]), rng.uniform(0.0, 0.45), rng.uniform(0.1, 0.3))
    return texture.flat(size_wh, colour), {"simple_background"}


def plain(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """One flat colour, or two halves of it."""
    colour = any_colour(rng)
    image = texture.flat(size_wh, colour)
    if rng.random() < 0.2:
        width, height = size_wh
        slope, at = rng.uniform(-0.6, 0.6), rng.uniform(0.3, 0.7)
        cut = [(0.0, height * (at - slope / 2)), (width, height * (at + slope / 2)), (width, height), (0.0, height)]
        Brush(image).polygon(cut, any_colour(rng))
        return image, {"simple_background", "two-tone_background"}
    return image, {"simple_background", *filter(None, [background_tag(colour)])}


def gradient(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """A linear or radial gradient of two or three colours."""
    first = any_colour(rng)
    second = shade(first, rng.uniform(0.4, 1.7)) if rng.random() < 0.4 else any_colour(rng)
    while abs(luminance(first) - luminance(second)) < 12:
        second = any_colour(rng)
    colours = [first, second] if rng.random() < 0.75 else [first, any_colour(rng), second]
    width, height = size_wh
    if rng.random() < 0.6:
        image = texture.ramp(size_wh, colours, rng.choice([90.0, 90.0, 270.0, rng.uniform(0, 360)]))
    else:
        centre = (width * rng.uniform(0.2, 0.8), height * rng.uniform(0.2, 0.8))
        image = texture.glow(size_wh, colours, centre, max(size_wh) * rng.uniform(0.5, 1.0))
    return image, {"simple_background", "gradient_background"}


def _star(cx: float, cy: float, radius: float, turn: float = 0.0, points: int = 5) -> NDArray[np.float64]:
    angle = np.arange(points * 2) * math.pi / points - math.pi / 2 + turn
    reach = np.where(np.arange(points * 2) % 2 == 0, radius, radius * 0.42)
    return np.stack([cx + reach * np.cos(angle), cy + reach * np.sin(angle)], axis=1)


def pattern(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """Stripes, checks, plaid, dots, hearts, stars, diamonds or screen-tone in two related colours."""
    width, height = size_wh
    base = any_colour(rng) if rng.random() < 0.7 else (255, 255, 255)
    other = shade(base, rng.uniform(0.7, 0.93)) if rng.random() < 0.6 else any_colour(rng)
    if abs(luminance(base) - luminance(other)) < 8:
        other = mix(other, (255, 255, 255) if luminance(base) < 128 else (0, 0, 0), 0.35)
    image = texture.flat(size_wh, base)
    brush = Brush(image)
    step = max(size_wh) * rng.uniform(0.04, 0.2)
    kind = int(rng.integers(0, 8))
    if kind == 0:
        _stripes(brush, other, step, rng.choice([0.0, 90.0, 45.0, -45.0]))
        return image, {"simple_background", "striped_background"}
    if kind == 1:
        for row in range(int(height / step) + 2):
            for column in range(row % 2, int(width / step) + 2, 2):
                brush.rectangle(column * step, row * step, (column + 1) * step, (row + 1) * step, other)
        return image, {"simple_background", "checkered_background"}
    if kind == 2:
        for start in np.arange(0, max(size_wh), step * 2):
            brush.rectangle(start, 0, start + step, height, other, 0.5)
            brush.rectangle(0, start, width, start + step, other, 0.5)
        return image, {"simple_background", "plaid_background"}
    if kind == 3:
        return _halftone(rng, size_wh, base, other), {"simple_background", "halftone_background", "halftone"}
    tags = ("polka_dot_background", "heart_background", "star_(symbol)", "diamond_(shape)")
    radius = step * rng.uniform(0.2, 0.42)
    for row in range(int(height / step) + 2):
        for column in range(int(width / step) + 2):
            x, y = (column + (row % 2) / 2) * step, row * step
            if kind == 4:
                brush.ellipse(x, y, radius, radius, other)
            elif kind == 5:
                brush.polygon(heart(x, y, radius), other)
            elif kind == 6:
                brush.polygon(_star(x, y, radius), other)
            else:
                brush.polygon([(x - radius, y), (x, y - radius * 1.4), (x + radius, y), (x, y + radius * 1.4)], other)
    return image, {"simple_background", "patterned_background", tags[kind - 4]}


def _stripes(brush: Brush, colour: Colour, step: float, degrees: float) -> None:
    reach = float(brush.width + brush.height)
    dx, dy = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    for start in np.arange(-reach, reach, step * 2):
        ends = [(start, -reach), (start + step, -reach), (start + step, reach), (start, reach)]
        brush.polygon([(x * dx - y * dy, x * dy + y * dx) for x, y in ends], colour)


def _halftone(rng: np.random.Generator, size_wh: SizeWH, base: Colour, ink: Colour) -> ImageArray:
    """Dots whose size grows along one direction."""
    width, height = size_wh
    step = rng.uniform(5.0, 11.0)
    field = texture.ramp(size_wh, [(0, 0, 0), (255, 255, 255)], rng.uniform(0, 360))[..., 0]
    x, y = np.arange(width)[None, :], np.arange(height)[:, None]
    wave = np.sin((x + y) * (math.pi / step)) + np.sin((x - y) * (math.pi / step))
    weight = np.clip((field / 64.0 - 2.0 + wave * 0.9) * 90 + 60, 0, 255)
    return texture.blend(texture.flat(size_wh, base), texture.flat(size_wh, ink), np.rint(weight).astype(np.uint8))


def paint(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """Abstract paint: broad brush strokes, blots, splatter, soft clouds of colour."""
    width, height = size_wh
    palette = [any_colour(rng) for _ in range(3)]
    base = (255, 255, 255) if rng.random() < 0.4 else palette[0]
    image = texture.flat(size_wh, base)
    brush = Brush(image)
    tags = {"abstract_background"}
    kind = int(rng.integers(0, 4))
    if kind == 0:
        for _ in range(int(rng.integers(6, 22))):
            x, y, turn = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(-0.5, 0.5)
            length, colour = max(size_wh) * rng.uniform(0.2, 0.6), palette[int(rng.integers(0, 3))]
            for bristle in range(6):
                offset = (bristle - 3) * max(size_wh) * 0.012
                ends = [
                    (x - length * math.cos(turn), y - length * math.sin(turn) + offset),
                    (x + length * math.cos(turn) * rng.uniform(0.8, 1), y + length * math.sin(turn) + offset),
                ]
                brush.stroke(ends, shade(colour, rng.uniform(0.85, 1.15)), max(size_wh) * 0.016)
    elif kind == 1:
        for _ in range(int(rng.integers(3, 8))):
            radius = max(size_wh) * rng.uniform(0.05, 0.25)
            brush.polygon(
                blob(rng, rng.uniform(0, width), rng.uniform(0, height), radius, radius, 0.4),
                palette[int(rng.integers(0, 3))],
                rng.uniform(0.5, 0.99),
            )
        for _ in range(int(rng.integers(20, 60))):
            radius = max(size_wh) * rng.uniform(0.002, 0.012)
            brush.ellipse(
                rng.uniform(0, width), rng.uniform(0, height), radius, radius, palette[int(rng.integers(0, 3))]
            )
        tags.add("paint_splatter")
    elif kind == 2:
        image = texture.colourise(
            texture.smooth_noise(rng, size_wh, int(rng.integers(2, 5)), 2), [shade(c, 1.2) for c in palette]
        )
    else:
        for _ in range(int(rng.integers(4, 12))):
            points = rng.uniform(-0.1, 1.1, (3, 2)) * [width, height]
            brush.polygon(points, palette[int(rng.integers(0, 3))], rng.uniform(0.3, 0.9))
    return image, tags
