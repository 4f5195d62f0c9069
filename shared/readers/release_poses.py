"""The pose annotations released with Chen & Zwicker 2022: a JSON dict of pictures with 25 named points, rows first.

``{"123": {"bn": "123.png", "size": [h, w], "bbox": [[y, x], [h, w]], "keypoints": {"nose": [y, x], …}}}``
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json, write_json
from shared.keypoints.boxes import BoxForm, as_xywh, box_form, box_of_joints
from shared.keypoints.checks import checked, numbered, picture_size
from shared.keypoints.layouts import RELEASE_25
from shared.keypoints.records import Box, Person, Picture, PoseSet, Problem
from shared.keypoints.schema import JointState
from shared.readers.coco_people_writer import plain


def read_release(path: Path, form: BoxForm | None = None) -> PoseSet:
    """Reads such a file. Nothing says what is hidden, so every point counts as visible.

    The second pair of ``bbox`` is a size or a corner; the whole file decides which.

    Args:
        path: the file.
        form: what the second pair is, when the file does not make it clear.

    Raises:
        DataError: not such a file, or its boxes can be read both ways.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not all(isinstance(row, dict) for row in document.values()):
        raise DataError(f"{path}: not a dict of annotations; expected the released annotations.json")
    problems: list[Problem] = []
    read: list[tuple[str, Picture, Person]] = []
    for (key, row), number in zip(document.items(), numbered(list(document)), strict=True):
        record = f"record {key!r}"
        try:
            read.append((record, *_record(row, key, number)))
        except BAD_RECORD as error:
            problems.append(Problem(record, reason_of(error)))
    form = form or box_form(
        ((p.box_xywh, picture, p.points_xy[p.placed]) for _, picture, p in read if p.box_xywh is not None), path
    )
    if form is None:
        if any(_differs(person) for _, _, person in read):
            raise DataError(
                f"{path}: its boxes can be [corner, size] as well as [corner, corner]; say which with "
                "--box-form size or --box-form corners"
            )
        form = "size"  # corners at the origin: both readings are the same box
    pictures: dict[int, Picture] = {}
    people = []
    for record, picture, raw in read:
        box = None if raw.box_xywh is None else as_xywh(raw.box_xywh, form)
        person = Person(raw.id, raw.picture_id, raw.points_xy, raw.state, box, None, raw.extra)
        if (good := checked(record, person, picture, problems)) is not None:
            pictures[picture.id] = picture
            people.append(good)
    return PoseSet(RELEASE_25, pictures, people, has_visibility=False, problems=problems)


def write_release(path: Path, poses: PoseSet) -> None:
    """Writes such a file, boxes as corner and size; points whose place is not known are left out.

    Raises:
        DataError: a picture's size is not known, or a picture has several characters: the format holds one.
    """
    if poses.schema is not RELEASE_25:
        raise ValueError(f"poses are {poses.schema.name}; must be {RELEASE_25.name}")
    document: dict[str, Any] = {}
    for person in poses.people:
        picture = poses.pictures[person.picture_id]
        if str(picture.id) in document:
            raise DataError(f"{picture.file_name}: several characters, and the format holds one; add --single")
        if not picture.width:
            raise DataError(f"{picture.file_name}: its size is not known; name the folder of the pictures (--images)")
        x, y, width, height = map(plain, person.box_xywh or box_of_joints(person, picture) or (0, 0, 0, 0))
        points = zip(RELEASE_25.names, person.points_xy.tolist(), person.placed, strict=True)
        document[str(picture.id)] = {
            "bn": picture.file_name,
            "size": [picture.height, picture.width],
            "bbox": [[y, x], [height, width]],
            "keypoints": {name: [plain(place[1]), plain(place[0])] for name, place, placed in points if placed},
        }
    write_json(path, document, indent=None)


def _record(row: dict[str, Any], key: str, number: int) -> tuple[Picture, Person]:
    height, width = row["size"]
    width, height = picture_size(width, height)
    points, state = np.zeros((len(RELEASE_25), 2)), np.zeros(len(RELEASE_25), np.int64)
    for name, place in dict(row["keypoints"]).items():
        if name not in RELEASE_25.names:
            raise ValueError(f"unknown joint {name!r}")
        if len(place) != 2:
            raise ValueError(f"{name} has {len(place)} coordinates, expected y, x")
        points[RELEASE_25.index(name)] = place[1], place[0]
        state[RELEASE_25.index(name)] = JointState.VISIBLE
    box: Box | None = None
    if row.get("bbox") is not None:
        (y, x), (b, a) = row["bbox"]
        box = float(x), float(y), float(a), float(b)
    picture = Picture(number, str(row.get("bn") or f"{key}.png"), width, height)
    return picture, Person(number, number, points, state, box)


def _differs(person: Person) -> bool:
    return person.box_xywh is not None and max(person.box_xywh[:2]) > 1
