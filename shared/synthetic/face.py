"""Faces: eyes, brows, nose and mouth in several drawing styles and expressions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.chance import shares
from shared.synthetic.drawing import Drawing
from shared.synthetic.engine import Gradient, Path, Shape
from shared.synthetic.head import Head, HeadShape
from shared.synthetic.palette import EYES, Rgb, mix, pick

if TYPE_CHECKING:
    from shared.synthetic.mixes import Mix

Points = NDArray[np.float64]
FACE_STYLES = ("anime", "dot", "small", "line", "oval")
EXPRESSIONS = ("neutral", "smile", "grin", "open_mouth", "frown", "surprised", "angry")


@dataclass(frozen=True)
class Face:
    """A face, sampled once.

    Attributes:
        style: "anime" (big eyes), "dot", "small" (natural), "line" (curved strokes), "oval" (solid ovals).
        shape: layout on the head.
        eye_rgb: iris colour.
        eye_color: its colour word.
        eye_size: half height of an anime eye in head heights.
        expression: one of `EXPRESSIONS`.
        closed: eyes closed (0 none, 1 left, 2 right, 3 both).
        gaze: iris offset (to the character's left, up), −1 to 1.
        blush: cheeks coloured.
        beard: whether the chin carries a beard.
    """

    style: str
    shape: HeadShape
    eye_rgb: Rgb
    eye_color: str
    eye_size: float
    expression: str
    closed: int
    gaze: tuple[float, float]
    blush: bool
    beard: bool
    brow: float


def sample_face(rng: np.random.Generator, style: str, chibi: float, boy: bool, doodle: bool, wardrobe: Mix) -> Face:
    """Samples a face.

    ``style`` is the rendering style, ``chibi`` 0 (tall) to 1 (two heads), ``doodle`` a child's drawing.
    """
    if doodle:
        kind = str(rng.choice(["dot", "oval", "line"], p=[0.6, 0.25, 0.15]))
    elif style == "photo":
        kind = "small"
    elif style == "emoji":
        kind = str(rng.choice(["oval", "dot", "line"], p=[0.6, 0.25, 0.15]))
    elif style == "pencil":
        kind = str(rng.choice(["dot", "line", "small", "oval", "anime"], p=[0.4, 0.2, 0.15, 0.1, 0.15]))
    elif style == "line_art":
        kind = str(rng.choice(["anime", "dot", "small", "line"], p=[0.5, 0.2, 0.2, 0.1]))
    else:
        kind = str(rng.choice(["anime", "small", "dot", "line"], p=[0.74, 0.16, 0.06, 0.04]))
    big = kind == "anime"
    eye_y = float(rng.uniform(-0.15, -0.05)) if big else float(rng.uniform(-0.05, 0.04))
    shape = HeadShape(
        eye_x=float(rng.uniform(0.46, 0.56)) if big else float(rng.uniform(0.38, 0.48)),
        eye_y=eye_y,
        nose_y=eye_y - float(rng.uniform(0.1, 0.15)) if big else eye_y - float(rng.uniform(0.14, 0.2)),
        mouth_y=-float(rng.uniform(0.29, 0.35)),
        jaw=float(rng.uniform(0.55, 0.85)) + (0.15 if boy and not big else 0.0),
        chin=float(rng.uniform(0.3, 1.0)) if big else float(rng.uniform(0.0, 0.6)),
        nose=float(rng.uniform(0.03, 0.07))
        if style in ("photo",) or kind == "small"
        else float(rng.uniform(0.0, 0.05)),
    )
    color, rgb = pick(rng, EYES)
    if style == "photo":
        color, rgb = (("brown", (84, 56, 40)), ("blue", (96, 128, 160)), ("green", (96, 120, 90)))[int(rng.integers(3))]
    usual = (0.3, 0.3, 0.08, 0.14, 0.07, 0.05, 0.06)
    expression = str(rng.choice(EXPRESSIONS, p=shares(EXPRESSIONS, usual, wardrobe.expressions)))
    winks = wardrobe.adornments * np.array([0.02, 0.02, 0.09])
    closed = int(rng.choice(4, p=[1 - winks.sum(), *winks]))
    return Face(
        kind,
        shape,
        rgb,
        color,
        float(rng.uniform(0.085, 0.125) * (0.9 + 0.25 * chibi)),
        expression,
        closed,
        (float(rng.normal(0, 0.4)), float(rng.normal(0, 0.2))),
        bool(rng.random() < 0.25 * wardrobe.adornments) and style != "photo",
        bool(boy and kind != "anime" and rng.random() < 0.25),
        float(rng.uniform(0.5, 1.3)),
    )


def draw_face(drawing: Drawing, head: Head, face: Face, skin: Rgb, hair: Rgb) -> None:
    """Draws the features that face the viewer; nothing when the head looks away."""
    drawing.layer = "head"
    shape = face.shape
    x = shape.eye_x * head.half[0]
    if head.facing(0.0, shape.mouth_y) > 0.12:
        with drawing.of("mouth"):
            _draw_mouth(drawing, head, face, skin)
        _draw_nose(drawing, head, face, skin)
    if face.beard and head.near[2] > -0.2:
        _draw_beard(drawing, head, hair)
    for i, sign in enumerate((1.0, -1.0)):
        if head.facing(sign * x, shape.eye_y) > 0.08:
            origin, u, v = head.frame(sign * x, shape.eye_y)
            shut = bool(face.closed & (1 << i))
            if face.blush and head.facing(sign * x, shape.mouth_y) > 0.3:
                cheek, cu, cv = head.frame(sign * x * 1.15, shape.mouth_y + 0.08)
                with drawing.of("blush"):
                    drawing.mark(paths.ellipse(cheek, cu * 0.07, cv * 0.03), (246, 120, 120), 0.45)
            with drawing.of("eyes"):
                _draw_eye(drawing, face, origin, u * sign, v, shut, sign)
            _draw_brow(drawing, face, origin, u * sign, v, hair)


def _local(origin: Points, u: Points, v: Points, points: list[tuple[float, float]]) -> Points:
    """Maps local points (outward, up) to the picture plane."""
    result: Points = origin + np.array(points) @ np.stack([u, v])
    return result


def _draw_eye(drawing: Drawing, face: Face, origin: Points, u: Points, v: Points, shut: bool, sign: float) -> None:
    ink: Rgb = drawing.rendering.line_color((60, 30, 40)) or (44, 26, 32)
    e = face.eye_size
    if drawing.rendering.style == "chalk":
        ink = (250, 250, 246)
    if shut:
        bow = 1.0 if face.expression in ("smile", "grin", "open_mouth") else -1.0
        w = e * (0.75 if face.style == "anime" else 0.5)
        curve = _local(
            origin,
            u,
            v,
            [(-w, -0.15 * e * bow), (-w * 0.5, 0.22 * e * bow), (w * 0.5, 0.25 * e * bow), (w, -0.15 * e * bow)],
        )
        drawing.stroke(paths.smooth_open(curve), ink, 1.5, least=0.0045)
    elif face.style == "dot":
        drawing.mark(paths.ellipse(origin, u * 0.026, v * 0.034), ink, keep=True)
    elif face.style == "oval":
        drawing.mark(paths.ellipse(origin, u * 0.042, v * 0.066), mix(ink, (70, 50, 40), 0.4), keep=True)
    elif face.style == "line":
        w = 0.06
        curve = _local(origin, u, v, [(-w, -0.01), (0, 0.035), (w, -0.01)])
        drawing.stroke(paths.smooth_open(curve), ink, 1.2, least=0.004)
    elif face.style == "small":
        w, h = 0.072, 0.026 if face.expression != "surprised" else 0.04
        white = _local(
            origin,
            u,
            v,
            [(-w, -0.008), (-w * 0.3, h), (w * 0.4, h), (w, 0.0), (w * 0.3, -h * 0.8), (-w * 0.4, -h * 0.8)],
        )
        lid = paths.smooth(white)
        drawing.mark(lid, (250, 248, 246), keep=True)
        centre = origin + u * (face.gaze[0] * sign * 0.015)
        drawing.shapes.append(
            _clipped(paths.ellipse(centre, u * 0.027, v * 0.03), drawing.rendering.tone(face.eye_rgb), lid)
        )
        drawing.mark(paths.ellipse(centre, u * 0.013, v * 0.014), (16, 12, 12), keep=True)
        drawing.stroke(paths.smooth_open(white[:4]), ink, 0.9, least=0.002)
    else:
        _draw_anime_eye(drawing, face, origin, u, v, ink, sign)


def _clipped(path: Path, rgb: Rgb, clip: Path) -> Shape:
    return Shape(path, (*rgb, 255), clip=clip)


def _draw_anime_eye(drawing: Drawing, face: Face, origin: Points, u: Points, v: Points, ink: Rgb, sign: float) -> None:
    e = face.eye_size
    w = e * 0.88
    tall = {"surprised": 1.15, "angry": 0.8, "frown": 0.9}.get(face.expression, 1.0) * e
    tilt = {"angry": 0.25, "frown": -0.2}.get(face.expression, 0.05) * e
    white = _local(
        origin,
        u,
        v,
        [
            (-w, -0.1 * tall - tilt),
            (-w * 0.55, tall * 0.78 - tilt * 0.4),
            (w * 0.3, tall * 0.92),
            (w, tall * 0.3 + tilt),
            (w * 0.75, -tall * 0.7),
            (0.0, -tall * 0.98),
            (-w * 0.7, -tall * 0.75),
        ],
    )
    lid = paths.smooth(white)
    drawing.mark(lid, (252, 252, 254), keep=True)
    iris = drawing.rendering.tone(face.eye_rgb)
    centre = origin + u * (face.gaze[0] * sign * 0.22 * w) + v * (face.gaze[1] * 0.15 * tall)
    top, bottom = centre + v * tall * 0.9, centre - v * tall * 0.9
    dark = mix(iris, (16, 8, 30), 0.62)
    ramp = Gradient(
        (float(top[0]), float(top[1])),
        (float(bottom[0]), float(bottom[1])),
        ((0.0, (*dark, 255)), (0.45, (*iris, 255)), (1.0, (*mix(iris, (255, 255, 255), 0.35), 255))),
    )
    drawing.shapes.append(Shape(paths.ellipse(centre, u * w * 0.64, v * tall * 0.86), ramp, clip=lid))
    drawing.shapes.append(
        Shape(paths.ellipse(centre, u * w * 0.28, v * tall * 0.4), (*mix(iris, (10, 6, 20), 0.8), 255), clip=lid)
    )
    drawing.mark(
        paths.ellipse(centre + u * (-0.25 * w * sign) + v * tall * 0.36, u * w * 0.2, v * tall * 0.2),
        (255, 255, 255),
        keep=True,
    )
    lash = _local(
        origin,
        u,
        v,
        [
            (-w * 1.02, -0.02 * tall - tilt),
            (-w * 0.55, tall * 0.82 - tilt * 0.4),
            (w * 0.3, tall * 0.98),
            (w * 1.02, tall * 0.34 + tilt),
            (w * 1.25, tall * 0.42 + tilt),
            (w * 0.9, tall * 0.78 + tilt * 0.6),
            (w * 0.3, tall * 1.2),
            (-w * 0.6, tall * 1.0 - tilt * 0.4),
        ],
    )
    drawing.mark(paths.smooth(lash, corners=(0, 4)), ink, keep=True)
    drawing.stroke(paths.smooth_open(white[4:6]), ink, 0.6, 0.8)


def _draw_brow(drawing: Drawing, face: Face, origin: Points, u: Points, v: Points, hair: Rgb) -> None:
    if face.style in ("dot", "line") and face.expression in ("neutral", "smile"):
        return
    lift = face.eye_size * 1.55 if face.style == "anime" else 0.1
    slant = {"angry": 0.05, "frown": -0.045, "surprised": -0.01}.get(face.expression, -0.008)
    rise = 0.03 if face.expression == "surprised" else 0.0
    w = 0.085
    curve = _local(
        origin, u, v, [(-w, lift - slant + rise), (0, lift + 0.022 + rise), (w, lift + slant - 0.008 + rise)]
    )
    color = mix(drawing.rendering.tone(hair), (40, 24, 24), 0.5)
    width = max(0.0022, drawing.rendering.line * face.brow * 1.2)
    drawing.shapes.append(Shape(paths.smooth_open(curve), None, (*color, 255), width))


def _draw_nose(drawing: Drawing, head: Head, face: Face, skin: Rgb) -> None:
    if face.style in ("line", "oval") or head.near[2] < 0.6:
        return
    origin, u, v = head.frame(0.0, face.shape.nose_y)
    turn = -1.0 if head.near[0] > 0 else 1.0
    if face.style == "small":
        curve = _local(
            origin, u, v, [(0.012 * turn, 0.11), (0.03 * turn, 0.02), (0.036 * turn, -0.02), (-0.02 * turn, -0.028)]
        )
        drawing.stroke(paths.smooth_open(curve), skin, _fine(drawing, 0.7, 0.035 * head.unit), 0.8)
        return
    curve = _local(origin, u, v, [(0.0, 0.015), (0.012 * turn, -0.01), (-0.004 * turn, -0.014)])
    drawing.stroke(paths.smooth_open(curve), skin, _fine(drawing, 0.7, 0.018 * head.unit))


def _fine(drawing: Drawing, width: float, most: float) -> float:
    """Returns a stroke width (in outline widths) of at most ``most`` body heights: thick pens keep small features."""
    return min(width, most / max(drawing.rendering.line, 1e-6))


def _draw_mouth(drawing: Drawing, head: Head, face: Face, skin: Rgb) -> None:
    origin, u, v = head.frame(0.0, face.shape.mouth_y)
    w = {"anime": 0.055, "dot": 0.07, "small": 0.085, "line": 0.11, "oval": 0.11}[face.style]
    kind = face.expression
    ink: Rgb = (250, 250, 246) if drawing.rendering.style == "chalk" else (110, 40, 44)
    if kind in ("open_mouth", "surprised", "grin"):
        tall = {"open_mouth": 0.07, "surprised": 0.05, "grin": 0.05}[kind]
        if kind == "grin":
            w *= 1.5
        top = 0.01 if kind != "surprised" else 0.03
        outline = _local(
            origin,
            u,
            v,
            [(-w, top), (0, top - 0.008), (w, top), (w * 0.6, -tall * 0.8), (0, -tall), (-w * 0.6, -tall * 0.8)],
        )
        drawing.area(
            outline,
            (170, 60, 64) if kind != "grin" else (252, 250, 250),
            "mouth",
            line=0.7,
            cover=False,
            corners=(0, 2),
        )
        return
    bend = {"smile": 0.03, "frown": -0.025, "angry": -0.02}.get(kind, 0.004)
    if kind == "smile":
        w *= 1.25
    curve = _local(origin, u, v, [(-w, bend), (-w * 0.5, 0.0), (w * 0.5, 0.0), (w, bend)])
    drawing.stroke(
        paths.smooth_open(curve),
        ink if drawing.rendering.style != "line_art" else skin,
        _fine(drawing, 0.9, 0.4 * w * head.unit),
        least=0.0025,
    )


def _draw_beard(drawing: Drawing, head: Head, hair: Rgb) -> None:
    a, b = head.half
    low = [
        [a * 0.98 * math.sin(t), -0.16 - 0.32 * math.cos(t) ** 0.7, b * 0.86 * math.cos(t) + 0.02]
        for t in np.linspace(-1.25, 1.25, 7)
    ]
    high = [
        [a * 0.9 * math.sin(t), -0.25 - 0.04 * math.cos(t), b * 0.99 * math.cos(t)] for t in np.linspace(1.1, -1.1, 5)
    ]
    drawing.area(head.plane(low + high), hair, "hair", line=0.6, cover=False)
