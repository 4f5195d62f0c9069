"""Metrics: by hand, against a brute-force reference, and the stated 0/0 rules."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from segmenter.boxes import box_iou, paper_box
from segmenter.metrics import SegmentationMetrics, boundary, boundary_rounds, image_metrics

Mask = NDArray[np.bool_]


def _tensor(rows: list[list[int]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float32)


def test_by_hand() -> None:
    answer = _tensor([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]])
    truth = _tensor([[1, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    got = image_metrics(answer, truth)
    # tp 2, fp 2, fn 1, tn 7
    assert got["precision"] == pytest.approx(2 / 4)
    assert got["recall"] == pytest.approx(2 / 3)
    assert got["f1"] == pytest.approx(4 / 7)
    assert got["iou"] == pytest.approx(2 / 5)
    assert got["accuracy"] == pytest.approx(9 / 12)
    assert got["box_iou"] == pytest.approx(3 / 12)  # the whole 4×3 picture against 3×1
    assert got["mae"] == pytest.approx(3 / 12)
    assert got["empty"] == 0


def _brute_boundary(mask: Mask, rounds: int) -> Mask:
    """Erodes pixel by pixel, round by round; outside is background."""
    height, width = mask.shape
    eroded = mask.copy()
    for _ in range(rounds):
        before = eroded.copy()
        for y in range(height):
            for x in range(width):
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        inside = 0 <= y + dy < height and 0 <= x + dx < width
                        if not inside or not before[y + dy, x + dx]:
                            eroded[y, x] = False
    return mask & ~eroded


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_boundary_against_brute_force(rounds: int) -> None:
    mask = np.random.default_rng(rounds).random((13, 9)) < 0.93
    got = boundary(torch.from_numpy(mask), rounds).numpy()
    assert np.array_equal(got, _brute_boundary(mask, rounds))


def test_boundary_of_a_full_picture_is_its_frame() -> None:
    rim = boundary(torch.ones(5, 6, dtype=torch.bool), 1)
    assert rim.sum() == 5 * 6 - 3 * 4
    assert boundary_rounds(30, 40) == 1
    assert boundary_rounds(300, 400) == 10


def _reference(answer: Mask, truth: Mask) -> dict[str, float]:
    """The same metrics with Python sets."""
    a, t = set(map(tuple, np.argwhere(answer))), set(map(tuple, np.argwhere(truth)))
    rounds = max(1, round(0.02 * math.hypot(*truth.shape)))
    ra, rt = (set(map(tuple, np.argwhere(_brute_boundary(mask, rounds)))) for mask in (answer, truth))

    def box(cells: set[tuple[int, ...]]) -> set[tuple[int, int]]:
        rows, columns = [c[0] for c in cells], [c[1] for c in cells]
        return {(y, x) for y in range(min(rows), max(rows) + 1) for x in range(min(columns), max(columns) + 1)}

    ba, bt = (box(cells) if cells else set() for cells in (a, t))
    nothing = not a and not t
    return {
        "precision": len(a & t) / len(a) if a else float(nothing),
        "recall": len(a & t) / len(t) if t else float(nothing),
        "f1": 2 * len(a & t) / (len(a) + len(t)) if not nothing else 1.0,
        "iou": len(a & t) / len(a | t) if not nothing else 1.0,
        "boundary_iou": len(ra & rt) / len(ra | rt) if ra | rt else 1.0,
        "box_iou": len(ba & bt) / len(ba | bt) if ba | bt else 1.0,
        "accuracy": float((answer == truth).mean()),
        "false_alarm": len(a) / answer.size,
    }


@pytest.mark.parametrize("seed", range(12))
def test_against_brute_force(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 14, 2))
    answer, truth = (rng.random(shape) < rng.choice([0.0, 0.1, 0.6, 0.95]) for _ in range(2))
    got = image_metrics(torch.from_numpy(answer).float(), torch.from_numpy(truth).float())
    for name, value in _reference(answer, truth).items():
        assert got[name] == pytest.approx(value), name


def test_zero_over_zero_rules() -> None:
    empty, full = torch.zeros(4, 5), torch.ones(4, 5)
    ours, paper = image_metrics(empty, empty), image_metrics(empty, empty, rules="paper")
    assert (ours["f1"], ours["precision"], ours["recall"], ours["iou"], ours["box_iou"]) == (1, 1, 1, 1, 1)
    assert (paper["f1"], paper["precision"], paper["recall"]) == (1, 0, 0)
    missed = image_metrics(empty, full)
    assert (missed["f1"], missed["precision"], missed["recall"], missed["iou"], missed["box_iou"]) == (0, 0, 0, 0, 0)
    assert image_metrics(empty, full, rules="paper")["box_iou"] == 1  # an empty mask boxes the whole picture there


def _sample() -> tuple[torch.Tensor, torch.Tensor]:
    """Three pictures: a half-right answer, an empty one answered empty, an empty one with one false pixel of four."""
    truth = torch.zeros(3, 2, 2)
    truth[0, 0] = 1
    answer = torch.zeros(3, 2, 2)
    answer[0, 0, 0] = 1
    answer[2, 1, 1] = 1
    return answer, truth


def test_our_means_report_empty_pictures_apart() -> None:
    metrics = SegmentationMetrics()
    metrics.update(*_sample())
    got = metrics.compute()
    assert (got["n"], got["n_empty"]) == (3, 2)
    assert got["iou"] == pytest.approx(1 / 2)
    assert got["f1"] == pytest.approx(2 / 3)
    assert got["false_alarm"] == pytest.approx((0 + 1 / 4) / 2)
    assert got["empty_correct"] == pytest.approx(1 / 2)
    assert got["accuracy"] == pytest.approx((3 / 4 + 1 + 3 / 4) / 3)


def test_the_papers_means_are_over_all_pictures() -> None:
    metrics = SegmentationMetrics(rules="paper")
    metrics.update(*_sample())
    got = metrics.compute()
    assert got["f1"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert got["precision"] == pytest.approx((1 + 0 + 0) / 3)
    assert got["recall"] == pytest.approx((1 / 2 + 0 + 0) / 3)


def test_a_mean_over_nothing_is_nan() -> None:
    metrics = SegmentationMetrics()
    metrics.update(torch.ones(1, 3, 3), torch.ones(1, 3, 3))
    assert math.isnan(metrics.compute()["false_alarm"])
    assert metrics.compute()["iou"] == 1


def test_batching_changes_nothing() -> None:
    rng = torch.Generator().manual_seed(0)
    answer, truth = torch.rand(7, 9, 6, generator=rng), (torch.rand(7, 9, 6, generator=rng) > 0.4).float()
    whole, parts = SegmentationMetrics(), SegmentationMetrics()
    whole.update(answer, truth)
    for part in ((0, 3), (3, 4), (4, 7)):
        parts.update(answer[slice(*part)], truth[slice(*part)])
    assert whole.compute() == pytest.approx(parts.compute(), nan_ok=True)


def test_padding_is_cut_away_before_anything_is_measured() -> None:
    answer, truth = torch.rand(6, 4), (torch.rand(6, 4) > 0.5).float()
    weight = torch.zeros(1, 10, 10)
    weight[0, 2:8, 3:7] = 1
    padded = [torch.full((1, 10, 10), 0.9), torch.full((1, 10, 10), 1.0)]
    for target, values in zip(padded, (answer, truth), strict=True):
        target[0, 2:8, 3:7] = values
    with_padding, without = SegmentationMetrics(), SegmentationMetrics()
    with_padding.update(*padded, weight)
    without.update(answer[None], truth[None])
    assert with_padding.compute() == pytest.approx(without.compute(), nan_ok=True)


def test_paper_box_has_slack_at_top_and_left_only() -> None:
    mask = np.zeros((20, 30), np.bool_)
    mask[5:10, 7:12] = True
    assert paper_box(mask) == (6, 4, 12, 10)  # rows 5–9: from 4, height 6
    assert paper_box(np.zeros((20, 30))) == (0, 0, 30, 20)


def test_box_iou_by_hand() -> None:
    assert box_iou((0, 0, 4, 2), (2, 0, 6, 2)) == pytest.approx(4 / 12)
    assert box_iou((0, 0, 1, 1), (5, 5, 6, 6)) == 0
    assert box_iou(None, None) == 1
    assert box_iou(None, (0, 0, 1, 1)) == 0
