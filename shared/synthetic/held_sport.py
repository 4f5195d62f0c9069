"""Draws what players and athletes hold."""

from __future__ import annotations

import math

import numpy as np

from shared.synthetic import paths
from shared.synthetic.held_grip import STEEL, WOOD, Grip

_IRON = (58, 62, 72)


def _turned(grip: Grip, middle: float, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Returns points round the middle of a ball, which is turned by an angle that its grip decides."""
    angle = math.atan2(grip.rod[1], grip.rod[0]) * 3
    cos, sin = math.cos(angle), math.sin(angle)
    return [(middle + a * cos - b * sin, a * sin + b * cos) for a, b in points]


def _middle(grip: Grip, radius: float) -> float:
    """How far along the rod a ball's middle lies: on the palm of one hand, or between two."""
    return radius * 0.9 if grip.reach == 0 else radius * 0.3


def basketball(grip: Grip) -> None:
    """An orange ball with black seams."""
    r = 0.068
    middle, color = _middle(grip, r), (232, 124, 44)
    grip.ball(middle, r, color, "ball")
    seams = [
        [(-r, 0.0), (r, 0.0)], [(0.0, -r), (0.0, r)],
        [(-0.8 * r, -0.6 * r), (0.0, -0.35 * r), (0.8 * r, -0.6 * r)],
        [(-0.8 * r, 0.6 * r), (0.0, 0.35 * r), (0.8 * r, 0.6 * r)],
    ]  # fmt: skip
    lines = [grip.curve(*_turned(grip, middle, seam)) for seam in seams]
    grip.drawing.stroke(paths.join(*lines), (60, 36, 24), 0.8, least=0.004)


def soccer_ball(grip: Grip) -> None:
    """A white ball with black patches."""
    r = 0.06
    middle = _middle(grip, r)
    grip.ball(middle, r, (246, 246, 246), "ball")
    fifth = np.arange(5) * 2 * math.pi / 5
    patches = [[(0.36 * r * math.cos(t), 0.36 * r * math.sin(t)) for t in fifth]]
    for t in fifth:
        corners = ((0.98, 0.26), (0.7, 0.2), (0.7, -0.2), (0.98, -0.26))
        patches.append([(r * d * math.cos(t + a), r * d * math.sin(t + a)) for d, a in corners])
    outlines = [grip.outline(*_turned(grip, middle, patch)) for patch in patches]
    grip.drawing.mark(paths.join(*outlines), (34, 34, 40))


def beachball(grip: Grip) -> None:
    """A large ball of white and coloured segments."""
    r = 0.11
    middle = _middle(grip, r)
    grip.ball(middle, r, (248, 246, 240), "ball")
    for start in (0.0, 2.1, 4.2):
        rim = [(r * math.cos(start + t), r * math.sin(start + t)) for t in np.linspace(0, 1.05, 6)]
        grip.drawing.mark(grip.outline(*_turned(grip, middle, [(0.15 * r, 0.1 * r), *rim])), grip.rgb)


def baseball_bat(grip: Grip) -> None:
    """A club that grows thicker towards its end."""
    radii = [k * grip.zoom for k in (0.009, 0.011, 0.021, 0.022)]
    grip.drawing.area(paths.tube_points(grip.p(-0.08), grip.p(0.42), radii, 0.9), WOOD, "wood")


def tennis_racket(grip: Grip) -> None:
    """An oval of strings on a handle: what is between the strings shows through in no manner of drawing."""
    u, v = grip.rod * (0.115 * grip.zoom), grip.across * (0.085 * grip.zoom)
    centre = grip.p(0.28)
    grip.stick(-0.06, 0.17, 0.009, grip.rgb)
    grip.drawing.area(paths.ellipse(centre, u, v), grip.rgb, "racket")
    grip.drawing.area(paths.ellipse(centre, u * 0.86, v * 0.84), (240, 238, 224), "strings", line=0.5)
    steps = (-0.6, -0.3, 0.0, 0.3, 0.6)
    reach = [0.82 * math.sqrt(1 - s * s) for s in steps]
    lines = [
        paths.polyline([centre + u * s - v * r, centre + u * s + v * r]) for s, r in zip(steps, reach, strict=True)
    ]
    lines += [
        paths.polyline([centre + v * s - u * r, centre + v * s + u * r]) for s, r in zip(steps, reach, strict=True)
    ]
    grip.drawing.stroke(paths.join(*lines), (150, 150, 140), 0.5)


def dumbbell(grip: Grip) -> None:
    """A short bar with a weight at each end."""
    grip.stick(-0.07, 0.07, 0.009, STEEL, "metal")
    for sign in (-1, 1):
        grip.plate(
            _IRON, "iron", (sign * 0.05, -0.035), (sign * 0.095, -0.035), (sign * 0.095, 0.035), (sign * 0.05, 0.035)
        )


def barbell(grip: Grip) -> None:
    """A long bar over both hands, with one to three plates at each end."""
    end = max(0.36, grip.reach + 0.2)
    radii = (0.009 * grip.zoom,) * 4
    bar = paths.tube_points(grip.p(0.0, -end), grip.p(0.0, end), radii, 0.5)
    grip.drawing.area(bar, STEEL, "metal")
    dark = grip.rgb if sum(grip.rgb) < 330 else _IRON
    plates = ((0.045, 0.105, 0.04), (0.09, 0.075, 0.035), (0.13, 0.05, 0.03))
    for sign in (-1, 1):
        for out, radius, width in plates[: 1 + int(grip.rgb[0]) % 3]:
            near, far = sign * (end - 0.16 + out), sign * (end - 0.16 + out + width)
            grip.plate(dark, "iron", (-radius, near), (radius, near), (radius, far), (-radius, far))


def skateboard(grip: Grip) -> None:
    """A board with four wheels, hanging from the hand by its edge."""
    grip.blob(
        grip.rgb,
        "board",
        (-0.19, 0.0),
        (-0.19, 0.05),
        (0.0, 0.06),
        (0.19, 0.05),
        (0.22, 0.025),
        (0.19, 0.0),
        (0.0, -0.01),
    )
    for along in (-0.12, 0.12):
        grip.drawing.area(grip.disc(along, -0.02, 0.018), (240, 236, 220), "wheel")


def fishing_rod(grip: Grip) -> None:
    """A thin rod with its line hanging."""
    radii = [k * grip.zoom for k in (0.009, 0.007, 0.004, 0.003)]
    grip.drawing.area(paths.tube_points(grip.p(-0.1), grip.p(0.7), radii, 0.5), WOOD, "wood")
    tip = grip.p(0.7)
    hook = tip + np.array([0.0, 0.3 * grip.zoom])
    grip.drawing.stroke(paths.polyline([tip, hook]), (140, 140, 140), 0.5)
    grip.drawing.area(paths.circle(hook, 0.016 * grip.zoom), (220, 60, 50), "float")
