"""What people put over a drawing: text, speech bubbles, signatures, borders, panels, sparkles, light."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from shared.synthetic import texture
from shared.synthetic.brush import Brush, Colour, ImageArray, blob, hsv, shade

_TEXT = """
    hello yes no wait what oh wow the a good morning night see you later run look here it is mine sorry thanks
    never mind happy birthday let us go home why not again today summer winter star cat love dream quiet rain
"""
_WORDS = _TEXT.split()


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def text_mask(text: str, size: int) -> ImageArray:
    """Returns ``text`` as coverage ``(h, w)`` 0–255 in Pillow's built-in font, ``size`` pixels high."""
    font = _font(max(6, size))
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))))
    ImageDraw.Draw(image).text((-left, -top), text, fill=255, font=font)
    return np.asarray(image).copy()


def words(rng: np.random.Generator, count: int) -> str:
    """Returns ``count`` everyday English words, as written in a bubble."""
    chosen = " ".join(_WORDS[int(rng.integers(0, len(_WORDS)))] for _ in range(count))
    return chosen.upper() if rng.random() < 0.4 else chosen


def stamp(image: ImageArray, mask: ImageArray, x: float, y: float, colour: Colour, opacity: float = 1.0) -> None:
    """Paints ``mask`` in ``colour`` with its top-left corner at pixel ``(x, y)``; what falls outside is cut."""
    left, top = int(x), int(y)
    x1, y1 = max(0, left), max(0, top)
    x2, y2 = min(image.shape[1], left + mask.shape[1]), min(image.shape[0], top + mask.shape[0])
    if x1 >= x2 or y1 >= y2:
        return
    weight = cv2.convertScaleAbs(mask[y1 - top : y2 - top, x1 - left : x2 - left], alpha=opacity)
    region = image[y1:y2, x1:x2]
    region[:] = texture.blend(region, texture.flat((x2 - x1, y2 - y1), colour), weight)


def _glyphs(
    rng: np.random.Generator, brush: Brush, x: float, y: float, size: float, count: int, colour: Colour
) -> None:
    """A column of made-up square characters, as vertical writing looks from afar."""
    for index in range(count):
        top = y + index * size * 1.15
        for _ in range(int(rng.integers(3, 6))):
            ends = np.rint(rng.random((2, 2)) * 3) / 3
            if rng.random() < 0.7:
                ends[1, int(rng.integers(0, 2))] = ends[0, int(rng.integers(0, 2))]
            brush.stroke(ends * size * 0.9 + [x, top], colour, max(1.0, size * 0.1))


def speech_bubble(rng: np.random.Generator, brush: Brush, tags: set[str]) -> None:
    """A bubble near an upper corner, with a tail, lettered or empty."""
    wide, tall = brush.width * rng.uniform(0.1, 0.2), brush.height * rng.uniform(0.06, 0.17)
    cx = rng.choice([wide * 1.1, brush.width - wide * 1.1])
    cy = brush.height * rng.uniform(0.12, 0.4)
    ink: Colour = (0, 0, 0)
    width = max(1.0, max(brush.width, brush.height) / 220)
    tip = (cx + (brush.width / 2 - cx) * rng.uniform(0.3, 0.6), cy + tall * rng.uniform(1.2, 1.9))
    tail = [(cx - wide * 0.2, cy), tip, (cx + wide * 0.2, cy)]
    outline = blob(rng, cx, cy, wide, tall, rng.choice([0.0, 0.03, 0.12]), 40)
    if rng.random() < 0.2:
        spikes = np.where(np.arange(len(outline)) % 2 == 0, 1.15, 0.88)[:, None]
        outline = (outline - [cx, cy]) * spikes + [cx, cy]
    brush.stroke(outline, ink, width * 2, closed=True)
    brush.stroke(tail, ink, width * 2)
    brush.polygon(tail, (255, 255, 255))
    brush.polygon(outline, (255, 255, 255))
    tags.add("speech_bubble")
    kind = rng.random()
    if kind < 0.5:
        size = max(7, int(tall * 0.5))
        for row in range(2):
            mask = text_mask(words(rng, int(rng.integers(1, 3))), size)
            if mask.shape[1] > wide * 1.6:
                shrink = wide * 1.6 / mask.shape[1]
                mask = cv2.resize(
                    mask, (int(wide * 1.6), max(1, int(mask.shape[0] * shrink))), interpolation=cv2.INTER_AREA
                )
            stamp(brush.image, mask, cx - mask.shape[1] / 2, cy + (row - 1) * size * 1.1, ink)
        tags.add("english_text")
    elif kind < 0.85:
        size = tall * 0.36
        for column in range(3):
            _glyphs(rng, brush, cx + (column - 1.5) * size * 1.3, cy - tall * 0.6, size, int(rng.integers(2, 4)), ink)


def lettering(rng: np.random.Generator, image: ImageArray, tags: set[str]) -> None:
    """A caption, a title or vertical writing somewhere in the picture."""
    height, width = image.shape[:2]
    colour = hsv(rng.random(), rng.choice([0.0, 0.9]), rng.choice([0.05, 0.4, 1.0]))
    if rng.random() < 0.5:
        size = int(height * rng.uniform(0.04, 0.13))
        mask = text_mask(words(rng, int(rng.integers(1, 4))), size)
        x, y = rng.uniform(-0.05, 0.6) * width, rng.choice([0.02, 0.85, rng.random() * 0.9]) * height
        if rng.random() < 0.4:
            edge = cv2.dilate(mask, np.ones((3, 3), np.uint8))
            stamp(image, edge, x, y, (255, 255, 255))
        stamp(image, mask, x, y, colour)
        tags.add("english_text")
    else:
        size = height * rng.uniform(0.03, 0.09)
        _glyphs(
            rng,
            Brush(image),
            width * rng.choice([0.03, 0.9]),
            height * rng.uniform(0.03, 0.4),
            size,
            int(rng.integers(3, 8)),
            colour,
        )


