"""Writes COCO keypoint files of any layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.errors import DataError
from shared.files import write_json
from shared.keypoints.boxes import box_of_joints
from shared.keypoints.layouts import HUMAN_ART_21
from shared.keypoints.records import Person, PoseSet
from shared.keypoints.schema import COCO_17, JointState, KeypointSchema


def write_coco_people(path: Path, poses: PoseSet) -> None:
    """Writes a COCO keypoint file; ids and unknown fields stay. A box is made of the joints where there is none.

    ``v`` is 0 for a joint whose place is not known, 1 hidden, 2 visible; which of the unknown ones are known to be
    outside stands in ``out_of_picture``, and scores of predictions in ``keypoint_scores``.

    Raises:
        DataError: a picture's size is not known.
    """
    for picture in poses.pictures.values():
        if not picture.width:
            raise DataError(f"{picture.file_name}: its size is not known; name the folder of the pictures (--images)")
    extra = dict(poses.extra)
    others = extra.pop("annotations", [])
    categories = extra.pop("categories", None)
    # Human-Art's category names the 17; its 21 are a field of their own.
    told_schema = COCO_17 if poses.schema is HUMAN_ART_21 else poses.schema
    if not _describes(categories, told_schema):
        categories = [category(told_schema)]
    if not poses.has_visibility:
        told = "not labelled: every labelled joint has v = 2"
        extra["info"] = {**(extra.get("info") or {}), "visibility": told}
    images = [
        {**p.extra, "id": p.id, "file_name": p.file_name, "width": p.width, "height": p.height}
        for p in poses.pictures.values()
    ]
    annotations = [_row(person, poses, categories[0]["id"]) for person in poses.people]
    document = {**extra, "images": images, "annotations": [*annotations, *others], "categories": categories}
    write_json(path, document, indent=None)


def category(schema: KeypointSchema, number: int = 1) -> dict[str, Any]:
    """Returns COCO's category of a layout (its skeleton counts from 1)."""
    return {
        "id": number, "name": "person", "supercategory": "person", "keypoints": list(schema.names),
        "skeleton": [[a + 1, b + 1] for a, b in schema.edge_indices],
    }  # fmt: skip


def _describes(categories: Any, schema: KeypointSchema) -> bool:
    named = [row for row in categories or [] if isinstance(row, dict) and row.get("keypoints")]
    return len(named) == 1 and list(named[0]["keypoints"]) == list(schema.names) and categories[0] is named[0]


def _row(person: Person, poses: PoseSet, category_id: int) -> dict[str, Any]:
    picture = poses.pictures[person.picture_id]
    box = person.box_xywh or box_of_joints(person, picture) or (0.0, 0.0, 0.0, 0.0)
    flat: list[float] = []
    for (x, y), state in zip(person.points_xy.tolist(), person.state.tolist(), strict=True):
        v = {JointState.VISIBLE: 2, JointState.OCCLUDED: 1}.get(state, 0)
        flat += [plain(x), plain(y), v] if v else [0, 0, 0]
    row: dict[str, Any] = {
        "iscrowd": 0, "area": plain(box[2] * box[3]), **person.extra,
        "id": person.id, "image_id": person.picture_id, "category_id": category_id, "keypoints": flat,
        "num_keypoints": int(person.placed.sum()), "bbox": [plain(value) for value in box],
    }  # fmt: skip
    if poses.schema is HUMAN_ART_21:
        row |= {"keypoints": flat[:51], "keypoints_21": flat, "num_keypoints": int(person.placed[:17].sum())}
    if (person.state == JointState.OUTSIDE).any():
        row["out_of_picture"] = (person.state == JointState.OUTSIDE).tolist()
    if person.score is not None:
        row["keypoint_scores"] = [round(value, 4) for value in person.score.tolist()]
    return row


def plain(value: float) -> float:
    """Returns a coordinate as files write it: at most a thousandth of a pixel, whole numbers without a point."""
    value = round(float(value), 3)
    return int(value) if value.is_integer() else value
