"""Characters as AnimatedDrawings animates them: a folder with ``texture.png``, ``mask.png`` and ``char_cfg.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import write_text
from shared.geometry import box_of_mask
from shared.images import read_mask
from shared.keypoints.checks import checked, numbered, picture_size
from shared.keypoints.layouts import ANIMATED_DRAWINGS_16
from shared.keypoints.records import Person, Picture, PoseSet, Problem
from shared.keypoints.schema import JointState
from shared.yaml_files import read_yaml

CONFIG = "char_cfg.yaml"

#: Each joint's parent, in the order of the files.
PARENTS: dict[str, str | None] = {
    "root": None, "hip": "root", "torso": "hip", "neck": "torso",
    **{f"{side}_{joint}": f"{side}_{parent}" if parent != "torso" else parent
       for side in ("right", "left")
       for joint, parent in (("shoulder", "torso"), ("elbow", "shoulder"), ("hand", "elbow"))},
    **{f"{side}_{joint}": f"{side}_{parent}" if parent != "root" else parent
       for side in ("right", "left")
       for joint, parent in (("hip", "root"), ("knee", "hip"), ("foot", "knee"))},
}  # fmt: skip


def read_animated_drawings(path: Path) -> PoseSet:
    """Reads a ``char_cfg.yaml``, the folder of a character, or a folder of such folders.

    The box is that of the mask, where there is one. Characters with other joints (six arms, four legs) are dropped
    and named. Nothing says what is hidden.

    Raises:
        DataError: no such file, or a broken one.
    """
    if path.is_dir():
        own = path / CONFIG
        files = [own] if own.is_file() else sorted(path.rglob(CONFIG))
        if not files:
            raise DataError(f"{path}: no {CONFIG} in this folder; check the path")
    else:
        files = [path]
    top = path if path.is_dir() else path.parent
    names = [(f.parent / "texture.png").relative_to(top).as_posix() for f in files]
    problems: list[Problem] = []
    pictures: dict[int, Picture] = {}
    people = []
    for file, name, number in zip(files, names, numbered([f.parent.name for f in files]), strict=True):
        config = _config(file)
        record = str(file)
        try:
            picture = Picture(number, name, *picture_size(config["width"], config["height"]))
            points, state = _joints(config["skeleton"])
        except BAD_RECORD as error:
            problems.append(Problem(record, reason_of(error)))
            continue
        mask = file.with_name("mask.png")
        box = box_of_mask(read_mask(mask) > 127) if mask.is_file() else None
        xywh = None if box is None else (float(box[0]), float(box[1]), float(box[2] - box[0]), float(box[3] - box[1]))
        person = Person(number, number, points, state, xywh)
        if (good := checked(record, person, picture, problems)) is not None:
            pictures[number] = picture
            people.append(good)
    return PoseSet(ANIMATED_DRAWINGS_16, pictures, people, has_visibility=False, problems=problems)


def write_char_cfg(path: Path, points_xy: np.ndarray[Any, Any], width: int, height: int) -> None:
    """Writes ``char_cfg.yaml`` of a character whose 16 joints ``(16, 2)`` are all known, in whole pixels.

    Raises:
        ValueError: other shape, or a joint that is not a number or off the texture.
    """
    inside = (points_xy >= 0) & (points_xy <= (width, height))
    if points_xy.shape != (len(ANIMATED_DRAWINGS_16), 2) or not inside.all():
        raise ValueError(f"points_xy {points_xy.shape} must be (16, 2) within {width} × {height}")
    # A place is a pixel's index here: it has to exist.
    places = np.rint(points_xy).astype(int).clip(0, (width - 1, height - 1)).tolist()
    skeleton = [
        {"loc": places[ANIMATED_DRAWINGS_16.index(name)], "name": name, "parent": parent}
        for name, parent in PARENTS.items()
    ]
    config = {"height": height, "skeleton": skeleton, "width": width}
    write_text(path, yaml.safe_dump(config, default_flow_style=False, sort_keys=True))


def _config(path: Path) -> dict[str, Any]:
    config = read_yaml(path)
    if not isinstance(config, dict) or not isinstance(config.get("skeleton"), list):
        raise DataError(f"{path}: no list 'skeleton'; expected AnimatedDrawings' {CONFIG}")
    return config


def _joints(skeleton: list[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    schema = ANIMATED_DRAWINGS_16
    points, state = np.zeros((len(schema), 2)), np.zeros(len(schema), np.int64)
    for joint in skeleton:
        if joint["name"] not in schema.names:
            raise ValueError(f"unknown joint {joint['name']!r}: only two arms and two legs can be converted")
        points[schema.index(joint["name"])] = joint["loc"]
        state[schema.index(joint["name"])] = JointState.VISIBLE
    return points, state
