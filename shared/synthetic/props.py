"""Draws the things that hands hold."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.accessories import Accessories
from shared.synthetic.drawing import Drawing, unit
from shared.synthetic.figure import Figure
from shared.synthetic.palette import Rgb

Points = NDArray[np.float64]
_WOOD: Rgb = (132, 92, 60)
_STEEL: Rgb = (206, 212, 222)


def _grip(figure: Figure, side: str) -> tuple[Points, Points, float]:
    """Returns where the hand holds, the direction a rod points (away from the thumb side), and the local scale."""
    wrist, tip = figure.at(f"{side}_wrist"), figure.at(f"{side}_hand")
    zoom = figure.scale(f"{side}_wrist")
    at = wrist * 0.45 + tip * 0.55
    forearm = unit(wrist - figure.at(f"{side}_elbow"))
    rod = np.array([forearm[1], -forearm[0]])
    up = figure.chest_axes.up
    if float(rod @ up) < 0:
        rod = -rod
    # Mostly across the forearm, a little towards the fingers.
    return at, unit(rod + 0.35 * forearm + 0.3 * up), zoom


def draw_held(drawing: Drawing, figure: Figure, wear: Accessories) -> None:
    """Draws the held thing; the hand is drawn after it."""
    side = ("left", "right")[wear.held_hand]
    at, rod, k = _grip(figure, side)
    if wear.held in ("umbrella", "balloon", "mug"):
        rod = unit(rod * 0.35 - figure.down)
    across = np.array([-rod[1], rod[0]])
    drawing.layer = "prop"
    rgb, name = wear.held_rgb, wear.held

    def p(along: float, aside: float = 0.0) -> Points:
        return at + rod * (along * k) + across * (aside * k)

    def stick(start: float, stop: float, r: float, color: Rgb) -> None:
        drawing.area(paths.tube_points(p(start), p(stop), (r * k, r * k, r * k, r * k), 0.7), color, "wood")

    if name == "sword":
        blade = np.array([p(0.05, -0.017), p(0.42, -0.014), p(0.5), p(0.42, 0.014), p(0.05, 0.017)])
        drawing.area(paths.polygon(blade), _STEEL, "metal")
        drawing.stroke(paths.polyline([p(0.06), p(0.4)]), _STEEL, 0.6)
        drawing.area(
            paths.polygon([p(0.035, -0.06), p(0.055, -0.06), p(0.055, 0.06), p(0.035, 0.06)]), (214, 170, 70), "metal"
        )
        stick(-0.07, 0.04, 0.011, rgb)
    elif name in ("staff", "polearm", "axe", "broom"):
        stick(-0.35, 0.45 if name != "axe" else 0.2, 0.011, _WOOD)
        if name == "staff":
            drawing.area(paths.circle(p(0.48), 0.045 * k), rgb, "gem")
        elif name == "polearm":
            drawing.area(paths.polygon([p(0.42, -0.025), p(0.6), p(0.42, 0.025)]), _STEEL, "metal")
        elif name == "axe":
            drawing.area(
                np.array([p(0.2, 0.0), p(0.23, 0.02), p(0.26, 0.12), p(0.12, 0.13), p(0.04, 0.1), p(0.1, 0.01)]),
                _STEEL,
                "metal",
                corners=(2, 4),
            )
        else:
            drawing.area(
                np.array([p(-0.3), p(-0.36, 0.05), p(-0.55, 0.07), p(-0.55, -0.07), p(-0.36, -0.05)]),
                (214, 180, 110),
                "wood",
                corners=(2, 3),
            )
    elif name == "umbrella":
        stick(-0.05, 0.3, 0.007, (90, 80, 80))
        rim = [p(0.27 - 0.035 * (i % 2), -0.24 + 0.08 * i) for i in range(7)]
        dome = [p(0.37, 0.19), p(0.44, 0.08), p(0.455, 0.0), p(0.44, -0.08), p(0.37, -0.19)]
        drawing.area(paths.smooth(np.array(rim + dome), corners=(0, 2, 4, 6)), rgb, "umbrella")
        ribs = [paths.smooth_open(np.array([p(0.455), p(0.37, s), p(0.24, s * 1.1)])) for s in (-0.075, 0.075)]
        drawing.stroke(paths.join(*ribs), rgb, 0.7)
    elif name == "book":
        drawing.area(paths.polygon([p(-0.05, -0.06), p(0.1, -0.06), p(0.1, 0.05), p(-0.05, 0.05)]), rgb, "book")
        drawing.area(
            paths.polygon([p(-0.04, 0.042), p(0.09, 0.042), p(0.09, 0.055), p(-0.04, 0.055)]),
            (244, 240, 226),
            "paper",
            line=0.5,
        )
    elif name == "wand":
        stick(-0.04, 0.2, 0.007, rgb)
        star = [
            p(0.23 + r * math.cos(t), r * math.sin(t))
            for t, r in zip(np.linspace(0, 2 * math.pi, 10, endpoint=False), [0.045, 0.019] * 5, strict=True)
        ]
        drawing.area(paths.polygon(star), (250, 214, 80), "star")
    elif name in ("flower", "bouquet"):
        heads = (
            [(0.13, 0.0)] if name == "flower" else [(0.1, -0.05), (0.13, 0.0), (0.1, 0.05), (0.07, -0.02), (0.07, 0.03)]
        )
        for along, _ in heads:
            stick(-0.04, along, 0.005, (80, 140, 80))
        if name == "bouquet":
            drawing.area(paths.polygon([p(-0.08), p(0.07, 0.07), p(0.07, -0.07)]), (246, 240, 236), "paper")
        for along, aside in heads:
            petals = [
                paths.circle(p(along + 0.02 * math.cos(t), aside + 0.02 * math.sin(t)), 0.018 * k)
                for t in np.linspace(0, 2 * math.pi, 5, endpoint=False)
            ]
            drawing.area(paths.join(*petals), rgb, "flower", line=0.6)
            drawing.mark(paths.circle(p(along, aside), 0.01 * k), (250, 220, 100))
    elif name == "balloon":
        drawing.stroke(paths.smooth_open(np.array([p(0.0), p(0.16, 0.02), p(0.3)])), (80, 80, 80), 0.6)
        drawing.area(
            paths.ellipse(p(0.41), across * (0.085 * k), rod * (0.11 * k)),
            rgb,
            "balloon",
            ramp=(p(0.41, -0.08), p(0.41, 0.08)),
        )
    elif name == "mug":
        drawing.area(paths.polygon([p(-0.03, -0.032), p(0.05, -0.035), p(0.05, 0.035), p(-0.03, 0.032)]), rgb, "mug")
    elif name == "fan":
        drawing.area(
            np.array([p(-0.01), p(0.13, -0.13), p(0.18, -0.05), p(0.18, 0.05), p(0.13, 0.13)]),
            rgb,
            "fan",
            corners=(0, 1, 4),
        )
        drawing.stroke(
            paths.join(*[paths.polyline([p(0.0), p(0.165, s)]) for s in (-0.08, -0.03, 0.03, 0.08)]), rgb, 0.6
        )
    elif name == "microphone":
        stick(-0.04, 0.06, 0.011, (50, 50, 56))
        drawing.area(paths.circle(p(0.075), 0.022 * k), (150, 152, 160), "metal")
    else:  # lollipop
        stick(-0.03, 0.08, 0.004, (240, 240, 236))
        drawing.area(paths.circle(p(0.11), 0.036 * k), rgb, "candy")
