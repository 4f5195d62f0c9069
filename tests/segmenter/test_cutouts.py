"""Cut-outs: the character's own colours, and no fringe on a new background."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmenter.cutouts import character_alpha, cutout, rim_of

RED = np.array([200.0, 60.0, 50.0])


def _disc(background: tuple[int, int, int], size: int = 96) -> tuple[np.ndarray, np.ndarray]:
    """A soft-rimmed red disc on a background, and its true alpha."""
    y, x = np.mgrid[:size, :size] + 0.5
    alpha = np.clip((size * 0.3 - np.hypot(x - size / 2, y - size / 2)) / 6 + 0.5, 0, 1)
    image = alpha[..., None] * RED + (1 - alpha[..., None]) * np.array(background)
    return image.round().astype(np.uint8), alpha.astype(np.float32)


@pytest.mark.parametrize("background", [(0, 0, 0), (255, 255, 255), (20, 200, 60)])
def test_the_rim_has_the_characters_colour(background: tuple[int, int, int]) -> None:
    image, alpha = _disc(background)
    rgba = cutout(image, alpha)
    rim = (alpha > 0.1) & (alpha < 0.95)
    ours = np.abs(rgba[rim][:, :3] - RED).mean()
    naive = np.abs(image[rim] - RED).mean()
    assert naive > 30
    assert ours < 2


@pytest.mark.parametrize("old", [(0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("new", [(255, 255, 255), (0, 0, 0), (10, 30, 220)])
def test_no_fringe_on_a_new_background(old: tuple[int, int, int], new: tuple[int, int, int]) -> None:
    image, alpha = _disc(old)
    rgba = cutout(image, alpha).astype(np.float64)
    share = rgba[..., 3:] / 255
    pasted = share * rgba[..., :3] + (1 - share) * np.array(new)
    true = alpha[..., None] * RED + (1 - alpha[..., None]) * np.array(new)
    assert np.abs(pasted - true).max() < 4  # a naive cut-out is off by over 25
    naive = share * image + (1 - share) * np.array(new)
    assert np.abs(naive - true).max() > 25


def test_opaque_pixels_keep_their_colour_exactly_and_alpha_is_the_map() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    alpha = np.zeros((40, 30), np.float32)
    alpha[10:30, 5:25] = 1
    alpha[8:10, 5:25] = 0.5
    rgba = cutout(image, alpha)
    assert np.array_equal(rgba[10:30, 5:25, :3], image[10:30, 5:25])
    assert np.array_equal(rgba[..., 3], np.round(alpha * 255).astype(np.uint8))


def test_half_transparent_colour_stays_itself() -> None:
    image = np.full((20, 30, 3), (200, 100, 50), np.uint8)
    rgba = cutout(image, np.full((20, 30), 0.5, np.float32))
    assert np.abs(rgba[..., :3].astype(int) - (200, 100, 50)).max() <= 1
    assert np.unique(rgba[..., 3]).tolist() == [128]


def test_nothing_there_gives_a_transparent_picture() -> None:
    rgba = cutout(np.full((9, 7, 3), 90, np.uint8), np.zeros((9, 7), np.uint8))
    assert not rgba.any()


def test_alpha_of_a_character_leaves_the_others_out() -> None:
    probability = np.zeros((40, 60), np.float32)
    probability[10:30, 5:20] = 0.95
    probability[10:30, 40:55] = 0.95
    probability[8:10, 5:20] = 0.3
    mask = np.zeros((40, 60), np.bool_)
    mask[10:30, 5:20] = True
    alpha = character_alpha(probability, mask)
    assert (alpha[10:30, 5:20] == 1).all()
    assert alpha[9, 10] == pytest.approx(0.25, abs=1e-6)  # (0.3 − 0.1) / 0.8
    assert not alpha[:, 30:].any()


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match="must be"):
        cutout(np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4), np.float32))


def test_a_cut_out_can_be_resized_without_a_dark_rim() -> None:
    image, alpha = _disc((0, 0, 0))
    rgba = cutout(image, (alpha > 0.5).astype(np.float32))
    small = cv2.resize(rgba, (48, 48), interpolation=cv2.INTER_LINEAR)
    rim = (small[..., 3] > 20) & (small[..., 3] < 235)
    assert rim.any()
    assert small[rim][:, 0].min() > 95  # the picture's own rim is at 100; black beside it would halve that


def test_a_body_the_net_is_unsure_of_is_opaque_and_fog_round_it_is_gone() -> None:
    probability = np.full((80, 80), 0.45, np.float32)
    probability[20:60, 20:60] = 0.6
    mask = probability > 0.5
    alpha = character_alpha(probability, mask, rim_px=5)
    assert (alpha[26:54, 26:54] == 1).all()
    assert (alpha[:14] == 0).all()
    # At the edge the map itself: (0.6 − 0.1) / 0.8 inside, (0.45 − 0.1) / 0.8 outside.
    assert alpha[40, 20] == pytest.approx(0.625, abs=1e-6)
    assert alpha[40, 19] == pytest.approx(0.4375, abs=1e-6)


def test_the_rim_grows_with_the_picture() -> None:
    assert rim_of(100, 80) == 3
    assert rim_of(1000, 3000) == 24
