"""Result files of one picture, and the lists over all pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.filenames import one_line
from inkpose.overlay import draw_overlay
from inkpose.seen import Character, Seen
from shared.errors import DataError, UsageError
from shared.files import write_json
from shared.images import write_png
from shared.keypoints.schema import COCO_17

#: The list that makes a folder a result folder: a line a picture.
PREDICTIONS = "predictions.jsonl"

Record = dict[str, Any]


def check_folder(out: Path) -> None:
    """Looks whether ``out`` can be a result folder; makes nothing.

    Raises:
        UsageError: ``out`` is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: --out is a file; name a folder")


def prepare_folder(out: Path) -> None:
    """Makes the result folder.

    Raises:
        UsageError: ``out`` is a file, or lies below one.
        DataError: it cannot be made.
    """
    check_folder(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{out}: --out lies below a file; name another folder") from None
    except OSError as error:
        raise DataError(f"{out}: cannot be made ({error.strerror}); choose another place") from error


def write_picture(out: Path, name: PurePath, image: NDArray[np.uint8], seen: Seen, shown_path: str) -> Record:
    """Writes masks, cut-outs and overlay of one picture and returns its line of predictions.jsonl."""
    masks, cutouts = [], []
    for number, character in enumerate(seen.characters):
        masks.append(f"masks/{name.as_posix()}.{number}.png")
        cutouts.append(f"cutouts/{name.as_posix()}.{number}.png")
        write_png(out / masks[-1], character.mask(seen.width, seen.height))
        write_png(out / cutouts[-1], character.cutout(image))
    overlay = f"overlays/{name.as_posix()}.png"
    write_png(out / overlay, draw_overlay(image, seen))
    return picture_record(seen, shown_path, masks, cutouts, overlay)


def picture_record(
    seen: Seen, shown_path: str, masks: Sequence[str] = (), cutouts: Sequence[str] = (), overlay: str | None = None
) -> Record:
    """Returns the line of a picture; files that were not written are None in it."""
    files: list[tuple[str | None, str | None]] = [
        (one_line(mask), one_line(cutout)) for mask, cutout in zip(masks, cutouts, strict=True)
    ]
    pairs = zip(seen.characters, files or [(None, None)] * len(seen.characters), strict=True)
    return {
        "image": shown_path,
        "width": seen.width,
        "height": seen.height,
        "tags": [{"name": tag.name, "group": tag.group, "score": round(tag.score, 4)} for tag in seen.tags],
        "characters": [_character_record(character, *pair) for character, pair in pairs],
        "overlay": None if overlay is None else one_line(overlay),
        "error": None,
    }


def failed_record(shown_path: str, error: str) -> Record:
    """Returns the line of a picture that could not be read."""
    return {
        "image": shown_path, "width": None, "height": None, "tags": [], "characters": [], "overlay": None,
        "error": error,
    }  # fmt: skip


def _character_record(character: Character, mask: str | None, cutout: str | None) -> Record:
    x1, y1, x2, y2 = character.box_xyxy
    keypoints = [
        [None if math.isnan(x) else round(float(x), 2), None if math.isnan(y) else round(float(y), 2),
         round(float(score), 4)]
        for x, y, score in character.keypoints
    ]  # fmt: skip
    return {
        "box_xywh": [x1, y1, x2 - x1, y2 - y1],
        "score": round(character.score, 4),
        "keypoints": keypoints,
        "mask": mask,
        "cutout": cutout,
    }


def write_coco(out: Path, records: list[Record]) -> None:
    """Writes coco_images.json and coco_keypoints.json, which pycocotools reads as ground truth frame and results.

    A picture's id is the number its file is named by, where all names are different numbers (so results over a
    data set score against its own annotations), and its place in predictions.jsonl, from 1, otherwise.
    A result's score is the character's score times the mean score of the joints found.
    """
    ids = picture_ids([record["image"] for record in records])
    read = [(i, record) for i, record in zip(ids, records, strict=True) if record["error"] is None]
    images = [
        {"id": i, "file_name": record["image"], "width": record["width"], "height": record["height"]}
        for i, record in read
    ]
    category = {
        "id": 1, "name": "person", "supercategory": "person", "keypoints": list(COCO_17.names),
        "skeleton": [[a + 1, b + 1] for a, b in COCO_17.edge_indices],
    }  # fmt: skip
    results = [_coco_result(i, character) for i, record in read for character in record["characters"]]
    write_json(out / "coco_images.json", {"images": images, "annotations": [], "categories": [category]}, indent=None)
    write_json(out / "coco_keypoints.json", results, indent=None)


def picture_ids(names: list[str]) -> list[int]:
    """Returns one id a picture (see :func:`write_coco`)."""
    stems = [PurePath(name).stem for name in names]
    if all(stem.isascii() and stem.isdigit() and len(stem) <= 15 for stem in stems):
        numbers = [int(stem) for stem in stems]
        if len(set(numbers)) == len(numbers):
            return numbers
    return list(range(1, len(names) + 1))


def _coco_result(image_id: int, character: Record) -> Record:
    found = [score for x, _, score in character["keypoints"] if x is not None]
    mean = sum(found) / len(found) if found else 0.0
    # COCO's scoring takes every point of a result as a guess; an absent joint is 0, 0 with score 0.
    flat = [value for x, y, s in character["keypoints"] for value in ((0, 0, 0) if x is None else (x, y, s))]
    return {
        "image_id": image_id,
        "category_id": 1,
        "keypoints": flat,
        "bbox": character["box_xywh"],
        "score": round(character["score"] * mean, 6),
    }


def remove_stale(out: Path, records: list[Record], previous: list[Record]) -> None:
    """Removes result files that an earlier run into ``out`` listed and this one does not."""
    kept = {path for record in records for path in _files(record)}
    for relative in {path for record in previous for path in _files(record)} - kept:
        parts = PurePath(relative).parts
        if len(parts) > 1 and parts[0] in ("masks", "cutouts", "overlays") and ".." not in parts:
            with suppress(OSError, ValueError):  # the list may have been edited: a name that no file can have
                (out / relative).unlink(missing_ok=True)


def read_previous(out: Path) -> list[Record]:
    """Returns the lines of an earlier predictions.jsonl in ``out``; none when there is none to trust."""
    try:
        lines = (out / PREDICTIONS).read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
    except (OSError, ValueError, RecursionError):
        return []
    return [record for record in records if isinstance(record, dict)]


def _files(record: Record) -> list[str]:
    named = [record.get("overlay")]
    characters = record.get("characters")
    for character in characters if isinstance(characters, list) else []:
        named += [character.get("mask"), character.get("cutout")] if isinstance(character, dict) else []
    return [name for name in named if isinstance(name, str)]
