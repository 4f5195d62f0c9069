"""Hair that hangs: masses behind the body, tails, drills, braids, spikes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.drawing import Drawing, unit
from shared.synthetic.hair import Hair, round_ramp, skull_of
from shared.synthetic.head import Head

Points = NDArray[np.float64]


def hang(head: Head) -> Points:
    """Direction in which hair hangs on the picture plane, length up to 1."""
    figure = head.figure
    direction = 0.8 * figure.down - 0.35 * figure.chest_axes.up
    length = float(np.hypot(*direction))
    result: Points = direction / max(length, 0.6)
    return result


def _mass(
    drawing: Drawing,
    hair: Hair,
    rng: np.random.Generator,
    centres: Points,
    u: Points,
    v: Points,
    locks: int,
    line: float = 1.0,
) -> None:
    """Draws one hanging mass of hair with pointed ends."""
    left, right, direction = paths.loft_sides(centres, u, v)
    span = right[-1] - left[-1]
    down = direction[-1]
    reach = float(np.hypot(*(centres[-1] - centres[0])))
    bottom: list[Points] = []
    corners: list[int] = []
    for i in range(locks):
        tip = left[-1] + span * ((i + 0.5) / locks) + down * reach * float(rng.uniform(0.06, 0.2))
        corners.append(len(left) + len(bottom))
        bottom.append(tip)
        if i < locks - 1:
            bottom.append(left[-1] + span * ((i + 1) / locks) - down * reach * float(rng.uniform(0.0, 0.08)))
    outline = np.concatenate([left, np.array(bottom), right[::-1]])
    path = paths.smooth(outline, corners=corners)
    middle = (left[len(left) // 2] + right[len(right) // 2]) / 2
    half = (left[len(left) // 2] - right[len(right) // 2]) / 2
    if float(half @ np.array(drawing.rendering.light)) < 0:
        half = -half
    drawing.area(path, hair.rgb, "hair", line=line, ramp=(middle - half, middle + half))
    if hair.tips is not None:
        low = centres[-1] + down * reach * 0.25
        drawing.shadow(
            paths.polygon([left[-1] - down * reach * 0.1, right[-1] - down * reach * 0.1, low + span, low - span]),
            hair.tips,
            "hair",
            path,
        )
    if drawing.rendering.shading == "cel":
        dim = right if float((left[0] - right[0]) @ np.array(drawing.rendering.light)) >= 0 else left
        lit = left if dim is right else right
        drawing.shadow(np.concatenate([dim, (dim * 0.66 + lit * 0.34)[::-1]]), hair.rgb, "hair", path)
    for t in np.linspace(0.2, 0.8, max(1, min(locks - 1, 4))):
        shift = float(rng.normal(0, 0.05))
        strand = left * (1 - t - shift) + right * (t + shift)
        drawing.stroke(paths.smooth_open(strand[1:]), hair.rgb, 0.6, 0.75)


def tail(
    drawing: Drawing, head: Head, hair: Hair, rng: np.random.Generator, anchor: Points, out: Points, width: float
) -> None:
    """Draws a tail of hair from ``anchor`` (picture plane): out, then down."""
    u = head.unit
    down = hang(head)
    length = hair.length * u
    side = np.array([-down[1], down[0]])
    sway = float(rng.normal(0, 0.12)) + 0.1 * math.copysign(1.0, float(out @ side))
    t = np.linspace(0, 1, 6)[:, None]
    centres = (
        anchor
        + out * (0.28 * u * np.sin(np.minimum(t * 3, 1.6)))
        + down * length * (t**1.2)
        + side * (sway * u * t * (1 + hair.wave * 0.5 * np.sin(5 * t)))
    )
    widths = (np.array([0.35, 0.9, 1.05, 1.0, 0.8, 0.4]) * width * u)[:, None]
    across = np.stack([-np.gradient(centres[:, 1]), np.gradient(centres[:, 0])], axis=1)
    across /= np.maximum(np.hypot(across[:, 0], across[:, 1]), 1e-9)[:, None]
    if hair.style == "drills":
        outline_l, outline_r = [], []
        turns = 6
        for i in range(turns):
            s = (i + 0.5) / turns
            c = anchor + out * 0.2 * u + down * length * s
            w = width * u * (1.25 - 0.7 * s)
            outline_l.append(c - side * w - down * 0.02 * u)
            outline_r.append(c + side * w + down * 0.06 * u)
        for i in range(turns):
            w = np.hypot(*(outline_r[i] - outline_l[i])) / 2
            tube = paths.tube_points(outline_l[i], outline_r[i], (w * 0.35, w * 0.62, w * 0.62, w * 0.35), 0.6)
            drawing.area(tube, hair.rgb, "hair", line=0.9, ramp=(outline_l[i], outline_r[i]))
        return
    if hair.style in ("twin_braids", "braid"):
        steps = 7
        for i in range(steps):
            s = i / steps
            c = anchor + down * length * s
            w = width * u * (0.75 - 0.3 * s)
            drawing.area(
                paths.ellipse(c, side * w + down * w * 0.35 * (-1) ** i, down * length / steps * 0.75),
                hair.rgb,
                "hair",
                line=0.9,
            )
        end = anchor + down * length
        drawing.area(
            np.array([end - side * width * u * 0.3, end + down * 0.22 * u, end + side * width * u * 0.3]),
            hair.rgb,
            "hair",
            corners=(1,),
        )
        return
    _mass(drawing, hair, rng, centres, across * widths, np.zeros_like(centres), 3)


def draw_back(drawing: Drawing, head: Head, hair: Hair) -> None:
    """Draws the hair that lies behind head and body (seen from the front)."""
    if hair.style == "bald":
        return
    rng = np.random.default_rng(hair.seed)
    drawing.layer = "back_hair"
    centre, radii = skull_of(head, hair)
    u = head.unit
    a = radii[0]
    down = hang(head)
    if hair.style in ("long", "medium", "bob", "curly") or (
        hair.style in ("twintails", "drills") and hair.seed % 3 == 0
    ):
        length = (hair.length if hair.style not in ("twintails", "drills") else 0.7) * u
        top = head.plane([[0.0, 0.2, -0.12]])[0]
        side = head.basis[0] * a
        t = np.array([0.0, 0.3, 0.6, 1.0])
        spread = np.array([1.0, 1.08, 1.05 + 0.1 * hair.wave, 0.95]) * (hair.volume if hair.style != "bob" else 1.08)
        if hair.style == "curly":
            spread *= 1.2
        back = head.basis[2] * head.half[1]
        shift = rng.normal(0, 0.05) * u
        along = unit(down)
        sway = np.array([-along[1], along[0]]) * (shift + 0.0)
        # Below the head the mass lies on the back, behind the shoulders.
        start = (0.2 + 0.12) * u
        centres = top + down * (t * (length + start))[:, None] - back * (0.25 + 0.25 * t)[:, None] + sway * t[:, None]
        with drawing.of("hanging_hair"):
            _mass(
                drawing,
                hair,
                rng,
                centres,
                side * spread[:, None],
                back * (0.72 * spread)[:, None],
                3 + int(rng.integers(4)),
            )
    if hair.style not in ("very_short", "bun", "double_bun"):
        # The nape: hair below the skull that shows beside the neck.
        drawing.area(
            head.silhouette(centre - np.array([0, 0.1, 0.07]), radii * np.array([0.96, 0.98, 0.9])),
            hair.rgb,
            "hair",
            cover=False,
        )
    with drawing.of("tied_hair", "hanging_hair"):
        if hair.style == "ponytail":
            anchor = head.plane([[0.0, 0.28, -head.half[1] - 0.05]])[0]
            tail(drawing, head, hair, rng, anchor, head.basis[2] * (-1 / u), 0.2)
        if hair.style == "braid":
            tail(drawing, head, hair, rng, head.plane([[0.0, -0.2, -head.half[1]]])[0], head.basis[2] * (-1 / u), 0.14)
        if hair.style == "bun":
            place = head.plane([[0.0, 0.34, -0.34]])[0]
            drawing.area(paths.circle(place, 0.19 * u), hair.rgb, "hair", ramp=round_ramp(drawing, place, 0.19 * u))
    if hair.style == "spiky":
        _spikes(drawing, head, hair, rng)


def _spikes(drawing: Drawing, head: Head, hair: Hair, rng: np.random.Generator) -> None:
    centre, radii = skull_of(head, hair)
    ring = head.silhouette(centre, radii, 12 + hair.seed % 4)
    middle = head.plane(centre[None])[0]
    up = head.basis[1] / max(float(np.hypot(*head.basis[1])), 1e-9)
    points: list[Points] = []
    corners: list[int] = []
    sweep = float(rng.uniform(-0.12, 0.12))
    for i, point in enumerate(ring):
        away = unit(point - middle)
        high = max(0.0, float(away @ up) + 0.85) / 1.85
        following = ring[(i + 1) % len(ring)]
        points.append(point * 0.94 + middle * 0.06)
        corners.append(len(points))
        tip = (point + following) / 2 + away * head.unit * (0.01 + 0.15 * high * float(rng.uniform(0.3, 1.3)))
        # Spikes lean upward at the sides and to one side on top, as hair grows.
        points.append(tip + head.basis[1] * (0.07 * (1 - high) + 0.02) + head.basis[0] * sweep)
    drawing.area(
        paths.smooth(np.array(points), 0.7, corners),
        hair.rgb,
        "hair",
        ramp=round_ramp(drawing, middle, head.unit * 0.5),
    )
