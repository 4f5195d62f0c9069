"""Characters out of a probability map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.components import characters


def _map() -> np.ndarray:
    probability = np.full((60, 100), 0.1, np.float32)
    probability[5:45, 10:30] = 0.9  # 800 px
    probability[10:50, 60:90] = 0.8  # 1200 px
    return probability


def test_one_character_a_piece_largest_first() -> None:
    probability = _map()
    found = characters(probability)
    assert [c.box_xyxy for c in found] == [(60, 10, 90, 50), (10, 5, 30, 45)]
    assert [c.score for c in found] == pytest.approx([0.8, 0.9], abs=1e-6)
    assert found[0].mask.dtype == np.bool_
    assert np.array_equal(found[0].mask | found[1].mask, probability > 0.5)


def test_nothing_there_is_an_empty_list() -> None:
    assert characters(np.zeros((7, 5), np.float32)) == []
    assert characters(np.full((1, 1), 0.5, np.float32)) == []


def test_a_single_pixel_picture_can_be_a_character() -> None:
    (only,) = characters(np.ones((1, 1), np.float32))
    assert only.box_xyxy == (0, 0, 1, 1)


def test_specks_are_dropped() -> None:
    probability = _map()
    probability[55:58, 2:5] = 1.0  # 9 px: below 0.2 % of 6000 = 12
    assert len(characters(probability)) == 2
    assert len(characters(probability, min_picture_share=0.001, min_largest_share=0.005)) == 3
    # 40 px is above 0.2 % of the picture, below 5 % of the largest
    probability[55:59, 40:50] = 1.0
    assert len(characters(probability)) == 2


def test_doubtful_pieces_are_dropped() -> None:
    probability = _map()
    probability[5:45, 10:30] = 0.7
    assert [c.box_xyxy for c in characters(probability)] == [(60, 10, 90, 50)]
    assert len(characters(probability, min_certainty=0.0)) == 2
    assert len(characters(probability, threshold=0.3)) == 2, "measured from the threshold: 0.65"
    assert len(characters(probability, threshold=0.75)) == 0, "0.8 is no way from 0.75 to 1"


def test_small_gaps_are_filled_and_large_ones_stay() -> None:
    probability = _map()
    probability[20:22, 70:72] = 0.2  # 4 px of 1200
    probability[30:40, 75:85] = 0.2  # 100 px
    found = characters(probability)
    assert found[0].mask[20:22, 70:72].all()
    assert not found[0].mask[30:40, 75:85].any()


def test_a_notch_at_the_border_is_no_hole() -> None:
    probability = np.ones((40, 40), np.float32)
    probability[0, 20] = 0.0
    (only,) = characters(probability)
    assert not only.mask[0, 20]


def test_a_gap_that_holds_another_character_keeps_it() -> None:
    probability = np.zeros((60, 60), np.float32)
    probability[5:55, 5:55] = 1
    probability[15:45, 15:45] = 0
    probability[25:35, 25:35] = 1
    outer, inner = characters(probability)
    assert not (outer.mask & inner.mask).any()
    assert inner.box_xyxy == (25, 25, 35, 35)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 2**32 - 1))
def test_pieces_are_disjoint_boxed_tightly_and_sorted(height: int, width: int, seed: int) -> None:
    probability = np.random.default_rng(seed).random((height, width), dtype=np.float32)
    found = characters(probability, min_picture_share=0, min_largest_share=0, max_hole_share=0, min_certainty=0)
    assert np.array_equal(sum((c.mask.astype(int) for c in found), np.zeros((height, width), int)), probability > 0.5)
    areas = [int(c.mask.sum()) for c in found]
    assert areas == sorted(areas, reverse=True)
    for character in found:
        rows, columns = np.nonzero(character.mask)
        assert character.box_xyxy == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert character.score > 0.5


def test_not_a_map_is_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        characters(np.zeros((0, 4), np.float32))
