"""Boxes of keypoint files: what two pairs of numbers mean, and boxes made from joints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared.errors import DataError
from shared.keypoints.records import Box, Person, Picture

#: ``size``: corner, then width and height. ``corners``: corner, then the opposite corner.
BoxForm = Literal["size", "corners"]

#: One file's decision needs this many times more records for a reading than against it.
_CLEAR = 10
#: Fewer records than this may be mistakes, and do not turn the usual reading (size) over.
_FEW = 3


def box_form(records: Iterable[tuple[Box, Picture, NDArray[np.float64]]], path: object) -> BoxForm | None:
    """Finds out which of the two a whole file means.

    A reading speaks for itself in a record when its box has an area, stays in the picture, and holds more of the
    labelled joints than the other's. Records in which both hold as many do not count.

    Args:
        records: raw boxes (x, y, and two more numbers in x, y order), their picture, labelled joints ``(n, 2)``.
        path: for the message.

    Returns:
        The form; None where too few records tell (both readings give nearly the same boxes, or neither fits).

    Raises:
        DataError: the records contradict each other.
    """
    votes = {"size": 0, "corners": 0}
    for (x, y, a, b), picture, joints in records:
        as_size = _share_held((x, y, x + a, y + b), picture, joints)
        as_corners = _share_held((x, y, a, b), picture, joints)
        if as_size != as_corners:
            votes["size" if as_size > as_corners else "corners"] += 1
    if votes["size"] and votes["size"] >= _CLEAR * votes["corners"]:
        return "size"
    if votes["corners"] >= max(_FEW, _CLEAR * votes["size"]):
        return "corners"
    if sum(votes.values()) < _FEW:
        return None
    raise DataError(
        f"{path}: boxes fit [corner, size] in {votes['size']} records and [corner, corner] in {votes['corners']}; "
        "say which with --box-form size or --box-form corners"
    )


def _share_held(box_xyxy: Box, picture: Picture, joints: NDArray[np.float64]) -> float:
    """Returns which share of the joints a box holds; 0 for a box that cannot be one."""
    x1, y1, x2, y2 = box_xyxy
    slack = 0.02 * max(picture.width, picture.height) + 1
    legal = x1 < x2 <= picture.width + slack and y1 < y2 <= picture.height + slack and min(x1, y1) >= -slack
    if not legal or not len(joints):
        return 0.0
    inside = (joints >= (x1 - slack, y1 - slack)) & (joints <= (x2 + slack, y2 + slack))
    return float(inside.all(axis=1).mean())


def as_xywh(box: Box, form: BoxForm) -> Box:
    """Returns corner, width and height of a box in either form."""
    x, y, a, b = box
    return box if form == "size" else (x, y, a - x, b - y)


def box_of_joints(person: Person, picture: Picture, margin: float = 0.1) -> Box | None:
    """Returns a box (x, y, width, height) round the placed joints, ``margin`` of its long side wider on every side.

    Cut to the picture where its size is known; None without two joints apart. A drawing reaches beyond its joints
    (hair, shoes), so this is a poor box: a mask's is better.
    """
    joints = person.points_xy[person.placed]
    if len(joints) < 2:
        return None
    low, high = joints.min(axis=0), joints.max(axis=0)
    grow = margin * float((high - low).max())
    if grow <= 0:
        return None
    low, high = low - grow, high + grow
    if picture.width:
        low, high = low.clip(0), np.minimum(high, (picture.width, picture.height))
    return float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])
