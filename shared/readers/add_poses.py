"""Annotations of the Anime Drawings Dataset (Khungurn & Chou 2016): a JSON list of pictures with 21 named points."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json, write_json
from shared.keypoints.checks import checked, numbered, picture_size
from shared.keypoints.layouts import ADD_21
from shared.keypoints.records import Person, Picture, PoseSet, Problem
from shared.keypoints.schema import JointState
from shared.readers.coco_people_writer import plain

#: Joints nearer than this are the same click.
_COINCIDENT_PX = 0.5


def read_add(path: Path) -> PoseSet:
    """Reads such a file; records without a size, or with unknown joints, are dropped and named.

    A joint may be missing. Nothing says what is hidden, so every joint counts as visible. A picture's id is the
    number that its file is named by.

    Raises:
        DataError: not such a file.
    """
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path}: not a list of pictures with points; expected the Anime Drawings Dataset's JSON")
    names = [PurePosixPath(str(row.get("file_name", ""))).stem for row in rows]
    problems: list[Problem] = []
    pictures: dict[int, Picture] = {}
    people: list[Person] = []
    for row, number in zip(rows, numbered(names), strict=True):
        record = str(row.get("file_name", f"record {number}"))
        try:
            picture, person = _record(row, number)
        except BAD_RECORD as error:
            problems.append(Problem(record, reason_of(error)))
            continue
        good = checked(record, person, picture, problems)
        if good is None:
            continue
        if (pair := _coincident(good)) is not None:
            problems.append(Problem(record, f"{pair[0]} and {pair[1]} are the same place", False))
        pictures[number] = picture
        people.append(good)
    return PoseSet(ADD_21, pictures, people, has_visibility=False, problems=problems)


def write_add(path: Path, poses: PoseSet) -> None:
    """Writes characters with points of ADD's layout; joints whose place is not known are left out.

    Raises:
        DataError: a picture's size is not known, or a picture has several characters: the format holds one.
    """
    if poses.schema is not ADD_21:
        raise ValueError(f"poses are {poses.schema.name}; must be {ADD_21.name}")
    rows = []
    taken: set[int] = set()
    for person in poses.people:
        picture = poses.pictures[person.picture_id]
        if picture.id in taken:
            raise DataError(f"{picture.file_name}: several characters, and the format holds one; add --single")
        if not picture.width:
            raise DataError(f"{picture.file_name}: its size is not known; name the folder of the pictures (--images)")
        taken.add(picture.id)
        points = {
            name: [plain(value) for value in person.points_xy[place]]
            for place, name in enumerate(ADD_21.names)
            if person.placed[place]
        }
        rows.append(
            {"file_name": picture.file_name, "points": points, "width": picture.width, "height": picture.height}
        )
    write_json(path, rows, indent=None)


def _record(row: dict[str, Any], number: int) -> tuple[Picture, Person]:
    picture = Picture(number, str(row["file_name"]), *picture_size(row["width"], row["height"]))
    points, state = np.zeros((len(ADD_21), 2)), np.zeros(len(ADD_21), np.int64)
    for name, place in dict(row["points"]).items():
        if name not in ADD_21.names:
            raise ValueError(f"unknown joint {name!r}")
        if len(place) != 2:
            raise ValueError(f"{name} has {len(place)} coordinates, expected x, y")
        points[ADD_21.index(name)] = place
        state[ADD_21.index(name)] = JointState.VISIBLE
    return picture, Person(number, number, points, state)


def _coincident(person: Person) -> tuple[str, str] | None:
    places = np.flatnonzero(person.placed)
    points = person.points_xy[places]
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    first, second = np.nonzero(np.triu(apart < _COINCIDENT_PX, 1))
    if not first.size:
        return None
    return ADD_21.names[places[first[0]]], ADD_21.names[places[second[0]]]
