"""Labelled real pictures in formats of other projects, and the error of a checkpoint on their body joints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml
from numpy.typing import NDArray

from pose.metrics import JointAccuracy, known
from pose.predict import Box, PosePredictor
from shared.errors import DataError
from shared.files import read_json
from shared.geometry import box_of_mask
from shared.images import read_mask, read_rgb
from shared.keypoints.schema import COCO_17, JointState

#: Joint names of AnimatedDrawings' char_cfg.yaml that are COCO joints under another name. Its "neck" lies in the
#: middle of the face and is none.
_ANIMATED_DRAWINGS = {
    f"{side}_{joint}": f"{side}_{coco}"
    for side in ("left", "right")
    for joint, coco in (
        ("shoulder", "shoulder"), ("elbow", "elbow"), ("hand", "wrist"),
        ("hip", "hip"), ("knee", "knee"), ("foot", "ankle"),
    )
}  # fmt: skip

#: Shoulders to ankles: what every source of labels agrees on.
BODY = tuple(range(COCO_17.index("left_shoulder"), len(COCO_17)))


@dataclass(frozen=True)
class LabelledPicture:
    """One character in one picture.

    Attributes:
        image: uint8 RGB ``(H, W, 3)``.
        box_xyxy: its box in pixels.
        points_xy: ``(17, 2)`` pixels, NaN where not labelled.
        state: ``(17,)`` :class:`JointState`.
        kind: ``AnimatedDrawings`` or ``render``.
        name: of its folder.
    """

    image: NDArray[np.uint8]
    box_xyxy: Box
    points_xy: NDArray[np.float64]
    state: NDArray[np.int64]
    kind: str = ""
    name: str = ""


def find_labelled(folder: Path) -> tuple[list[LabelledPicture], list[str]]:
    """Reads every character folder in ``folder`` (or the folder itself): AnimatedDrawings', and renders.

    Returns:
        The pictures in order of their paths, and a line for each that cannot be used.
    """
    pictures: list[LabelledPicture] = []
    problems: list[str] = []
    marks = [("char_cfg.yaml", "texture.png", read_animated_drawing), ("gt.json", "toon.png", read_render)]
    for mark, picture, read in marks:
        for path in sorted(folder.rglob(mark)):
            if (path.parent / picture).is_file():
                try:
                    pictures.append(read(path.parent))
                except DataError as error:
                    problems.append(str(error))
    return pictures, problems


def read_animated_drawing(folder: Path) -> LabelledPicture:
    """Reads ``texture.png``, ``mask.png`` and ``char_cfg.yaml`` of an AnimatedDrawings character.

    Raises:
        DataError: a file is missing or broken, or the character has not two arms and two legs.
    """
    path = folder / "char_cfg.yaml"
    try:
        skeleton = yaml.safe_load(path.read_text(encoding="utf-8"))["skeleton"]
        places = {joint["name"]: joint["loc"] for joint in skeleton}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the folder") from None
    except (yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a character configuration ({type(error).__name__}); check the file") from error
    missing = sorted(_ANIMATED_DRAWINGS.keys() - places.keys())
    if missing:
        raise DataError(f"{path}: no joint {missing[0]}; only characters with two arms and two legs can be used")
    points, state = np.full((len(COCO_17), 2), np.nan), np.zeros(len(COCO_17), np.int64)
    for name, coco in _ANIMATED_DRAWINGS.items():
        points[COCO_17.index(coco)] = places[name]
        state[COCO_17.index(coco)] = JointState.VISIBLE
    box = box_of_mask(read_mask(folder / "mask.png") > 127)
    if box is None:
        raise DataError(f"{folder / 'mask.png'}: empty; a mask of the character is needed")
    return LabelledPicture(read_rgb(folder / "texture.png"), box, points, state, "AnimatedDrawings", folder.name)


def read_render(folder: Path) -> LabelledPicture:
    """Reads ``toon.png`` (a character on white) and ``gt.json`` (``keypoints``: 17 × [x, y, v], v 1 = hidden).

    Only shoulders to ankles are taken: the face points of such files are approximate.

    Raises:
        DataError: a file is missing or broken.
    """
    path = folder / "gt.json"
    truth = read_json(path)
    try:
        rows = np.asarray(truth["keypoints"], np.float64)
        order = list(truth["coco_order"])
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not a keypoint file ({error}); check the file") from error
    if order != list(COCO_17.names) or rows.shape != (len(COCO_17), 3):
        raise DataError(f"{path}: keypoints are not COCO's 17 in COCO's order; convert the file")
    labels = np.array([JointState.UNKNOWN, JointState.OCCLUDED, JointState.VISIBLE], np.int64)
    state = labels[rows[:, 2].astype(int).clip(0, 2)]
    state[: BODY[0]] = JointState.UNKNOWN
    image = read_rgb(folder / "toon.png")
    box = box_of_mask(np.asarray((image < 250).any(axis=2)))
    if box is None:
        raise DataError(f"{folder / 'toon.png'}: blank; a character on white is needed")
    points = np.where(state[:, None] > 0, rows[:, :2], np.nan)
    return LabelledPicture(image, box, points, state, "render", folder.name)


def read_marked(labels: Path, samples: Path) -> dict[str, list[LabelledPicture]]:
    """Reads joints that were marked by hand.

    Args:
        labels: a JSON list of ``{"file", "box_xyxy", "joints": {COCO name: [x, y]}}``, in pixels of the file.
        samples: the folder that ``file`` is relative to.

    Returns:
        The pictures by the first folder of their path; only shoulders to ankles are kept.

    Raises:
        DataError: a file is missing or cannot be read.
    """
    groups: dict[str, list[LabelledPicture]] = {}
    for row in read_json(labels):
        points, state = np.full((len(COCO_17), 2), np.nan), np.zeros(len(COCO_17), np.int64)
        for joint, place in row["joints"].items():
            if COCO_17.index(joint) in BODY:
                points[COCO_17.index(joint)], state[COCO_17.index(joint)] = place, JointState.VISIBLE
        x1, y1, x2, y2 = row["box_xyxy"]
        folder, _, name = row["file"].partition("/")
        image = read_rgb(samples / row["file"])
        groups.setdefault(folder, []).append(LabelledPicture(image, (x1, y1, x2, y2), points, state, "by hand", name))
    return groups


def locate_joints(predictor: PosePredictor, pictures: Sequence[LabelledPicture]) -> list[NDArray[np.float64]]:
    """Returns the answers ``(25, 3)`` to each picture: x, y in its pixels and score, found or not."""
    return [rows[0] for rows in predictor.locate([p.image for p in pictures], [[p.box_xyxy] for p in pictures])]


def evaluate_pictures(predictor: PosePredictor, pictures: Sequence[LabelledPicture]) -> dict[str, float]:
    """Judges the places, before the gate, of a predictor on labelled pictures; see :func:`judge`.

    Raises:
        ValueError: no picture.
    """
    return judge(pictures, locate_joints(predictor, pictures), predictor.gate)


def judge(
    pictures: Sequence[LabelledPicture], located: Sequence[NDArray[np.float64]], gate: NDArray[np.float32]
) -> dict[str, float]:
    """Returns how far answers lie from the labels.

    Args:
        pictures: with labels.
        located: of :func:`locate_joints`.
        gate: ``(25,)``, scores below which a joint is called absent.

    Returns:
        ``pdj@0.2``; ``error_mean`` and ``error_median``, shares of the box's long side; ``called_absent``, share of
        the labelled joints; ``joints`` and ``characters``; ``error_mean/<joint>`` and ``n/<joint>`` of each labelled.

    Raises:
        ValueError: no picture.
    """
    if not pictures:
        raise ValueError("pictures is empty; at least one is needed")
    answers = torch.from_numpy(np.stack([rows[: len(COCO_17)] for rows in located]))
    truth = torch.from_numpy(np.stack([p.points_xy for p in pictures]))
    state = torch.from_numpy(np.stack([p.state for p in pictures]))
    side = torch.tensor([max(x2 - x1, y2 - y1) for x1, y1, x2, y2 in (p.box_xyxy for p in pictures)]).double()
    pdj = JointAccuracy("torso", 0.2)
    pdj.update(answers[..., :2], truth, state, side)
    counted = known(state, visible_only=False)
    distance = (answers[..., :2] - truth).norm(dim=-1) / side[:, None]
    error = distance[counted]
    low = answers[..., 2] < torch.from_numpy(gate[: len(COCO_17)])
    by_joint: dict[str, float] = {}
    for index, name in enumerate(COCO_17.names):
        if counted[:, index].any():
            by_joint[f"error_mean/{name}"] = float(distance[counted[:, index], index].mean())
            by_joint[f"n/{name}"] = float(counted[:, index].sum())
    return {
        "pdj@0.2": float(pdj.compute()),
        "error_mean": float(error.mean()),
        "error_median": float(error.median()),
        "called_absent": float(low[counted].double().mean()),
        "joints": float(counted.sum()),
        "characters": float(len(pictures)),
        **by_joint,
    }
