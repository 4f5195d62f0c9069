"""A drawing turned into line work: pencil, pen, chalk, and drawings on paper photographed with a phone."""

from __future__ import annotations

import cv2
import numpy as np

from shared.synthetic import texture
from shared.synthetic.brush import Brush, Colour, ImageArray, hsv


def lines_of(image: ImageArray, width_px: float, darkness: float = 1.0) -> ImageArray:
    """Returns the line work of ``image`` ``(H, W)``: 255 is paper, 0 full ink.

    Colour dodge: what is darker than its surroundings (within ``width_px``) stays, even areas become paper.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    around = cv2.dilate(grey, _disc(width_px))
    around = cv2.GaussianBlur(around, (0, 0), max(0.6, width_px * 0.5))
    ratio = cv2.divide(grey, around, scale=255.0)
    return cv2.bitwise_not(cv2.convertScaleAbs(cv2.bitwise_not(ratio), alpha=darkness))


def thicken(lines: ImageArray, width_px: float) -> ImageArray:
    """Returns ``lines`` with dark strokes widened by about ``width_px``: a felt pen instead of a pencil."""
    return cv2.erode(lines, _disc(width_px)) if width_px >= 0.5 else lines


def _disc(width_px: float) -> ImageArray:
    side = max(2, round(width_px) + 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def ink(paper: ImageArray, lines: ImageArray, colour: Colour) -> ImageArray:
    """Returns ``paper`` ``(H, W, 3)`` with ``lines`` drawn in ``colour``."""
    height, width = lines.shape
    inked = texture.multiply(paper, texture.flat((width, height), colour))
    return texture.blend(inked, paper, lines)


def _strokes(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Line work as one hand would draw it: thin or thick, firm or grainy."""
    height, width = image.shape[:2]
    unit = max(height, width) / 256
    lines = lines_of(image, rng.uniform(1.4, 2.6) * unit, rng.uniform(1.5, 3.0))
    if rng.random() < 0.4:
        lines = thicken(lines, rng.uniform(0.6, 2.6) * unit)
    if rng.random() < 0.6:
        tooth = texture.grain(rng, np.full((height, width), 60, np.uint8), int(rng.integers(10, 70)))
        lines = cv2.add(lines, cv2.multiply(cv2.bitwise_not(lines), tooth, scale=1 / 255.0))
    return lines


