"""The strip below an overlay: the most probable tags as chips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_PAPER = (24, 26, 36)
_CHIP = (49, 54, 72)
_BAR = (74, 108, 196)
_TEXT = (240, 242, 248)
_FAINT = (160, 168, 190)


def caption_strip(width: int, tags: Sequence[tuple[str, float]], characters: int, unit: float) -> NDArray[np.uint8]:
    """Returns an RGB strip ``(h, width, 3)`` with one chip a tag, filled as far as its probability goes.

    Args:
        width: of the picture above, pixels.
        tags: name and probability, most probable first.
        characters: told when there is no tag or no character.
        unit: stroke unit of the overlay, pixels.
    """
    size = max(11.0, unit * 7.2)
    font = ImageFont.load_default(size)
    gap, pad = round(size * 0.5), round(size * 0.55)
    high = round(size * 1.7)
    notes = [] if characters else ["no character"]
    notes += [] if tags else ["no tag"]
    chips = [(note, None) for note in notes] + [(name.replace("_", " "), score) for name, score in tags]
    places: list[tuple[int, int, int, str, float | None]] = []
    x, y = gap, gap
    for text, score in chips:
        chip = min(round(font.getlength(text)) + 2 * pad, max(1, width - 2 * gap))
        if x > gap and x + chip > width - gap:
            x, y = gap, y + high + gap // 2
        places.append((x, y, chip, text, score))
        x += chip + gap // 2
    strip = Image.new("RGB", (width, y + high + gap), _PAPER)
    draw = ImageDraw.Draw(strip)
    for left, top, chip, text, score in places:
        _draw_chip(strip, draw, (left, top, left + chip, top + high), text, score, font)
    return np.asarray(strip)


def _draw_chip(
    strip: Image.Image,
    draw: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    text: str,
    score: float | None,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    left, top, right, bottom = box
    radius = (bottom - top) // 3
    if right - left < 2 * radius + 4:
        return  # a picture a few pixels wide: there is no room for words
    if score is not None:
        shape = Image.new("L", (right - left, bottom - top), 0)
        ImageDraw.Draw(shape).rounded_rectangle((0, 0, right - left - 1, bottom - top - 1), radius, fill=255)
        fill = Image.new("RGB", shape.size, _CHIP)
        fill.paste(_BAR, (0, 0, round(shape.width * min(max(score, 0.0), 1.0)), shape.height))
        strip.paste(fill, (left, top), shape)
    color = _FAINT if score is None else _TEXT
    draw.text(((left + right) / 2, (top + bottom) / 2), text, fill=color, font=font, anchor="mm")
