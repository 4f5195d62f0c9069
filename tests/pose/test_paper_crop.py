"""The release's crop: its size, its corners, its black."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pose.paper_crop import paper_crop
from shared.geometry import apply_to_points


def gradient(width: int, height: int) -> np.ndarray:
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(width)[None] % 256, np.arange(height)[:, None] % 256
    image[..., 2] = 200
    return image


def test_corners_by_hand() -> None:
    # Box 41 × 100 at (50, 20): the square's corner is 50 + ⌊-59/2⌋ = 20, padded by 5 to (15, 15), side 110.
    image = gradient(200, 200)
    crop, affine = paper_crop(image, (50, 20, 91, 120), 256)
    expected = Image.fromarray(image).crop((15, 15, 125, 125)).resize((256, 256), Image.Resampling.BILINEAR)
    assert np.array_equal(crop, np.asarray(expected))
    moved = apply_to_points(affine, np.array([[15.0, 15.0], [125.0, 70.0]]))
    assert moved == pytest.approx(np.array([[0, 0], [256, 128]]), abs=1e-9)


def test_the_rounding_is_to_even_and_the_affine_is_not_rounded() -> None:
    # Side 10: padding ½, so the corner 9.5 is rounded to 10, and 11.0 stays.
    image = gradient(40, 40)
    crop, affine = paper_crop(image, (10, 10, 20, 20), 11)
    assert np.array_equal(crop, image[10:21, 10:21])
    assert apply_to_points(affine, np.array([[9.5, 9.5]])) == pytest.approx(np.zeros((1, 2)), abs=1e-9)


def test_outside_and_transparent_are_black() -> None:
    image = np.full((50, 50, 4), 255, np.uint8)
    image[:, :25, 3] = 0
    crop, _ = paper_crop(image, (0, 0, 50, 50), 64)
    assert crop.shape == (64, 64, 3)
    assert crop[32, 0].max() == 0  # outside
    assert crop[32, 15].max() == 0  # transparent
    assert crop[32, 50].min() == 255
    with pytest.raises(ValueError, match="area"):
        paper_crop(image, (10, 10, 10, 10))
