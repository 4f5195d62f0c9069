"""COCO keypoint files of any layout: everything that stands in them comes back when they are written again.

Trainings read theirs with ``shared.readers.coco``, which refuses what this reader mends or drops.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json
from shared.keypoints.boxes import BoxForm, as_xywh, box_form
from shared.keypoints.checks import checked, one_schema, picture_size, whole_number
from shared.keypoints.layouts import HUMAN_ART_21, LAYOUTS, layout_of
from shared.keypoints.records import Person, Picture, PoseSet, Problem
from shared.keypoints.schema import COCO_17, JointState, KeypointSchema

_STATES = np.array([JointState.UNKNOWN, JointState.OCCLUDED, JointState.VISIBLE], np.int64)
_OWN = ("id", "image_id", "bbox", "keypoints", "keypoints_21", "num_keypoints", "out_of_picture", "keypoint_scores")


def read_coco_people(path: Path, form: BoxForm | None = None) -> PoseSet:
    """Reads a COCO keypoint file whose category names one of the known layouts, in any order.

    Human-Art's ``keypoints_21`` is read where it stands. Names of a category that no layout knows are left out, and
    said. ``bbox`` is [x, y, width, height] unless the whole file says [x1, y1, x2, y2].

    Args:
        path: the file.
        form: what ``bbox`` holds, when the file does not make it clear.

    Raises:
        DataError: not such a file, mixed layouts, or boxes that contradict each other.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not all(isinstance(document.get(k), list) for k in ("images", "annotations")):
        raise DataError(f"{path}: no lists 'images' and 'annotations'; expected a COCO keypoint file")
    problems: list[Problem] = []
    pictures = _pictures(document["images"], problems)
    try:
        orders = _category_names(document.get("categories") or [], path, problems)
    except BAD_RECORD as error:
        raise DataError(f"{path}: categories: {reason_of(error)}; expected COCO's") from None
    rows = [row for row in document["annotations"] if isinstance(row, dict)]
    others = [row for row in rows if "keypoints" not in row]
    layouts: dict[str, str] = {}
    read: list[tuple[str, Person]] = []
    taken: set[int] = set()
    for row in rows:
        if "keypoints" not in row:
            continue
        record = f"annotation {row.get('id')}"
        try:
            names, field = orders.get(row.get("category_id", 1), list(COCO_17.names)), "keypoints"
            if "keypoints_21" in row:
                names, field = list(HUMAN_ART_21.names), "keypoints_21"
            schema = layout_of([name for name in names if name is not None])
            if schema is None:
                raise ValueError("its category names no keypoints")
            person = _person(row, field, names, schema)
        except BAD_RECORD as error:
            problems.append(Problem(record, reason_of(error)))
            continue
        if person.id in taken:
            problems.append(Problem(record, "its id a second time"))
            continue
        taken.add(person.id)
        layouts.setdefault(schema.name, record)
        read.append((record, person))
    schema = LAYOUTS[one_schema(layouts, path)] if layouts or not orders else _only(orders, path)
    read = _with_boxes(read, pictures, form, path)
    people = [
        good
        for record, person in read
        if (good := checked(record, person, pictures.get(person.picture_id), problems)) is not None
    ]
    extra = {key: value for key, value in document.items() if key not in ("images", "annotations")}
    if others:
        extra["annotations"] = others
    return PoseSet(schema, pictures, people, extra=extra, problems=problems)


def _pictures(rows: list[Any], problems: list[Problem]) -> dict[int, Picture]:
    pictures: dict[int, Picture] = {}
    for place, row in enumerate(rows):
        record = f"images[{place}]"
        try:
            picture = Picture(
                whole_number(row["id"]), str(row["file_name"]), *picture_size(row["width"], row["height"]),
                {k: v for k, v in row.items() if k not in ("id", "file_name", "width", "height")},
            )  # fmt: skip
        except BAD_RECORD as error:
            problems.append(Problem(record, f"not id, file_name, width, height ({reason_of(error)})"))
            continue
        if picture.id in pictures:
            problems.append(Problem(record, f"id {picture.id} a second time"))
        else:
            pictures[picture.id] = picture
    return pictures


