"""A posed body seen by a camera: joints on the picture plane, nearness, and projected axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray
from shared.synthetic.camera import Camera
from shared.synthetic.proportions import Proportions
from shared.synthetic.skeleton import INDEX, Pose, Skeleton, solve

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Axes:
    """A body frame on the picture plane: 2D images of its unit axes and how much each points at the viewer."""

    left: Points
    up: Points
    front: Points
    near: tuple[float, float, float]


@dataclass
class Figure:
    """Joints and frames of one posed character, in camera and picture-plane coordinates.

    Attributes:
        size: body proportions.
        skeleton: solved joints in the world.
        camera: the viewer.
        target: world point the viewer looks at.
    """

    size: Proportions
    skeleton: Skeleton
    camera: Camera
    target: FloatArray

    @cached_property
    def rotation(self) -> FloatArray:
        """World to camera rotation."""
        return self.camera.rotation()

    @cached_property
    def camera_points(self) -> FloatArray:
        """Joints ``(25, 3)`` in the camera frame."""
        return self.camera.to_camera(self.skeleton.points, self.target)

    @cached_property
    def xy(self) -> Points:
        """Joints ``(25, 2)`` on the picture plane."""
        return self.camera.project(self.camera_points)

    @cached_property
    def near(self) -> Points:
        """How much nearer than the look-at point each joint is, body heights."""
        return self.camera.distance - self.camera_points[:, 2]

    @cached_property
    def zoom(self) -> Points:
        """Perspective magnification at each joint."""
        return self.camera.distance / np.maximum(self.camera_points[:, 2], 0.2)

    def at(self, name: str) -> Points:
        """Returns a joint ``(2,)`` on the picture plane."""
        point: Points = self.xy[INDEX[name]]
        return point

    def nearness(self, *names: str) -> float:
        """Returns the mean nearness of joints."""
        return float(sum(self.near[INDEX[n]] for n in names)) / len(names)

    def scale(self, name: str) -> float:
        """Returns the perspective magnification at a joint."""
        return float(self.zoom[INDEX[name]])

    def plane(self, world: FloatArray) -> tuple[Points, Points]:
        """Returns picture-plane points ``(n, 2)`` and magnifications ``(n,)`` of world points ``(n, 3)``."""
        camera_points = self.camera.to_camera(np.atleast_2d(world), self.target)
        return self.camera.project(camera_points), self.camera.distance / np.maximum(camera_points[:, 2], 0.2)

    def axes(self, frame: FloatArray) -> Axes:
        """Returns the picture of a body frame (columns left, up, front)."""
        seen = self.rotation @ frame
        return Axes(seen[:2, 0], seen[:2, 1], seen[:2, 2], (-float(seen[2, 0]), -float(seen[2, 1]), -float(seen[2, 2])))

    @cached_property
    def chest_axes(self) -> Axes:
        """The chest's frame on the picture plane."""
        return self.axes(self.skeleton.chest)

    @cached_property
    def pelvis_axes(self) -> Axes:
        """The pelvis's frame on the picture plane."""
        return self.axes(self.skeleton.pelvis)

    @cached_property
    def head_axes(self) -> Axes:
        """The head's frame on the picture plane."""
        return self.axes(self.skeleton.head)

    @cached_property
    def down(self) -> Points:
        """Direction of gravity on the picture plane (not unit when seen from above)."""
        result: Points = self.rotation[:2] @ np.array([0.0, -1.0, 0.0])
        return result


def make_figure(pose: Pose, size: Proportions, camera: Camera) -> Figure:
    """Returns the posed figure; the viewer looks at the middle of its joints."""
    skeleton = solve(pose, size)
    low, high = skeleton.points.min(axis=0), skeleton.points.max(axis=0)
    return Figure(size, skeleton, camera, (low + high) / 2)