def pencil(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Grey strokes on white or cream, a hint of the tones beneath."""
    height, width = image.shape[:2]
    lines = _strokes(rng, image)
    if rng.random() < 0.5:
        tone = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        lines = cv2.multiply(lines, cv2.addWeighted(tone, 0.35, np.full_like(tone, 166), 1.0, 0), scale=1 / 255.0)
    return ink(texture.flat((width, height), (255, 255, 255)), lines, (60, 58, 60))


def line_art(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Clean black lines on white."""
    height, width = image.shape[:2]
    lines = lines_of(image, rng.uniform(1.5, 2.5) * max(height, width) / 256, 2.0)
    return ink(texture.flat((width, height), (255, 255, 255)), lines, (0, 0, 0))


def chalk(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Pale, dusty strokes on a dark board."""
    height, width = image.shape[:2]
    board = hsv(rng.choice([0.42, 0.6, 0.0]), rng.uniform(0.0, 0.45), rng.uniform(0.1, 0.3))
    dust = texture.smooth_noise(rng, (width, height), 4, 3)
    base = texture.colourise(dust, [board, board, (70, 74, 72)])
    strokes = cv2.bitwise_not(thicken(_strokes(rng, image), rng.uniform(0.0, 1.5) * max(height, width) / 256))
    tooth = texture.grain(rng, np.full((height, width), 190, np.uint8), 90)
    strokes = cv2.multiply(strokes, tooth, scale=1 / 255.0)
    colour = (240, 240, 236) if rng.random() < 0.7 else hsv(rng.random(), 0.3, 1.0)
    return texture.blend(base, texture.flat((width, height), colour), strokes)


def blackboard(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Dust and grain over a figure already drawn in chalk on a board."""
    height, width = image.shape[:2]
    dust = texture.smooth_noise(rng, (width, height), 4, 3)
    image = cv2.add(image, cv2.merge([cv2.convertScaleAbs(dust, alpha=0.12)] * 3))
    return texture.grain(rng, image, int(rng.integers(4, 20)))


def paper_photo(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """The drawing's lines in pencil or pen on a sheet of paper, photographed: uneven light, shadow, ruled lines."""
    height, width = image.shape[:2]
    sheet = _sheet(rng, (width, height))
    pen = (45, 45, 50)
    if rng.random() < 0.5:
        pen = hsv(rng.choice([0.62, 0.68, 0.0, 0.35]), rng.uniform(0.3, 0.9), rng.uniform(0.2, 0.6))
    return _photographed(rng, ink(sheet, _strokes(rng, image), pen))


def on_paper(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """The drawing as it is, pale and rubbed by the paper's tooth, on a photographed sheet."""
    height, width = image.shape[:2]
    pale = np.full((height, width), int(rng.integers(0, 110)), np.uint8)
    rubbed = texture.blend(image, texture.flat((width, height), (255, 255, 255)), pale)
    rubbed = texture.grain(rng, rubbed, int(rng.integers(0, 40)))
    return _photographed(rng, texture.multiply(_sheet(rng, (width, height)), rubbed))


def _photographed(rng: np.random.Generator, picture: ImageArray) -> ImageArray:
    picture = _lit(rng, picture)
    picture = texture.blurred(picture, rng.uniform(0.0, 0.8) * max(picture.shape[:2]) / 256)
    return texture.grain(rng, picture, int(rng.integers(0, 9)))


def _sheet(rng: np.random.Generator, size: tuple[int, int]) -> ImageArray:
    width, height = size
    colour = hsv(rng.uniform(0.05, 0.65), rng.uniform(0.0, 0.1), rng.uniform(0.72, 1.0))
    sheet = texture.flat(size, colour)
    kind = rng.random()
    if kind < 0.35:
        brush, step = Brush(sheet), max(size) * rng.uniform(0.03, 0.07)
        rule = hsv(rng.uniform(0.5, 0.65), rng.uniform(0.1, 0.4), 0.85)
        lean = rng.uniform(-0.04, 0.04) * height
        for y in np.arange(-step, height + step, step):
            brush.stroke([(0, y), (width, y + lean)], rule, 1)
        if kind < 0.15:
            for x in np.arange(-step, width + step, step):
                brush.stroke([(x, 0), (x - lean, height)], rule, 1)
    return sheet


def _lit(rng: np.random.Generator, picture: ImageArray) -> ImageArray:
    height, width = picture.shape[:2]
    size = (width, height)
    dark = int(rng.integers(130, 235))
    light = texture.ramp(size, [(dark,) * 3, (255,) * 3], rng.uniform(0, 360))[..., 0]
    picture = texture.multiply(picture, light)
    if rng.random() < 0.4:
        shadow = np.full((height, width), 255, np.uint8)
        x, y, reach = rng.uniform(-0.2, 1.2) * width, rng.uniform(-0.2, 1.2) * height, max(size) * rng.uniform(0.3, 0.8)
        corners = [(x + reach * np.cos(a), y + reach * np.sin(a)) for a in np.sort(rng.uniform(0, 6.28, 4))]
        cv2.fillPoly(shadow, [np.rint(corners).astype(np.int32)], int(rng.integers(150, 225)))
        picture = texture.multiply(picture, texture.blurred(shadow, max(size) * rng.uniform(0.01, 0.06)))
    warm = hsv(rng.choice([0.1, 0.6]), rng.uniform(0.0, 0.15), 1.0)
    return texture.multiply(picture, texture.flat(size, warm))
