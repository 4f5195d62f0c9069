"""Metrics against hand-computed values."""

from __future__ import annotations

import math

import pytest
import torch

from pose.metrics import PARTS, JointAccuracy, PartAccuracy
from pose.paper_metrics import PaperMetrics, mean_part_lengths, oks_similarity
from pose.published import keypoint_rows
from shared.keypoints.schema import COCO_17, JointState

I = {name: i for i, name in enumerate(COCO_17.names)}  # noqa: E741


def figure() -> torch.Tensor:
    """A standing figure in a box of 40 × 100, whose torso length is 5·√(6² + 8²)/… = 50 and head length 20."""
    points = torch.zeros(1, 17, 2)
    places = {
        "nose": (20, 10), "left_eye": (22, 8), "right_eye": (18, 8), "left_ear": (25, 9), "right_ear": (15, 9),
        "left_shoulder": (35, 30), "right_shoulder": (5, 30), "left_elbow": (38, 45), "right_elbow": (2, 45),
        "left_wrist": (38, 58), "right_wrist": (2, 58), "left_hip": (35, 70), "right_hip": (10, 70),
        "left_knee": (28, 80), "right_knee": (12, 80), "left_ankle": (28, 98), "right_ankle": (12, 98),
    }  # fmt: skip
    for name, place in places.items():
        points[0, I[name]] = torch.tensor(place, dtype=torch.float32)
    return points


def all_visible(batch: int = 1) -> torch.Tensor:
    return torch.full((batch, 17), int(JointState.VISIBLE))


SIDE = torch.tensor([100.0])


def test_torso_is_left_hip_to_right_shoulder() -> None:
    # (35, 70) - (5, 30) = (30, 40): 50 long, so PDJ@0.2 has a radius of 10; the other diagonal has 47.2.
    moved = figure()
    moved[0, I["nose"], 0] += 9.99
    moved[0, I["left_wrist"], 1] += 10.01
    pdj = JointAccuracy("torso", 0.2)
    pdj.update(moved, figure(), all_visible(), SIDE)
    assert pdj.compute().item() == pytest.approx(16 / 17)
    assert pdj.per_joint()[I["left_wrist"]] == 0
    assert pdj.per_joint()[I["nose"]] == 1


def test_head_is_nose_to_the_middle_of_the_shoulders() -> None:
    # (20, 10) to (20, 30): 20 long, so PCKh@0.5 has a radius of 10.
    moved = figure()
    moved[0, I["left_knee"], 0] += 9.9
    moved[0, I["right_knee"], 0] += 10.1
    pckh = JointAccuracy("head", 0.5)
    pckh.update(moved, figure(), all_visible(), SIDE)
    assert pckh.compute().item() == pytest.approx(16 / 17)


def test_only_known_joints_count() -> None:
    state = all_visible()
    state[0, I["left_wrist"]] = JointState.OCCLUDED
    state[0, I["right_wrist"]] = JointState.UNKNOWN
    state[0, I["left_ankle"]] = JointState.OUTSIDE
    wrong = figure() + 1000
    wrong[0, I["nose"]] = figure()[0, I["nose"]]
    every, visible = JointAccuracy("torso", 0.2), JointAccuracy("torso", 0.2, visible_only=True)
    for metric in (every, visible):
        metric.update(wrong, figure(), state, SIDE)
    assert every.compute().item() == pytest.approx(1 / 15)
    assert visible.compute().item() == pytest.approx(1 / 14)
    assert math.isnan(every.per_joint()[I["right_wrist"]])


def test_no_usable_length_is_excluded_and_counted() -> None:
    # Sample 0 is good, 1 has hip and shoulder at one place, 2 does not know its hip.
    points, state = figure().repeat(3, 1, 1), all_visible(3)
    points[1, I["left_hip"]] = points[1, I["right_shoulder"]] + 1.0  # √2 < 2 % of 100
    state[2, I["left_hip"]] = JointState.UNKNOWN
    metric = JointAccuracy("torso", 0.2)
    metric.update(points + torch.tensor([0.0, 500.0, 500.0]).view(3, 1, 1), points, state, SIDE.repeat(3))
    assert metric.compute().item() == 1
    assert metric.excluded == 2
    assert metric.count.sum() == 17


def test_an_absent_answer_is_wrong() -> None:
    predicted = figure()
    predicted[0, I["nose"]] = math.nan
    metric = JointAccuracy("torso", 0.2)
    metric.update(predicted, figure(), all_visible(), SIDE)
    assert metric.compute().item() == pytest.approx(16 / 17)


def test_metrics_do_not_depend_on_scale_or_batching() -> None:
    torch.manual_seed(0)
    points, state = figure().repeat(6, 1, 1), all_visible(6)
    predicted = points + torch.randn(6, 17, 2) * 8
    whole, parts = JointAccuracy("torso", 0.2), JointAccuracy("torso", 0.2)
    whole.update(predicted, points, state, SIDE.repeat(6))
    for b in range(6):
        parts.update(predicted[b : b + 1] * 7, points[b : b + 1] * 7, state[b : b + 1], SIDE * 7)
    assert 0.2 < whole.compute().item() < 0.95
    assert whole.compute().item() == parts.compute().item()


def test_there_are_the_fourteen_parts() -> None:
    names = [tuple(COCO_17.names[i] for i in part) for part in PARTS]
    assert len(names) == 14
    assert names[0] == ("right_ear", "right_eye")
    assert names[6] == ("right_shoulder", "left_shoulder")
    assert names[11] == ("right_hip", "left_hip")


