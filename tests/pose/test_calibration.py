"""Calibrated scores say how often joints are found, and never change the order of scores."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pose.calibration import (
    BINS,
    Reliability,
    ScoreCalibration,
    calibrated,
    identity_curves,
    is_found,
    rising,
)
from shared.keypoints.schema import COCO_25, JointState

VISIBLE, OUT, UNKNOWN = int(JointState.VISIBLE), int(JointState.OUTSIDE), int(JointState.UNKNOWN)


def test_found_is_a_similarity_of_a_half() -> None:
    wrist = COCO_25.index("left_wrist")
    area = 900.0
    # exp(-d² / (2·area·(2·.062)²)) = ½ at d = .124·30·√(2 ln 2).
    radius = 0.124 * 30 * math.sqrt(2 * math.log(2))
    truth = torch.zeros(3, 25, 2)
    points = truth.clone()
    points[0, wrist, 0], points[1, wrist, 1] = radius - 1e-3, radius + 1e-3
    state = torch.full((3, 25), VISIBLE)
    state[2, wrist] = OUT
    found = is_found(points, truth, state, torch.full((3,), area))
    assert found[:, wrist].tolist() == [True, False, False]


def test_rising_by_hand() -> None:
    # .5, .2 are pooled to 3/10 … weighted; the empty bin lies between its neighbours.
    found, total = np.array([1.0, 1.0, 0.0, 9.0]), np.array([2.0, 5.0, 0.0, 10.0])
    assert rising(found, total) == pytest.approx([2 / 7, 2 / 7, (2 / 7 + 0.9) / 2, 0.9])
    rng = np.random.default_rng(0)
    total = rng.integers(1, 20, 50).astype(float)
    curve = rising(rng.binomial(total.astype(int), 0.5).astype(float), total)
    assert (np.diff(curve) >= -1e-12).all()


def test_overconfident_scores_are_corrected() -> None:
    # A joint with raw score s is found with probability s²: the calibration must learn the square.
    generator = torch.Generator().manual_seed(0)
    score = torch.rand(20_000, 2, generator=generator)
    found = torch.rand(20_000, 2, generator=generator) < score**2
    state = torch.full(score.shape, VISIBLE)
    metric = ScoreCalibration(2)
    metric.update(score, found, state)
    raw = torch.tensor([[0.2, 0.5], [0.7, 0.9]])
    assert torch.allclose(calibrated(raw, metric.compute()), raw**2, atol=0.05)
    before, after = Reliability(), Reliability()
    before.update(score, found, state)
    after.update(calibrated(score, metric.compute()), found, state)
    assert before.error() > 0.1
    assert after.error() < 0.02
    assert sum(row["n"] for row in after.compute()) == 40_000


def test_order_stays_and_unknown_joints_are_not_seen() -> None:
    metric = ScoreCalibration(1)
    score = torch.rand(500, 1, generator=torch.Generator().manual_seed(1))
    metric.update(score, score > 0.5, torch.full((500, 1), VISIBLE))
    metric.update(torch.zeros(500, 1), torch.ones(500, 1, dtype=torch.bool), torch.full((500, 1), UNKNOWN))
    curves = metric.compute()
    raw = torch.linspace(0, 1, 200)[:, None]
    value = calibrated(raw, curves)[:, 0]
    assert (value.diff() > 0).all()
    assert value[0] < 0.1
    assert value[-1] > 0.9


def test_a_joint_with_little_data_leans_on_the_others() -> None:
    metric = ScoreCalibration(2)
    score = torch.rand(5000, 2, generator=torch.Generator().manual_seed(2))
    state = torch.full((5000, 2), VISIBLE)
    state[3:, 1] = UNKNOWN
    metric.update(score, score > 0.8, state)
    curves = metric.compute()
    assert (curves[0] - curves[1]).abs().mean() < 0.1


def test_too_little_data_leaves_scores_alone() -> None:
    metric = ScoreCalibration(3)
    metric.update(torch.rand(10, 3), torch.zeros(10, 3, dtype=torch.bool), torch.full((10, 3), VISIBLE))
    assert torch.equal(metric.compute(), identity_curves(3))
    raw = torch.tensor([[0.1, 0.5, 0.93]])
    assert torch.allclose(calibrated(raw, identity_curves(3)), raw, atol=1e-6)
    assert identity_curves(3).shape == (3, BINS)
    assert math.isnan(Reliability().error())
