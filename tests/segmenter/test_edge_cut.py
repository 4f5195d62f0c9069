"""Masks moved to the picture's edges."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmenter.edge_cut import SIDE_PX, cut_along_edges


def _scene(side: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """A red figure with its arm bent to the hip (a gap shows the green ground), and its true mask."""
    rng = np.random.default_rng(0)
    truth = np.zeros((side, side), np.uint8)
    s = side / 200
    cv2.rectangle(truth, (round(80 * s), round(40 * s)), (round(120 * s), round(180 * s)), 1, -1)
    cv2.rectangle(truth, (round(120 * s), round(60 * s)), (round(160 * s), round(120 * s)), 1, -1)
    cv2.rectangle(truth, (round(124 * s), round(75 * s)), (round(146 * s), round(108 * s)), 0, -1)
    picture = np.where(truth[..., None] > 0, np.uint8([200, 50, 40]), np.uint8([60, 150, 70]))
    noise = rng.integers(0, 12, picture.shape, dtype=np.uint8)
    return picture + noise, truth.astype(bool)


def _blurred(truth: np.ndarray, reach: float) -> np.ndarray:
    """A net's answer: right in the large, soft in the small."""
    soft = cv2.GaussianBlur(truth.astype(np.float32), (0, 0), reach)
    return np.clip(soft, 0.01, 0.99)


def test_gaps_open_and_edges_are_the_picture_s() -> None:
    picture, truth = _scene()
    answer = _blurred(truth, 9)
    before, after = (answer > 0.5) != truth, (cut_along_edges(picture, answer) > 0.5) != truth
    assert before.mean() > 0.015
    assert after.mean() < 0.004


def test_where_the_net_is_sure_it_is_believed() -> None:
    picture, truth = _scene()
    sure = np.where(truth, np.float32(0.95), np.float32(0.02)).astype(np.float32)
    sure[10:30, 10:60] = 0.95  # of the ground's colours, and yet the net is nearly sure of it
    got = cut_along_edges(picture, sure)
    assert (got[12:28, 12:58] > 0.5).all()
    assert got.dtype == np.float32
    assert got.min() >= 0
    assert got.max() <= 1


def test_equal_calls_are_equal_whatever_was_drawn_before() -> None:
    picture, truth = _scene()
    answer = _blurred(truth, 9)
    first = cut_along_edges(picture, answer)
    cv2.setRNGSeed(77)
    cv2.randu(np.zeros(5, np.uint8), 0, 255)
    kept = answer.copy()
    np.testing.assert_array_equal(cut_along_edges(picture, answer), first)
    np.testing.assert_array_equal(answer, kept)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (1, 300), (6, 6)])
def test_small_and_full_pictures_are_left_alone(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    for answer in (np.full(shape, 0.9, np.float32), rng.uniform(0, 1, shape).astype(np.float32)):
        got = cut_along_edges(picture, answer)
        assert got.shape == shape
        assert np.isfinite(got).all()
    np.testing.assert_array_equal(cut_along_edges(picture, np.full(shape, 0.9, np.float32)), np.float32(0.9))


def test_large_pictures_are_answered_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, truth = _scene(2 * SIDE_PX)
    answer = _blurred(truth, 20)
    whole = cut_along_edges(picture, answer)
    assert ((whole > 0.5) != truth).mean() < 0.006
    monkeypatch.setattr("segmenter.edge_cut.BAND_ROWS", 7)
    np.testing.assert_array_equal(cut_along_edges(picture, answer), whole)
