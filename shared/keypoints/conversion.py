"""From one keypoint layout to another by declared maps: which point comes from where, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.midpoints import middle_of
from shared.keypoints.schema import MIDPOINT_PARENTS, KeypointSchema

_RELEASE_MEANING = {
    f"{theirs}_{side}": f"{side}_{ours}" for side in ("left", "right") for theirs, ours in (
        *((name, name) for name in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "tiptoe")),
        ("trapezium", "thumb"), ("thumb", "thumb"), ("toe", "tiptoe"))
}  # fmt: skip

#: Points that layouts name differently, under one name. Layouts not named here use COCO's names. What is in the body
#: at the same place has the same name; what only lies near (ADD's ``head`` and MPII's ``head_top``) has not.
_MEANING: dict[str, dict[str, str]] = {
    "add_21": {
        "nose_tip": "nose", "nose_root": "nose_root", "neck": "neck_base", "head": "head_base",
        "body_upper": "body_upper",
        **{f"{theirs}_{side}": f"{side}_{ours}" for side in ("left", "right") for theirs, ours in (
            ("arm", "shoulder"), ("elbow", "elbow"), ("wrist", "wrist"), ("thumb", "thumb"),
            ("leg", "hip"), ("knee", "knee"), ("ankle", "ankle"), ("tiptoe", "tiptoe"))},
    },
    "release_25": _RELEASE_MEANING,
    "release_23": _RELEASE_MEANING,
    "openpose_18": {"neck": "mid_shoulder"},
    "openpose_25": {"neck": "mid_shoulder"},
    "mpii_16": {"pelvis": "mid_hip"},
    "animated_drawings_16": {
        "root": "mid_hip", "hip": "mid_hip", "torso": "mid_shoulder", "neck": "face",
        **{f"{side}_{theirs}": f"{side}_{ours}" for side in ("left", "right")
           for theirs, ours in (("hand", "wrist"), ("foot", "ankle"))},
    },
}  # fmt: skip

#: Points that are halfway between others where the source has not labelled them itself.
_MIDDLES: dict[str, tuple[str, str]] = {
    **MIDPOINT_PARENTS,
    "mid_shoulder": ("left_shoulder", "right_shoulder"),
    "mid_hip": ("left_hip", "right_hip"),
    "thorax": ("left_shoulder", "right_shoulder"),  # MPII's lies a little higher
}
#: Points for which another one stands in, a little off, where there is no better.
_STAND_INS: dict[str, str] = {"face": "nose"}


@dataclass(frozen=True)
class Step:
    """How a target point is made: of no source (it stays unknown), of one (``same``, ``near``), of two (``middle``)."""

    target: str
    sources: tuple[str, ...]
    how: str


@dataclass(frozen=True)
class Conversion:
    """A map between two layouts.

    Attributes:
        steps: one a target point, in the target's order.
        dropped: source points that have no place in the target.
    """

    source: KeypointSchema
    target: KeypointSchema
    steps: tuple[Step, ...]
    dropped: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Target points that the source does not know."""
        return tuple(step.target for step in self.steps if not step.sources)

    def apply(
        self, points_xy: NDArray[Any], state: NDArray[np.integer[Any]]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Converts points ``(..., K, 2)`` and their JointState ``(..., K)``.

        A point without source is UNKNOWN and lies at 0, 0. A middle follows
        :func:`shared.keypoints.midpoints.middle_of`.

        Raises:
            ValueError: the shapes do not fit the source layout.
        """
        if points_xy.shape != (*state.shape, 2) or state.shape[-1:] != (len(self.source),):
            raise ValueError(
                f"points_xy {points_xy.shape}, state {state.shape} do not fit {self.source.name} ({len(self.source)})"
            )
        points = np.zeros((*state.shape[:-1], len(self.target), 2))
        states = np.zeros((*state.shape[:-1], len(self.target)), np.int64)
        for place, step in enumerate(self.steps):
            indices = [self.source.index(name) for name in step.sources]
            if len(indices) == 2:
                points[..., place, :], states[..., place] = middle_of(points_xy[..., indices, :], state[..., indices])
            elif indices:
                points[..., place, :], states[..., place] = points_xy[..., indices[0], :], state[..., indices[0]]
        return points, states

    def apply_scores(self, score: NDArray[Any]) -> NDArray[np.float64]:
        """Converts scores ``(..., K)``: a middle takes its weaker parent's, a point without source 0."""
        result = np.zeros((*score.shape[:-1], len(self.target)))
        for place, step in enumerate(self.steps):
            if step.sources:
                result[..., place] = score[..., [self.source.index(name) for name in step.sources]].min(axis=-1)
        return result


def conversion(source: KeypointSchema, target: KeypointSchema) -> Conversion:
    """Returns the declared map from one layout to another."""
    known: dict[str, str] = {}
    for name in source.names:
        known.setdefault(_meaning(source, name), name)
    steps = []
    for name in target.names:
        meaning = _meaning(target, name)
        parents = _MIDDLES.get(meaning, ())
        stand_in = _STAND_INS.get(meaning, "")
        if source is target:
            steps.append(Step(name, (name,), "same"))
        elif meaning in known:
            steps.append(Step(name, (known[meaning],), "same"))
        elif parents and all(parent in known for parent in parents):
            steps.append(Step(name, tuple(known[parent] for parent in parents), "middle"))
        elif stand_in in known:
            steps.append(Step(name, (known[stand_in],), "near"))
        else:
            steps.append(Step(name, (), "unknown"))
    kept = {_meaning(source, name) for step in steps for name in step.sources}
    dropped = tuple(name for name in source.names if _meaning(source, name) not in kept)
    return Conversion(source, target, tuple(steps), dropped)


def _meaning(schema: KeypointSchema, name: str) -> str:
    return _MEANING.get(schema.name, {}).get(name, name)
