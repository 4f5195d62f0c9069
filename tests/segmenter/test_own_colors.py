"""Foreground colours: on composites whose true colours are known, and the same in tiles as in one piece."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmenter.own_colors import foreground_colors

NEW = np.array([0.0, 255.0, 0.0])


def _drawing(size: int, softness: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A figure of several colours over a wavy ground; returns picture, opacity 0-255 and the figure's colours."""
    y, x = np.mgrid[:size, :size] / size
    colors = np.stack([180 + 60 * np.sin(9 * x), 60 + 40 * np.cos(7 * y), 90 + 60 * x], axis=-1)
    colors[y > 0.55] = (40, 50, 120)
    ground = np.stack([120 + 100 * np.sin(20 * x), 150 + 90 * np.cos(16 * y), 200 - 120 * y], axis=-1)
    shape = np.hypot(x - 0.5, y - 0.5) < 0.3 + 0.05 * np.sin(9 * np.arctan2(y - 0.5, x - 0.5))
    alpha = cv2.GaussianBlur(shape.astype(np.float32), (0, 0), softness)
    opacity = np.rint(alpha * 255).astype(np.uint8)
    share = opacity[..., None] / 255
    picture = np.rint(share * colors + (1 - share) * ground).astype(np.uint8)
    return picture, opacity, colors


def _errors(shown: np.ndarray, opacity: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Errors in grey levels on a new background, at half-transparent pixels."""
    share = opacity[..., None] / 255
    rim = (opacity > 5) & (opacity < 250)
    return np.abs(share * shown + (1 - share) * NEW - (share * colors + (1 - share) * NEW))[rim]


@pytest.mark.parametrize(("softness", "most"), [(0.6, 4.0), (2.0, 4.0), (5.0, 7.0)])
@pytest.mark.parametrize("size", [160, 700])
def test_a_figure_on_a_new_background_has_no_fringe(size: int, softness: float, most: float) -> None:
    picture, opacity, colors = _drawing(size, softness)
    got = foreground_colors(picture, opacity, opacity < 255)
    ours, naive = _errors(got, opacity, colors).mean(), _errors(picture, opacity, colors).mean()
    assert ours < most
    assert ours < naive / 2.5


def test_pixels_that_are_not_needed_keep_the_pictures_colour() -> None:
    picture, opacity, _ = _drawing(100, 2.0)
    needed = np.zeros(opacity.shape, np.bool_)
    needed[:50] = True
    got = foreground_colors(picture, opacity, needed)
    assert np.array_equal(got[50:], picture[50:])
    assert not np.array_equal(got[:50], picture[:50])


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    picture, opacity, _ = _drawing(300, 3.0)
    monkeypatch.setattr("segmenter.own_colors.SOLVE_SIDE_PX", 90)
    monkeypatch.setattr("segmenter.own_colors._TILE_PX", 10_000)
    whole = foreground_colors(picture, opacity, opacity < 255)
    monkeypatch.setattr("segmenter.own_colors._TILE_PX", 37)
    tiled = foreground_colors(picture, opacity, opacity < 255)
    assert np.abs(tiled.astype(int) - whole.astype(int)).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 3)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    picture = np.full((*size, 3), (200, 100, 50), np.uint8)
    for value in (0, 128, 255):
        opacity = np.full(size, value, np.uint8)
        got = foreground_colors(picture, opacity, np.ones(size, np.bool_))
        assert got.shape == picture.shape
        if value:
            assert np.abs(got.astype(int) - (200, 100, 50)).max() <= 2