def test_parts_by_hand() -> None:
    # Right shin: (12, 80)-(12, 98), 18 long, radius 9. The left shin is foreshortened to 4 (radius 2).
    points = figure()
    points[0, I["left_ankle"]] = torch.tensor([28.0, 84.0])
    predicted = points.clone()
    predicted[0, I["right_ankle"], 0] += 8.0
    predicted[0, I["left_ankle"], 0] += 3.0
    metric = PartAccuracy(0.5)
    metric.update(predicted, points, all_visible(), SIDE)
    assert metric.compute()["pcp"].item() == pytest.approx(13 / 14)
    # PCPm over one figure is PCP; with a second one the mean left shin is (4 + 18)/2 = 11: radius 5.5.
    metric.update(figure(), figure(), all_visible(), SIDE)
    assert metric.compute()["pcp"].item() == pytest.approx(27 / 28)
    assert metric.compute()["pcpm"].item() == 1.0


def test_parts_without_length_or_knowledge() -> None:
    points, state = figure(), all_visible()
    points[0, I["left_ear"]] = points[0, I["left_eye"]]
    state[0, I["right_ankle"]] = JointState.OUTSIDE
    predicted = points.clone()
    predicted[0, I["right_ankle"]] += 99
    metric = PartAccuracy(0.5)
    metric.update(predicted, points, state, SIDE)
    assert metric.excluded() == 1
    assert metric.compute()["pcp"].item() == 1.0
    assert PartAccuracy().compute()["pcp"].isnan()


def test_paper_oks_radii() -> None:
    # Aspect 2.3: s = √(1/2.3) = .659; the published radii of the nose are .020 (t = .5) and .013 (t = .75).
    box = torch.tensor([[100.0, 230.0]])
    sigma, s = 0.026, math.sqrt(1 / 2.3)
    for t, factor, published in ((0.5, 1.177, 0.020), (0.75, 0.7585, 0.013)):
        radius = s * sigma * factor
        assert radius == pytest.approx(published, abs=5e-4)
        distance = torch.full((1, 17), radius)
        assert oks_similarity(distance, box)[0, I["nose"]].item() == pytest.approx(t, abs=1e-3)
    # Wider joints forgive more, in the order of their sigmas.
    similar = oks_similarity(torch.full((1, 17), 0.05), box)[0]
    assert similar[I["left_hip"]] > similar[I["left_wrist"]] > similar[I["nose"]]


def test_paper_metrics_by_hand() -> None:
    # Everything is right but one wrist, 15 px off in a 40 × 100 box.
    predicted = figure()
    predicted[0, I["left_wrist"], 0] += 15
    metric = PaperMetrics()
    metric.update(predicted, figure(), torch.tensor([[40.0, 100.0]]))
    values = {name: value.item() for name, value in metric.compute().items()}
    assert set(values) == {"oks@50", "oks@75", "pckh@20", "pckh@50", "pdj@20", "pcp@50"}
    assert values["pdj@20"] == pytest.approx(16 / 17)  # 15 > 10
    assert values["pckh@50"] == pytest.approx(16 / 17)
    assert values["oks@50"] == pytest.approx(16 / 17)  # radius √.4·.062·1.177·100 = 4.6 px
    assert values["pcp@50"] == pytest.approx(13 / 14)  # the left forearm


def test_paper_metrics_average_batches_not_samples() -> None:
    box, far = torch.tensor([[40.0, 100.0]]), figure() + 500
    metric = PaperMetrics()
    metric.update(figure().repeat(3, 1, 1), figure().repeat(3, 1, 1), box.repeat(3, 1))
    metric.update(far, figure(), box)
    assert metric.compute()["pdj@20"].item() == pytest.approx(0.5)  # not 3/4


def test_paper_pcpm_uses_the_given_lengths() -> None:
    predicted = figure()
    predicted[0, I["left_ankle"], 0] += 10  # shin 18, radius 9
    metric = PaperMetrics(mean_part_lengths=(1.0,) * 14)
    metric.update(predicted, figure(), torch.tensor([[40.0, 100.0]]))
    assert metric.compute()["pcp@50"].item() == pytest.approx(13 / 14)
    assert metric.compute()["pcpm@50"].item() == 1.0


def test_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"need \(B, 17, 2\)"):
        JointAccuracy().update(figure()[:, :16], figure(), all_visible(), SIDE)
    with pytest.raises(ValueError, match="finite"):
        PaperMetrics().update(figure(), figure() * math.nan, torch.ones(1, 2))
    with pytest.raises(ValueError, match="14"):
        PaperMetrics(mean_part_lengths=(1.0,))


def test_mean_part_lengths_by_hand() -> None:
    points = torch.zeros(2, 17, 2)
    points[0, COCO_17.index("left_wrist")] = torch.tensor([30.0, 40.0])  # 50 from the elbow, box 100
    points[1, COCO_17.index("left_wrist")] = torch.tensor([0.0, 60.0])  # 60, box 200
    lengths = mean_part_lengths(points, torch.tensor([[100.0, 20.0], [50.0, 200.0]]))
    part = PARTS.index((COCO_17.index("left_elbow"), COCO_17.index("left_wrist")))
    assert lengths[part] == pytest.approx((0.5 + 0.3) / 2)
    assert sum(lengths) == pytest.approx(0.4)


def test_published_rows_average_left_and_right() -> None:
    rows = {name: values for name, *values in keypoint_rows({"pdj@0.2/left_knee": 0.5, "pdj@0.2/right_knee": 0.7})}
    assert rows["knees"] == pytest.approx([0.6, 0.7577, 0.610])
    assert rows["nose"][0] != rows["nose"][0]
    assert list(rows) == ["nose", "eyes", "ears", "shoulders", "elbows", "wrists", "hips", "knees", "ankles"]
