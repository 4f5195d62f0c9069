"""What is true of a picture, as the records that the data set's files hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from shared.geometry import box_of_mask
from shared.keypoints.schema import COCO_17, JointState, is_placed
from shared.synthetic.scene import Scene
from shared.synthetic.stage import SceneCharacter

#: COCO's visibility flag by joint state; what is out of the picture is unlabelled there.
_COCO_FLAG = {JointState.VISIBLE: 2, JointState.OCCLUDED: 1, JointState.OUTSIDE: 0, JointState.UNKNOWN: 0}

#: The one category of the annotation files; the skeleton counts from 1, as COCO's does.
CATEGORY: dict[str, Any] = {
    "id": 1,
    "name": "person",
    "supercategory": "person",
    "keypoints": list(COCO_17.names),
    "skeleton": [[a + 1, b + 1] for a, b in COCO_17.edge_indices],
}


def post_record(image_id: int, scene: Scene) -> dict[str, Any]:
    """Returns the picture's row of metadata, with the fields of a 2021 Danbooru dump that mean something here."""
    height, width = scene.image.shape[:2]
    return {
        "id": image_id,
        "rating": "g",
        "score": 0,
        "fav_count": 0,
        "image_width": width,
        "image_height": height,
        "file_ext": "jpg",
        "tag_count": len(scene.tags),
        "tag_count_general": len(scene.tags),
        "tag_string_general": " ".join(sorted(scene.tags)),
        "tag_string_character": "",
        "tag_string_copyright": "",
        "tag_string_artist": "",
        "tag_string_meta": "",
        "source": "",
        "parent_id": None,
        "is_deleted": False,
        "is_banned": False,
    }


def cut_out(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns RGBA ``(H, W, 4)`` cut to what is not transparent and a margin (2 % of the box's long side)."""
    x1, y1, x2, y2 = _cut_box(rgba)
    return np.ascontiguousarray(rgba[y1:y2, x1:x2])


def _cut_box(rgba: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    height, width = rgba.shape[:2]
    box = box_of_mask(rgba[..., 3])
    if box is None:
        return 0, 0, width, height
    edge = max(1, round(0.02 * max(box[2] - box[0], box[3] - box[1])))
    return max(0, box[0] - edge), max(0, box[1] - edge), min(width, box[2] + edge), min(height, box[3] + edge)


def annotation_records(image_id: int, scene: Scene) -> list[dict[str, Any]]:
    """Returns the COCO annotations of the picture's characters, front to back, without their ``id``."""
    return [_annotation(image_id, scene, character) for character in scene.characters]


def _annotation(image_id: int, scene: Scene, character: SceneCharacter) -> dict[str, Any]:
    seen = np.asfortranarray(scene.instances == character.depth_order + 1, dtype=np.uint8)
    run_lengths = coco_mask.encode(seen)
    triples = _triples(character)
    state = character.state[:17]
    return {
        "image_id": image_id,
        "category_id": 1,
        "keypoints": triples[: 17 * 3],
        "num_keypoints": int(is_placed(state).sum()),
        "bbox": list(character.box_xywh),
        "area": character.visible_px,
        "segmentation": {"size": list(run_lengths["size"]), "counts": run_lengths["counts"].decode("ascii")},
        "iscrowd": 0,
        "midpoints": triples[17 * 3 :],
        "occluded": (state == JointState.OCCLUDED).tolist(),
        "out_of_picture": (state == JointState.OUTSIDE).tolist(),
        "keypoints_3d": np.round(character.points_3d, 4).tolist(),
        "instance": character.depth_order + 1,
        "depth_order": character.depth_order,
        "cutout_xy": list(_cut_box(scene.foregrounds[character.depth_order])[:2]),
        "visible_fraction": round(character.visible_fraction, 4),
        "visible_fraction_of_parts": dict(character.parts_seen),
        "view": character.view,
        "pose": character.pose,
    }


def _triples(character: SceneCharacter) -> list[float]:
    """``x, y, v`` of the 25 points, rounded to 1/100 pixel; zeros where a point is out of the picture."""
    flags = np.array([_COCO_FLAG[JointState(state)] for state in character.state.tolist()])
    points = np.where(flags[:, None] > 0, np.round(character.points_xy, 2), 0.0)
    values: list[float] = []
    for (x, y), flag in zip(points.tolist(), flags.tolist(), strict=True):
        values += [x, y, flag]
    return values
