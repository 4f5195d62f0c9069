"""Joints of several characters in one picture: each is shown to the pose net with the others blurred away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inkpose.seen import Character, Image

if TYPE_CHECKING:
    from inkpose.pipeline import Box, Pose

#: Side of the box filter that blurs, and how far beyond the others' masks, as shares of the picture's long side.
BLUR_SHARE, RIM_SHARE = 0.12, 0.004
#: What is shown of a picture reaches from the middle of the character's box so many times its long side, each way.
REACH = 1.0


class _Alone(NamedTuple):
    """A part of a picture, and where its corner lies in it."""

    image: Image
    x: int
    y: int


def joints_of(
    pose: Pose,
    images: Sequence[Image],
    characters: Sequence[Sequence[Character]],
    boxes_xyxy: Sequence[Sequence[Box]],
) -> list[NDArray[Any]]:
    """Returns ``pose.predict`` of the characters in their boxes, ``(n, 25, 3)`` a picture, without their neighbours.

    A pose net looks for one character in a box. Where several are in it, it may give one the other's limbs.

    Args:
        pose: the net.
        images: RGB.
        characters: of each picture, one or more, with their masks.
        boxes_xyxy: where the net looks, one a character.
    """
    shown: list[Image] = []
    asked: list[list[Box]] = []
    parts: list[list[_Alone | None]] = []
    for image, figures, boxes in zip(images, characters, boxes_xyxy, strict=True):
        alone = [_alone(image, figures, number, box) for number, box in enumerate(boxes)]
        parts.append(alone)
        together = [box for part, box in zip(alone, boxes, strict=True) if part is None]
        if together:
            shown.append(image)
            asked.append(together)
        for part, (x1, y1, x2, y2) in zip(alone, boxes, strict=True):
            if part is not None:
                shown.append(part.image)
                asked.append([(x1 - part.x, y1 - part.y, x2 - part.x, y2 - part.y)])
    answers = iter(pose.predict(shown, asked) if shown else [])
    return [_in_order(alone, answers) for alone in parts]


def _in_order(alone: Sequence[_Alone | None], answers: Any) -> NDArray[Any]:
    """Returns a picture's rows in the order of its characters, in its own pixels."""
    together = iter(np.asarray(next(answers)) if None in alone else [])
    rows: list[NDArray[Any]] = [np.asarray(next(together)) if part is None else np.zeros(0) for part in alone]
    for number, part in enumerate(alone):
        if part is not None:
            row = np.array(next(answers)[0])
            row[:, :2] += (part.x, part.y)
            rows[number] = row
    return np.stack(rows) if rows else np.zeros((0, 25, 3), np.float32)


def _alone(image: Image, characters: Sequence[Character], number: int, box_xyxy: Box) -> _Alone | None:
    """Returns a character's surroundings with all others blurred; None where there are none."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box_xyxy
    reach = REACH * max(x2 - x1, y2 - y1)
    left, right = (int(np.clip((x1 + x2) / 2 + way * reach, 0, width)) for way in (-1, 1))
    top, bottom = (int(np.clip((y1 + y2) / 2 + way * reach, 0, height)) for way in (-1, 1))
    others = np.zeros((bottom - top, right - left), np.uint8)
    for index, other in enumerate(characters):
        # A mask that fills its box is a box that somebody gave: no outline to go by.
        if index != number and not other.mask_in_box.all():
            _add(others, other, left, top)
    if not others.any():
        return None
    own = np.zeros_like(others)
    _add(own, characters[number], left, top)
    rim = max(1, round(RIM_SHARE * max(width, height)))
    hidden = (cv2.dilate(others, np.ones((2 * rim + 1,) * 2, np.uint8)) > 0) & (own == 0)
    picture = image[top:bottom, left:right]
    side = max(3, round(BLUR_SHARE * max(width, height)))
    return _Alone(np.where(hidden[..., None], cv2.blur(picture, (side, side)), picture).astype(np.uint8), left, top)


def _add(canvas: NDArray[np.uint8], character: Character, left: int, top: int) -> None:
    """Marks a character's pixels on the part of its picture that begins at ``left, top``."""
    x1, y1, x2, y2 = character.box_xyxy
    height, width = canvas.shape
    columns, rows = (max(x1, left), min(x2, left + width)), (max(y1, top), min(y2, top + height))
    if columns[0] < columns[1] and rows[0] < rows[1]:
        part = character.mask_in_box[rows[0] - y1 : rows[1] - y1, columns[0] - x1 : columns[1] - x1]
        canvas[rows[0] - top : rows[1] - top, columns[0] - left : columns[1] - left] |= part
