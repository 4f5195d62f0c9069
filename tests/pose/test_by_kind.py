"""Accuracy by view and pose: each character is counted where it belongs, with hand-made answers."""

from __future__ import annotations

import pytest
import torch

from pose.by_kind import ByKind
from shared.keypoints.schema import COCO_17, JointState


def figure(facing: int) -> torch.Tensor:
    """A standing figure of torso length 40; facing 1: its left is on the picture's right (front), -1: back."""
    points = torch.zeros(17, 2, dtype=torch.float64)
    for name, (x, y) in {
        "nose": (0, 0), "eye": (2, -2), "ear": (5, 0), "shoulder": (15, 20), "elbow": (20, 40), "wrist": (22, 58),
        "hip": (9, 60), "knee": (9, 85), "ankle": (9, 110),
    }.items():  # fmt: skip
        for side, sign in (("left", 1), ("right", -1)):
            key = name if name == "nose" else f"{side}_{name}"
            points[COCO_17.index(key)] = torch.tensor([100.0 + sign * facing * x, 50.0 + y])
    return points


def test_each_character_counts_for_its_own_kind() -> None:
    truth = torch.stack([figure(1), figure(1), figure(-1)])
    state = torch.full((3, 17), int(JointState.VISIBLE))
    state[1, COCO_17.index("left_ankle")] = JointState.OUTSIDE
    predicted, found = truth.clone(), torch.ones(3, 17, dtype=torch.bool)
    predicted[2, :5] += 500.0  # the back view's head is missed
    found[2, :5] = False
    report = ByKind()
    report.update(predicted[:2], truth[:2], state[:2], torch.full((2,), 130.0), found[:2])
    report.update(predicted[2:], truth[2:], state[2:], torch.full((1,), 130.0), found[2:])
    told = report.compute()
    assert told["view"]["front"] == {"n": 2, "pdj@0.2": pytest.approx(1.0), "found": 1.0}
    assert told["view"]["back"] == {"n": 1, "pdj@0.2": pytest.approx(12 / 17), "found": pytest.approx(12 / 17)}
    assert set(told["view"]) == {"front", "back"}
    assert {kind: row["n"] for kind, row in told["torso"].items()} == {"upright": 3}


def test_a_kind_without_a_joint_to_judge_says_none() -> None:
    report = ByKind()
    state = torch.full((1, 17), int(JointState.OUTSIDE))
    report.update(torch.zeros(1, 17, 2), torch.zeros(1, 17, 2), state, torch.ones(1), torch.zeros(1, 17).bool())
    assert report.compute()["view"] == {"unknown": {"n": 1, "pdj@0.2": None, "found": None}}
