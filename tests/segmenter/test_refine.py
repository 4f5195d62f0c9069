"""The guided filter: against the textbook, and what it is there for."""

from __future__ import annotations

import numpy as np
import pytest

from segmenter.refine import enlarge, guided_coefficients, refine, resize


def _brute_force(guide: np.ndarray, values: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """Guided filter window by window with numpy's solver; reflected borders."""
    height, width = values.shape
    padded_guide = np.pad(guide, ((radius, radius), (radius, radius), (0, 0)), mode="symmetric").astype(np.float64)
    padded_values = np.pad(values, radius, mode="symmetric").astype(np.float64)
    coefficients = np.zeros((height, width, 4))
    side = 2 * radius + 1
    for y in range(height):
        for x in range(width):
            rgb = padded_guide[y : y + side, x : x + side].reshape(-1, 3)
            wanted = padded_values[y : y + side, x : x + side].ravel()
            cov = np.cov(rgb.T, bias=True)
            cross = ((rgb - rgb.mean(0)) * (wanted - wanted.mean())[:, None]).mean(0)
            slope = np.linalg.solve(cov + epsilon * np.eye(3), cross)
            coefficients[y, x] = [*slope, wanted.mean() - slope @ rgb.mean(0)]
    padded = np.pad(coefficients, ((radius, radius), (radius, radius), (0, 0)), mode="symmetric")
    return np.stack([[padded[y : y + side, x : x + side].mean((0, 1)) for x in range(width)] for y in range(height)])


def test_coefficients_against_the_textbook() -> None:
    rng = np.random.default_rng(0)
    guide, values = rng.random((12, 9, 3), dtype=np.float32), rng.random((12, 9), dtype=np.float32)
    got = guided_coefficients(guide, values, 2, 1e-2)
    np.testing.assert_allclose(got, _brute_force(guide, values, 2, 1e-2), atol=2e-4)


def test_a_coarse_edge_moves_to_the_pictures_edge() -> None:
    picture = np.full((120, 200, 3), 240, np.uint8)
    truth = np.zeros((120, 200), np.bool_)
    truth[33:97, 71:143] = True
    picture[truth] = (40, 80, 160)
    coarse = np.asarray(resize(truth.astype(np.float32), (25, 15)), np.float32)
    plain, refined = enlarge(coarse, (200, 120)) > 0.5, refine(picture, coarse) > 0.5
    wrong_plain, wrong_refined = (int((mask != truth).sum()) for mask in (plain, refined))
    assert wrong_plain > 30
    assert wrong_refined < wrong_plain / 4


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_map_stays_constant(value: float) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (50, 37, 3), dtype=np.uint8)
    got = refine(picture, np.full((16, 12), value, np.float32))
    assert got.shape == (50, 37)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, value, atol=1e-4)


def test_bands_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    picture, coarse = rng.integers(0, 256, (300, 90, 3), dtype=np.uint8), rng.random((32, 10), dtype=np.float32)
    monkeypatch.setattr("segmenter.refine.SOLVE_SIDE_PX", 100)
    monkeypatch.setattr("segmenter.refine.BAND_ROWS", 10_000)
    whole = refine(picture, coarse)
    monkeypatch.setattr("segmenter.refine.BAND_ROWS", 7)
    # Band by band the vertical interpolation runs in numpy, as a whole too; only the order of rounding differs.
    np.testing.assert_allclose(refine(picture, coarse), whole, atol=1e-5)


def test_rows_are_enlarged_as_opencv_does(monkeypatch: pytest.MonkeyPatch) -> None:
    from segmenter.refine import _enlarged_rows

    values = np.random.default_rng(3).random((11, 7, 4), dtype=np.float32)
    got = np.concatenate([_enlarged_rows(values, top, min(top + 9, 40), (25, 40)) for top in range(0, 40, 9)])
    np.testing.assert_allclose(got, resize(values, (25, 40)), atol=1e-5)
