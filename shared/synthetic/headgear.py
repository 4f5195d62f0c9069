"""Draws animal ears, horns, glasses, ribbons and other ornaments of the head."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.accessories import Accessories
from shared.synthetic.drawing import Drawing
from shared.synthetic.hats import PUFF
from shared.synthetic.head import Head
from shared.synthetic.palette import Rgb, luminance

Points = NDArray[np.float64]


def draw_ears(drawing: Drawing, head: Head, name: str, rgb: Rgb) -> None:
    """Draws animal ears on top of the hair."""
    drawing.layer = "front_hair"
    a = head.half[0]
    tall, wide = {
        "cat_ears": (0.24, 0.13),
        "fox_ears": (0.32, 0.15),
        "rabbit_ears": (0.62, 0.09),
        "dog_ears": (0.2, 0.14),
        "mouse_ears": (0.2, 0.15),
    }[name]
    for sign in (1.0, -1.0):
        root = np.array(
            [sign * a * (0.72 if name != "rabbit_ears" else 0.4), 0.42 if name != "dog_ears" else 0.38, -0.04]
        )
        lean = 0.12 if name != "dog_ears" else 0.2

        def at(
            x: float, y: float, root: NDArray[np.float64] = root, sign: float = sign, lean: float = lean
        ) -> list[float]:
            return [float(root[0] + sign * (x + lean * y)), float(root[1] + y - abs(x) * 0.15), float(root[2])]

        corners: tuple[int, ...] = (2,)
        if name == "mouse_ears":
            shape, inner, corners = (
                [
                    at(-wide, 0.0),
                    at(-wide * 1.1, tall * 0.7),
                    at(0, tall * 1.3),
                    at(wide * 1.1, tall * 0.7),
                    at(wide, 0.0),
                ],
                0.6,
                (),
            )
        elif name == "rabbit_ears":
            shape, inner, corners = (
                [at(-wide * 0.7, 0.0), at(-wide, tall * 0.6), at(0, tall), at(wide, tall * 0.6), at(wide * 0.7, 0.0)],
                0.6,
                (),
            )
        elif name == "dog_ears":
            shape, inner, corners = (
                [
                    at(-wide * 0.5, 0.1),
                    at(wide * 0.3, tall * 0.8),
                    at(wide * 1.8, tall * 0.1),
                    at(wide * 1.5, -tall * 1.2),
                    at(wide * 0.5, -tall * 0.3),
                ],
                0.0,
                (),
            )
        else:
            shape, inner = (
                [
                    at(-wide, -0.02),
                    at(-wide * 0.6, tall * 0.55),
                    at(0.02, tall),
                    at(wide * 0.75, tall * 0.5),
                    at(wide, -0.08),
                ],
                0.6,
            )
        points = head.plane(shape)
        with drawing.of("animal_ears"):
            drawing.area(points, rgb, "hair", cover=False, corners=corners)
        if inner and head.near[2] > 0.0:
            centre = points.mean(axis=0) * 0.6 + points[[0, -1]].mean(axis=0) * 0.4
            drawing.patch(
                paths.smooth(centre + (points - centre) * inner, corners=corners), (246, 190, 190), "inner_ear"
            )


def draw_horns(drawing: Drawing, head: Head, name: str) -> None:
    """Draws two horns."""
    drawing.layer = "front_hair"
    for sign in (1.0, -1.0):
        x, y = sign * head.half[0] * 0.7, 0.36
        if name == "demon_horns":
            local = [
                [x - 0.05 * sign, y, 0.05],
                [x + 0.08 * sign, y + 0.15, 0.05],
                [x + 0.04 * sign, y + 0.36, 0.08],
                [x + 0.16 * sign, y + 0.14, 0.05],
                [x + 0.08 * sign, y - 0.04, 0.05],
            ]
            corner: tuple[int, ...] = (2,)
        else:
            local = [
                [x, y + 0.05, 0.0],
                [x + 0.2 * sign, y + 0.08, -0.08],
                [x + 0.32 * sign, y - 0.12, 0.0],
                [x + 0.22 * sign, y - 0.28, 0.16],
                [x + 0.16 * sign, y - 0.16, 0.08],
                [x + 0.2 * sign, y - 0.06, 0.02],
                [x + 0.06 * sign, y - 0.08, 0.02],
            ]
            corner = (3,)
        drawing.area(head.plane(local), (92, 76, 78), "horn", cover=False, corners=corner)


def draw_glasses(drawing: Drawing, head: Head, wear: Accessories, eye_x: float, eye_y: float) -> None:
    """Draws glasses before the eyes that face the viewer."""
    x = eye_x * head.half[0]
    rgb = wear.glasses_rgb if luminance(wear.glasses_rgb) < 0.7 else (60, 50, 56)
    drawing.layer = "head"
    lens_w, lens_h = (0.125, 0.11) if wear.glasses == "round_eyewear" else (0.14, 0.085)
    centres = []
    for sign in (1.0, -1.0):
        if head.facing(sign * x, eye_y) < 0.05:
            continue
        origin, u, v = head.frame(sign * x, eye_y)
        centres.append((origin, u, v))
        if wear.glasses == "round_eyewear":
            lens = paths.ellipse(origin, u * lens_w, v * lens_h)
        else:
            corners = [(-1, 0.9), (1, 0.9), (0.85, -0.9), (-0.85, -0.9)]
            lens = paths.polygon([origin + u * lens_w * cx + v * lens_h * cy for cx, cy in corners])
        if wear.glasses == "sunglasses":
            drawing.mark(lens, (30, 30, 36), 0.92)
        drawing.band(lens, rgb, max(0.004, 0.014 * head.unit), "glasses")
        edge = origin + u * sign * lens_w
        side = head.ears[0 if sign > 0 else 1]
        if sign * head.near[0] > -0.4:
            drawing.band(paths.polyline([edge, side]), rgb, max(0.003, 0.011 * head.unit), "glasses")
    if len(centres) == 2:
        (p, pu, _), (q, qu, _) = centres
        drawing.band(paths.polyline([p - pu * lens_w, q + qu * lens_w]), rgb, max(0.003, 0.011 * head.unit), "glasses")


def draw_ornaments(drawing: Drawing, head: Head, wear: Accessories, eye_x: float, eye_y: float) -> None:
    """Draws ribbons, flowers, headphones, eyepatch, mask, earrings and halo."""
    drawing.layer = "front_hair"
    u, a = head.unit, head.half[0]

    def bow(place: list[float], size: float, rgb: Rgb) -> None:
        centre = head.plane([place])[0]
        x, y = head.basis[0] * size, head.basis[1] * size
        if float(np.hypot(*x)) < 0.4 * size * u:
            x = x + head.basis[2] * size * 0.7
        for s in (1.0, -1.0):
            drawing.area(
                np.array([centre, centre + x * s + y * 0.55, centre + x * 1.1 * s - y * 0.45]),
                rgb,
                "ribbon",
                cover=False,
                corners=(0,),
            )
        drawing.mark(paths.circle(centre, size * 0.22 * u), rgb)

    if wear.ribbon == "hair_bow":
        side = 0.0 if wear.ribbon_rgb[0] % 2 else 0.75
        bow([a * side, 0.44 if side else 0.5, -0.1], 0.26, wear.ribbon_rgb)
    elif wear.ribbon == "hair_ribbon":
        for sign in (1.0, -1.0):
            if sign * head.near[0] > -0.6:
                bow([sign * a * 1.02, 0.27, -0.08], 0.15, wear.ribbon_rgb)
    elif wear.ribbon == "hairband":
        arc = head.plane(
            [[(a + PUFF) * math.sin(t), 0.09 + 0.49 * math.cos(t), 0.06] for t in np.linspace(-1.45, 1.45, 9)]
        )
        drawing.band(paths.smooth_open(arc), wear.ribbon_rgb, 0.055 * u, "ribbon")
    elif wear.ribbon == "hairclip" and head.near[2] > 0.1:
        p = head.plane([[a * 0.62, 0.2, head.half[1] * 0.85], [a * 0.85, 0.14, head.half[1] * 0.65]])
        drawing.band(paths.polyline(p), wear.ribbon_rgb, 0.04 * u, "ribbon")
    if wear.flower and head.near[0] > -0.5:
        centre = head.plane([[a * 0.95, 0.25, 0.12]])[0]
        petals = [
            paths.circle(centre + np.array([math.cos(t), math.sin(t)]) * 0.07 * u, 0.055 * u)
            for t in np.linspace(0, 2 * math.pi, 5, endpoint=False)
        ]
        with drawing.of("hair_flower"):
            drawing.area(paths.join(*petals), wear.ribbon_rgb, "flower", line=0.6, cover=False)
        drawing.mark(paths.circle(centre, 0.035 * u), (250, 220, 100))
    if wear.headphones:
        arc = head.plane(
            [[(a + PUFF) * math.sin(t), 0.09 + 0.5 * math.cos(t), -0.04] for t in np.linspace(-1.6, 1.6, 9)]
        )
        drawing.band(paths.smooth_open(arc), wear.band_rgb, 0.05 * u, "headphones")
        for sign in (1.0, -1.0):
            if sign * head.near[0] > -0.5:
                spot = head.plane([[sign * (a + PUFF), -0.02, -0.04]])[0]
                drawing.area(
                    paths.ellipse(spot, head.basis[0] * 0.06 + head.basis[2] * 0.1, head.basis[1] * 0.13),
                    wear.band_rgb,
                    "headphones",
                    cover=False,
                )
    if wear.eyepatch and head.facing(-eye_x * a, eye_y) > 0.1:
        origin, x, y = head.frame(-eye_x * a, eye_y)
        drawing.area(paths.ellipse(origin, x * 0.12, y * 0.11), (36, 34, 40), "eyepatch", cover=False)
        drawing.stroke(
            paths.polyline([origin, head.plane([[a * 0.7, 0.25, head.half[1] * 0.7]])[0]]), (36, 34, 40), 1.0
        )
    if wear.mask and head.near[2] > 0.2:
        drawing.area(
            head.plane(
                [
                    head.surface(s, y)
                    for s, y in ((0.18, -0.2), (0.2, -0.36), (0.0, -0.47), (-0.2, -0.36), (-0.18, -0.2), (0.0, -0.17))
                ]
            ),
            (246, 248, 250),
            "mask",
            cover=False,
        )
    if wear.earrings:
        for i, sign in enumerate((1.0, -1.0)):
            if sign * head.near[0] > -0.2:
                spot = head.ears[i] - head.basis[1] * 0.14
                with drawing.of("earrings"):
                    drawing.area(paths.circle(spot, 0.03 * u), (240, 200, 80), "metal", line=0.6, cover=False)
    if wear.halo:
        ring = paths.ellipse(
            head.plane([[0.0, 0.78, -0.05]])[0], head.basis[0] * 0.3, head.basis[2] * 0.3 + head.basis[1] * 0.04
        )
        with drawing.of("halo"):
            drawing.band(ring, (252, 226, 120), 0.035 * u, "metal")