def _category_names(rows: list[Any], path: Path, problems: list[Problem]) -> dict[Any, list[str | None]]:
    """Returns the keypoint names of each category; None for a name that no layout knows."""
    orders: dict[Any, list[str | None]] = {}
    for row in rows:
        names = row.get("keypoints") if isinstance(row, dict) else None
        if not isinstance(names, list) or not names:
            continue
        if not all(isinstance(name, str) for name in names):
            raise ValueError("a name of a keypoint is no text")
        fitting = layout_of(names)
        if fitting is None:
            # The layout that knows most of the names; the rest is left out.
            best = max(LAYOUTS.values(), key=lambda schema: (len(set(names) & set(schema.names)), -len(schema)))
            unknown = [name for name in names if name not in best.names]
            if 2 * len(unknown) > len(names):
                where = f"{path}: category {row.get('name')!r}"
                raise DataError(f"{where}: unknown joint {unknown[0]!r}; rename its joints")
            told = f"unknown joints {', '.join(map(str, unknown))} are left out"
            problems.append(Problem(f"category {row.get('name')!r}", told, False))
            orders[row.get("id")] = [name if name in best.names else None for name in names]
        else:
            orders[row.get("id")] = list(names)
    return orders


def _only(orders: dict[Any, list[str | None]], path: Path) -> KeypointSchema:
    found = {(layout_of([n for n in names if n]) or COCO_17).name: "category" for names in orders.values()}
    return LAYOUTS[one_schema(found, path)]


def _person(row: dict[str, Any], field: str, names: list[str | None] | list[str], schema: KeypointSchema) -> Person:
    values = row[field]
    if not isinstance(values, list) or len(values) != 3 * len(names):
        count = len(values) if isinstance(values, list) else type(values).__name__
        raise ValueError(f"{field} has {count} numbers, expected {3 * len(names)}")
    table = np.asarray(values, np.float64).reshape(len(names), 3)
    if not np.isin(table[:, 2], (0, 1, 2)).all():
        raise ValueError(f"{field} has a visibility other than 0, 1, 2")
    points, state = np.zeros((len(schema), 2)), np.zeros(len(schema), np.int64)
    outside = row.get("out_of_picture") or []
    if outside and len(outside) not in (len(names), 17):
        raise ValueError(f"out_of_picture has {len(outside)} values, expected {len(names)}")
    scores: list[float] = row.get("keypoint_scores") or []
    score = np.zeros(len(schema)) if scores else None
    for place, name in enumerate(names):
        if name is None:
            continue
        index = schema.index(name)
        x, y, v = table[place]
        state[index] = _STATES[int(v)]
        if v > 0:
            points[index] = x, y
        elif place < len(outside) and outside[place]:
            state[index] = JointState.OUTSIDE
        if score is not None:
            score[index] = float(scores[place])
    box = row.get("bbox")
    if box is not None and (not isinstance(box, list) or len(box) != 4):
        raise ValueError(f"bbox {box} is not four numbers")
    return Person(
        id=whole_number(row["id"]), picture_id=whole_number(row["image_id"]), points_xy=points, state=state,
        box_xywh=None if box is None else (float(box[0]), float(box[1]), float(box[2]), float(box[3])), score=score,
        extra={key: value for key, value in row.items() if key not in _OWN},
    )  # fmt: skip


def _with_boxes(
    read: list[tuple[str, Person]], pictures: dict[int, Picture], form: BoxForm | None, path: Path
) -> list[tuple[str, Person]]:
    """Turns [x1, y1, x2, y2] into [x, y, width, height] where the file as a whole means the former."""
    if form is None:
        boxed = ((p.box_xywh, pictures.get(p.picture_id), p.points_xy[p.placed]) for _, p in read)
        form = box_form(
            ((box, picture, joints) for box, picture, joints in boxed if box is not None and picture is not None), path
        )
    if form != "corners":
        return read
    result = []
    for record, p in read:
        box = None if p.box_xywh is None else as_xywh(p.box_xywh, "corners")
        result.append((record, Person(p.id, p.picture_id, p.points_xy, p.state, box, p.score, p.extra)))
    return result
