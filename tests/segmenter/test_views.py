"""Windows: strips are covered, small characters are looked at again, and no seam shows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from segmenter.net import SegmenterNet
from segmenter.predict import SegmenterPredictor
from segmenter.views import closer_views, join, paste, whole_views


@pytest.mark.parametrize("size", [(100, 100), (200, 100), (100, 200), (1, 1), (399, 200)])
def test_an_ordinary_picture_is_one_window(size: tuple[int, int]) -> None:
    assert whole_views(*size) == [(0, 0, *size)]


@pytest.mark.parametrize("size", [(300, 100), (100, 300), (800, 12_000), (1, 4000), (7, 15)])
def test_a_strip_is_covered_by_overlapping_windows(size: tuple[int, int]) -> None:
    width, height = size
    views = whole_views(width, height)
    axis = 0 if width > height else 1
    assert len(views) > 1
    assert views[0][axis] == 0
    assert views[-1][axis + 2] == max(size)
    for before, after in itertools.pairwise(views):
        length = before[axis + 2] - before[axis]
        assert max(length / min(size), 1) <= 2
        assert before[axis + 2] - after[axis] >= length / 3 - 1
    assert all(view[1 - axis] == 0 and view[3 - axis] == min(size) for view in views)


@pytest.mark.parametrize("size", [(300, 70), (70, 300)])
def test_joined_windows_of_one_map_are_that_map(size: tuple[int, int]) -> None:
    width, height = size
    truth = np.random.default_rng(0).random((height, width), dtype=np.float32)
    views = whole_views(width, height)
    answers = [truth[y1:y2, x1:x2].copy() for x1, y1, x2, y2 in views]
    np.testing.assert_allclose(join(views, answers, width, height), truth, atol=1e-6)


def test_small_characters_get_square_windows_and_large_ones_none() -> None:
    probability = np.zeros((400, 600), np.float32)
    probability[100:160, 200:230] = 1  # 30 × 60 px: the window is 60 · 1.5 = 90 px
    (view,) = closer_views(probability)
    x1, y1, x2, y2 = view
    assert x2 - x1 == pytest.approx(90, abs=8)
    assert y2 - y1 == pytest.approx(90, abs=8)
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((215, 130), abs=4)
    probability[50:380, 100:400] = 1
    assert closer_views(probability) == []
    assert closer_views(np.zeros((50, 60), np.float32)) == []


def test_windows_that_overlap_become_one() -> None:
    probability = np.zeros((400, 400), np.float32)
    for left in (100, 150):
        probability[100:140, left : left + 30] = 1
    probability[300:340, 300:320] = 1
    views = closer_views(probability)
    assert len(views) == 2
    wide = max(views, key=lambda view: view[2] - view[0])
    assert wide[0] < 100
    assert wide[2] > 180


def test_a_closer_look_counts_in_the_middle_and_fades_at_the_rim() -> None:
    result = np.zeros((60, 80), np.float32)
    paste(result, (0, 10, 40, 50), np.ones((40, 40), np.float32))
    assert result[30, 20] == 1
    assert result[30, 0] == 1  # the picture's own border is no seam
    assert result[10, 20] < 0.1
    assert result[30, 39] < 0.1
    assert not result[:, 40:].any()
    assert np.abs(np.diff(result, axis=0)).max() < 0.2


class _Dark(SegmenterNet):
    """Says "character" where the picture is dark, and counts the pictures it sees."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.seen = 0

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        self.seen += len(image)
        grey = image.mean(dim=1, keepdim=True)
        return torch.cat([(grey - 0.5) * 20, (0.5 - grey) * 20], dim=1)


def _iou(got: np.ndarray, truth: np.ndarray) -> float:
    answer = got > 0.5
    return float((answer & truth).sum() / (answer | truth).sum())


def test_a_small_character_is_found_more_exactly_with_a_closer_look() -> None:
    truth = np.zeros((700, 900), np.bool_)
    y, x = np.mgrid[:700, :900]
    truth[np.hypot(y - 301, x - 405) < 50] = True
    truth[np.hypot(y - 301, x - 405) < 25] = False
    image = np.where(truth[..., None], np.uint8(20), np.uint8(235)).repeat(3, axis=2)
    answers = {}
    for closer in (False, True):
        predictor = SegmenterPredictor(
            _Dark(),
            64,
            bf16=False,
            flip_test=False,
            refined=False,
            closer_look=closer,
            sharper_look=False,
            colors=False,
        )
        (got,) = predictor.predict([image])
        answers[closer] = _iou(got, truth)
        assert predictor.net.seen == (2 if closer else 1)
    assert answers[True] > 0.95
    assert answers[True] > answers[False] + 0.03


def test_a_webtoon_strip_is_seen_at_a_useful_scale() -> None:
    truth = np.zeros((6400, 160), np.bool_)
    for top in (200, 3300, 6000):
        truth[top : top + 60, 40:100] = True
    image = np.where(truth[..., None], np.uint8(20), np.uint8(235)).repeat(3, axis=2)
    predictor = SegmenterPredictor(_Dark(), 64, bf16=False, flip_test=False)
    (got,) = predictor.predict([image])
    assert _iou(got, truth) > 0.93
