"""Clothes of the lower body: legs with stockings and boots, trousers, skirts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import body, paths
from shared.synthetic.drawing import Drawing
from shared.synthetic.figure import Figure
from shared.synthetic.garments import Outfit
from shared.synthetic.limbs import Limb
from shared.synthetic.palette import Rgb, mix
from shared.synthetic.skeleton import INDEX

Points = NDArray[np.float64]


def draw_leg(drawing: Drawing, figure: Figure, limb: Limb, side: str, outfit: Outfit, skin: Rgb) -> None:
    """Draws one leg from hip to foot with all it wears."""
    o = outfit
    drawing.layer = f"{side}_leg"
    skirted = o.bottom == "skirt"
    foot_rgb = o.shoe_rgb if o.shoe not in ("bare", "sandals") else (o.legwear_rgb if o.legwear_top > 0 else skin)
    foot_material = "shoe" if o.shoe not in ("bare", "sandals") else ("legwear" if o.legwear_top > 0 else "skin")
    covered = 0.0 if skirted else o.bottom_length
    stocking = 1.0 - o.legwear_top
    if min(covered, 1.0) < 0.98 and not (o.legwear_top >= 0.98):
        limb.cover(drawing, max(0.0, covered - 0.1), 1.0, skin, "skin")
    if o.legwear_top > 0 and stocking < 0.98 and covered < 0.97:
        limb.cover(drawing, max(stocking, covered - 0.1, 0.0), 1.0, o.legwear_rgb, "legwear", loose=1.04, cap=0.3)
    if skirted and o.legwear_top < 0.98:
        # Shorts below every skirt: however the legs are raised, the figure stays dressed.
        limb.cover(
            drawing,
            0.0,
            min(0.24, o.bottom_length * 0.75),
            mix(o.bottom_rgb, (20, 20, 30), 0.45),
            "shorts",
            loose=1.05,
            cap=0.3,
        )
    wide_foot = o.shoe if o.shoe != "boots" else "boots"
    body.foot(drawing, figure, side, foot_rgb, foot_material, wide_foot if wide_foot != "sandals" else "bare")
    if o.shoe == "sandals":
        with drawing.of("shoe"):
            _sandal(drawing, figure, side, o.shoe_rgb)
    if not skirted:
        tight = o.top == "bodysuit"
        limb.cover(
            drawing,
            0.0,
            min(covered, 1.0),
            o.bottom_rgb,
            "bottom",
            loose=1.04 if tight else 1.16 + 0.1 * (o.loose - 1),
            flare=0.0 if tight else 0.22,
            pattern=o.bottom_pattern,
            cap=0.35,
        )
    if o.boot_top > 0:
        limb.cover(drawing, 1 - o.boot_top, 1.0, o.shoe_rgb, "shoe", loose=1.16, cap=0.3)


def _sandal(drawing: Drawing, figure: Figure, side: str, rgb: Rgb) -> None:
    toe, heel, ankle = (figure.at(f"{side}_{n}") for n in ("toe", "heel", "ankle"))
    drawing.stroke(paths.polyline([heel, toe]), rgb, 2.0, least=0.006)
    drawing.stroke(paths.polyline([toe * 0.7 + heel * 0.3, ankle * 0.6 + toe * 0.4]), rgb, 1.5, least=0.004)


def draw_hips(drawing: Drawing, figure: Figure, outfit: Outfit) -> None:
    """Draws the seat of trousers, or what is worn below a skirt."""
    drawing.layer = "hips"
    centres, u, v = body.torso_rings(figure, loose=1.06, low=-0.1)
    body.loft(drawing, (centres[3:], u[3:], v[3:]), outfit.bottom_rgb, "bottom", outfit.bottom_pattern, cover=False)


def skirt_rings(
    figure: Figure, outfit: Outfit, length: float, flare: float, start: float = 0.0
) -> tuple[Points, Points, Points]:
    """Returns the rings of a skirt that follows both thighs and hangs from there.

    ``length`` is the share of the leg it covers; ``start`` raises the waist band (torso lengths above the hips).
    """
    size, points = figure.size, figure.skeleton.points
    pelvis, up = points[0], figure.skeleton.pelvis[:, 1]
    leg_length = size.thigh + size.shin
    reach = length * leg_length
    world, half_u, half_w = [], [], []
    left, front = figure.skeleton.pelvis[:, 0], figure.skeleton.pelvis[:, 2]
    waist = points[INDEX["waist"]]
    top = pelvis + (waist - pelvis) * (0.75 + start)
    world.append(top)
    half_u.append(left * size.waist_a * 1.06)
    half_w.append(front * size.waist_b * 1.08)
    world.append(pelvis + up * size.torso * 0.04)
    half_u.append(left * size.hips_a * (1.06 + 0.1 * flare))
    half_w.append(front * size.hips_b * (1.1 + 0.1 * flare))
    for t in (0.34, 0.67, 1.0):
        along = reach * t
        ends = []
        for side in ("left", "right"):
            hip, knee, ankle = (points[INDEX[f"{side}_{n}"]] for n in ("hip", "knee", "ankle"))
            if along <= size.thigh:
                spot = hip + (knee - hip) * (along / size.thigh)
            else:
                rest = min((along - size.thigh) / size.shin, 1.1)
                hang = np.array([0.0, -1.0, 0.0]) * size.shin
                # Cloth below the knee hangs between following the shin and falling straight.
                spot = knee + ((ankle - knee) * 0.6 + hang * 0.4) * rest
            ends.append(spot)
        apart = (ends[0] - ends[1]) / 2
        r = size.leg_r[0] * (1.25 - 0.2 * t) + flare * 0.055 * t * (0.6 + reach)
        world.append((ends[0] + ends[1]) / 2)
        side_axis = apart + left * r
        half_u.append(side_axis)
        spread = front * (size.hips_b * 1.05 + flare * 0.05 * t)
        half_w.append(spread)
    centres, zoom = figure.plane(np.array(world))
    turn = figure.rotation[:2]
    u = (np.array(half_u) @ turn.T) * zoom[:, None]
    v = (np.array(half_w) @ turn.T) * zoom[:, None]
    return centres, u, v


def draw_skirt(drawing: Drawing, figure: Figure, outfit: Outfit) -> None:
    """Draws a skirt or the lower part of a dress, with pleats, hem and apron."""
    o = outfit
    drawing.layer = "skirt"
    rings = skirt_rings(figure, o, o.bottom_length, o.flare)
    outline = body.loft(drawing, rings, o.bottom_rgb, "bottom", o.bottom_pattern)
    centres, u, v = rings
    if body.seen_end_on(rings):
        # Seen along its axis: folds run from the waist to the hem.
        rays = [paths.polyline([centres[1] * 0.6 + p * 0.4, p * 0.97 + centres[1] * 0.03]) for p in outline[::2]]
        drawing.stroke(paths.join(*rays), o.bottom_rgb, 0.6, 0.7)
        return
    left, right, direction = paths.loft_sides(centres, u, v)
    drop = direction[-1] * math.sqrt(float(direction[-1] @ u[-1]) ** 2 + float(direction[-1] @ v[-1]) ** 2)

    def edge(i: int, s: float) -> Points:
        bulge = drop * (1 - (2 * s - 1) ** 2) if i >= 2 else 0.0
        result: Points = left[i] * (1 - s) + right[i] * s + bulge
        return result

    if float(np.hypot(*(centres[-1] - centres[0]))) > 0.04:
        if o.pleats > 1:
            lines = []
            for k in range(1, o.pleats):
                s = 0.5 - 0.5 * math.cos(math.pi * k / o.pleats)
                lines.append(paths.smooth_open(np.array([edge(1, s), edge(2, s), edge(4, s)])))
            drawing.stroke(paths.join(*lines), o.bottom_rgb, 0.7, 0.9)
        else:
            folds = [paths.smooth_open(np.array([edge(2, s), edge(3, s * 1.03), edge(4, s)])) for s in (0.3, 0.62)]
            drawing.stroke(paths.join(*folds), o.bottom_rgb, 0.6, 0.7)
        if o.trim_rgb and o.name in ("serafuku", "dress", "gown", "maid", "kimono"):
            hem = np.array([edge(4, s) * 0.93 + edge(3, s) * 0.07 for s in (0.01, 0.25, 0.5, 0.75, 0.99)])
            drawing.band(paths.smooth_open(hem), o.trim_rgb, 0.008, "trim")
    if o.apron is not None and figure.pelvis_axes.near[2] > -0.1:
        shift = 0.25 * float(np.sign(figure.pelvis_axes.near[0])) * (1 - figure.pelvis_axes.near[2])
        a, b = 0.25 + shift, 0.75 + shift
        drawing.area(
            np.array(
                [
                    edge(0, 0.2),
                    edge(0, 0.8),
                    edge(2, b),
                    edge(3, b),
                    edge(4, b * 0.9) * 0.85 + edge(3, b) * 0.15,
                    edge(4, 0.5) * 0.85 + edge(3, 0.5) * 0.15,
                    edge(4, a * 1.1) * 0.85 + edge(3, a) * 0.15,
                    edge(3, a),
                    edge(2, a),
                ]
            ),
            o.apron,
            "apron",
            cover=False,
            corners=(0, 1),
        )
