"""Lengths and angles of characters, by hand; what one data set lacks of another."""

from __future__ import annotations

import numpy as np
import pytest

from shared.keypoints.pose_measures import compared, measures
from shared.keypoints.records import Person, Picture, PoseSet
from shared.keypoints.schema import COCO_17, JointState

#: An upright front view with a torso of 100 px; the left arm level, its forearm up; the right leg lifted inward.
PLACES = {
    "nose": (100, 10), "left_shoulder": (125, 50), "right_shoulder": (75, 50), "left_elbow": (185, 50),
    "left_wrist": (185, 0), "right_elbow": (75, 110), "right_wrist": (75, 160), "left_hip": (120, 150),
    "right_hip": (80, 150), "left_knee": (120, 230), "left_ankle": (120, 320), "right_knee": (160, 150),
    "right_ankle": (160, 240),
}  # fmt: skip


def characters(*places: dict[str, tuple[float, float]]) -> PoseSet:
    people = []
    for number, named in enumerate(places):
        points, state = np.zeros((17, 2)), np.zeros(17, np.int64)
        for name, place in named.items():
            points[COCO_17.index(name)] = place
            state[COCO_17.index(name)] = JointState.VISIBLE
        people.append(Person(number, number, points, state))
    pictures = {number: Picture(number, f"{number}.png", 400, 400) for number in range(len(places))}
    return PoseSet(COCO_17, pictures, people, has_visibility=True, problems=[])


def test_by_hand() -> None:
    found = {name: values.tolist() for name, (_, values) in measures(characters(PLACES)).items()}
    assert found["shoulder width"] == [0.5]
    assert found["hip width"] == [0.4]
    assert found["nose to shoulders"] == [0.4]
    assert found["upper arm"] == [0.6, 0.6]
    assert found["forearm"] == [0.5, 0.5]
    assert found["thigh"] == [0.8, 0.8]
    assert found["shin"] == [0.9, 0.9]
    assert found["torso, from upright"] == pytest.approx([0])
    assert found["upper arm, from the torso"] == pytest.approx([90, 0]), "left outward, right down"
    assert found["forearm, from the torso"] == pytest.approx([180, 0])
    assert found["thigh, from the torso"] == pytest.approx([0, -90]), "the right one across to the left"
    assert found["elbow"] == pytest.approx([90, 180])
    assert found["knee"] == pytest.approx([180, 90])


def test_measures_do_not_depend_on_place_size_and_turn_of_the_torso() -> None:
    turn = np.array([[np.cos(1.1), np.sin(1.1)], [-np.sin(1.1), np.cos(1.1)]]) * 2.5
    moved = {name: tuple((np.array(place) @ turn + 30).tolist()) for name, place in PLACES.items()}
    one, two = measures(characters(PLACES)), measures(characters(moved))
    for name, (_, values) in one.items():
        if name == "torso, from upright":
            assert two[name][1] - values == pytest.approx(np.degrees(1.1)), "the head to the right"
        else:
            assert two[name][1] == pytest.approx(values), name


def test_what_cannot_be_told_is_left_out() -> None:
    some = {name: place for name, place in PLACES.items() if name not in ("left_hip", "nose")}
    found = measures(characters(some, PLACES))
    assert len(found["shoulder width"][1]) == 1, "without a hip there is no torso"
    assert len(found["elbow"][1]) == 4
    assert len(found["knee"][1]) == 3
    alone = measures(characters({"nose": (1, 2)}))
    assert all(len(values) == 0 for _, values in alone.values())
    assert compared(characters({"nose": (1, 2)}), characters(PLACES)) == {}


def test_comparison() -> None:
    rng = np.random.default_rng(3)

    def with_left_shin(length: float) -> dict[str, tuple[float, float]]:
        return {**PLACES, "left_ankle": (120, 230 + length), "right_ankle": (160, 150 + length)}

    short = characters(*(with_left_shin(value) for value in rng.uniform(50, 100, 400)))
    wide = characters(*(with_left_shin(value) for value in rng.uniform(50, 150, 400)))
    same = compared(wide, wide)["shin"]
    assert (same.overlap, same.unit) == (1.0, "torso")
    assert sum(same.uncovered) < 0.03
    lacks = compared(short, wide)["shin"]
    assert lacks.overlap == pytest.approx(0.5, abs=0.07), "half of the other's range"
    assert lacks.uncovered[1] == pytest.approx(0.5, abs=0.06)
    assert lacks.uncovered[0] < 0.03
    assert lacks.first[1] == pytest.approx(0.75, abs=0.03)
    assert lacks.second[1] == pytest.approx(1.0, abs=0.05)
