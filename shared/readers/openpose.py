"""OpenPose's JSON: a file a picture, ``NAME_keypoints.json``, each character a flat list x, y, confidence."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

import numpy as np

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json, write_json
from shared.image_files import natural_key
from shared.keypoints.checks import checked, numbered, one_schema, picture_size
from shared.keypoints.layouts import LAYOUTS, OPENPOSE_18, OPENPOSE_25
from shared.keypoints.records import Person, Picture, PoseSet, Problem
from shared.keypoints.schema import JointState
from shared.readers.coco_people_writer import plain

SUFFIX = "_keypoints.json"
_BY_COUNT = {3 * len(schema): schema for schema in (OPENPOSE_18, OPENPOSE_25)}


def read_openpose(path: Path) -> PoseSet:
    """Reads one such file, or a folder of them.

    A joint of confidence 0 is UNKNOWN. The files do not name their pictures, nor (but for ``canvas_width`` and
    ``canvas_height`` of pose editors) their sizes: both are found with the folder of the pictures. Coordinates
    between 0 and 1 beside a canvas size are shares of it.

    Raises:
        DataError: no such files, broken ones, or both layouts (18 and 25 points) together.
    """
    files = sorted(path.rglob(f"*{SUFFIX}"), key=lambda f: natural_key(str(f))) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path}: no *{SUFFIX} in this folder; check the path")
    top = path if path.is_dir() else path.parent
    names = [f.relative_to(top).as_posix().removesuffix(SUFFIX).removesuffix(".json") for f in files]
    problems: list[Problem] = []
    pictures: dict[int, Picture] = {}
    people: list[Person] = []
    layouts: dict[str, str] = {}
    for file, name, number in zip(files, names, numbered([name.rpartition("/")[2] for name in names]), strict=True):
        document = read_json(file)
        if not isinstance(document, dict) or not isinstance(document.get("people"), list):
            raise DataError(f"{file}: no list 'people'; expected OpenPose's JSON")
        try:
            told = document.get("canvas_width") or document.get("canvas_height")
            size = picture_size(document.get("canvas_width"), document.get("canvas_height")) if told else (0, 0)
        except BAD_RECORD as error:
            raise DataError(f"{file}: canvas_width, canvas_height: {reason_of(error)}; correct them") from None
        pictures[number] = Picture(number, name, *size)
        for place, row in enumerate(document["people"]):
            record = f"{name}, person {place}"
            try:
                values = row["pose_keypoints_2d"]
                schema = _BY_COUNT[len(values)]
                person = _person(values, len(schema), len(people) + 1, pictures[number])
            except KeyError as error:
                count = f"{error} numbers, expected 54 or 75" if str(error).isdigit() else f"no field {error}"
                problems.append(Problem(record, count))
                continue
            except BAD_RECORD as error:
                problems.append(Problem(record, reason_of(error)))
                continue
            layouts.setdefault(schema.name, record)
            if (good := checked(record, person, pictures[number], problems)) is not None:
                people.append(good)
    schema = LAYOUTS[one_schema(layouts, path)] if layouts else OPENPOSE_18
    return PoseSet(schema, pictures, people, has_visibility=False, problems=problems)


def openpose_document(people: list[Person], width: int, height: int) -> dict[str, Any]:
    """Returns the file of one picture; joints whose place is not known are 0, 0, 0.

    The confidence is the joint's score, 1 for a label.
    """
    empty: dict[str, list[float]] = {
        f"{part}_keypoints_{kind}": [] for kind in ("2d", "3d") for part in ("pose", "face", "hand_left", "hand_right")
    }
    rows = []
    for person in people:
        flat: list[float] = []
        for place, (x, y) in enumerate(person.points_xy.tolist()):
            confidence = 1.0 if person.score is None else round(float(person.score[place]), 4)
            flat += [plain(x), plain(y), confidence] if person.placed[place] else [0, 0, 0]
        rows.append({"person_id": [-1], **empty, "pose_keypoints_2d": flat})
    canvas = {"canvas_width": width, "canvas_height": height} if width else {}
    return {"version": 1.3, "people": rows, **canvas}


def write_openpose(folder: Path, poses: PoseSet) -> None:
    """Writes a file a picture below ``folder``, pictures without a character too; the tree of the pictures is kept.

    Raises:
        DataError: two pictures would share a file.
    """
    if poses.schema not in _BY_COUNT.values():
        raise ValueError(f"poses are {poses.schema.name}; must be {OPENPOSE_18.name} or {OPENPOSE_25.name}")
    taken: dict[PurePath, str] = {}
    for picture in poses.pictures.values():
        name = PurePath(picture.file_name).with_suffix("")
        if name.is_absolute() or ".." in name.parts:
            raise DataError(f"{picture.file_name}: leads out of the folder; give paths below it")
        if name in taken:
            raise DataError(f"{picture.file_name}: shares its file with {taken[name]}; rename one of them")
        taken[name] = picture.file_name
    people: dict[int, list[Person]] = {}
    for person in poses.people:
        people.setdefault(person.picture_id, []).append(person)
    for name, picture in zip(taken, poses.pictures.values(), strict=True):
        document = openpose_document(people.get(picture.id, []), picture.width, picture.height)
        write_json(folder / f"{name}{SUFFIX}", document, indent=None)


def _person(values: list[float], joints: int, number: int, picture: Picture) -> Person:
    table = np.asarray(values, np.float64).reshape(joints, 3)
    if not np.isfinite(table).all() or (table[:, 2] < 0).any():
        raise ValueError("a number is NaN, infinite, or a negative confidence")
    found = table[:, 2] > 0
    points = np.where(found[:, None], table[:, :2], 0.0)
    if picture.width and found.any() and points.max() <= 1.0:
        points *= (picture.width, picture.height)
    state = np.where(found, np.int64(JointState.VISIBLE), np.int64(JointState.UNKNOWN))
    return Person(number, picture.id, points, state, score=table[:, 2].clip(0, 1))
