"""The result files of one picture's poses, its record, and the COCO file over all pictures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.filenames import one_line
from inkpose.overlay import draw_overlay
from inkpose.posing.figures import Figure
from inkpose.seen import Image, Seen
from inkpose.writing import picture_ids
from shared.errors import BAD_RECORD, UsageError
from shared.files import write_json
from shared.images import FoundImage, write_png
from shared.keypoints.conversion import Conversion, conversion
from shared.keypoints.layouts import OPENPOSE_18, OPENPOSE_25
from shared.keypoints.records import Person, Picture, PoseSet
from shared.keypoints.schema import COCO_17, JointState
from shared.readers.coco_people_writer import plain, write_coco_people
from shared.readers.openpose import SUFFIX, openpose_document

Record = dict[str, Any]

#: What can be saved. ``coco`` is one file, the others are folders with a file a picture.
KINDS = ("json", "openpose", "openpose_25", "coco", "overlay")
COCO_FILE = "person_keypoints.json"
_OPENPOSE = {"openpose": OPENPOSE_18, "openpose_25": OPENPOSE_25}


def folders(kinds: Sequence[str]) -> tuple[str, ...]:
    """Returns the kinds that have a file a picture."""
    return tuple(kind for kind in kinds if kind != "coco")


def parse_kinds(text: str) -> tuple[str, ...]:
    """Returns the kinds of ``json,coco,…`` in the order of :data:`KINDS`; UsageError on an unknown one or none."""
    wanted = {part.strip() for part in text.split(",") if part.strip()}
    unknown = sorted(wanted - set(KINDS))
    if unknown or not wanted:
        told = f"{unknown[0]} is not known" if unknown else "nothing is named"
        raise UsageError(f"--save {text}: {told}; choose from {','.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in wanted)


def write_results(
    out: Path,
    name: PurePath,
    item: FoundImage,
    image: Image,
    figures: Sequence[Figure],
    joints: NDArray[np.float32],
    kinds: Sequence[str],
) -> Record:
    """Writes what is wished of one picture below ``out`` and returns its record.

    Args:
        out: result folder.
        name: of the results.
        item: the picture's file.
        image: RGB or straight RGBA ``(H, W, C)``.
        figures: its n characters.
        joints: ``(n, 25, 3)`` x, y, score in picture pixels; x and y NaN where a joint is not in the picture.
        kinds: some of :data:`KINDS`.
    """
    height, width = image.shape[:2]
    record: Record = {
        **opening(item, name), "width": width, "height": height, "files": {}, "error": None,
        "characters": [_character(figure, rows) for figure, rows in zip(figures, joints, strict=True)],
    }  # fmt: skip
    files: dict[str, str] = record["files"]
    people = [_person(character, 1, 1) for character in record["characters"]]
    for kind in _OPENPOSE.keys() & set(kinds):
        files[kind] = f"{kind}/{name.as_posix()}{SUFFIX}"
        steps = conversion(COCO_17, _OPENPOSE[kind])
        document = openpose_document([_converted(person, steps) for person in people], width, height)
        write_json(out / files[kind], document, indent=None)
    if "overlay" in kinds:
        files["overlay"] = f"overlay/{name.as_posix()}.png"
        characters = [
            replace(figure.character, keypoints=rows[:17]) for figure, rows in zip(figures, joints, strict=True)
        ]
        write_png(out / files["overlay"], draw_overlay(image, Seen(width, height, [], characters), caption=False))
    if "json" in kinds:
        files["json"] = f"json/{name.as_posix()}.json"
    record["files"] = files = {kind: one_line(path) for kind, path in files.items()}
    if "json" in kinds:
        write_json(out / f"json/{name.as_posix()}.json", record)
    return record


def opening(item: FoundImage, name: PurePath) -> Record:
    """Returns the first fields of every record."""
    return {
        "image": one_line(str(item.path)), "name": one_line(name.as_posix()),
        "relative": one_line(item.relative.as_posix()),
    }  # fmt: skip


def write_coco(path: Path, records: Sequence[Record]) -> None:
    """Writes the characters of all records as COCO annotations, to be corrected or trained on.

    ``file_name`` is the path below the folder given, where these are all different, and the path as given otherwise.
    A joint that is not in the picture has v = 0 and stands in ``out_of_picture``; what hides a joint is not predicted.
    """
    read = [record for record in records if record["error"] is None]
    counts = Counter(record["relative"] for record in read)
    names = [record["relative"] if max(counts.values()) == 1 else record["image"] for record in read]
    pictures: dict[int, Picture] = {}
    people: list[Person] = []
    for number, name, record in zip(picture_ids(names), names, read, strict=True):
        pictures[number] = Picture(number, name, record["width"], record["height"])
        people += [_person(row, len(people) + k + 1, number) for k, row in enumerate(record["characters"])]
    write_coco_people(path, PoseSet(COCO_17, pictures, people, has_visibility=False))


def _character(figure: Figure, rows: NDArray[np.float32]) -> Record:
    x1, y1, x2, y2 = figure.box_xyxy
    table = [
        [None if math.isnan(x) else round(x, 2), None if math.isnan(y) else round(y, 2), round(score, 4)]
        for x, y, score in rows.astype(np.float64).tolist()
    ]
    return {
        "box_xywh": [plain(x1), plain(y1), plain(x2 - x1), plain(y2 - y1)],
        "score": round(figure.character.score, 4), "keypoints": table[:17], "midpoints": table[17:],
    }  # fmt: skip


def _person(character: Record, number: int, picture: int) -> Person:
    rows = character["keypoints"]
    found = np.array([x is not None for x, _, _ in rows])
    points = np.array([[x or 0.0, y or 0.0] for x, y, _ in rows], np.float64)
    state = np.where(found, np.int64(JointState.VISIBLE), np.int64(JointState.OUTSIDE))
    x, y, width, height = character["box_xywh"]
    scores = np.array([score for _, _, score in rows], np.float64)
    mean = float(scores[found].mean()) if found.any() else 0.0
    extra = {"score": round(character["score"] * mean, 6)}
    return Person(number, picture, points, state, (x, y, width, height), scores, extra)


def is_readable(record: Record) -> bool:
    """Whether a record of an earlier run, which somebody may have edited, says what ours say."""
    try:
        people = [_person(character, 1, 1) for character in record["characters"]]
        named = all(isinstance(record[key], str) for key in ("relative", "image"))
        sized = record["error"] is not None or all(type(record[key]) is int for key in ("width", "height"))
        boxes = [value for person in people for value in person.box_xywh or ()]
        return named and sized and all(isinstance(value, int | float) for value in boxes)
    except BAD_RECORD:
        return False


def _converted(person: Person, steps: Conversion) -> Person:
    points, state = steps.apply(person.points_xy, person.state)
    score = None if person.score is None else steps.apply_scores(person.score)
    return replace(person, points_xy=points, state=state, score=score)
