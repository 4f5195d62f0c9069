"""Draws hats and crowns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import body, paths
from shared.synthetic.accessories import Accessories
from shared.synthetic.drawing import Drawing
from shared.synthetic.engine import Path
from shared.synthetic.head import Head
from shared.synthetic.palette import Rgb, mix

Points = NDArray[np.float64]

#: How far out hair lifts a hat from the skull (head heights).
PUFF = 0.07


def _cone(head: Head, rings: list[tuple[float, float, float]], lean: float = 0.0) -> Points:
    """Returns the convex outline of rings (height, radius share, back shift) around the head's axis."""
    a, b = head.half
    centres = head.plane([[0.0, y, -0.02 - back] for y, _, back in rings]) + head.basis[0] * lean
    u = np.array([head.basis[0] * (a + PUFF) * r for _, r, _ in rings])
    v = np.array([head.basis[2] * (b + PUFF) * r for _, r, _ in rings])
    return body.ring_hull(centres, u, v)


def _band(head: Head, low: tuple[float, float], high: tuple[float, float]) -> Path:
    """Returns the visible half of a strip around the head between two rings (height, radius share)."""
    a, b = head.half[0] + PUFF, head.half[1] + PUFF
    facing = math.atan2(float(head.near[0]), float(head.near[2]))
    arc = np.linspace(facing - 1.55, facing + 1.55, 9)
    rows = []
    for (y, r), turn in ((low, arc), (high, arc[::-1])):
        rows += [[a * r * math.sin(t), y, -0.02 + b * r * math.cos(t)] for t in turn]
    return paths.polygon(head.plane(rows))


def draw_hat(drawing: Drawing, head: Head, wear: Accessories) -> None:
    """Draws the hat over the hair."""
    name, rgb = wear.hat, wear.hat_rgb
    drawing.layer = "front_hair"
    a, b = head.half[0] + PUFF, head.half[1] + PUFF

    def disc(y: float, r: float, shift: float = 0.0) -> Path:
        centre = head.plane([[0.0, y, -0.02 + shift]])[0]
        return paths.ellipse(centre, head.basis[0] * a * r, head.basis[2] * b * r)

    light = np.array(drawing.rendering.light) * head.unit * 0.4
    ramp = (head.centre - light, head.centre + light)
    if name in ("witch_hat", "sun_hat", "top_hat"):
        brim = {"witch_hat": 1.75, "sun_hat": 1.9, "top_hat": 1.4}[name]
        drawing.area(disc(0.24, brim), rgb, "hat", ramp=ramp)
        rings = {
            "witch_hat": [(0.24, 1.0, 0.0), (0.6, 0.55, 0.04), (1.05, 0.06, 0.2)],
            "sun_hat": [(0.24, 1.0, 0.0), (0.48, 0.85, 0.0), (0.56, 0.5, 0.0)],
            "top_hat": [(0.24, 0.95, 0.0), (0.8, 1.0, 0.0)],
        }[name]
        drawing.area(_cone(head, rings), rgb, "hat", ramp=ramp, corners=())
        drawing.area(
            _band(head, (0.25, 1.01), (0.34, 0.92 if name != "top_hat" else 0.97)),
            wear.band_rgb,
            "hat_band",
            line=0.7,
            cover=False,
        )
    elif name in ("baseball_cap", "peaked_cap"):
        top = (
            [(0.2, 1.02, 0.0), (0.4, 0.93, 0.0), (0.53, 0.55, 0.0)]
            if name == "baseball_cap"
            else [(0.2, 1.0, 0.0), (0.36, 1.02, 0.0), (0.5, 1.2, 0.02), (0.56, 1.0, 0.02)]
        )
        drawing.area(_cone(head, top), rgb, "hat", ramp=ramp)
        x, z = a * 0.75, b
        peak = head.plane(
            [
                [x, 0.2, z * 0.6],
                [x * 0.8, 0.17, z * 1.35],
                [0, 0.16, z * 1.65],
                [-x * 0.8, 0.17, z * 1.35],
                [-x, 0.2, z * 0.6],
                [0, 0.23, z * 1.0],
            ]
        )
        if head.near[2] > -0.3:
            drawing.area(peak, wear.band_rgb, "hat_band")
    elif name == "beret":
        centre = np.array([0.08, 0.46, -0.04])
        drawing.area(head.silhouette(centre, (a * 1.18, 0.15, b * 1.15)), rgb, "hat", ramp=ramp)
    elif name in ("beanie", "santa_hat", "helmet"):
        if name == "santa_hat":
            rgb = (206, 44, 48)
        rings = [(0.16, 1.04, 0.0), (0.4, 0.95, 0.0), (0.56, 0.5, 0.0)]
        if name == "santa_hat":
            rings = [(0.2, 1.0, 0.0), (0.5, 0.7, 0.05), (0.8, 0.1, 0.3)]
        drawing.area(
            _cone(head, rings, 0.25 if name == "santa_hat" else 0.0),
            rgb if name != "helmet" else (160, 166, 180),
            "hat",
            ramp=ramp,
        )
        rim = (250, 250, 250) if name == "santa_hat" else mix(rgb, wear.band_rgb, 0.6)
        drawing.area(
            _band(head, (0.12, 1.07), (0.26, 1.05)),
            rim if name != "helmet" else (120, 124, 140),
            "hat_band",
            line=0.8,
            cover=False,
        )
        if name != "helmet":
            tip = head.plane([[0.0, 0.62, -0.02]])[0] if name == "beanie" else head.plane([[0.25, 0.8, -0.3]])[0]
            drawing.area(
                paths.circle(tip, 0.085 * head.unit),
                (250, 250, 250) if name == "santa_hat" else wear.band_rgb,
                "hat_band",
                cover=False,
            )
        elif head.near[2] > 0.2:
            drawing.stroke(
                paths.smooth_open(head.plane([[0.0, 0.58, 0.0], [0.0, 0.45, b * 0.9], [0.0, 0.2, b * 1.04]])),
                (120, 124, 140),
                1.2,
            )
    elif name in ("crown", "tiara"):
        gold: Rgb = (240, 200, 70) if name == "crown" else (214, 218, 232)
        r = 0.72 if name == "crown" else 1.02
        y = 0.46 if name == "crown" else 0.3
        span = math.pi if name == "crown" else 1.1
        low, high = [], []
        count = 13
        for i in range(count):
            angle = -span + 2 * span * i / (count - 1)
            local = [a * r * math.sin(angle), y, b * r * math.cos(angle)]
            tall = (0.2 if i % 2 else 0.09) * (1.0 if name == "crown" else max(0.15, 1 - abs(angle)) * 0.9)
            if float(np.array(local) @ head.near) > -0.3 or name == "crown":
                low.append(local)
                high.append([local[0], y + tall, local[2]])
        if len(low) > 2:
            keep = [
                p for p in zip(low, high, strict=True) if float(np.array([p[0][0], 0, p[0][2]]) @ head.near) > -0.05
            ]
            if len(keep) > 2:
                drawing.area(
                    paths.polygon(head.plane([q for q, _ in keep] + [h for _, h in keep[::-1]])), gold, "metal"
                )
    elif name == "maid_headdress":
        dots = [[a * 1.0 * math.sin(t), 0.12 + 0.42 * math.cos(t * 0.95), 0.08] for t in np.linspace(-1.15, 1.15, 9)]
        places = head.plane(dots)
        drawing.area(
            paths.join(*[paths.circle(p, 0.075 * head.unit) for p in places]),
            (250, 250, 252),
            "apron",
            line=0.8,
            cover=False,
        )
