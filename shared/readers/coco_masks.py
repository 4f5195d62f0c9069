"""COCO instance files as pictures with masks: the union of all segmentations of a picture.

CartoonSegmentation's ``annotations/det_train.json`` with ``train/000000000001.jpg`` is one; any file of COCO's own form
will do, polygons and both kinds of RLE. Pictures without an annotation are pictures without a character.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json
from shared.keypoints.checks import picture_size, whole_number
from shared.readers.mask_pairs import CocoSegments, MaskPair, PairListing
from shared.readers.places import checked_path


def read_coco_masks(
    annotations: Path, images: Path | None = None, categories: frozenset[int] | None = None
) -> PairListing:
    """Returns a pair for each picture of a COCO file whose file is there.

    Args:
        annotations: the file.
        images: folder of the pictures; None looks beside the file for ``<split>``, ``images`` and its own folder.
        categories: ids that count as a character; None takes those called ``person``, or all where none is called so.

    Raises:
        DataError: not such a file, a record is wrong (named), or no picture is there.
    """
    document = read_json(annotations)
    if not isinstance(document, dict) or not all(isinstance(document.get(k), list) for k in ("images", "annotations")):
        raise DataError(f"{annotations}: no lists 'images' and 'annotations'; expected a COCO instance file")
    try:
        wanted = _persons(document.get("categories") or []) if categories is None else categories
    except BAD_RECORD as error:
        raise DataError(f"{annotations}: categories: {reason_of(error)}; expected COCO's") from None
    listing, segments = PairListing(), _segments(document["annotations"], wanted, annotations)
    folders = [images] if images is not None else _folders_beside(annotations)
    for place, row in enumerate(document["images"]):
        where = f"{annotations}: images[{place}]"
        try:
            image_id, name = whole_number(row["id"]), str(row["file_name"])
            width, height = picture_size(row["width"], row["height"])
        except BAD_RECORD:
            raise DataError(f"{where}: not a record with id, file_name, width, height; fix or remove it") from None
        checked_path(name, where)
        path = next((folder / name for folder in folders if os.path.isfile(folder / name)), None)
        if path is None:
            listing.dropped["picture file missing"] += 1
        else:
            listing.pairs.append(MaskPair(path, CocoSegments((height, width), tuple(segments.get(image_id, ())))))
    if not listing.pairs:
        looked = ", ".join(map(str, folders))
        raise DataError(
            f"{annotations}: none of its {len(document['images'])} pictures lies in {looked}; check the path"
        )
    return listing


def coco_files(root: Path) -> list[Path]:
    """Returns the ``.json`` files of ``root`` itself (a file) or of it and its ``annotations`` folder."""
    if root.is_file():
        return [root] if root.suffix.lower() == ".json" else []
    return sorted([*root.glob("*.json"), *root.glob("annotations/*.json")])


def _persons(categories: list[Any]) -> frozenset[int] | None:
    named = [row for row in categories if isinstance(row, dict) and row.get("name") == "person"]
    return frozenset(int(row["id"]) for row in named) or None


def _segments(rows: list[Any], wanted: frozenset[int] | None, path: Path) -> dict[int, list[Any]]:
    segments: dict[int, list[Any]] = {}
    for place, row in enumerate(rows):
        try:
            if wanted is None or int(row["category_id"]) in wanted:
                segment = row["segmentation"]
                if segment:  # keypoint files leave it empty where nothing was drawn
                    segments.setdefault(whole_number(row["image_id"]), []).append(segment)
        except BAD_RECORD as error:
            raise DataError(f"{path}: annotations[{place}]: {reason_of(error)}; fix or remove the record") from None
    return segments


def _folders_beside(path: Path) -> list[Path]:
    base = path.parent.parent if path.parent.name == "annotations" else path.parent
    split = path.stem.rpartition("_")[2]
    return [base / split, base / "images", base]
