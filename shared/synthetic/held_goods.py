"""Draws everyday things in a hand or in both."""

from __future__ import annotations

import math

import numpy as np

from shared.synthetic import paths
from shared.synthetic.held_grip import STEEL, WOOD, Grip
from shared.synthetic.palette import Rgb, mix

_PAPER: Rgb = (246, 240, 236)


def staff(grip: Grip) -> None:
    """A pole with a gem."""
    grip.stick(-0.35, 0.45, 0.011, WOOD)
    grip.drawing.area(grip.disc(0.48, 0.0, 0.045), grip.rgb, "gem")


def broom(grip: Grip) -> None:
    """A besom, bristles down."""
    grip.stick(-0.35, 0.45, 0.011, WOOD)
    points = ((-0.3, 0.0), (-0.36, 0.05), (-0.55, 0.07), (-0.55, -0.07), (-0.36, -0.05))
    grip.blob((214, 180, 110), "wood", *points, corners=(2, 3))


def umbrella(grip: Grip) -> None:
    """An open umbrella over the head."""
    grip.stick(-0.05, 0.3, 0.007, (90, 80, 80))
    rim = [grip.p(0.27 - 0.035 * (i % 2), -0.24 + 0.08 * i) for i in range(7)]
    dome = [grip.p(0.37, 0.19), grip.p(0.44, 0.08), grip.p(0.455, 0.0), grip.p(0.44, -0.08), grip.p(0.37, -0.19)]
    grip.drawing.area(paths.smooth(np.array(rim + dome), corners=(0, 2, 4, 6)), grip.rgb, "umbrella")
    ribs = [grip.curve((0.455, 0.0), (0.37, side), (0.24, side * 1.1)) for side in (-0.075, 0.075)]
    grip.drawing.stroke(paths.join(*ribs), grip.rgb, 0.7)


def book(grip: Grip) -> None:
    """A closed book."""
    grip.plate(grip.rgb, "book", (-0.05, -0.06), (0.1, -0.06), (0.1, 0.05), (-0.05, 0.05))
    grip.plate((244, 240, 226), "paper", (-0.04, 0.042), (0.09, 0.042), (0.09, 0.055), (-0.04, 0.055), line=0.5)


def wand(grip: Grip) -> None:
    """A rod with a star."""
    grip.stick(-0.04, 0.2, 0.007, grip.rgb)
    angles, radii = np.linspace(0, 2 * math.pi, 10, endpoint=False), [0.045, 0.019] * 5
    star = [(0.23 + r * math.cos(t), r * math.sin(t)) for t, r in zip(angles, radii, strict=True)]
    grip.plate((250, 214, 80), "star", *star)


def flower(grip: Grip) -> None:
    """One flower on its stem."""
    grip.stick(-0.04, 0.13, 0.005, (80, 140, 80))
    _blossom(grip, 0.13, 0.0)


def bouquet(grip: Grip) -> None:
    """Five flowers in paper."""
    heads = ((0.1, -0.05), (0.13, 0.0), (0.1, 0.05), (0.07, -0.02), (0.07, 0.03))
    for along, _ in heads:
        grip.stick(-0.04, along, 0.005, (80, 140, 80))
    grip.plate(_PAPER, "paper", (-0.08, 0.0), (0.07, 0.07), (0.07, -0.07))
    for head in heads:
        _blossom(grip, *head)


def _blossom(grip: Grip, along: float, aside: float) -> None:
    angles = np.linspace(0, 2 * math.pi, 5, endpoint=False)
    petals = [grip.disc(along + 0.02 * math.cos(t), aside + 0.02 * math.sin(t), 0.018) for t in angles]
    grip.drawing.area(paths.join(*petals), grip.rgb, "flower", line=0.6)
    grip.drawing.mark(grip.disc(along, aside, 0.01), (250, 220, 100))


def balloon(grip: Grip) -> None:
    """A balloon on a string."""
    grip.drawing.stroke(grip.curve((0.0, 0.0), (0.16, 0.02), (0.3, 0.0)), (80, 80, 80), 0.6)
    grip.drawing.area(
        paths.ellipse(grip.p(0.41), grip.across * (0.085 * grip.zoom), grip.rod * (0.11 * grip.zoom)),
        grip.rgb,
        "balloon",
        ramp=(grip.p(0.41, -0.08), grip.p(0.41, 0.08)),
    )


def mug(grip: Grip) -> None:
    """A mug."""
    grip.plate(grip.rgb, "mug", (-0.03, -0.032), (0.05, -0.035), (0.05, 0.035), (-0.03, 0.032))


