"""A tiny data set in the project's on-disk format, drawn with OpenCV shapes in milliseconds, for fast tests.

Use ``write_tiny_dataset(tmp_path, count=12)``; the drawings are crude but the labels are true of them, and small
nets can overfit them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as rle

from shared.keypoints.schema import COCO_17, MIDPOINT_INDICES
from shared.readers.splits import split_of

_COLORS = {"red": (220, 40, 40), "blue": (40, 70, 220), "green": (40, 160, 60), "black": (30, 30, 30)}
# One standing figure, unit height, x right of the middle, y down from the top; left is the character's own left,
# which is right on screen in a front view.
_TEMPLATE = {
    "nose": (0.0, 0.13), "left_eye": (0.03, 0.11), "left_ear": (0.07, 0.12), "left_shoulder": (0.11, 0.25),
    "left_elbow": (0.17, 0.38), "left_wrist": (0.2, 0.5), "left_hip": (0.07, 0.53), "left_knee": (0.08, 0.74),
    "left_ankle": (0.09, 0.95),
}  # fmt: skip
_LIMBS = (
    ("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"),
)  # fmt: skip


def spread_ids(count: int) -> list[int]:
    """Returns ``count`` distinct ids over the three splits: half train, a quarter val, a quarter test."""
    start = {0: 1, 1: 900, 2: 2, 3: 950}
    return [start[i % 4] + (i // 4) * (2 if i % 4 in (0, 2) else 1) for i in range(count)]


def _points(rng: np.random.Generator) -> np.ndarray:
    points = np.zeros((17, 2))
    for index, name in enumerate(COCO_17.names):
        x, y = _TEMPLATE[name.replace("right_", "left_")]
        points[index] = (-x if name.startswith("right_") else x, y)
    for side, sign in (("left", 1), ("right", -1)):
        lift = rng.uniform(-0.2, 0.15)
        for part, share in (("elbow", 0.5), ("wrist", 1.0)):
            points[COCO_17.index(f"{side}_{part}")] += (sign * abs(lift) * 0.4 * share, lift * share)
        step = rng.uniform(0, 0.12)
        for part, share in (("knee", 0.5), ("ankle", 1.0)):
            points[COCO_17.index(f"{side}_{part}")] += (sign * step * share, 0)
    return points


def _draw(size_wh: tuple[int, int], points: np.ndarray, hair: str, shirt: str) -> np.ndarray:
    rgba = np.zeros((size_wh[1], size_wh[0], 4), np.uint8)
    height = float(points[:, 1].max() - points[:, 1].min()) / 0.84
    thick = max(2, round(height * 0.06))

    def at(name: str) -> tuple[int, int]:
        x, y = points[COCO_17.index(name)]
        return int(x * 16 - 8), int(y * 16 - 8)

    skin, shirt_rgba = (245, 205, 175, 255), (*_COLORS[shirt], 255)
    for side in ("left", "right"):
        for a, b in _LIMBS:
            color = shirt_rgba if a == "shoulder" else skin
            cv2.line(rgba, at(f"{side}_{a}"), at(f"{side}_{b}"), color, thick, cv2.LINE_AA, 4)
    trunk = [at("left_shoulder"), at("right_shoulder"), at("right_hip"), at("left_hip")]
    cv2.fillPoly(rgba, [np.array(trunk, np.int32)], shirt_rgba, cv2.LINE_AA, 4)
    head, radius = at("nose"), int(height * 0.1 * 16)
    cv2.circle(rgba, (head[0], head[1] - radius // 4), int(radius * 1.1), (*_COLORS[hair], 255), -1, cv2.LINE_AA, 4)
    cv2.circle(rgba, (head[0], head[1] + radius // 4), int(radius * 0.7), skin, -1, cv2.LINE_AA, 4)
    for side in ("left", "right"):
        cv2.circle(rgba, at(f"{side}_eye"), max(16, radius // 6), (20, 20, 60, 255), -1, cv2.LINE_AA, 4)
    rgba[..., :3][rgba[..., 3] == 0] = 0
    return rgba


def _background(rng: np.random.Generator, size_wh: tuple[int, int]) -> np.ndarray:
    top, bottom = rng.integers(120, 255, 3), rng.integers(120, 255, 3)
    ramp = np.linspace(0, 1, size_wh[1])[:, None, None]
    return np.broadcast_to((1 - ramp) * top + ramp * bottom, (size_wh[1], size_wh[0], 3)).astype(np.uint8).copy()


def _write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    code = {2: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[array.ndim if array.ndim == 2 else array.shape[2]]
    assert cv2.imwrite(str(path), array if code is None else cv2.cvtColor(array, code))


def write_tiny_dataset(
    root: Path, count: int = 12, seed: int = 0, size: int = 96, ids: Sequence[int] | None = None
) -> list[int]:
    """Writes ``count`` pictures (one or two characters, some cut by the border) under ``root``; returns their ids.

    Odd ids are ``size × size``, even ids are ``1.25·size`` wide. ``ids`` defaults to :func:`spread_ids`.
    """
    ids = spread_ids(count) if ids is None else list(ids)
    posts: list[dict[str, Any]] = []
    images: dict[str, list[Any]] = {"train": [], "val": [], "test": []}
    annotations: dict[str, list[Any]] = {"train": [], "val": [], "test": []}
    for image_id in ids:
        rng = np.random.default_rng([seed, image_id])
        width, height = (size if image_id % 2 else size * 5 // 4), size
        background = _background(rng, (width, height))
        people, tags = 1 + int(rng.random() < 0.3), {"simple_background", "standing", "looking_at_viewer"}
        instances, canvas = np.zeros((height, width), np.uint8), background.astype(np.float64)
        front: np.ndarray | None = None
        for depth in reversed(range(people)):
            hair, shirt = (str(v) for v in rng.choice(list(_COLORS), 2))
            tags |= {f"{hair}_hair", f"{shirt}_shirt", "shirt", "short_hair"}
            tall = height * rng.uniform(0.7, 1.15)
            middle = width * (0.5 if people == 1 else 0.3 + 0.4 * depth) + rng.uniform(-3, 3)
            points = _points(rng) * tall + (middle, rng.uniform(0, 6))
            rgba = _draw((width, height), points, hair, shirt)
            alpha = rgba[..., 3:] / 255.0
            canvas = canvas * (1 - alpha) + rgba[..., :3] * alpha
            instances[rgba[..., 3] > 127] = depth + 1
            if depth == 0:
                front = rgba
            annotations[split_of(image_id)].append({"points": points, "image_id": image_id, "instance": depth + 1})
        assert front is not None
        for record in annotations[split_of(image_id)]:
            if record["image_id"] == image_id:
                _label(record, instances)
        tags |= {"solo", "1girl"} if people == 1 else {"2girls", "multiple_girls"}
        _write(root / f"images/{image_id % 1000:04d}/{image_id}.jpg", canvas.round().astype(np.uint8))
        _write(root / f"masks/{image_id}.png", instances)
        _write(root / f"bg/{image_id}.jpg", background)
        ys, xs = np.nonzero(front[..., 3])
        crop = front[max(0, ys.min() - 2) : ys.max() + 3, max(0, xs.min() - 2) : xs.max() + 3]
        _write(root / f"fg/{image_id}.png", crop)
        posts.append(
            {"id": image_id, "rating": "g", "score": 0, "image_width": width, "image_height": height,
             "file_ext": "jpg", "tag_string_general": " ".join(sorted(tags)), "tag_string_character": "",
             "tag_string_copyright": "", "tag_string_artist": "", "tag_string_meta": "", "is_deleted": False,
             "is_banned": False}
        )  # fmt: skip
        images[split_of(image_id)].append(
            {"id": image_id, "width": width, "height": height, "file_name": f"{image_id % 1000:04d}/{image_id}.jpg"}
        )
    (root / "metadata").mkdir(parents=True, exist_ok=True)
    (root / "metadata/posts.jsonl").write_text("".join(json.dumps(post) + "\n" for post in posts))
    (root / "annotations").mkdir(exist_ok=True)
    category = {
        "id": 1, "name": "person", "supercategory": "person", "keypoints": list(COCO_17.names),
        "skeleton": [[a + 1, b + 1] for a, b in COCO_17.edge_indices],
    }  # fmt: skip
    for split, rows in annotations.items():
        for number, row in enumerate(rows, start=1):
            row["id"] = number
        document = {"info": {}, "licenses": [], "images": images[split], "annotations": rows, "categories": [category]}
        (root / f"annotations/person_keypoints_{split}.json").write_text(json.dumps(document))
    (root / "dataset.json").write_text(
        json.dumps(
            {
                "generator_version": "tiny",
                "seed": seed,
                "count": len(ids),
                "size": size,
                "style": "drawn",
                "characters": [1, 2],
                "content_hash": f"tiny-{seed}-{len(ids)}-{size}",
            }
        )
    )
    return ids


def _label(record: dict[str, Any], instances: np.ndarray) -> None:
    """Turns ``points`` of one character into a COCO annotation with the project's extra fields, in place."""
    height, width = instances.shape
    points, own = record.pop("points"), instances == record["instance"]

    def triples(xy: np.ndarray) -> tuple[list[float], list[bool], list[bool]]:
        flat: list[float] = []
        occluded, outside = [], []
        for x, y in xy:
            out = not (0 <= x < width and 0 <= y < height)
            inside = (0, 0) if out else (min(width - 1, int(x)), min(height - 1, int(y)))
            other = instances[inside[1], inside[0]]
            hidden = not out and other not in (0, record["instance"])
            flat += [0, 0, 0] if out else [round(float(x), 2), round(float(y), 2), 1 if hidden else 2]
            occluded.append(bool(hidden))
            outside.append(out)
        return flat, occluded, outside

    keypoints, occluded, outside = triples(points)
    midpoints, _, _ = triples(np.array([(points[a] + points[b]) / 2 for a, b in MIDPOINT_INDICES]))
    ys, xs = np.nonzero(own)
    box = [0, 0, 0, 0] if ys.size == 0 else [
        int(xs.min()), int(ys.min()), int(xs.max() - xs.min() + 1), int(ys.max() - ys.min() + 1)
    ]  # fmt: skip
    code = rle.encode(np.asfortranarray(own.astype(np.uint8)))
    record.update(
        {"category_id": 1, "keypoints": keypoints, "num_keypoints": sum(not out for out in outside), "bbox": box,
         "area": int(own.sum()), "iscrowd": 0, "midpoints": midpoints, "occluded": occluded,
         "segmentation": {"size": [height, width], "counts": code["counts"].decode("ascii")},
         "out_of_picture": outside, "keypoints_3d": [[float(x), float(y), 0.0] for x, y in points / height],
         "depth_order": record["instance"] - 1, "view": "front", "pose": "standing"}
    )  # fmt: skip
