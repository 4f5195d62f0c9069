"""Draws weapons in a hand."""

from __future__ import annotations

from shared.synthetic import paths
from shared.synthetic.held_grip import STEEL, WOOD, Grip

_BRASS = (214, 170, 70)
_GUNMETAL = (70, 74, 84)


def sword(grip: Grip) -> None:
    """A straight blade with a crossguard."""
    grip.plate(STEEL, "metal", (0.05, -0.017), (0.42, -0.014), (0.5, 0.0), (0.42, 0.014), (0.05, 0.017))
    grip.drawing.stroke(paths.polyline([grip.p(0.06), grip.p(0.4)]), STEEL, 0.6)
    grip.plate(_BRASS, "metal", (0.035, -0.06), (0.055, -0.06), (0.055, 0.06), (0.035, 0.06))
    grip.stick(-0.07, 0.04, 0.011, grip.rgb)


def polearm(grip: Grip) -> None:
    """A spear."""
    grip.stick(-0.35, 0.45, 0.011, WOOD)
    grip.plate(STEEL, "metal", (0.42, -0.025), (0.6, 0.0), (0.42, 0.025))


def trident(grip: Grip) -> None:
    """A fork of three points on a pole."""
    grip.stick(-0.35, 0.42, 0.01, WOOD)
    points = ((0.42, -0.075), (0.57, -0.085), (0.57, -0.065), (0.45, -0.05), (0.45, -0.012), (0.62, 0.0),
              (0.45, 0.012), (0.45, 0.05), (0.57, 0.065), (0.57, 0.085), (0.42, 0.075), (0.4, 0.0))  # fmt: skip
    grip.plate(grip.rgb if sum(grip.rgb) > 400 else STEEL, "metal", *points)


def axe(grip: Grip) -> None:
    """A curved blade at one side of its handle."""
    grip.stick(-0.35, 0.2, 0.011, WOOD)
    points = ((0.2, 0.0), (0.23, 0.02), (0.26, 0.12), (0.12, 0.13), (0.04, 0.1), (0.1, 0.01))
    grip.blob(STEEL, "metal", *points, corners=(2, 4))


def scythe(grip: Grip) -> None:
    """A long blade square to its pole."""
    grip.stick(-0.4, 0.45, 0.01, WOOD)
    points = ((0.46, -0.01), (0.48, 0.12), (0.4, 0.3), (0.3, 0.38), (0.37, 0.24), (0.4, 0.1), (0.4, 0.0))
    grip.blob(STEEL, "metal", *points, corners=(0, 3, 6))


def hammer(grip: Grip) -> None:
    """A heavy head across its handle."""
    grip.stick(-0.12, 0.25, 0.012, WOOD)
    grip.plate(_GUNMETAL, "metal", (0.2, -0.09), (0.31, -0.09), (0.31, 0.09), (0.2, 0.09))
    grip.drawing.stroke(grip.curve((0.2, 0.06), (0.255, 0.06), (0.31, 0.06)), _GUNMETAL, 0.7)


def knife(grip: Grip) -> None:
    """A short blade with one edge."""
    grip.blob(STEEL, "metal", (0.03, -0.012), (0.11, -0.014), (0.17, 0.012), (0.03, 0.014), corners=(0, 2, 3))
    grip.stick(-0.05, 0.035, 0.011, grip.rgb)


def bow(grip: Grip) -> None:
    """A bow held at its middle, its string behind."""
    grip.drawing.stroke(paths.polyline([grip.p(0.31, -0.09), grip.p(-0.31, -0.09)]), (120, 110, 100), 0.6)
    for sign in (1, -1):
        outer = ((0.0, 0.014), (sign * 0.15, 0.0), (sign * 0.27, -0.06), (sign * 0.315, -0.09))
        inner = ((sign * 0.26, -0.072), (sign * 0.145, -0.016), (0.0, -0.008))
        grip.blob(WOOD, "wood", *outer, *inner, corners=(0, 3, 6))


def handgun(grip: Grip) -> None:
    """A pistol: the barrel goes where the forearm points."""
    grip.plate(_GUNMETAL, "metal", (-0.03, -0.008), (-0.01, -0.02), (-0.03, 0.06), (-0.055, 0.055))
    grip.plate(_GUNMETAL, "metal", (-0.035, -0.042), (0.12, -0.042), (0.12, -0.012), (-0.035, -0.008))


def shield(grip: Grip) -> None:
    """A shield with a rim of metal and a mark of its own colour."""
    outline = ((0.15, 0.0), (0.13, 0.13), (-0.02, 0.125), (-0.2, 0.0), (-0.02, -0.125), (0.13, -0.13))
    inner = tuple((along * 0.8, aside * 0.8) for along, aside in outline)
    grip.blob(STEEL, "metal", *outline, corners=(1, 3, 5))
    grip.blob(grip.rgb, "shield", *inner, corners=(1, 3, 5))
    grip.drawing.mark(grip.outline((0.07, 0.0), (-0.01, 0.05), (-0.09, 0.0), (-0.01, -0.05)), _BRASS)
