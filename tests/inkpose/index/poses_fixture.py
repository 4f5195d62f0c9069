"""Poses and pictures whose answers can be foretold."""

from __future__ import annotations

import numpy as np

from inkpose.index.schema import Figure, Picture

#: A figure that stands facing us, arms hanging, in units of its height, COCO order.
STANDING = np.array(
    [[0, -0.44], [0.03, -0.47], [-0.03, -0.47], [0.06, -0.45], [-0.06, -0.45], [0.11, -0.3], [-0.11, -0.3],
     [0.14, -0.12], [-0.14, -0.12], [0.15, 0.04], [-0.15, 0.04], [0.07, 0.03], [-0.07, 0.03], [0.08, 0.26],
     [-0.08, 0.26], [0.08, 0.48], [-0.08, 0.48]]
)  # fmt: skip


def pose(arms_up: bool = False, lean: float = 0.0, scale: float = 100.0, at: tuple[float, float] = (60, 60)):
    """Returns keypoints (17, 3), all sure; ``lean`` moves everything above the hips sideways."""
    xy = STANDING.copy()
    if arms_up:
        xy[[7, 8], 1], xy[[9, 10], 1] = -0.45, -0.62
    xy[:11, 0] += lean * (0.03 - xy[:11, 1])
    return np.column_stack([xy * scale + at, np.ones(17)]).astype(np.float32)


def many(count: int, seed: int = 0) -> list[Picture]:
    """Returns pictures of one character each, every pose another; tags by number: even/odd, tens."""
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(count):
        points = pose(bool(number % 2), lean=rng.normal(0, 0.4))
        points[:, :2] += rng.normal(0, 4, (17, 2))
        tags = ["even" if number % 2 == 0 else "odd", f"tens_{number // 10}"]
        figure = Figure((10, 5, 100, 110), points, 0.9, b"jpeg %d" % number)
        pictures.append(Picture(f"/pictures/{number:05d}.png", 120, 120, tags, [figure], "/pictures", "sha", 1, 2))
    return pictures
