"""Boxes that users bring: a COCO file, a JSON table, or a CSV table."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

from shared.errors import DataError
from shared.files import read_json

Xywh = tuple[float, float, float, float]

#: Farthest corner and longest side of a box, pixels.
_MOST_PX = 10_000_000
_COLUMNS = ("file", "x", "y", "width", "height")


def read_boxes(path: Path) -> dict[str, list[Xywh]]:
    """Returns the boxes of each picture by its name in the file.

    Read are COCO files (``images`` and ``annotations`` with ``bbox``), JSON tables ``{"a.png": [[x, y, w, h], …]}``,
    and CSV with the columns file, x, y, width, height.

    Raises:
        DataError: not such a file, or a box without area; names the record.
    """
    if path.suffix.lower() == ".csv":
        return _from_csv(path)
    document = read_json(path)
    if isinstance(document, dict) and isinstance(document.get("annotations"), list) and "images" in document:
        return _from_coco(document, path)
    if isinstance(document, dict) and all(isinstance(value, list) for value in document.values()):
        # One box need not be put in a list of its own.
        rows = {
            name: [value] if value and not isinstance(value[0], list) else value for name, value in document.items()
        }
        return {name: [_box(box, f"{path}: {name}") for box in boxes] for name, boxes in rows.items()}
    raise DataError(f'{path}: not boxes; give COCO JSON, {{"a.png": [[x, y, w, h]]}}, or CSV {",".join(_COLUMNS)}')


def _from_coco(document: dict[str, Any], path: Path) -> dict[str, list[Xywh]]:
    try:
        names = {row["id"]: str(row["file_name"]) for row in document["images"]}
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: an image has no id or file_name ({error}); check the file") from None
    boxes: dict[str, list[Xywh]] = {name: [] for name in names.values()}
    for row in document["annotations"]:
        where = f"{path}: annotation {row.get('id') if isinstance(row, dict) else row}"
        if not isinstance(row, dict) or not isinstance(row.get("image_id"), (int, str)) or row["image_id"] not in names:
            raise DataError(f"{where}: no picture with its image_id; fix or remove the record")
        if "bbox" in row and not row.get("iscrowd"):
            boxes[names[row["image_id"]]].append(_box(row["bbox"], where))
    return boxes


def _from_csv(path: Path) -> dict[str, list[Xywh]]:
    boxes: dict[str, list[Xywh]] = defaultdict(list)
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            table = csv.DictReader(lines)
            if missing := [name for name in _COLUMNS if name not in (table.fieldnames or [])]:
                raise DataError(f"{path}: no column {missing[0]!r}; give {','.join(_COLUMNS)}")
            for row in table:
                where = f"{path}:{table.line_num}"
                boxes[str(row["file"])].append(_box([row[name] for name in _COLUMNS[1:]], where))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error}); check the file") from error
    return dict(boxes)


def _box(values: Any, where: str) -> Xywh:
    try:
        x, y, width, height = (float(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"{where}: {values} is not x, y, width, height; correct it") from None
    if not all(map(math.isfinite, (x, y, width, height))) or width <= 0 or height <= 0:
        raise DataError(f"{where}: box {values} has no area; correct it")
    if max(map(abs, (x, y, width, height))) > _MOST_PX:
        raise DataError(f"{where}: box {values} is beyond any picture; correct it")
    return x, y, width, height
