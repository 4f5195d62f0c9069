"""How often each view, pose and joint occurs in a keypoint data set, and what is rare in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.conversion import conversion
from shared.keypoints.pose_kinds import ASPECTS, TAGS, kinds_of
from shared.keypoints.records import Person, PoseSet
from shared.keypoints.schema import COCO_17, JointState

#: A kind below this share of the characters that it could be told of is rare, and worth collecting.
RARE_SHARE = 0.05

_SIZES = (64, 128, 256, 512)


@dataclass(frozen=True)
class Distribution:
    """Numbers of a data set.

    Attributes:
        pictures: number of pictures.
        characters: of characters with a labelled joint.
        aspects: aspect -> kind -> characters.
        joints: COCO joint -> state name -> characters.
        characters_a_picture: count -> pictures.
        long_side_px: class of the box's (or the joints') long side -> characters.
        labelled: the data set's own ``view`` and ``pose`` fields, where it has them -> value -> characters.
    """

    pictures: int
    characters: int
    aspects: dict[str, dict[str, int]]
    joints: dict[str, dict[str, int]]
    characters_a_picture: dict[int, int]
    long_side_px: dict[str, int]
    labelled: dict[str, dict[str, int]]

    def share(self, aspect: str, kind: str) -> float:
        """Returns the share of a kind among characters whose kind could be told; NaN where there are none."""
        told = sum(count for name, count in self.aspects[aspect].items() if name != "unknown")
        return self.aspects[aspect][kind] / told if told else float("nan")

    def rare(self) -> list[tuple[str, str, float, tuple[str, ...]]]:
        """Returns aspect, kind, share, and tags to search for, rarest first."""
        found = [
            (aspect, kind, self.share(aspect, kind), tags)
            for (aspect, kind), tags in TAGS.items()
            if self.share(aspect, kind) < RARE_SHARE
        ]
        return sorted(found, key=lambda row: row[2])

    def as_json(self) -> dict[str, Any]:
        """Returns all numbers, JSON-able."""
        return {
            "pictures": self.pictures, "characters": self.characters, "aspects": self.aspects, "joints": self.joints,
            "characters_a_picture": {str(count): number for count, number in self.characters_a_picture.items()},
            "long_side_px": self.long_side_px, "labelled": self.labelled,
            "rare": [
                {"aspect": aspect, "kind": kind, "share": round(share, 4), "tags": list(tags)}
                for aspect, kind, share, tags in self.rare()
            ],
        }  # fmt: skip


def distribution(poses: PoseSet) -> Distribution:
    """Counts a data set of any layout; characters without a placed joint are left out."""
    people, points, state = coco_joints(poses)
    kinds = kinds_of(points, state)
    sides = []
    for person in people:
        placed = person.points_xy[person.placed]
        extent = float((placed.max(axis=0) - placed.min(axis=0)).max())
        sides.append(max(person.box_xywh[2:]) if person.box_xywh is not None else extent)
    a_picture = Counter(Counter(person.picture_id for person in people).values())
    return Distribution(
        pictures=len(poses.pictures),
        characters=len(people),
        aspects={
            aspect: {name: int((kinds[aspect] == name).sum()) for name in names} for aspect, names in ASPECTS.items()
        },
        joints={
            name: {kind.name.lower(): int((state[:, index] == kind).sum()) for kind in JointState}
            for index, name in enumerate(COCO_17.names)
        },
        characters_a_picture=dict(sorted(a_picture.items())),
        long_side_px=_size_classes(np.array(sides)),
        labelled=_own_fields(people),
    )


def coco_joints(poses: PoseSet) -> tuple[list[Person], NDArray[np.float64], NDArray[np.int64]]:
    """Returns the characters with a placed joint, and their COCO joints ``(N, 17, 2)`` and JointState ``(N, 17)``."""
    people = [person for person in poses.people if person.placed.any()]
    points = np.zeros((len(people), len(poses.schema), 2))
    state = np.zeros((len(people), len(poses.schema)), np.int64)
    for row, person in enumerate(people):
        points[row], state[row] = person.points_xy, person.state
    return people, *conversion(poses.schema, COCO_17).apply(points, state)


def _size_classes(sides: np.ndarray[Any, Any]) -> dict[str, int]:
    names = [f"under {_SIZES[0]}", *(f"{a}-{b - 1}" for a, b in pairwise(_SIZES))]
    names.append(f"{_SIZES[-1]} and more")
    counts = np.bincount(np.digitize(sides, _SIZES), minlength=len(names)) if len(sides) else np.zeros(len(names), int)
    return dict(zip(names, counts.tolist(), strict=True))


def _own_fields(people: list[Person]) -> dict[str, dict[str, int]]:
    result = {}
    for field in ("view", "pose"):
        told = (person.extra.get(field) for person in people)
        if values := Counter(value for value in told if isinstance(value, str)):
            result[field] = dict(values.most_common())
    return result
