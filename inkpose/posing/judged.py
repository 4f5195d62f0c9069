"""Answers to drawings whose joints are labelled, in numbers and in pictures to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inkpose.overlay import draw_skeleton, joint_color, overlay_size
from pose.predict import load
from pose.real_pictures import LabelledPicture, find_labelled, judge, locate_joints
from shared.errors import DataError
from shared.images import write_png
from shared.keypoints.schema import COCO_17


def judge_drawings(checkpoint: Path, folder: Path, overlays: Path | None = None) -> dict[str, Any]:
    """Judges a pose checkpoint on character folders of AnimatedDrawings and renders with ``gt.json``.

    Args:
        checkpoint: of pose.
        folder: holds the character folders.
        overlays: folder for a picture a character: the answer's skeleton, and rings where the labels are.

    Returns:
        ``groups``: kind (and ``all``) → numbers of :func:`pose.real_pictures.judge`; ``skipped``: a line each.

    Raises:
        DataError: no character can be used, or a file is broken.
    """
    predictor = load(checkpoint)
    pictures, problems = find_labelled(folder)
    if not pictures:
        told = (
            problems[0] if problems else f"{folder}: no annotations/, and no character folder (char_cfg.yaml, gt.json)"
        )
        raise DataError(f"{told}; nothing can be evaluated")
    located = locate_joints(predictor, pictures)
    groups: dict[str, dict[str, float]] = {}
    for kind in [*dict.fromkeys(picture.kind for picture in pictures), "all"]:
        chosen = [i for i, picture in enumerate(pictures) if kind in (picture.kind, "all")]
        groups[kind] = judge([pictures[i] for i in chosen], [located[i] for i in chosen], predictor.gate)
    if overlays is not None:
        for number, (picture, rows) in enumerate(zip(pictures, located, strict=True)):
            drawn = draw_answer(picture, rows, predictor.gate)
            write_png(overlays / f"{number:03d}_{picture.name}.png", drawn)
    return {"groups": groups, "skipped": problems}


def draw_answer(picture: LabelledPicture, rows: NDArray[np.float64], gate: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Returns the picture with the answer's skeleton, and a ring in a joint's colour where its label is.

    Args:
        picture: with labels.
        rows: ``(25, 3)`` x, y in its pixels, and score.
        gate: ``(25,)``; joints below it are left out of the skeleton.
    """
    height, width = picture.image.shape[:2]
    size = overlay_size(width, height)
    canvas = np.array(cv2.resize(picture.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    scales, unit, joints = np.array([size[0] / width, size[1] / height]), max(size) / 320, len(COCO_17)
    answer = rows[:joints].copy()
    answer[answer[:, 2] < gate[:joints], :2] = np.nan
    answer[:, :2] *= scales
    draw_skeleton(canvas, answer, unit)
    for index in np.flatnonzero(np.isfinite(picture.points_xy).all(axis=1)):
        x, y = picture.points_xy[index] * scales
        for radius, color in ((4.6, (255, 255, 255)), (3.6, joint_color(int(index)))):
            cv2.circle(canvas, (round(x), round(y)), round(radius * unit), color, max(1, round(unit)), cv2.LINE_AA)
    return canvas
