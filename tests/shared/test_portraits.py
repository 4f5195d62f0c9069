"""Characters that end in the scene."""

from __future__ import annotations

import numpy as np

from shared.compositing.portraits import cut_off


def _figure() -> np.ndarray:
    rgba = np.zeros((200, 80, 4), np.uint8)
    rgba[20:180, 20:60] = (10, 120, 200, 255)
    return rgba


def test_the_upper_part_is_left_as_it_was() -> None:
    figure = _figure()
    kept = []
    for seed in range(60):
        cut = cut_off(np.random.default_rng(seed), figure)
        assert cut.dtype == np.uint8
        assert cut.shape[1:] == (80, 4)
        assert np.array_equal(cut[:40], figure[:40]), "neither head nor shoulders are touched"
        assert np.array_equal(cut[..., :3], figure[: len(cut), :, :3])
        assert not np.any(cut[..., 3] > figure[: len(cut), :, 3])
        kept.append((cut[..., 3] / 255).sum() / (figure[..., 3] / 255).sum())
    assert min(kept) < 0.5
    assert max(kept) > 0.75
    assert max(kept) < 1


def test_some_fade_and_most_do_not() -> None:
    softs = []
    for seed in range(100):
        alpha = cut_off(np.random.default_rng(seed), _figure())[..., 3]
        softs.append(int(((alpha > 0) & (alpha < 255)).any(axis=1).sum()))
    assert sum(soft > 10 for soft in softs) in range(8, 45)
    assert sum(soft <= 1 for soft in softs) > 40


def test_a_speck_is_left_alone() -> None:
    speck = np.zeros((20, 20, 4), np.uint8)
    speck[3:6, 4:7] = 255
    assert cut_off(np.random.default_rng(0), speck) is speck
