"""The gate balances the two mistakes, and is not chosen from too little."""

from __future__ import annotations

import pytest
import torch

from pose.gate import DEFAULT_GATE, ENOUGH, ScoreGate
from shared.keypoints.schema import JointState

OUT, IN = int(JointState.OUTSIDE), int(JointState.VISIBLE)


def test_separable_scores_are_separated() -> None:
    gate = ScoreGate(1)
    gate.update(torch.full((50, 1), 0.1), torch.full((50, 1), OUT))
    gate.update(torch.full((50, 1), 0.6), torch.full((50, 1), IN))
    assert 0.1 < gate.compute().item() <= 0.6
    assert gate.compute().item() == pytest.approx(0.35, abs=0.01)


def test_mistakes_are_equally_frequent() -> None:
    torch.manual_seed(0)
    absent, present = torch.rand(2000, 1) * 0.6, torch.rand(9000, 1) * 0.8 + 0.2
    metric = ScoreGate(1)
    metric.update(absent, torch.full((2000, 1), OUT))
    metric.update(present, torch.full((9000, 1), IN))
    gate = metric.compute().item()
    false_present, false_absent = (absent >= gate).float().mean(), (present < gate).float().mean()
    assert abs(false_present - false_absent) < 0.01
    # By hand: 1 - g/.6 = (g - .2)/.8 at g = 1.25 / 2.9167 = .4286.
    assert gate == pytest.approx(0.4286, abs=0.02)


def test_a_rare_joint_takes_the_common_gate_and_unknown_joints_are_not_seen() -> None:
    metric = ScoreGate(3)
    score = torch.tensor([[0.2, 0.4, 0.9]]).repeat(100, 1)
    state = torch.tensor([[OUT, IN, int(JointState.UNKNOWN)]]).repeat(100, 1)
    metric.update(score, state)
    gates = metric.compute()
    assert gates[0] == gates[1] == gates[2]
    assert 0.2 < gates[0] <= 0.4


def test_too_little_gives_the_default() -> None:
    metric = ScoreGate(2)
    metric.update(torch.full((ENOUGH - 1, 2), 0.5), torch.full((ENOUGH - 1, 2), OUT))
    metric.update(torch.full((99, 2), 0.7), torch.full((99, 2), IN))
    assert metric.compute()[0] == metric.compute()[1]
    empty = ScoreGate(2)
    assert empty.compute().tolist() == pytest.approx([DEFAULT_GATE] * 2)
