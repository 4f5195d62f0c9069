"""The usable characters of a keypoint file, with their pictures: in a folder, or in shards that stand for it."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path, PurePath

import numpy as np

from shared.datamodules.mounts import Mounted, Mounts
from shared.datamodules.pose_samples import PosedCharacters
from shared.errors import DataError
from shared.image_files import PictureFile
from shared.readers.coco import CocoFile, read_coco_keypoints
from shared.readers.coco_layout import annotation_names, layout_of, place_in
from shared.readers.places import checked_path
from shared.readers.splits import Split

logger = logging.getLogger(__name__)


def annotation_file(root: Path, split: Split) -> Path:
    """Returns the keypoint file of a split.

    Raises:
        DataError: there is none.
    """
    names = annotation_names(split)
    for name in names:
        if (path := root / name).is_file():
            return path
    told = " or ".join(PurePath(name).name for name in names)
    raise DataError(f"{root / 'annotations'}: no {told}; check the data folder")


def read_characters(root: Path, split: Split, mounts: Mounts) -> PosedCharacters:
    """Returns the usable characters of a split; what was left out is counted in the log.

    Args:
        root: the data folder.
        split: which of its keypoint files.
        mounts: what is read from shards.

    Raises:
        DataError: no such file, no usable character in it, or its pictures are nowhere.
    """
    mounted = mounts.find(root)
    path = annotation_file(root, split) if mounted is None else _annotation_document(mounted, split)
    file = read_coco_keypoints(path)
    left_out: Counter[str] = Counter()
    kept = []
    for person in file.annotations:
        if person.is_crowd:
            left_out["crowds"] += 1
        elif person.labelled_count == 0:
            left_out["without a labelled joint"] += 1
        elif person.box_xywh[2] <= 0 or person.box_xywh[3] <= 0:
            left_out["with an empty box"] += 1
        else:
            kept.append(person)
    # Left out must be seen, and a file without anything to leave out must not be talked about.
    level = logging.WARNING if left_out else logging.INFO
    logger.log(level, "%s: %d characters; left out %s", path, len(kept), dict(left_out) or "none")
    if not kept:
        raise DataError(f"{path}: no usable character ({dict(left_out)}); check the file")
    places = _picture_paths(root, split, file, path, mounted)
    return PosedCharacters(
        image_paths=[places[person.image_id] for person in kept],
        image_ids=np.array([person.image_id for person in kept], np.int64),
        annotation_ids=np.array([person.id for person in kept], np.int64),
        boxes_xywh=np.array([person.box_xywh for person in kept], np.float64),
        areas=np.array([person.area for person in kept], np.float64),
        points_xy=np.stack([person.points_xy for person in kept]),
        state=np.stack([person.state for person in kept]),
    )


def _annotation_document(mounted: Mounted, split: Split) -> Path:
    names = [mounted.path(name) for name in annotation_names(split)]
    found = next((name for name in names if mounted.shards.has_document(name)), names[0])
    return mounted.shards.document(found)


def _picture_paths(
    root: Path, split: Split, file: CocoFile, path: Path, mounted: Mounted | None
) -> dict[int, PictureFile]:
    """Returns where each picture of a file lies, having found the layout with one of them."""
    first = file.images[file.annotations[0].image_id]

    def has(name: str) -> bool:
        return os.path.isfile(root / name) if mounted is None else mounted.shards.has(mounted.path(name))

    folder = layout_of(split, first.id, first.file_name, has)
    if folder is None:
        raise DataError(f"{path}: picture {first.file_name} is not below {root / 'images'} or {root}; check the folder")
    places: dict[int, PictureFile] = {}
    for image in file.images.values():
        name = place_in(folder, image.id, checked_path(image.file_name, str(path)))
        places[image.id] = root / name if mounted is None else mounted.shards.member(mounted.path(name))
    return places
