"""The head: skull and jaw from any side, ears, and where the face's features lie on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.synthetic import paths
from shared.synthetic.drawing import Drawing
from shared.synthetic.figure import Figure
from shared.synthetic.palette import Rgb
from shared.synthetic.skeleton import INDEX

Points = NDArray[np.float64]


@dataclass(frozen=True)
class HeadShape:
    """Face layout in head heights; y from the head's middle, up.

    Attributes:
        eye_x: half distance between the eyes as a share of the head's half width.
        eye_y, nose_y, mouth_y: heights of the features.
        jaw: jaw width as a share of the skull's.
        chin: 0 round … 1 pointed.
        nose: how far the nose stands out of the face in profile.
    """

    eye_x: float = 0.5
    eye_y: float = -0.08
    nose_y: float = -0.22
    mouth_y: float = -0.32
    jaw: float = 0.72
    chin: float = 0.5
    nose: float = 0.05


@dataclass
class Head:
    """A head on the picture plane: its projected frame and features."""

    figure: Figure
    shape: HeadShape

    @cached_property
    def centre(self) -> Points:
        """Middle of the head on the picture plane."""
        return self.figure.at("head")

    @cached_property
    def unit(self) -> float:
        """Head height on the picture plane."""
        return self.figure.size.head * self.figure.scale("head")

    @cached_property
    def half(self) -> tuple[float, float]:
        """Half width and half depth in head heights."""
        return self.figure.size.head_a / self.figure.size.head, self.figure.size.head_b / self.figure.size.head

    @cached_property
    def basis(self) -> Points:
        """Rows: pictures of one head height to the left, up and front ``(3, 2)``."""
        axes = self.figure.head_axes
        return np.stack([axes.left, axes.up, axes.front]) * self.unit

    @cached_property
    def near(self) -> Points:
        """How much the left, up and front axes point at the viewer ``(3,)``."""
        return np.array(self.figure.head_axes.near)

    def plane(self, local: ArrayLike) -> Points:
        """Returns the picture of head-frame points ``(n, 3)`` (head heights, weak perspective)."""
        result: Points = self.centre + np.asarray(local, np.float64) @ self.basis
        return result

    def silhouette(self, centre: ArrayLike, radii: ArrayLike, count: int = 16) -> Points:
        """Returns the outline ``(count, 2)`` of an ellipsoid in the head's frame."""
        r = np.asarray(radii, np.float64)[:, None] * self.basis
        angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
        normal = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        reach = normal @ r.T  # (count, 3): extent along each axis
        size = np.sqrt((reach**2).sum(axis=1, keepdims=True))
        result: Points = self.plane(np.asarray(centre)[None])[0] + (reach / np.maximum(size, 1e-12)) @ r
        return result

    def surface(self, x: float, y: float) -> Points:
        """Returns the head-frame point of the face's front at width ``x`` and height ``y`` (head heights)."""
        a, b = self.half
        inside = 1.0 - (x / (a * 1.02)) ** 2 - ((y - 0.02) / 0.62) ** 2
        return np.array([x, y, b * math.sqrt(max(inside, 0.02)) * 0.97])

    def facing(self, x: float, y: float) -> float:
        """Returns how much the face's surface at ``(x, y)`` looks at the viewer, −1 to 1."""
        a, b = self.half
        point = self.surface(x, y)
        normal = np.array([x / a**2, (y - 0.02) / 0.6**2 * 0.5, point[2] / b**2])
        return float(normal @ self.near) / float(np.linalg.norm(normal))

    def frame(self, x: float, y: float) -> tuple[Points, Points, Points]:
        """Returns origin, sideways and upward tangents of the face at ``(x, y)`` on the picture plane.

        Tangents are pictures of one head height along the surface.
        """
        step = 0.03
        p, q = self.surface(x - step, y), self.surface(x + step, y)
        across = q - p
        across = across / float(np.linalg.norm(across))
        points = self.plane([self.surface(x, y)])
        return points[0], across @ self.basis, self.basis[1]

    @cached_property
    def eyes(self) -> Points:
        """Left and right eye centres on the picture plane ``(2, 2)``."""
        x = self.shape.eye_x * self.half[0]
        return self.plane([self.surface(x, self.shape.eye_y), self.surface(-x, self.shape.eye_y)])

    @cached_property
    def nose(self) -> Points:
        """Nose tip on the picture plane."""
        tip = self.surface(0.0, self.shape.nose_y)
        tip[2] += self.shape.nose
        result: Points = self.plane([tip])[0]
        return result

    @cached_property
    def ears(self) -> Points:
        """Left and right ear centres on the picture plane ``(2, 2)``."""
        a = self.half[0] * 0.97
        return self.plane([[a, -0.08, -0.04], [-a, -0.08, -0.04]])

    @cached_property
    def outline(self) -> Points:
        """Outline of skull, jaw and chin on the picture plane."""
        a, b = self.half
        s = self.shape
        skull = self.silhouette((0, 0.09, -0.02), (a, 0.405, b), 18)
        cheek = self.silhouette((0, -0.14, 0.06), (a * (0.78 + 0.2 * s.jaw), 0.24, b * 0.74), 14)
        jaw = self.silhouette((0, -0.3, 0.1), (a * s.jaw * 0.78, 0.17 - 0.03 * s.chin, b * 0.6), 14)
        chin = self.silhouette((0, -0.43, b * 0.62), (a * (0.34 - 0.22 * s.chin), 0.07, 0.06), 8)
        cloud = np.concatenate([skull, cheek, jaw, chin]).astype(np.float32)
        hull: Points = cv2.convexHull(cloud)[:, 0, :].astype(np.float64)
        step = np.hypot(*(hull - np.roll(hull, 1, axis=0)).T)
        result: Points = hull[step > 0.035 * self.unit]
        return result

    def draw_neck(self, drawing: Drawing, rgb: Rgb) -> None:
        """Draws the neck from between the shoulders into the skull."""
        figure = self.figure
        r = figure.size.neck_r * figure.scale("neck")
        base = figure.at("neck") - figure.chest_axes.up * 0.02 * figure.scale("neck")
        top = self.plane([[0.0, -0.25, -0.04]])[0]
        drawing.layer = "neck"
        drawing.area(paths.tube_points(base, top, (r * 1.25, r, r * 0.95, r), 0.6), rgb, "skin", cover=False)
        if drawing.rendering.shading != "none":
            chin = self.plane([[0.0, -0.38, 0.0]])[0]
            clip = paths.smooth(paths.tube_points(base, top, (r * 1.2, r * 0.96, r * 0.9, r), 0.5))
            drawing.shadow(
                paths.smooth(paths.tube_points(chin, base, (r * 1.3, r * 1.2, r * 0.6, r * 0.2), 0.5)),
                rgb,
                "skin",
                clip,
            )

    def draw_skull(self, drawing: Drawing, rgb: Rgb) -> None:
        """Draws ears and the head's skin."""
        _a, _ = self.half
        drawing.layer = "head"
        for sign, place in ((1.0, self.ears[0]), (-1.0, self.ears[1])):
            if sign * self.near[0] > -0.35:
                drawing.area(
                    paths.ellipse(place, self.basis[2] * 0.075 + self.basis[0] * (0.035 * sign), self.basis[1] * 0.1),
                    rgb,
                    "skin",
                    cover=False,
                )
        outline = self.outline
        light = np.array(drawing.rendering.light)
        drawing.area(
            outline, rgb, "skin", ramp=(self.centre - light * self.unit * 0.6, self.centre + light * self.unit * 0.45)
        )
        if self.shape.nose > 0.02 and self.near[2] < 0.75 and self.near[2] > -0.3:
            x, y = 0.0, self.shape.nose_y
            root = self.surface(x, y + 0.14)
            base = self.surface(x, y - 0.05)
            tip = self.surface(x, y)
            tip[2] += self.shape.nose
            wing = self.surface(0.05 if self.near[0] > 0 else -0.05, y)
            root[2] -= 0.03
            base[2] -= 0.03
            tri = self.plane([root, tip, base, wing])
            drawing.patch(paths.smooth(tri, 0.6, corners=(1,)), rgb, "skin")
            drawing.stroke(paths.smooth_open(self.plane([self.surface(0, y + 0.09), tip, base]), 0.5), rgb, 0.8)


def key_of(figure: Figure) -> float:
    """Returns how near the head is, body heights."""
    return float(figure.near[INDEX["head"]])
