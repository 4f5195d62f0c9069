"""How a figure is rendered: outlines, shading, colour treatment, and the finish of the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.synthetic.chance import pick
from shared.synthetic.palette import Rgb, luminance, mix

STYLES = ("flat", "cel", "soft", "line_art", "emoji", "monochrome", "pencil", "chalk", "photo")
#: How often each manner is drawn (ours).
MANNER_MIX: Mapping[str, float] = {
    "flat": 0.17, "cel": 0.33, "soft": 0.16, "line_art": 0.10, "emoji": 0.08, "monochrome": 0.05, "pencil": 0.08,
    "chalk": 0.03,
}  # fmt: skip


@dataclass(frozen=True)
class Rendering:
    """A drawing style, sampled once a figure.

    Attributes:
        style: one of `STYLES`.
        outline: "dark" (a dark tone of the fill), a fixed colour, or None.
        line: outline width in body heights.
        shading: "none", "cel" or "soft".
        light: direction towards the light on the picture plane (unit; y down).
        wobble: amplitude of hand-drawn line wobble in body heights.
        strokes: times each outline is drawn (2 looks sketched).
        white_fill: chance that an area of line art stays paper white.
        texture: strength of the grain, 0–1.
        seed: for everything random about the rendering.
        doodle: a child's drawing: few details, simple hands, faces and poses.
    """

    style: str
    outline: str | Rgb | None
    line: float
    shading: str
    light: tuple[float, float]
    wobble: float
    strokes: int
    white_fill: float
    texture: float
    seed: int
    doodle: bool = False

    def tone(self, rgb: Rgb, paper: bool = False) -> Rgb:
        """Returns the colour in which ``rgb`` is drawn in this style; ``paper`` asks for uncoloured."""
        if self.style in ("line_art", "pencil"):
            if paper:
                return (255, 255, 255)
            level = luminance(rgb)
            grey = round(255 * (0.1 if level < 0.35 else 0.55 + 0.4 * level))
            return (grey, grey, grey)
        if self.style == "monochrome":
            grey = round(255 * (0.06 + 0.94 * luminance(rgb)))
            return (grey, grey, grey)
        if self.style == "chalk":
            return mix(rgb, (250, 250, 245), 0.55) if not paper else (70, 84, 78)
        return rgb

    def line_color(self, rgb: Rgb) -> Rgb | None:
        """Returns the outline colour around an area of ``rgb``, or None for no outline."""
        if self.outline is None:
            return None
        if self.outline == "dark":
            return mix(rgb, (36, 18, 28), 0.66 if luminance(rgb) > 0.3 else 0.5)
        assert not isinstance(self.outline, str)
        return self.outline

    def shade(self, rgb: Rgb) -> Rgb:
        """Returns the shadow colour of ``rgb``: darker, a little cooler."""
        return mix(rgb, (70, 40, 96) if luminance(rgb) > 0.25 else (4, 4, 18), 0.26)


def sample_rendering(rng: np.random.Generator, photo: bool, manners: Mapping[str, float] = MANNER_MIX) -> Rendering:
    """Samples a drawing style by the weights of ``manners``; always "photo" when asked."""
    angle = float(rng.uniform(-2.6, -0.55))
    light = (math.cos(angle), math.sin(angle))
    seed = int(rng.integers(2**31))
    if photo:
        return Rendering("photo", None, 0.0, "soft", light, 0.0, 1, 0.0, float(rng.uniform(0.3, 1.0)), seed)
    style = pick(rng, manners)
    line = float(np.exp(rng.normal(math.log(0.0052), 0.42)))
    outline: str | Rgb | None
    doodle = False
    dark = ((16, 14, 18), (48, 30, 34), (26, 28, 52))[int(rng.integers(3))]
    outline = "dark" if rng.random() < 0.5 else dark
    wobble, strokes, white, shading, texture = 0.0, 1, 0.0, "none", 0.0
    if style == "flat":
        outline = None if rng.random() < 0.25 else outline
    elif style == "cel":
        shading = "cel"
    elif style == "soft":
        shading = "soft"
        outline = None if rng.random() < 0.2 else "dark"
        line *= 0.8
    elif style == "line_art":
        outline, white = (16, 16, 18), float(rng.choice([1.0, 0.55]))
        line *= float(rng.choice([0.7, 1.0, 2.0]))
        wobble = float(rng.choice([0.0, 0.002]))
    elif style == "emoji":
        outline = None if rng.random() < 0.8 else "dark"
    elif style == "monochrome":
        shading = str(rng.choice(["none", "cel"]))
    elif style == "pencil":
        ink: tuple[Rgb, ...] = ((60, 60, 64), (40, 44, 60), (40, 50, 130), (90, 90, 92))
        outline, white = ink[int(rng.integers(len(ink)))], 0.9
        wobble, strokes = float(rng.uniform(0.002, 0.007)), int(rng.integers(1, 3))
        line *= float(rng.uniform(0.9, 1.8))
        texture = float(rng.uniform(0.2, 0.7))
        doodle = bool(rng.random() < 0.65)
        if doodle:
            felt: tuple[Rgb, ...] = ((30, 30, 34), (40, 44, 130), (60, 60, 64), (150, 40, 44), (40, 100, 60))
            outline = felt[int(rng.integers(len(felt)))]
            line *= float(rng.uniform(1.0, 2.4))
    elif style == "chalk":
        outline, white, wobble = (244, 244, 240), 0.6, 0.003
        texture = 0.8
        line *= 1.4
    if style not in ("pencil", "chalk", "line_art") and rng.random() < 0.12:
        wobble = 0.002
    return Rendering(style, outline, line, shading, light, wobble, strokes, white, texture, seed, doodle)


def finish(rgba: NDArray[np.uint8], rendering: Rendering) -> NDArray[np.uint8]:
    """Returns the picture with the style's grain; alpha is unchanged."""
    if rendering.texture <= 0:
        return rgba
    height, width = rgba.shape[:2]
    rng = np.random.default_rng(rendering.seed)
    coarse = 2 if rendering.style == "photo" else 1
    noise = rng.standard_normal((height // coarse + 1, width // coarse + 1), dtype=np.float32)
    if coarse > 1:
        noise = np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    strength = rendering.texture * (12.0 if rendering.style == "photo" else 16.0)
    grain = (noise[:height, :width] * strength)[:, :, None]
    result = rgba.copy()
    result[:, :, :3] = np.clip(rgba[:, :, :3].astype(np.float32) + grain, 0, 255).astype(np.uint8)
    return result
