"""COCO person-keypoint files, with or without this project's extra fields."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json
from shared.keypoints.checks import picture_size, whole_number
from shared.keypoints.midpoints import with_midpoints
from shared.keypoints.schema import COCO_17, MIDPOINT_INDICES, JointState, is_placed

logger = logging.getLogger(__name__)

FloatArray = NDArray[np.float64]
StateArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CocoImage:
    """A picture of the file."""

    id: int
    width: int
    height: int
    file_name: str


@dataclass(frozen=True, slots=True)
class CocoPerson:
    """One annotated character, in picture pixels.

    Attributes:
        box_xywh: box of the visible part.
        area: visible area in pixels² (what OKS divides by).
        points_xy: ``(25, 2)`` COCO-17 then midpoints; 0 where the place is not known.
        state: ``(25,)`` of :class:`JointState`.
        is_crowd: the record stands for a group; its keypoints mean nothing.
        extra: the record's other fields, as they are in the file (``segmentation``, ``keypoints_3d``, ``view`` …).
    """

    id: int
    image_id: int
    box_xywh: tuple[float, float, float, float]
    area: float
    points_xy: FloatArray
    state: StateArray
    is_crowd: bool
    extra: dict[str, Any]

    @property
    def labelled_count(self) -> int:
        """Labelled COCO joints in the picture (``num_keypoints``)."""
        return int(is_placed(self.state[:17]).sum())


@dataclass(frozen=True, slots=True)
class CocoFile:
    """A whole file: pictures by id, and persons in the file's order."""

    images: dict[int, CocoImage]
    annotations: list[CocoPerson]


def read_coco_keypoints(path: Path) -> CocoFile:
    """Reads a person-keypoint file; joints are re-ordered by the names in ``categories`` where those differ.

    A joint with v = 0 is UNKNOWN, unless the record's ``out_of_picture`` says that it is OUTSIDE; so is a joint that
    is labelled off the picture (their number is logged). Midpoints come from ``midpoints`` where the record has them,
    else from the joints.

    Raises:
        DataError: the file is not readable or a record is wrong; names the record.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not all(
        isinstance(document.get(key), list) for key in ("images", "annotations")
    ):
        raise DataError(f"{path}: no lists 'images' and 'annotations'; expected a COCO keypoint file")
    images: dict[int, CocoImage] = {}
    for place, row in enumerate(document["images"]):
        where = f"{path}: images[{place}]"
        try:
            size = picture_size(row["width"], row["height"])
            image = CocoImage(whole_number(row["id"]), *size, str(row["file_name"]))
        except BAD_RECORD as error:
            raise DataError(f"{where}: {reason_of(error)}; expected id, width, height, file_name") from None
        if image.id in images:
            raise DataError(f"{where}: id {image.id} comes twice; fix it")
        images[image.id] = image
    try:
        orders = _orders(document.get("categories") or [], path)
    except BAD_RECORD as error:
        raise DataError(f"{path}: categories: {reason_of(error)}; expected COCO's") from None
    persons, off = [], 0
    for place, row in enumerate(document["annotations"]):
        where = f"{path}: annotations[{place}] (id {row.get('id') if isinstance(row, dict) else None})"
        try:
            person = _person(row, orders)
        except BAD_RECORD as error:
            raise DataError(f"{where}: {reason_of(error)}; fix or remove the record") from None
        if person.image_id not in images:
            raise DataError(f"{where}: image_id {person.image_id} is not among the images; fix or remove the record")
        off += _put_outside(person, images[person.image_id])
        persons.append(person)
    if off:
        logger.warning("%s: %d labelled joints lie off their pictures and count as outside", path, off)
    return CocoFile(images, persons)


def _put_outside(person: CocoPerson, image: CocoImage) -> int:
    """Makes joints that are labelled off the picture OUTSIDE, in place; returns how many COCO joints these are."""
    points, state = person.points_xy, person.state
    off = (state != JointState.UNKNOWN) & ((points < 0) | (points > (image.width, image.height))).any(axis=1)
    points[off], state[off] = 0.0, JointState.OUTSIDE
    return int(off[:17].sum())


def _orders(categories: Sequence[Any], path: Path) -> dict[int, list[int] | None]:
    """Returns for each category the places of COCO's 17 joints among its own; None where they are the same."""
    orders: dict[int, list[int] | None] = {}
    for row in categories:
        names = row.get("keypoints") if isinstance(row, dict) else None
        if not isinstance(names, list):
            continue
        missing = [name for name in COCO_17.names if name not in names]
        if missing:
            raise DataError(
                f"{path}: category {row.get('name')!r} has no keypoint {missing[0]!r}; expected COCO's names"
            )
        orders[int(row["id"])] = None if tuple(names) == COCO_17.names else [names.index(n) for n in COCO_17.names]
        if (order := orders[int(row["id"])]) is not None:
            order.append(len(names))  # the count, for checking records
    return orders


def _person(row: dict[str, Any], orders: dict[int, list[int] | None]) -> CocoPerson:
    x, y, width, height = (float(value) for value in row["bbox"])
    area = float(row.get("area", width * height))
    if not all(map(math.isfinite, (x, y, width, height, area))) or width < 0 or height < 0 or area < 0:
        raise ValueError(f"bbox {row['bbox']} or area {area} is not finite or negative")
    order = orders.get(int(row.get("category_id", 1)))
    points, state = _triples(row["keypoints"], 17 if order is None else order[-1], "keypoints")
    if order is not None:
        points, state = points[order[:-1]], state[order[:-1]]
    outside = row.get("out_of_picture")
    if outside is not None:
        if len(outside) != 17:
            raise ValueError(f"out_of_picture has {len(outside)} values, expected 17")
        state[(state == JointState.UNKNOWN) & np.asarray(outside, bool)] = JointState.OUTSIDE
    points, state = with_midpoints(points, state)
    if "midpoints" in row:
        middle, middle_state = _triples(row["midpoints"], 8, "midpoints")
        parents = state[np.array(MIDPOINT_INDICES)]
        # Unlabelled in a file that knows every joint: the midpoint lies outside the picture.
        known = (parents != JointState.UNKNOWN).all(axis=1) & (outside is not None)
        middle_state[(middle_state == JointState.UNKNOWN) & known] = JointState.OUTSIDE
        points[17:], state[17:] = middle, middle_state
    known_fields = ("id", "image_id", "bbox", "area", "keypoints", "midpoints", "iscrowd")
    return CocoPerson(
        id=whole_number(row["id"]),
        image_id=whole_number(row["image_id"]),
        box_xywh=(x, y, width, height),
        area=area,
        points_xy=points,
        state=state,
        is_crowd=bool(row.get("iscrowd", 0)),
        extra={key: value for key, value in row.items() if key not in known_fields},
    )


def _triples(values: Sequence[float], count: int, name: str) -> tuple[FloatArray, StateArray]:
    """Splits ``[x, y, v] * count`` into points (0 where unlabelled) and states."""
    if len(values) != 3 * count:
        raise ValueError(f"{name} has {len(values)} numbers, expected {3 * count}")
    table = np.asarray(values, dtype=np.float64).reshape(count, 3)
    if not np.isfinite(table).all() or not np.isin(table[:, 2], (0, 1, 2)).all():
        raise ValueError(f"{name} holds NaN, infinity, or a visibility other than 0, 1, 2")
    states = np.array([JointState.UNKNOWN, JointState.OCCLUDED, JointState.VISIBLE])[table[:, 2].astype(int)]
    return np.where(table[:, 2:] > 0, table[:, :2], 0.0), states.astype(np.int64)
