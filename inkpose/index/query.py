"""What to search for: the pose of a character in a picture, or joints from a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.index.build import Eye
from inkpose.index.descriptor import is_usable
from inkpose.index.schema import Box, absolute
from shared.errors import BAD_RECORD, DataError, UsageError
from shared.files import read_json
from shared.images import read_rgba
from shared.keypoints.layouts import LAYOUTS
from shared.readers.keypoint_files import read_keypoints

#: Farthest joint of a query, pixels.
_MOST_PX = 10_000_000
#: Finds the joints ``(17, 3)`` of a boxed character: picture (RGB), box_xyxy.
PoseOf = Callable[[NDArray[np.uint8], Box], NDArray[Any]]


@dataclass(frozen=True)
class Query:
    """A pose to search for.

    Attributes:
        keypoints: float32 ``(17, 3)`` x, y, score; x and y NaN where absent.
        box_xywh: of the character; None where the source has none.
        path: the picture, absolute; None for joints from a file.
        image: the picture, RGB or RGBA.
    """

    keypoints: NDArray[np.float32]
    box_xywh: Box | None = None
    path: str | None = None
    image: NDArray[np.uint8] | None = None


def query_of_picture(path: Path, eye: Callable[[], Eye], character: int = 0) -> Query:
    """Returns the pose of a character of a picture, the largest first.

    Raises:
        DataError: the picture cannot be read, or shows no such character, or too little of it.
    """
    image = read_rgba(path)
    [seen] = eye()([image])
    if not seen.characters:
        raise DataError(f"{path}: no character is seen; say where one is with --box x,y,w,h")
    if character >= len(seen.characters):
        raise DataError(f"{path}: {len(seen.characters)} character(s) are seen, so --character {character} is not one")
    found = seen.characters[character]
    x1, y1, x2, y2 = (float(v) for v in found.box_xyxy)
    query = Query(found.keypoints, (x1, y1, x2 - x1, y2 - y1), absolute(path), image)
    return _usable(query, path)


def query_of_box(path: Path, box_xywh: Box, pose_of: PoseOf) -> Query:
    """Returns the pose of the character in a box of a picture.

    Raises:
        UsageError: the box has no area, or lies outside the picture.
        DataError: the picture cannot be read, or too few joints are found.
    """
    image = read_rgba(path)
    height, width = image.shape[:2]
    x, y, w, h = box_xywh
    if w <= 0 or h <= 0 or x >= width or y >= height or x + w <= 0 or y + h <= 0:
        raise UsageError(f"--box {x:g},{y:g},{w:g},{h:g}: not a part of the picture ({width} × {height} pixels)")
    keypoints = np.array(pose_of(image, (x, y, x + w, y + h))[:17], np.float32)
    return _usable(Query(keypoints, box_xywh, absolute(path), image), path)


def query_of_file(path: Path, character: int = 0) -> Query:
    """Returns the pose of a character of a keypoint file.

    Besides every format of ``inkpose data keypoints``: 17 rows ``[x, y]`` or ``[x, y, score]`` in COCO order (null is
    absent), alone or as ``keypoints`` of an object, as in the output of ``inkpose predict`` and ``inkpose search``.

    Raises:
        DataError: no such file, no keypoints in it, no such character, or too few joints.
    """
    if path.suffix.lower() == ".jsonl":
        document = _first_line(path)
    elif path.suffix.lower() == ".json":
        document = read_json(path)
    else:
        document = None
    people = _plain_people(document)
    if people is None:
        poses = read_keypoints(path).converted(LAYOUTS["coco_17"])
        people = [
            ([*np.where(one.placed[:, None], one.points_xy, np.nan).T, np.ones(17) if one.score is None else one.score],
             one.box_xywh)
            for one in poses.people
        ]  # fmt: skip
        people = [(np.column_stack(columns), box) for columns, box in people]
    if character >= len(people):
        raise DataError(f"{path}: holds {len(people)} character(s), so --character {character} is not one of them")
    rows, box = people[character]
    try:
        keypoints = _as_keypoints(rows)
    except BAD_RECORD:
        raise DataError(f"{path}: its keypoints are not 17 rows [x, y] or [x, y, score] in COCO order") from None
    return _usable(Query(keypoints, box), path)


def _plain_people(document: Any) -> list[tuple[Any, Box | None]] | None:
    """Characters of our own JSON; None where the document is something else."""
    if isinstance(document, list) and len(document) in (17, 51) and not isinstance(document[0], dict):
        return [(document, None)]
    if (
        isinstance(document, list)
        and document
        and all(isinstance(one, dict) and "keypoints" in one for one in document)
    ):
        return [(one["keypoints"], _box(one)) for one in document]
    if isinstance(document, dict):
        for name in ("characters", "hits"):
            if isinstance(document.get(name), list):
                return _plain_people(document[name]) or []
        if isinstance(document.get("keypoints"), list):
            return [(document["keypoints"], _box(document))]
    return None


def _box(record: dict[str, Any]) -> Box | None:
    box = record.get("box_xywh", record.get("bbox"))
    if isinstance(box, list) and len(box) == 4 and all(isinstance(v, (int, float)) and abs(v) < _MOST_PX for v in box):
        return float(box[0]), float(box[1]), float(box[2]), float(box[3])
    return None


def _as_keypoints(rows: Any) -> NDArray[np.float32]:
    if isinstance(rows, list) and len(rows) == 51:
        rows = np.reshape(np.array(rows, np.float64), (17, 3)).tolist()
    full = [[*row, 1.0] if len(row) == 2 else list(row) for row in rows]
    points = np.array(full, dtype=np.float64)  # None becomes NaN
    if points.shape != (17, 3):
        raise ValueError(points.shape)
    points[~np.isfinite(points[:, :2]).all(axis=1) | (points[:, 2] <= 0), :2] = np.nan
    if (np.abs(np.nan_to_num(points[:, :2])) > _MOST_PX).any():
        raise ValueError("a joint is beyond any picture")
    points[:, 2] = np.clip(np.nan_to_num(points[:, 2]), 0, 1)
    return points.astype(np.float32)


def _first_line(path: Path) -> Any:
    try:
        with path.open(encoding="utf-8") as lines:
            return json.loads(next(lines, ""))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}:1: not JSON ({error}); give a line of predictions.jsonl") from error


def _usable(query: Query, path: Path) -> Query:
    if not is_usable(query.keypoints):
        raise DataError(f"{path}: too few joints are known to search by; give another picture, or search by --tags")
    return query
