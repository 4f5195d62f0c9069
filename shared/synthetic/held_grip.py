"""Where hands hold a thing, and the frame in which it is drawn there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.drawing import Drawing, unit
from shared.synthetic.engine import Path
from shared.synthetic.figure import Figure
from shared.synthetic.palette import Rgb

Points = NDArray[np.float64]

WOOD: Rgb = (132, 92, 60)
STEEL: Rgb = (206, 212, 222)


@dataclass(frozen=True)
class Grip:
    """The frame of a held thing, on the figure plane.

    Attributes:
        drawing: where it is drawn.
        at: ``(2,)``: where the hand closes, or the middle between both hands.
        rod: ``(2,)``, unit: where a rod in the hand points.
        zoom: perspective magnification there.
        rgb: the thing's own colour.
        reach: half the distance between both hands over ``zoom``; 0 for one hand.
    """

    drawing: Drawing
    at: Points
    rod: Points
    zoom: float
    rgb: Rgb
    reach: float = 0.0

    @property
    def across(self) -> Points:
        """``(2,)``, unit: square to the rod."""
        return np.array([-self.rod[1], self.rod[0]])

    def p(self, along: float, aside: float = 0.0) -> Points:
        """Returns a point ``(2,)`` so many body heights along and aside of the rod."""
        return self.at + self.rod * (along * self.zoom) + self.across * (aside * self.zoom)

    def outline(self, *points: tuple[float, float]) -> Path:
        """Returns the polygon through points given along and aside of the rod."""
        return paths.polygon([self.p(*point) for point in points])

    def curve(self, *points: tuple[float, float]) -> Path:
        """Returns the smooth open line through points given along and aside of the rod."""
        return paths.smooth_open(np.array([self.p(*point) for point in points]))

    def disc(self, along: float, aside: float, radius: float) -> Path:
        """Returns a circle."""
        return paths.circle(self.p(along, aside), radius * self.zoom)

    def plate(self, rgb: Rgb, material: str, *points: tuple[float, float], line: float = 1.0) -> None:
        """Draws a polygon of one colour."""
        self.drawing.area(self.outline(*points), rgb, material, line=line)

    def blob(self, rgb: Rgb, material: str, *points: tuple[float, float], corners: tuple[int, ...] = ()) -> None:
        """Draws a smooth closed area of one colour; ``corners`` are the indices of its sharp points."""
        self.drawing.area(np.array([self.p(*point) for point in points]), rgb, material, corners=corners)

    def stick(self, start: float, stop: float, radius: float, rgb: Rgb, material: str = "wood") -> None:
        """Draws a rod from ``start`` to ``stop`` along the rod's direction."""
        radii = (radius * self.zoom,) * 4
        self.drawing.area(paths.tube_points(self.p(start), self.p(stop), radii, 0.7), rgb, material)

    def ball(self, along: float, radius: float, rgb: Rgb, material: str) -> None:
        """Draws a ball, lit from above in styles that shade softly."""
        light = np.array([-0.5, -0.8]) * (radius * self.zoom)
        centre = self.p(along)
        self.drawing.area(self.disc(along, 0.0, radius), rgb, material, ramp=(centre - light, centre + light))


def one_hand(drawing: Drawing, figure: Figure, side: str, rgb: Rgb, way: str) -> Grip:
    """Returns the grip of one hand.

    Args:
        drawing: where the thing is drawn.
        figure: the holder.
        side: "left" or "right".
        rgb: the thing's colour.
        way: ``rod`` (mostly across the forearm), ``upright``, ``hanging`` (from the hand), ``pointing`` (as the
            forearm does) or ``palm`` (away from the forearm, where the fingers end).
    """
    wrist, tip = figure.at(f"{side}_wrist"), figure.at(f"{side}_hand")
    at = _closed_hand(figure, side)
    forearm = unit(wrist - figure.at(f"{side}_elbow"))
    # Mostly across the forearm, a little towards the fingers.
    rod = unit(_square_to(forearm, figure) + 0.35 * forearm + 0.3 * figure.chest_axes.up)
    if way == "upright":
        rod = unit(rod * 0.35 - figure.down)
    elif way == "hanging":
        rod = unit(figure.down)
    elif way == "pointing":
        rod = forearm
    elif way == "palm":
        at, rod = tip, unit(tip - wrist)
    return Grip(drawing, at, rod, figure.scale(f"{side}_wrist"), rgb)


def both_hands(drawing: Drawing, figure: Figure, rgb: Rgb) -> Grip:
    """Returns the grip of two hands: its rod points up from the line between them."""
    left, right = (_closed_hand(figure, side) for side in ("left", "right"))
    zoom = (figure.scale("left_wrist") + figure.scale("right_wrist")) / 2
    rod = _square_to(unit(right - left), figure)
    return Grip(drawing, (left + right) / 2, rod, zoom, rgb, float(np.hypot(*(right - left))) / 2 / zoom)


def _closed_hand(figure: Figure, side: str) -> Points:
    """Returns where the fingers close ``(2,)``."""
    return figure.at(f"{side}_wrist") * 0.45 + figure.at(f"{side}_hand") * 0.55


def _square_to(line: Points, figure: Figure) -> Points:
    """Returns the direction square to ``line`` ``(2,)`` that goes up the figure's chest."""
    rod = np.array([line[1], -line[0]])
    return -rod if float(rod @ figure.chest_axes.up) < 0 else rod
