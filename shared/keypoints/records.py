"""Pictures and annotated characters as every format gives them, before anything is trained on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.conversion import conversion
from shared.keypoints.flip import swap_sides
from shared.keypoints.schema import JointState, KeypointSchema, is_placed

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A picture of a file.

    Attributes:
        width: pixels; 0 where the file does not say it, and so the height.
        extra: the record's other fields, as they are in the file.
    """

    id: int
    file_name: str
    width: int
    height: int
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """One annotated character.

    Attributes:
        points_xy: ``(K, 2)`` continuous picture pixels; 0 where the place is not known.
        state: ``(K,)`` JointState.
        box_xywh: None where the file has none.
        score: ``(K,)`` in [0, 1] of a prediction; None of a label.
        extra: the record's other fields, as they are in the file.
    """

    id: int
    picture_id: int
    points_xy: NDArray[np.float64]
    state: NDArray[np.int64]
    box_xywh: Box | None = None
    score: NDArray[np.float64] | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def placed(self) -> NDArray[np.bool_]:
        """``(K,)``: the joint's place is known."""
        return is_placed(self.state)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one record, and what was done: ``dropped`` records are gone, others were mended or kept."""

    record: str
    reason: str
    dropped: bool = True

    def __str__(self) -> str:
        return f"{self.record}: {self.reason}{'; dropped' if self.dropped else ''}"


@dataclass(frozen=True)
class PoseSet:
    """A whole file.

    Attributes:
        schema: of all its characters.
        pictures: by id, in the file's order.
        people: in the file's order.
        has_visibility: whether the file tells hidden joints from visible ones. Where it does not, every labelled
            joint counts as visible.
        extra: the document's other fields.
        problems: records that the reader dropped or mended.
    """

    schema: KeypointSchema
    pictures: dict[int, Picture]
    people: list[Person]
    has_visibility: bool = True
    extra: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def converted(self, schema: KeypointSchema) -> PoseSet:
        """Returns the same characters in another layout; those without a point in it are dropped and named."""
        if schema is self.schema:
            return self
        steps, people, problems = conversion(self.schema, schema), [], list(self.problems)
        for person in self.people:
            points, state = steps.apply(person.points_xy, person.state)
            score = None if person.score is None else steps.apply_scores(person.score)
            if person.placed.any() and not (state != JointState.UNKNOWN).any():
                reason = f"none of its points has a place in {schema.name}"
                problems.append(Problem(f"annotation {person.id}", reason))
                continue
            people.append(replace(person, points_xy=points, state=state, score=score))
        return replace(self, schema=schema, people=people, problems=problems)

    def with_sides_swapped(self) -> PoseSet:
        """Returns the set with left and right exchanged in every character, for files that have them the wrong way."""
        people = []
        for person in self.people:
            points, state = swap_sides(person.points_xy, person.state, self.schema)
            score = None if person.score is None else person.score[list(self.schema.flip_order)]
            extra = without_places(person.extra, "midpoints", "occluded", "keypoints_3d")
            people.append(replace(person, points_xy=points, state=state, score=score, extra=extra))
        return replace(self, people=people)

    def labelled_only(self) -> PoseSet:
        """Returns the set without characters that have no placed joint (COCO's crowds and tiny figures)."""
        people = [person for person in self.people if person.placed.any()]
        gone = [person for person in self.people if not person.placed.any()]
        problems = [Problem(f"annotation {person.id}", "no labelled joint") for person in gone]
        return replace(self, people=people, problems=[*self.problems, *problems])

    def single_characters(self) -> PoseSet:
        """Returns the set without pictures that have several characters, which a single-character method cannot use."""
        counts = Counter(person.picture_id for person in self.people)
        problems = list(self.problems)
        for number, count in counts.items():
            if count > 1:
                name = self.pictures[number].file_name
                problems.append(Problem(f"picture {name} (id {number})", f"{count} characters"))
        people = [person for person in self.people if counts[person.picture_id] == 1]
        kept = {person.picture_id for person in people}
        pictures = {i: picture for i, picture in self.pictures.items() if i in kept or counts[i] == 0}
        return replace(self, pictures=pictures, people=people, problems=problems)


def without_places(extra: dict[str, Any], *names: str) -> dict[str, Any]:
    """Returns a record's other fields without those that say places or sizes again, which have just changed."""
    gone = names or ("segmentation", "area", "midpoints", "keypoints_3d")
    return {key: value for key, value in extra.items() if key not in gone}