def bottle(grip: Grip) -> None:
    """A bottle with a label."""
    body = ((-0.07, -0.028), (0.06, -0.028), (0.1, -0.011), (0.14, -0.011), (0.14, 0.011), (0.1, 0.011), (0.06, 0.028))
    grip.blob(grip.rgb, "bottle", *body, (-0.07, 0.028), corners=(0, 3, 4, 7))
    grip.drawing.mark(grip.outline((-0.01, -0.026), (0.05, -0.026), (0.05, 0.026), (-0.01, 0.026)), _PAPER)


def fan(grip: Grip) -> None:
    """A folding fan, open."""
    grip.blob(
        grip.rgb, "fan", (-0.01, 0.0), (0.13, -0.13), (0.18, -0.05), (0.18, 0.05), (0.13, 0.13), corners=(0, 1, 4)
    )
    ribs = [paths.polyline([grip.p(0.0), grip.p(0.165, side)]) for side in (-0.08, -0.03, 0.03, 0.08)]
    grip.drawing.stroke(paths.join(*ribs), grip.rgb, 0.6)


def microphone(grip: Grip) -> None:
    """A microphone."""
    grip.stick(-0.04, 0.06, 0.011, (50, 50, 56))
    grip.drawing.area(grip.disc(0.075, 0.0, 0.022), (150, 152, 160), "metal")


def lollipop(grip: Grip) -> None:
    """A round sweet on a stick."""
    grip.stick(-0.03, 0.08, 0.004, (240, 240, 236))
    grip.drawing.area(grip.disc(0.11, 0.0, 0.036), grip.rgb, "candy")


def ice_cream_cone(grip: Grip) -> None:
    """A scoop or two on a cone."""
    grip.plate((222, 168, 98), "cone", (-0.05, 0.0), (0.06, -0.032), (0.06, 0.032))
    if grip.rgb[1] % 2:
        grip.ball(0.115, 0.034, (252, 244, 226), "ice")
    grip.ball(0.075, 0.038, grip.rgb, "ice")


def apple(grip: Grip) -> None:
    """An apple with its leaf."""
    grip.ball(0.025, 0.034, (206, 46, 44), "apple")
    grip.blob((90, 150, 60), "leaf", (0.055, 0.0), (0.075, 0.012), (0.085, 0.03), (0.065, 0.02), corners=(0, 2))


def phone(grip: Grip) -> None:
    """A smartphone."""
    grip.plate((40, 42, 50), "phone", (-0.04, -0.028), (0.08, -0.028), (0.08, 0.028), (-0.04, 0.028))
    grip.drawing.mark(grip.outline((-0.03, -0.022), (0.07, -0.022), (0.07, 0.022), (-0.03, 0.022)), (150, 196, 226))


def flag(grip: Grip) -> None:
    """A flag that waves on its pole, with a stripe."""
    grip.stick(-0.25, 0.5, 0.008, WOOD)
    cloth = ((0.49, 0.0), (0.51, 0.1), (0.47, 0.2), (0.5, 0.31), (0.3, 0.3), (0.27, 0.2), (0.31, 0.1), (0.29, 0.0))
    grip.blob(grip.rgb, "flag", *cloth, corners=(0, 3, 4, 7))
    stripe = ((0.42, 0.005), (0.44, 0.1), (0.4, 0.2), (0.43, 0.3), (0.36, 0.3), (0.33, 0.2), (0.37, 0.1), (0.35, 0.005))
    grip.drawing.mark(grip.outline(*stripe), _PAPER)


def torch(grip: Grip) -> None:
    """A burning torch."""
    grip.stick(-0.12, 0.14, 0.013, WOOD)
    for size, color in ((1.0, (240, 110, 40)), (0.6, (252, 216, 90))):
        flame = ((0.12, -0.035), (0.17, -0.04), (0.27, 0.0), (0.18, 0.04), (0.12, 0.035))
        points = [(0.12 + (along - 0.12) * size, aside * size) for along, aside in flame]
        grip.blob(color, "flame", *points, corners=(2,))


def tray(grip: Grip) -> None:
    """A tray on the palm, seen from its side, with a cup and a pot."""
    grip.plate(STEEL, "metal", (0.03, -0.15), (0.05, -0.16), (0.05, 0.16), (0.03, 0.15))
    grip.plate(grip.rgb, "cup", (0.05, -0.1), (0.1, -0.11), (0.1, -0.04), (0.05, -0.05))
    grip.blob(_PAPER, "pot", (0.05, 0.02), (0.1, 0.01), (0.14, 0.06), (0.1, 0.11), (0.05, 0.1), corners=(0, 4))


def lantern(grip: Grip) -> None:
    """A lantern that hangs from its ring."""
    grip.drawing.stroke(grip.curve((0.0, 0.0), (0.05, -0.025), (0.09, 0.0)), (60, 54, 50), 0.8)
    grip.plate((250, 222, 130), "glass", (0.1, -0.035), (0.22, -0.035), (0.22, 0.035), (0.1, 0.035))
    for near, far, width in ((0.08, 0.105, 0.03), (0.215, 0.235, 0.045)):
        grip.plate(
            mix(grip.rgb, (40, 34, 30), 0.5), "metal", (near, -width), (far, -width), (far, width), (near, width)
        )
    grip.drawing.stroke(paths.polyline([grip.p(0.1, 0.0), grip.p(0.22, 0.0)]), (60, 54, 50), 0.7)


