from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from shared import geometry
from shared.images import encode_jpeg, read_rgb, read_rgb_shrunk, write_jpeg, write_png
from shared.warped_reading import read_warped

WIDTH, HEIGHT = 403, 301  # neither a multiple of 8


@pytest.fixture
def picture() -> np.ndarray:
    noise = np.random.default_rng(0).integers(40, 220, (7, 9, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize(
    ("scale", "factor"), [(2.0, 1), (0.72, 1), (0.70, 2), (0.36, 2), (0.35, 4), (0.18, 4), (0.17, 8), (0.01, 8)]
)
def test_a_jpeg_is_decoded_at_the_size_that_the_warp_would_halve_it_to(
    scale: float, factor: int, picture: np.ndarray
) -> None:
    asked: list[tuple[int, int]] = []

    def scale_of(width: int, height: int) -> float:
        asked.append((width, height))
        return scale

    image, shrinking = read_rgb_shrunk(encode_jpeg(picture), scale_of)
    assert shrinking == (factor, (WIDTH, HEIGHT))
    assert image.shape == (-(-HEIGHT // factor), -(-WIDTH // factor), 3)
    assert asked == [(WIDTH, HEIGHT)]


@pytest.mark.parametrize("scale", [1.2, 0.5, 0.3, 0.13])
@pytest.mark.parametrize("degrees", [0, 25])
def test_the_result_is_that_of_reading_the_whole_and_warping(
    scale: float, degrees: float, picture: np.ndarray, tmp_path: Path
) -> None:
    write_jpeg(tmp_path / "a.jpg", picture, quality=98)
    calls = []

    def affine_of(width: int, height: int) -> np.ndarray:
        calls.append((width, height))
        middle = geometry.translation(-width / 2, -height / 2), geometry.translation(40, 30)
        return geometry.compose(middle[0], geometry.rotation(degrees), geometry.scaling(scale), middle[1])

    found = read_warped(tmp_path / "a.jpg", affine_of, (80, 60))
    exact = read_warped(tmp_path / "a.jpg", affine_of, (80, 60), exact=True)
    assert calls == [(WIDTH, HEIGHT)] * 2
    assert found.size_wh == exact.size_wh == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(found.affine, exact.affine)
    np.testing.assert_array_equal(
        exact.image, geometry.warp(read_rgb(tmp_path / "a.jpg"), affine_of(WIDTH, HEIGHT), (80, 60))
    )
    # Seen from inside: a shift of half a pixel would show as tens of levels on these slopes.
    inner = np.abs(found.image.astype(int) - exact.image)
    assert inner.mean() < 1.0
    assert np.percentile(inner, 99) <= 6


def test_other_pictures_are_decoded_whole(picture: np.ndarray, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture)

    def affine_of(width: int, height: int) -> np.ndarray:
        return geometry.letterbox(width, height, 64)

    found = read_warped(tmp_path / "a.png", affine_of, (64, 64), fill=(7, 8, 9))
    np.testing.assert_array_equal(found.image, geometry.warp(picture, found.affine, (64, 64), (7, 8, 9)))
    assert (found.image[0] == (7, 8, 9)).all(), "above the picture"
