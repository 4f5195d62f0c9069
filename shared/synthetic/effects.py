"""Treatments of the whole picture, figure and background alike: none of them moves a pixel, so truth stays true."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from shared.synthetic import texture
from shared.synthetic.brush import ImageArray, hsv
from shared.synthetic.effects_ink import blackboard, chalk, line_art, lines_of, on_paper, paper_photo, pencil
from shared.synthetic.effects_paint import painterly, watercolour

_Treatment = Callable[[np.random.Generator, ImageArray], ImageArray]


@dataclass(frozen=True)
class Effect:
    """A treatment with its own chance: the same picture always comes out the same.

    Attributes:
        name: a key of :data:`LOOKS` or :data:`WEAR`.
        seed: what its random choices are drawn from, so that a picture and its empty scene get the same ones.
    """

    name: str
    seed: int

    def apply(self, image: ImageArray) -> ImageArray:
        """Returns the treated picture ``(H, W, 3)``."""
        treatment = LOOKS.get(self.name) or WEAR[self.name]
        return treatment.paint(np.random.default_rng(self.seed), image)


@dataclass(frozen=True)
class Treatment:
    """What an effect does.

    Attributes:
        paint: the function.
        tags: Danbooru tags that it makes true.
        colourless: whether the colours of things can no longer be told.
        ground: the background that it needs: line work and paper want a white one, figures in chalk a dark one.
        from_lines: whether it keeps nothing but outlines, so that figures must have some.
    """

    paint: _Treatment
    tags: frozenset[str] = frozenset()
    colourless: bool = False
    ground: str | None = None
    from_lines: bool = False


def _keep(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    return image


def _greyscale(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if rng.random() < 0.3:
        grey = cv2.convertScaleAbs(grey, alpha=rng.uniform(1.0, 1.5), beta=rng.uniform(-40, 10))
    return cv2.merge([grey] * 3)


def _tinted(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    hue = rng.random()
    ramp = [hsv(hue, 0.6, rng.uniform(0.05, 0.4)), hsv(hue, rng.uniform(0.0, 0.25), 1.0)]
    return texture.colourise(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), ramp)


def _sepia(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    ramp = [(40, 26, 13), (150, 112, 72), (250, 236, 208)]
    return texture.colourise(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), ramp)


def _screentone(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """Manga print: black, white, and dots for what is between."""
    height, width = image.shape[:2]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    step = rng.uniform(2.6, 4.5) * max(1.0, max(height, width) / 256)
    x, y = np.arange(width)[None, :] * (np.pi / step), np.arange(height)[:, None] * (np.pi / step)
    dots = np.rint(128 + 60 * (np.sin(x + y) + np.sin(x - y))).astype(np.uint8)
    toned = cv2.convertScaleAbs(
        cv2.subtract(cv2.addWeighted(grey, 1.0, dots, 1.0, -80), np.full_like(grey, 80)), alpha=4
    )
    toned = cv2.min(
        cv2.max(toned, cv2.threshold(grey, 225, 255, cv2.THRESH_BINARY)[1]), lines_of(image, step * 0.6, 2.5)
    )
    return cv2.merge([toned] * 3)


def _posterised(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    levels = int(rng.integers(3, 7))
    table = (np.rint(np.arange(256) / 255 * (levels - 1)) * (255 // (levels - 1))).astype(np.uint8)
    return cv2.LUT(image, table)


def _cast(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    """A colour cast, as evening or neon light gives; sometimes paler or darker."""
    height, width = image.shape[:2]
    tint = texture.flat((width, height), hsv(rng.random(), rng.uniform(0.08, 0.4), 1.0))
    image = texture.multiply(image, tint)
    return cv2.convertScaleAbs(image, alpha=rng.uniform(0.75, 1.1), beta=rng.uniform(0, 30))


def _pixelated(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    height, width = image.shape[:2]
    cells = rng.uniform(64, 112) / max(height, width)
    small = cv2.resize(
        image, (max(1, round(width * cells)), max(1, round(height * cells))), interpolation=cv2.INTER_AREA
    )
    small = cv2.LUT(small, ((np.arange(256) // 24) * 24 + 12).clip(0, 255).astype(np.uint8))
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)


def _lowres(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    height, width = image.shape[:2]
    cells = rng.uniform(0.35, 0.7)
    small = cv2.resize(
        image, (max(1, round(width * cells)), max(1, round(height * cells))), interpolation=cv2.INTER_AREA
    )
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _blur(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    return texture.blurred(image, rng.uniform(0.4, 1.2) * max(image.shape[:2]) / 256)


def _noise(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    return texture.grain(rng, image, int(rng.integers(4, 24)), rng.random() < 0.5)


def _jpeg(rng: np.random.Generator, image: ImageArray) -> ImageArray:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 55))])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None, "what was just encoded can be decoded"
    return decoded


_GREY = frozenset({"monochrome", "greyscale"})

#: The overall look, one a picture.
LOOKS: Mapping[str, Treatment] = {
    "plain": Treatment(_keep),
    "greyscale": Treatment(_greyscale, _GREY, colourless=True),
    "tinted": Treatment(_tinted, frozenset({"monochrome"}), colourless=True),
    "sepia": Treatment(_sepia, frozenset({"monochrome", "sepia"}), colourless=True),
    "screentone": Treatment(_screentone, _GREY | {"halftone"}, colourless=True),
    "posterised": Treatment(_posterised, frozenset({"limited_palette"})),
    "cast": Treatment(_cast),
    "pixelated": Treatment(_pixelated, frozenset({"pixel_art"})),
    "pencil": Treatment(pencil, _GREY | {"sketch"}, colourless=True, ground="white", from_lines=True),
    "line_art": Treatment(line_art, _GREY | {"lineart"}, colourless=True, ground="white", from_lines=True),
    "chalk": Treatment(chalk, frozenset({"monochrome", "sketch"}), colourless=True, ground="white", from_lines=True),
    "paper_photo": Treatment(paper_photo, frozenset({"sketch"}), colourless=True, ground="white", from_lines=True),
    "on_paper": Treatment(on_paper, frozenset({"sketch"}), colourless=True, ground="white"),
    "crayon": Treatment(on_paper, frozenset({"sketch"}), ground="white"),
    "watercolour": Treatment(watercolour, frozenset({"watercolor_(medium)", "traditional_media"})),
    "painterly": Treatment(painterly, frozenset({"painting_(medium)", "faux_traditional_media"})),
    "blackboard": Treatment(blackboard, frozenset({"sketch"}), colourless=True, ground="board"),
}

#: Wear of the file, on top of the look.
WEAR: Mapping[str, Treatment] = {
    "none": Treatment(_keep), "lowres": Treatment(_lowres), "blur": Treatment(_blur), "noise": Treatment(_noise),
    "jpeg": Treatment(_jpeg),
}  # fmt: skip

#: How often each is used (ours).
LOOK_MIX: Mapping[str, Mapping[str, float]] = {
    "drawn": {
        "plain": 0.715, "greyscale": 0.03, "tinted": 0.012, "sepia": 0.01, "screentone": 0.015, "posterised": 0.018,
        "cast": 0.05, "pixelated": 0.02, "pencil": 0.015, "line_art": 0.015, "chalk": 0.01, "paper_photo": 0.03,
        "crayon": 0.02, "watercolour": 0.022, "painterly": 0.018,
    },
    "photo": {"plain": 0.74, "cast": 0.2, "greyscale": 0.05, "sepia": 0.01},
}  # fmt: skip
WEAR_MIX: Mapping[str, Mapping[str, float]] = {
    "drawn": {"none": 0.8, "lowres": 0.05, "blur": 0.05, "noise": 0.04, "jpeg": 0.06},
    "photo": {"none": 0.3, "lowres": 0.15, "blur": 0.15, "noise": 0.3, "jpeg": 0.1},
}  # fmt: skip
