"""Masks corrected by the picture's own colours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from segmenter.color_model import LEAST_SHARE, SIDE_PX, weigh_colors
from segmenter.edge_cut import cut_along_edges

Correction = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _figure(side: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """A figure with a red and a blue half before grey stones, and its true mask."""
    rng = np.random.default_rng(0)
    picture = np.repeat(rng.integers(90, 160, (side, side, 1), dtype=np.uint8), 3, axis=2)
    truth = np.zeros((side, side), np.bool_)
    truth[side // 4 : side * 3 // 4, side // 3 : side * 2 // 3] = True
    picture[truth] = (200, 40, 40)
    picture[side // 2 : side * 3 // 4, side // 3 : side * 2 // 3] = (40, 60, 190)
    return picture, truth


def test_the_rest_of_a_figure_is_taken_in() -> None:
    picture, truth = _figure()
    half_seen = np.where(truth, np.float32(0.35), np.float32(0.05)).astype(np.float32)
    half_seen[truth & (np.arange(240)[None] < 120)] = 0.9  # both colours on the left half
    got = weigh_colors(picture, half_seen)
    assert got.dtype == np.float32
    assert ((half_seen > 0.5) != truth).mean() > 0.05
    assert ((got > 0.5) != truth).mean() < 0.001


def test_what_looks_like_the_surroundings_is_left_out() -> None:
    picture, truth = _figure()
    too_much = truth.astype(np.float32) * 0.9 + 0.02
    too_much[60:180, 160:175] = 0.6  # stones taken for the figure
    assert ((weigh_colors(picture, too_much) > 0.5) != truth).mean() < 0.005


@pytest.mark.parametrize("correct", [weigh_colors, cut_along_edges])
@pytest.mark.parametrize("value", [0.0, 0.2, 0.3, 0.49])
def test_an_empty_picture_stays_empty(value: float, correct: Correction) -> None:
    picture, _ = _figure()
    empty = np.full((240, 240), value, np.float32)
    empty[:2, :2] = 0.9  # less than the least share
    assert LEAST_SHARE > 4 / 240**2
    np.testing.assert_array_equal(correct(picture, empty), empty)


def test_one_colour_for_everything_says_nothing() -> None:
    picture = np.full((50, 40, 3), 128, np.uint8)
    rng = np.random.default_rng(1)
    probability = rng.uniform(0.05, 0.95, (50, 40)).astype(np.float32)
    np.testing.assert_allclose(weigh_colors(picture, probability), probability, atol=1e-3)


def test_large_pictures_are_answered_in_bands(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, truth = _figure(3 * SIDE_PX)
    probability = truth.astype(np.float32) * 0.6 + 0.2
    whole = weigh_colors(picture, probability)
    monkeypatch.setattr("segmenter.color_model.BAND_ROWS", 7)
    np.testing.assert_allclose(weigh_colors(picture, probability), whole, atol=1e-6)
    assert ((whole > 0.5) != truth).mean() < 0.005
