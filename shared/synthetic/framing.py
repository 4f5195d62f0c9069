"""Where characters stand in the picture and how much of each is in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, apply_to_points, compose, rotation, scaling, translation
from shared.keypoints.schema import COCO_17
from shared.synthetic.texture import SizeWH

Box = tuple[float, float, float, float]

#: How often each framing is used (ours, after what illustrations show); "detail" is any part of the figure.
FRAMING_MIX: Mapping[str, float] = {
    "full": 0.6, "cowboy": 0.17, "upper": 0.12, "portrait": 0.06, "far": 0.04, "detail": 0.01,
}  # fmt: skip

_EYES, _SHOULDERS, _ELBOWS, _HIPS, _KNEES = ((1, 2), (5, 6), (7, 8), (11, 12), (13, 14))
_HEAD = (0, 1, 2, 3, 4)


def region_of_interest(framing: str, box: Box, points_xy: FloatArray) -> tuple[Box, bool]:
    """Returns the part of a figure that a framing shows, and whether the picture's lower edge cuts it there.

    Args:
        framing: a key of :data:`FRAMING_MIX`.
        box: extents of the figure, ``(x1, y1, x2, y2)`` in its own frame.
        points_xy: its joints ``(17, 2)`` in the same frame, COCO order.

    Returns:
        a box in the figure's frame; True where the figure stands upright and goes on below the box.
    """
    x1, y1, x2, y2 = box
    if framing in ("full", "far", "detail"):
        return box, False
    shoulders, hips = points_xy[list(_SHOULDERS)].mean(axis=0), points_xy[list(_HIPS)].mean(axis=0)
    knees, head = points_xy[list(_KNEES)].mean(axis=0), points_xy[list(_HEAD)].mean(axis=0)
    torso = max(float(np.hypot(*(hips - shoulders))), 0.12 * (y2 - y1))
    shown = {
        "portrait": [*_HEAD, *_SHOULDERS],
        "upper": [*_HEAD, *_SHOULDERS, *_ELBOWS],
        "cowboy": [*_HEAD, *_SHOULDERS, *_ELBOWS, *_HIPS],
    }[framing]
    left, right = points_xy[shown, 0].min(), points_xy[shown, 0].max()
    margin = max(0.25 * torso, 0.6 * (head[1] - y1) if head[1] > y1 else 0.0)
    if hips[1] - shoulders[1] > 0.6 * torso and shoulders[1] > head[1]:
        cut = {
            "portrait": shoulders[1] + 0.15 * torso,
            "upper": shoulders[1] + 0.75 * (hips[1] - shoulders[1]),
            "cowboy": hips[1] + 0.45 * max(float(knees[1] - hips[1]), 0.3 * torso),
        }[framing]
        return (max(x1, left - margin), y1, min(x2, right + margin), min(float(cut), y2)), True
    top, low = points_xy[shown, 1].min(), points_xy[shown, 1].max()
    return (max(x1, left - margin), max(y1, top - margin), min(x2, right + margin), min(y2, low + margin)), False


def place(
    rng: np.random.Generator,
    framing: str,
    box: Box,
    points_xy: FloatArray,
    size_wh: SizeWH,
    slot: tuple[float, float] = (0.0, 1.0),
    ground: float | None = None,
) -> FloatArray:
    """Returns the affine from figure frame to picture pixels.

    Args:
        rng: chance.
        framing: a key of :data:`FRAMING_MIX`.
        box: extents of the figure in its frame.
        points_xy: its joints ``(17, 2)``.
        size_wh: picture size.
        slot: part of the picture's width (left, right fractions) that is this figure's.
        ground: level at which the floor begins (fraction of the height), or None.
    """
    width, height = size_wh
    room_w, room_h = width * (slot[1] - slot[0]), float(height)
    (x1, y1, x2, y2), cut = region_of_interest(framing, box, points_xy)
    wide, tall = max(x2 - x1, 1e-3), max(y2 - y1, 1e-3)
    fill = {
        "full": 1.0 - 0.35 * rng.random() ** 1.5, "far": rng.uniform(0.32, 0.6), "detail": rng.uniform(1.2, 2.2),
    }.get(framing, rng.uniform(0.82, 1.12))  # fmt: skip
    scale = fill * min(room_w / wide, room_h / tall)
    turn = rng.normal(0.0, 3.0) if rng.random() < 0.85 else rng.uniform(-20, 20)
    centre_x = width * slot[0] + room_w / 2 + _slack(rng, room_w, wide * scale)
    if cut:
        # The region's lower edge lies on the picture's, so that the rest of the figure is out of it; where there is
        # much room above the head, the figure is moved up and more of it shows.
        low = height * rng.uniform(0.98, 1.06)
        above = low - tall * scale
        centre_y = low - tall * scale / 2 - max(0.0, above - height * rng.uniform(0.02, 0.3))
        turn *= 0.5
    elif ground is not None and framing in ("full", "far"):
        feet = height * (ground + (1 - ground) * rng.uniform(0.15, 0.95)) if ground < 0.97 else height * 0.98
        centre_y = max(min(feet, height * 0.99) - tall * scale / 2, tall * scale / 2)
    else:
        centre_y = height / 2 + _slack(rng, room_h, tall * scale)
    middle = translation(-(x1 + x2) / 2, -(y1 + y2) / 2)
    return compose(middle, scaling(scale), rotation(turn), translation(centre_x, centre_y))


def _slack(rng: np.random.Generator, room: float, used: float) -> float:
    """Returns an offset that keeps ``used`` within ``room`` where it fits, near the middle more often."""
    free = abs(room - used) / 2
    return free * (rng.uniform(-1, 1) * rng.random())


def slots(rng: np.random.Generator, count: int, apart: bool = False) -> list[tuple[float, float]]:
    """Returns ``count`` parts of the picture's width in random order; they overlap a little unless ``apart``."""
    if count < 2:
        return [(0.0, 1.0)] * count
    uneven = rng.uniform(-0.24, 0.24, count - 1) / count
    edges = np.linspace(0, 1, count + 1) + np.concatenate([[0.0], uneven, [0.0]])
    overlap = rng.uniform(0.0, 0.9) / count
    order = rng.permutation(count)
    if apart:
        edges, overlap = np.linspace(0, 1, count + 1), 0.0
    return [(max(0.0, float(edges[i]) - overlap / 2), min(1.0, float(edges[i + 1]) + overlap / 2)) for i in order]


def framing_tags(points_xy: FloatArray, inside: NDArray[np.bool_]) -> set[str]:
    """Returns the Danbooru tag of how much of a figure is in the picture.

    Args:
        points_xy: joints ``(17, 2)`` in pixels.
        inside: which of them are in the picture ``(17,)``.
    """
    index = COCO_17.index
    head = bool(inside[list(_HEAD)].any())
    ankles = int(inside[index("left_ankle")]) + int(inside[index("right_ankle")])
    knees, hips = inside[list(_KNEES)].any(), inside[list(_HIPS)].any()
    if not head:
        return {"head_out_of_frame"} if inside.any() else set()
    if ankles == 2 and inside[list(_KNEES)].all():
        return {"full_body"}
    if ankles:
        return set()
    if knees:
        return {"feet_out_of_frame"}
    if hips:
        return {"cowboy_shot"}
    return {"upper_body"} if inside[list(_ELBOWS)].any() or not inside[list(_SHOULDERS)].all() else {"portrait"}


def moved(affine: FloatArray, box: Box) -> Box:
    """Returns the upright box around ``box`` after ``affine``."""
    corners = apply_to_points(affine, np.array([[x, y] for x in box[::2] for y in box[1::2]]))
    return (*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
