"""Draws bags, wings and tails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.accessories import Accessories
from shared.synthetic.drawing import Drawing, unit
from shared.synthetic.figure import Figure
from shared.synthetic.palette import Rgb, mix
from shared.synthetic.skeleton import INDEX

Points = NDArray[np.float64]


def draw_bag(drawing: Drawing, figure: Figure, wear: Accessories) -> None:
    """Draws a shoulder bag or handbag at the hip, or a backpack seen past the shoulders."""
    drawing.layer = "bag"
    k = figure.scale("pelvis")
    axes = figure.chest_axes
    if wear.bag == "backpack":
        centre = figure.at("chest") - axes.front * 0.12 * k
        u, v = axes.left * 0.1 * k + axes.front * 0.02, axes.up * 0.12 * k
        drawing.area(
            np.array(
                [
                    centre - u - v,
                    centre - u * 1.1 + v * 0.5,
                    centre - u * 0.7 + v,
                    centre + u * 0.7 + v,
                    centre + u * 1.1 + v * 0.5,
                    centre + u - v,
                ]
            ),
            wear.bag_rgb,
            "bag",
            corners=(0, 5),
        )
        if axes.near[2] < 0:
            drawing.area(
                np.array(
                    [
                        centre - u * 0.6 - v * 0.7,
                        centre - u * 0.6 - v * 0.1,
                        centre + u * 0.6 - v * 0.1,
                        centre + u * 0.6 - v * 0.7,
                    ]
                ),
                mix(wear.bag_rgb, (255, 255, 255), 0.15),
                "bag",
                cover=False,
            )
        return
    side = "left" if wear.bag_rgb[1] % 2 else "right"
    sign = 1.0 if side == "left" else -1.0
    size = figure.size
    world = (
        figure.skeleton.points[INDEX[f"{side}_hip"]]
        + figure.skeleton.pelvis[:, 0] * (sign * (size.hips_a * 0.75))
        + figure.skeleton.pelvis[:, 2] * 0.03
    )
    centre = figure.plane(world[None])[0][0]
    down = unit(figure.down) * 0.055 * k
    across = np.array([-down[1], down[0]]) * 1.25
    strap_top = (
        figure.at(f"{'right' if side == 'left' else 'left'}_shoulder")
        if wear.bag == "shoulder_bag"
        else centre - down * 2.2
    )
    if wear.bag == "shoulder_bag" and axes.near[2] > -0.3:
        drawing.band(
            paths.polyline([strap_top + axes.up * 0.02, centre - down]),
            mix(wear.bag_rgb, (0, 0, 0), 0.2),
            0.014 * k,
            "bag",
        )
    drawing.area(
        np.array(
            [
                centre - across - down,
                centre - across * 1.05 + down,
                centre + across * 1.05 + down,
                centre + across - down,
            ]
        ),
        wear.bag_rgb,
        "bag",
        corners=(0, 3),
    )
    drawing.area(
        np.array(
            [
                centre - across - down,
                centre - across * 0.8 + down * 0.1,
                centre + across * 0.8 + down * 0.1,
                centre + across - down,
            ]
        ),
        mix(wear.bag_rgb, (0, 0, 0), 0.15),
        "bag",
        cover=False,
        corners=(0, 3),
    )


def draw_wings(drawing: Drawing, figure: Figure, wear: Accessories) -> None:
    """Draws a pair of wings on the back."""
    drawing.layer = "wings"
    size, chest = figure.size, figure.skeleton.chest
    root = figure.skeleton.points[INDEX["chest"]] + chest[:, 1] * size.torso * 0.15 - chest[:, 2] * size.chest_b
    shapes = {
        "feathered_wings": [
            (0, 0.03),
            (0.12, 0.2),
            (0.3, 0.3),
            (0.44, 0.26),
            (0.42, 0.12),
            (0.38, 0.0),
            (0.32, -0.06),
            (0.27, -0.13),
            (0.2, -0.13),
            (0.14, -0.16),
            (0.08, -0.1),
            (0, -0.05),
        ],
        "bat_wings": [
            (0, 0.03),
            (0.1, 0.2),
            (0.22, 0.3),
            (0.46, 0.14),
            (0.36, 0.08),
            (0.34, -0.06),
            (0.22, 0.0),
            (0.16, -0.14),
            (0.08, -0.04),
            (0, -0.04),
        ],
        "fairy_wings": [
            (0, 0.02),
            (0.15, 0.28),
            (0.32, 0.34),
            (0.36, 0.2),
            (0.2, 0.04),
            (0.3, -0.08),
            (0.26, -0.2),
            (0.12, -0.16),
            (0, -0.02),
        ],
    }[wear.wings]
    corners = {"feathered_wings": (5, 7, 9), "bat_wings": (2, 3, 5, 7), "fairy_wings": (4,)}[wear.wings]
    for sign in (1.0, -1.0):
        world = np.array(
            [root + chest[:, 0] * (sign * x) + chest[:, 1] * y - chest[:, 2] * (0.05 + 0.25 * x) for x, y in shapes]
        )
        points = figure.plane(world)[0]
        drawing.area(points, wear.wing_rgb, "wing", corners=corners)
        lines = (
            [paths.polyline([points[0], points[i]]) for i in corners]
            if wear.wings != "feathered_wings"
            else [
                paths.smooth_open(np.array([points[1], points[i] * 0.6 + points[2] * 0.4, points[i]])) for i in corners
            ]
        )
        drawing.stroke(paths.join(*lines), wear.wing_rgb, 0.7)


def draw_tail(drawing: Drawing, figure: Figure, name: str, hair: Rgb) -> None:
    """Draws a tail from the back of the hips."""
    drawing.layer = "tail"
    pelvis, size = figure.skeleton.pelvis, figure.size
    sway = 0.16 if hair[2] % 2 else -0.16
    root = figure.skeleton.points[0] - pelvis[:, 2] * size.hips_b * 0.9
    steps = [(0.0, 0.0, 0.0), (-0.06, 0.4, 0.06), (-0.05, 0.9, 0.14), (0.06, 1.2, 0.18), (0.2, 1.1, 0.2)]
    world = np.array([root + pelvis[:, 0] * (sway * x) + pelvis[:, 1] * y - pelvis[:, 2] * z for y, x, z in steps])
    centres, zoom = figure.plane(world)
    widths = {
        "cat_tail": (0.014, 0.016, 0.016, 0.015, 0.01),
        "fox_tail": (0.015, 0.045, 0.07, 0.06, 0.01),
        "dragon_tail": (0.06, 0.05, 0.036, 0.02, 0.005),
        "demon_tail": (0.01, 0.009, 0.008, 0.007, 0.006),
    }[name]
    rgb: Rgb = hair if name in ("cat_tail", "fox_tail") else ((60, 44, 60) if name == "demon_tail" else (90, 140, 96))
    direction = np.gradient(centres, axis=0)
    direction /= np.maximum(np.hypot(direction[:, 0], direction[:, 1]), 1e-9)[:, None]
    normal = np.stack([direction[:, 1], -direction[:, 0]], axis=1) * (np.array(widths) * zoom)[:, None]
    with drawing.of("tail"):
        outline = np.concatenate([centres + normal, (centres - normal)[::-1]])
        drawing.area(outline, rgb, "hair" if rgb == hair else "tail")
        if name == "demon_tail":
            d, n = direction[-1] * 0.05, np.array([direction[-1][1], -direction[-1][0]]) * 0.035
            drawing.area(paths.polygon([centres[-1], centres[-1] + n, centres[-1] + d, centres[-1] - n]), rgb, "tail")
