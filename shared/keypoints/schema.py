"""Keypoint schemas as data: names, mirror pairs, skeleton, OKS sigmas, and the state of a joint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


class JointState(IntEnum):
    """What is known of one joint of one character. Arrays of it are named ``state``."""

    UNKNOWN = 0  #: nobody labelled it: it enters no loss and no metric
    OCCLUDED = 1  #: in the picture, hidden behind something; its place is known
    VISIBLE = 2
    OUTSIDE = 3  #: known not to be in the picture (or the crop): its heatmap target is all zero


def is_placed(state: NDArray[np.integer[Any]]) -> NDArray[np.bool_]:
    """Returns for :class:`JointState` of any shape whether the joint's place in the picture is known, seen or not."""
    return np.asarray(np.isin(state, (JointState.VISIBLE, JointState.OCCLUDED)))


@dataclass(frozen=True)
class KeypointSchema:
    """Names in order, and all that depends on the order.

    Attributes:
        name: short name used in files.
        names: keypoint names; left and right are the character's own.
        edges: skeleton as pairs of names.
        sigmas: OKS sigmas, one a keypoint (distance scale is ``2·sigma``), as in COCO.
    """

    name: str
    names: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    sigmas: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Returns the place of ``name``; raises ValueError naming the schema when it has none."""
        if name not in self.names:
            raise ValueError(f"schema {self.name} has no keypoint {name!r}; it has {', '.join(self.names)}")
        return self.names.index(name)

    def ending_in(self, *words: str) -> NDArray[np.int64]:
        """Returns the places, rising, of the names whose last word is one of these: ``eye`` finds left and right."""
        return np.array([place for place, name in enumerate(self.names) if name.split("_")[-1] in words], np.int64)

    @cached_property
    def flip_order(self) -> tuple[int, ...]:
        """Index array that swaps left and right: ``mirrored = points[..., flip_order, :]``."""

        def partner(name: str) -> str:
            if "left" in name:
                return name.replace("left", "right")
            return name.replace("right", "left")

        return tuple(self.names.index(partner(name)) for name in self.names)

    @cached_property
    def edge_indices(self) -> tuple[tuple[int, int], ...]:
        """Skeleton as pairs of 0-based indices."""
        return tuple((self.index(a), self.index(b)) for a, b in self.edges)


_COCO_NAMES = (
    "nose",
    *(
        f"{side}_{part}"
        for part in ["eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"]
        for side in ("left", "right")
    ),
)
_COCO_EDGES = (
    ("left_ankle", "left_knee"), ("left_knee", "left_hip"), ("right_ankle", "right_knee"),
    ("right_knee", "right_hip"), ("left_hip", "right_hip"), ("left_shoulder", "left_hip"),
    ("right_shoulder", "right_hip"), ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow"), ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
    ("left_eye", "right_eye"), ("nose", "left_eye"), ("nose", "right_eye"), ("left_eye", "left_ear"),
    ("right_eye", "right_ear"), ("left_ear", "left_shoulder"), ("right_ear", "right_shoulder"),
)  # fmt: skip
_COCO_SIGMAS = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072,
    0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
)  # fmt: skip

#: COCO's own 17 keypoints, order, skeleton and sigmas.
COCO_17 = KeypointSchema("coco_17", _COCO_NAMES, _COCO_EDGES, _COCO_SIGMAS)

#: The eight limb midpoints, each halfway between two COCO joints.
#: Source: Chen & Zwicker 2022 (their order is not published; this one is ours).
MIDPOINT_PARENTS: dict[str, tuple[str, str]] = {
    f"{side}_{name}": (f"{side}_{a}", f"{side}_{b}")
    for name, a, b in (
        ("mid_upper_arm", "shoulder", "elbow"),
        ("mid_forearm", "elbow", "wrist"),
        ("mid_thigh", "hip", "knee"),
        ("mid_shin", "knee", "ankle"),
    )
    for side in ("left", "right")
}

#: The 25 points that the pose nets predict: COCO-17, then the midpoints.
COCO_25 = KeypointSchema(
    "coco_25",
    COCO_17.names + tuple(MIDPOINT_PARENTS),
    COCO_17.edges,
    # A midpoint's sigma is the mean of its parents' (ours; COCO has none).
    COCO_17.sigmas
    + tuple(
        (COCO_17.sigmas[COCO_17.index(a)] + COCO_17.sigmas[COCO_17.index(b)]) / 2 for a, b in MIDPOINT_PARENTS.values()
    ),
)

#: ``(8, 2)`` indices into COCO-17 of each midpoint's parents, in the order of ``COCO_25.names[17:]``.
MIDPOINT_INDICES: tuple[tuple[int, int], ...] = tuple(
    (COCO_17.index(a), COCO_17.index(b)) for a, b in MIDPOINT_PARENTS.values()
)