def signature(rng: np.random.Generator, image: ImageArray, tags: set[str]) -> None:
    """A scrawl in a lower corner, or a faint repeated watermark."""
    height, width = image.shape[:2]
    if rng.random() < 0.7:
        t = np.linspace(0, 1, 26)
        x = width * rng.choice([0.05, 0.78]) + t * width * 0.15
        wave = np.sin(t * rng.uniform(15, 30)) * np.sin(t * rng.uniform(3, 9)) * height * 0.02
        grey = int(rng.choice([20, 110, 235]))
        Brush(image).stroke(np.stack([x, height * rng.uniform(0.9, 0.96) + wave], 1), (grey, grey, grey), 1)
        tags.add("signature")
        return
    mask = text_mask(words(rng, 1), int(height * rng.uniform(0.05, 0.1)))
    for row in range(-1, 4):
        for column in range(4):
            stamp(
                image, mask, (column + (row % 2) / 2 - 0.3) * width / 3, (row + 0.4) * height / 4, (255, 255, 255), 0.35
            )
    tags.add("watermark")


def border(rng: np.random.Generator, brush: Brush, tags: set[str]) -> None:
    """Paints a frame over the edges: nothing of the scene shows below it."""
    height, width = brush.height, brush.width
    thick = max(2, round(min(height, width) * rng.uniform(0.01, 0.05)))
    kind = rng.random()
    colour: Colour = (255, 255, 255) if kind < 0.6 else (0, 0, 0) if kind < 0.85 else hsv(rng.random(), 0.4, 0.9)
    tags |= {"border"} | ({"white_border"} if kind < 0.6 else {"black_border"} if kind < 0.85 else set())
    for x1, y1, x2, y2 in ((0, 0, width, thick), (0, height - thick, width, height), (0, 0, thick, height),
                           (width - thick, 0, width, height)):  # fmt: skip
        brush.rectangle(x1, y1, x2, y2, colour, outlined=False)


def sparkles(rng: np.random.Generator, image: ImageArray) -> str:
    """Paints four-pointed sparkles, hearts or soft points of light; returns the tag."""
    brush = Brush(image)
    kind = int(rng.integers(0, 3))
    colour = (255, 255, 255) if rng.random() < 0.5 else hsv(rng.random(), 0.35, 1.0)
    for _ in range(int(rng.integers(5, 20))):
        x, y = brush.width * rng.random(), brush.height * rng.random()
        size = max(brush.width, brush.height) * rng.uniform(0.008, 0.03)
        if kind == 0:
            angle = np.arange(8) * math.pi / 4
            reach = np.where(np.arange(8) % 2 == 0, size, size * 0.25)
            brush.polygon(np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], 1), colour)
        elif kind == 1:
            brush.polygon(heart(x, y, size), hsv(rng.uniform(0.9, 1.0), 0.6, 1.0))
        else:
            for radius, alpha in ((1.0, 0.15), (0.6, 0.3), (0.25, 0.9)):
                brush.ellipse(x, y, size * radius, size * radius, colour, alpha)
    return ("sparkle", "heart", "light_particles")[kind]


def heart(cx: float, cy: float, radius: float) -> NDArray[np.float64]:
    """Returns the outline of a heart ``(28, 2)``."""
    t = np.linspace(0, 2 * math.pi, 28, endpoint=False)
    x, y = np.sin(t) ** 3, -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return np.stack([cx + radius * x, cy + radius * y], axis=1)


def light(rng: np.random.Generator, image: ImageArray) -> str | None:
    """Lays a glow, rays or bokeh over the picture (screen blending); returns the tag."""
    height, width = image.shape[:2]
    layer = np.zeros_like(image)
    brush = Brush(layer)
    colour = hsv(rng.uniform(0.05, 0.17), rng.uniform(0.0, 0.4), rng.uniform(0.25, 0.6))
    x, y = width * rng.choice([0.0, 1.0, 0.5]), 0.0
    kind = rng.random()
    if kind < 0.35:
        layer[:] = texture.glow(
            (width, height), [colour, (0, 0, 0)], (x, y), max(width, height) * rng.uniform(0.5, 1.2)
        )
        tag = None
    elif kind < 0.7:
        for _ in range(int(rng.integers(3, 8))):
            angle, spread, reach = rng.uniform(0.2, 2.9), rng.uniform(0.02, 0.1), float(width + height)
            rim = [(x + reach * math.cos(a), y + reach * math.sin(a)) for a in (angle - spread, angle + spread)]
            brush.polygon([(x, y), *rim], shade(colour, rng.uniform(0.3, 1.0)))
        layer = texture.blurred(layer, max(width, height) * 0.008)
        tag = "light_rays"
    else:
        for _ in range(int(rng.integers(6, 20))):
            radius = max(width, height) * rng.uniform(0.01, 0.05)
            brush.ellipse(
                width * rng.random(), height * rng.random(), radius, radius, shade(colour, rng.uniform(0.4, 1.0)), 0.8
            )
        tag = "bokeh"
    image[:] = cv2.add(image, layer)
    return tag
