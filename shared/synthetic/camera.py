"""Perspective camera that looks at the middle of a figure.

World frame: x to the character's left when it faces +z, y up, z towards the viewer at yaw 0; units body heights.
Camera frame: x right, y down, z away from the viewer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.geometry import FloatArray


def turn_x(degrees: float) -> FloatArray:
    """Returns the 3×3 rotation about x (y towards z)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def turn_y(degrees: float) -> FloatArray:
    """Returns the 3×3 rotation about y (z towards x)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def turn_z(degrees: float) -> FloatArray:
    """Returns the 3×3 rotation about z (x towards y)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Camera:
    """Where the viewer stands.

    Attributes:
        yaw: turn of the figure about the vertical, degrees; 0 faces the viewer, 90 shows its right side to the
            left half … positive turns the face to the picture's right; ±180 is the back view.
        elevation: degrees the viewer stands above the figure (negative: below).
        roll: degrees the picture is turned clockwise.
        distance: body heights from the viewer to the look-at point; small means strong perspective.
    """

    yaw: float = 0.0
    elevation: float = 0.0
    roll: float = 0.0
    distance: float = 5.0

    def rotation(self) -> FloatArray:
        """Returns the 3×3 rotation from world to camera frame (axes x right, y down, z away)."""
        flip = np.diag([1.0, -1.0, -1.0])
        # Picture y points down, so a clockwise turn on screen is a positive turn in the camera frame.
        return turn_z(self.roll) @ flip @ turn_x(self.elevation) @ turn_y(self.yaw)

    def to_camera(self, points: FloatArray, target: FloatArray) -> FloatArray:
        """Returns camera-frame points ``(n, 3)`` of world ``points``; z is the distance along the view axis."""
        result: FloatArray = (points - target) @ self.rotation().T
        result[:, 2] += self.distance
        return result

    def project(self, camera_points: FloatArray) -> FloatArray:
        """Returns picture-plane points ``(n, 2)``; one body height at the look-at point is one unit."""
        depth = np.maximum(camera_points[:, 2:3], 0.2)
        result: FloatArray = camera_points[:, :2] * (self.distance / depth)
        return result


def view_of(yaw: float) -> str:
    """Returns the Danbooru-like name of a body's yaw: front, three_quarter, side or back."""
    away = abs((yaw + 180.0) % 360.0 - 180.0)
    if away < 20:
        return "front"
    if away < 60:
        return "three_quarter"
    return "side" if away < 120 else "back"


def sample_camera(rng: np.random.Generator, views: Sequence[float] = (0.45, 0.35, 0.12, 0.08)) -> Camera:
    """Samples a view: shares of front, three-quarter, side and back; mostly near eye level, small roll."""
    kind = rng.choice(4, p=views)
    low, high = ((0.0, 20.0), (20.0, 60.0), (60.0, 120.0), (120.0, 180.0))[kind]
    yaw = float(rng.uniform(low, high)) * (1 if rng.random() < 0.5 else -1)
    elevation = float(np.clip(rng.normal(5.0, 11.0), -40.0, 60.0))
    roll = float(rng.normal(0.0, 3.5)) if rng.random() < 0.88 else float(rng.normal(0.0, 14.0))
    distance = float(rng.uniform(2.6, 9.0))
    return Camera(yaw, elevation, roll, distance)
