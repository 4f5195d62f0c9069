"""Keypoint files and the pictures that they are about: real sizes, missing pictures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from shared.errors import DataError
from shared.image_files import IMAGE_SUFFIXES
from shared.images import read_rgb
from shared.keypoints.records import Picture, PoseSet, Problem, without_places


def matched_to_pictures(poses: PoseSet, folder: Path) -> PoseSet:
    """Returns the set with the sizes (and names, where only the stem is known) of the pictures below ``folder``.

    Characters of missing pictures are dropped and named. Where a picture has another size than the file says but
    the same shape (within 2 %), its points and boxes are scaled; with another shape it is dropped.

    Raises:
        DataError: no such folder, or none of the pictures is in it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of pictures; check --images")
    pictures: dict[int, Picture] = {}
    scales: dict[int, np.ndarray[Any, Any]] = {}
    problems = list(poses.problems)
    for picture in poses.pictures.values():
        place = _place(folder, picture.file_name)
        if place is None:
            problems.append(Problem(picture.file_name, f"no such picture below {folder}"))
            continue
        try:
            height, width = read_rgb(folder / place).shape[:2]
        except DataError as error:
            problems.append(Problem(picture.file_name, str(error)))
            continue
        scale = np.array([width / picture.width, height / picture.height]) if picture.width else np.ones(2)
        if abs(scale[0] / scale[1] - 1) > 0.02:
            told = f"the file says {picture.width} × {picture.height}, the picture has {width} × {height}"
            problems.append(Problem(picture.file_name, told))
            continue
        scales[picture.id] = scale
        pictures[picture.id] = replace(picture, file_name=place, width=width, height=height)
    if poses.pictures and not pictures:
        raise DataError(f"{folder}: none of the {len(poses.pictures)} pictures is there; check --images")
    people = []
    for person in poses.people:
        if person.picture_id in pictures:
            scale = scales[person.picture_id]
            extra = person.extra if (scale == 1).all() else without_places(person.extra)
            box = None
            if person.box_xywh is not None:
                x, y, w, h = (np.array(person.box_xywh) * np.tile(scale, 2)).tolist()
                box = x, y, w, h
            people.append(replace(person, points_xy=person.points_xy * scale, box_xywh=box, extra=extra))
    return replace(poses, pictures=pictures, people=people, problems=problems)


def _place(folder: Path, name: str) -> str | None:
    """Returns the path below ``folder`` of a picture named by its path or its last part, under any picture suffix."""
    parts = PurePath(name).parts
    leaves = not parts or ".." in parts or PurePath(name).is_absolute()  # then only its last part is looked for
    for candidate in (name, name.rpartition("/")[2])[leaves:]:
        if candidate in ("", ".", ".."):
            continue
        if os.path.isfile(folder / candidate):
            return candidate
        known = next((suffix for suffix in IMAGE_SUFFIXES if candidate.lower().endswith(suffix)), "")
        stem = candidate[: len(candidate) - len(known)]
        for suffix in IMAGE_SUFFIXES:
            if os.path.isfile(folder / f"{stem}{suffix}"):
                return f"{stem}{suffix}"
    return None