def sack(grip: Grip) -> None:
    """A tied sack that hangs from the hand."""
    color = mix(grip.rgb, (190, 160, 120), 0.6)
    outline = ((-0.03, -0.03), (0.03, -0.012), (0.1, -0.09), (0.22, -0.1), (0.27, 0.0), (0.22, 0.1), (0.1, 0.09))
    grip.blob(color, "sack", *outline, (0.03, 0.012), (-0.03, 0.03), corners=(0, 8))
    grip.drawing.stroke(grip.curve((0.03, 0.0), (0.09, 0.03), (0.15, 0.035)), color, 0.7)


def basket(grip: Grip) -> None:
    """A wicker basket under its handle."""
    straw = mix(grip.rgb, (206, 160, 96), 0.75)
    grip.drawing.band(
        grip.curve((0.13, -0.09), (0.02, -0.05), (0.0, 0.0), (0.02, 0.05), (0.13, 0.09)), straw, 0.012, "straw"
    )
    grip.blob(straw, "straw", (0.12, -0.1), (0.22, -0.08), (0.22, 0.08), (0.12, 0.1), corners=(0, 1, 2, 3))
    rows = [paths.polyline([grip.p(along, -0.088), grip.p(along, 0.088)]) for along in (0.145, 0.17, 0.195)]
    grip.drawing.stroke(paths.join(*rows), straw, 0.6)


def suitcase(grip: Grip) -> None:
    """A suitcase that hangs from its handle."""
    grip.plate((70, 54, 44), "leather", (-0.01, -0.03), (0.03, -0.035), (0.03, 0.035), (-0.01, 0.03))
    grip.plate(grip.rgb, "suitcase", (0.025, -0.14), (0.22, -0.14), (0.22, 0.14), (0.025, 0.14))
    straps = [paths.polyline([grip.p(0.025, aside), grip.p(0.22, aside)]) for aside in (-0.08, 0.08)]
    grip.drawing.stroke(paths.join(*straps), (70, 54, 44), 1.2)


def box(grip: Grip) -> None:
    """A cardboard box between two hands, with its tape."""
    half, color = max(0.09, min(grip.reach, 0.2)), (204, 160, 106)
    low, high = (-0.02, 0.2) if grip.reach > 0.1 else (-0.07, 0.09)
    grip.plate(color, "cardboard", (low, -half), (high, -half), (high, half), (low, half))
    tape = ((low, -0.015), (high, -0.015), (high, 0.015), (low, 0.015))
    grip.drawing.mark(grip.outline(*tape), (232, 204, 160))


def gift(grip: Grip) -> None:
    """A present with its ribbon."""
    half = max(0.07, min(grip.reach, 0.12))
    grip.plate(grip.rgb, "wrapping", (-0.06, -half), (0.08, -half), (0.08, half), (-0.06, half))
    ribbon = (212, 50, 60) if sum(grip.rgb) > 330 else (250, 214, 90)
    grip.drawing.mark(grip.outline((-0.06, -0.014), (0.08, -0.014), (0.08, 0.014), (-0.06, 0.014)), ribbon)
    for sign in (-1, 1):
        grip.blob(ribbon, "ribbon", (0.08, 0.0), (0.115, sign * 0.02), (0.11, sign * 0.055), (0.085, sign * 0.04))


def teddy_bear(grip: Grip) -> None:
    """A stuffed bear, hugged."""
    fur = mix(grip.rgb, (176, 122, 72), 0.7)
    pale = mix(fur, (255, 240, 214), 0.55)
    for aside in (-0.055, 0.055):
        grip.drawing.area(grip.disc(-0.1, aside, 0.032), fur, "fur")
    grip.drawing.area(
        paths.ellipse(grip.p(-0.03), grip.rod * (0.08 * grip.zoom), grip.across * (0.065 * grip.zoom)), fur, "fur"
    )
    for aside in (-0.05, 0.05):
        grip.drawing.area(grip.disc(0.135, aside, 0.024), fur, "fur")
    grip.drawing.area(grip.disc(0.085, 0.0, 0.066), fur, "fur")
    grip.drawing.mark(grip.disc(0.065, 0.0, 0.028), pale)
    dots = [grip.disc(0.1, -0.024, 0.007), grip.disc(0.1, 0.024, 0.007), grip.disc(0.075, 0.0, 0.008)]
    grip.drawing.mark(paths.join(*dots), (40, 30, 28))
