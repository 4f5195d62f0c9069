"""COCO AP: one similarity by hand, perfect and absent answers, and the metric against plain files."""

from __future__ import annotations

import math

import pytest
import torch

from pose.coco_eval import OksAp, coco_scores
from shared.keypoints.schema import COCO_17, JointState


def batch(count: int = 3) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    state = torch.full((count, 17), int(JointState.VISIBLE))
    state[:, 3] = JointState.OUTSIDE
    state[:, 5] = JointState.OCCLUDED
    return {
        "image_id": torch.arange(count) + 7,
        "points_xy": torch.rand(count, 17, 2) * 80 + 10,
        "state": state,
        "area": torch.full((count,), 2500.0),
        "box_xywh": torch.tensor([[10.0, 10.0, 80.0, 80.0]]).repeat(count, 1),
    }


def scored(points: torch.Tensor, score: float = 0.9) -> torch.Tensor:
    return torch.cat([points, torch.full((*points.shape[:-1], 1), score)], dim=-1)


def test_perfect_answers() -> None:
    truth, metric = batch(), OksAp()
    metric.update(predicted_xys=scored(truth["points_xy"]), **truth)
    assert metric.compute()["oks_ap"] == pytest.approx(1.0)


def test_the_scale_of_a_distance_is_twice_the_sigma() -> None:
    # OKS of the same error d at every joint: mean of exp(-d² / (2·area·(2σ)²)) over the 16 known joints. AP over
    # the thresholds .50, .55, … .95 of one answer is the share of thresholds that its OKS reaches.
    truth, metric, error = batch(1), OksAp(), 4.0
    moved = truth["points_xy"] + torch.tensor([error, 0.0])
    metric.update(predicted_xys=scored(moved), **truth)
    known = [sigma for i, sigma in enumerate(COCO_17.sigmas) if i != 3]
    oks = sum(math.exp(-(error**2) / (2 * 2500 * (2 * sigma) ** 2)) for sigma in known) / 16
    reached = sum(oks >= 0.5 + 0.05 * i for i in range(10)) / 10
    assert 0.5 < oks < 0.95
    assert metric.compute()["oks_ap"] == pytest.approx(reached, abs=1e-6)


def test_half_wrong_answers_of_lower_score() -> None:
    truth, metric = batch(4), OksAp()
    answers = torch.cat([scored(truth["points_xy"][:2], 0.9), scored(truth["points_xy"][2:] + 500, 0.1)])
    metric.update(predicted_xys=answers, **truth)
    # Precision 1 up to recall ½: 51 of COCO's 101 recall points.
    assert metric.compute()["oks_ap"] == pytest.approx(51 / 101)
    assert metric.compute()["oks_ar"] == pytest.approx(0.5)


def test_nothing_to_find_and_nothing_found() -> None:
    assert math.isnan(OksAp().compute()["oks_ap"])
    truth = {
        "images": [{"id": 1}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "area": 100.0, "bbox": [0, 0, 10, 10],
             "keypoints": [5, 5, 2] * 17, "num_keypoints": 17}
        ],
        "categories": [{"id": 1, "name": "person"}],
    }  # fmt: skip
    assert coco_scores(truth, [], COCO_17.sigmas)["oks_ap"] == 0.0


def test_batches_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    truth, whole, parts = batch(4), OksAp(), OksAp()
    answers = scored(truth["points_xy"] + torch.randn(4, 17, 2) * 5)
    whole.update(predicted_xys=answers, **truth)
    for b in range(4):
        parts.update(predicted_xys=answers[b : b + 1], **{k: v[b : b + 1] for k, v in truth.items()})
    assert whole.compute() == parts.compute()
    assert capsys.readouterr().out == ""
