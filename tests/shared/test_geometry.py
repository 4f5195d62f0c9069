import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import geometry as g

numbers = st.floats(-50, 50)
scales = st.floats(0.1, 5)


@st.composite
def affines(draw: st.DrawFn) -> g.FloatArray:
    flip = g.horizontal_flip(draw(numbers)) if draw(st.booleans()) else g.identity()
    return g.compose(
        g.scaling(draw(scales), draw(scales)),
        g.rotation(draw(st.floats(-180, 180))),
        flip,
        g.translation(draw(numbers), draw(numbers)),
    )


points = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5).map(np.array)


@given(affines(), points)
def test_inverse_goes_back(affine: g.FloatArray, xy: np.ndarray) -> None:
    there = g.apply_to_points(affine, xy)
    np.testing.assert_allclose(g.apply_to_points(g.invert(affine), there), xy, atol=1e-6)


@given(affines(), affines(), affines(), points)
def test_compose_applies_first_argument_first(
    a: g.FloatArray, b: g.FloatArray, c: g.FloatArray, xy: np.ndarray
) -> None:
    expected = g.apply_to_points(c, g.apply_to_points(b, g.apply_to_points(a, xy)))
    np.testing.assert_allclose(g.apply_to_points(g.compose(a, b, c), xy), expected, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(g.compose(g.compose(a, b), c), g.compose(a, g.compose(b, c)), rtol=1e-9, atol=1e-6)


@given(affines(), affines())
def test_scale_multiplies(a: g.FloatArray, b: g.FloatArray) -> None:
    assert math.isclose(g.scale_of(g.compose(a, b)), g.scale_of(a) * g.scale_of(b), rel_tol=1e-9)


def test_known_values() -> None:
    np.testing.assert_allclose(g.apply_to_points(g.rotation(90), np.array([1.0, 0.0])), [0, 1], atol=1e-12)
    np.testing.assert_allclose(g.apply_to_points(g.horizontal_flip(10), np.array([2.0, 3.0])), [8, 3])
    assert np.isnan(g.apply_to_points(g.rotation(30), np.array([[np.nan, np.nan]]))).all()
    with pytest.raises(ValueError, match="no inverse"):
        g.invert(g.scaling(0.0))


@given(st.integers(1, 300), st.integers(1, 300), st.integers(8, 200))
def test_letterbox_fits_and_centres(width: int, height: int, side: int) -> None:
    corners = g.apply_to_points(g.letterbox(width, height, side), np.array([[0, 0], [width, height]]))
    assert corners.min() >= -1e-9
    assert corners.max() <= side + 1e-9
    np.testing.assert_allclose(corners.sum(axis=0), side)  # as much left as right, above as below
    assert math.isclose((corners[1] - corners[0]).max(), side)


@given(numbers, numbers, scales, scales, st.floats(0, 0.5))
def test_square_crop_centres_the_box(x: float, y: float, width: float, height: float, padding: float) -> None:
    affine = g.square_crop((x, y, x + width, y + height), 64, padding)
    corners = g.apply_to_points(affine, np.array([[x, y], [x + width, y + height]]))
    np.testing.assert_allclose(corners.sum(axis=0), 64, atol=1e-6)
    assert math.isclose((corners[1] - corners[0]).max(), 64 / (1 + padding), rel_tol=1e-6)


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (5, 5, 4, 6), (0, 0, math.inf, 1), (math.nan, 0, 1, 1)])
def test_square_crop_refuses(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        g.square_crop(box, 64)


def test_warp_moves_pixels_exactly() -> None:
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    np.testing.assert_array_equal(g.warp(image, g.identity(), (7, 5)), image)
    np.testing.assert_array_equal(g.warp(image, g.horizontal_flip(7), (7, 5)), image[:, ::-1])
    shifted = g.warp(image, g.translation(2, 1), (7, 5), fill=(9,))
    np.testing.assert_array_equal(shifted[1:, 2:], image[:-1, :-2])
    assert (shifted[0] == 9).all()
    turned = g.warp(image, g.compose(g.rotation(90), g.translation(5, 0)), (5, 7))
    np.testing.assert_array_equal(turned, np.rot90(image, -1))


def test_warp_halves_by_area() -> None:
    image = np.kron([[0, 100], [200, 40]], np.ones((2, 2))).astype(np.uint8)
    image[0, 0] = 40  # mean of the first block: 10
    np.testing.assert_array_equal(g.warp(image, g.scaling(0.5), (2, 2)), [[10, 100], [200, 40]])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(20, 60), st.integers(20, 60), st.floats(0.3, 3), st.floats(-180, 180))
def test_image_and_points_move_together(seed: int, width: int, height: int, scale: float, angle: float) -> None:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0.3, 0.7, 2) * (width, height)
    ys, xs = np.mgrid[:height, :width] + 0.5
    blob = 255 * np.exp(-((xs - centre[0]) ** 2 + (ys - centre[1]) ** 2) / 18)
    affine = g.compose(
        g.translation(-width / 2, -height / 2),
        g.rotation(angle),
        g.scaling(scale),
        g.translation(110, 90),
    )
    warped = g.warp(blob.round().astype(np.uint8), affine, (220, 180), fill=(0,)).astype(float)
    found = (warped[..., None] * np.stack(np.meshgrid(np.arange(220) + 0.5, np.arange(180) + 0.5), -1)).sum((0, 1))
    moved = g.apply_to_points(affine, centre)
    if (moved > 12 * scale).all() and (moved < np.array([220, 180]) - 12 * scale).all():
        # a blob cut by the source's border is lopsided; 0.35 px covers that at the larger scales
        np.testing.assert_allclose(found / warped.sum(), moved, atol=0.35 * max(1.0, scale))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.75, 3), st.floats(-180, 180), st.booleans())
def test_warp_equals_bilinear_by_definition(seed: int, scale: float, angle: float, flip: bool) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (9, 13), dtype=np.uint8)
    affine = g.compose(
        g.horizontal_flip(13) if flip else g.identity(),
        g.translation(-6.5, -4.5), g.rotation(angle), g.scaling(scale), g.translation(*rng.uniform(5, 15, 2)),
    )  # fmt: skip
    warped, back = g.warp(image, affine, (20, 16), fill=(70,)), g.invert(affine)
    for y in range(16):
        for x in range(20):
            sx, sy = g.apply_to_points(back, np.array([x + 0.5, y + 0.5])) - 0.5
            value = 0.0
            for iy in (math.floor(sy), math.floor(sy) + 1):
                for ix in (math.floor(sx), math.floor(sx) + 1):
                    weight = (1 - abs(sy - iy)) * (1 - abs(sx - ix))
                    value += weight * (float(image[iy, ix]) if 0 <= iy < 9 and 0 <= ix < 13 else 70.0)
            # OpenCV rounds source places to 1/32 px: up to 1/64 px in x and y of a slope of up to 255 a pixel
            assert abs(warped[y, x] - value) <= 2 * 255 / 64 + 1


def test_warp_takes_pictures_beyond_opencvs_limit() -> None:
    image = np.zeros((3, 40_000, 3), np.uint8)
    image[:, 39_990:] = 200
    crop = g.warp(image, g.translation(-39_985, 0), (12, 3))
    assert (crop[:, :5] == 0).all()
    assert (crop[:, 5:] == 200).all()
    assert g.warp(image, g.letterbox(40_000, 3, 64), (64, 64)).shape == (64, 64, 3)


def test_warp_of_a_part_equals_warp_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)
    affine = g.compose(g.translation(-150, -90), g.rotation(20), g.scaling(1.4), g.translation(16, 16))
    big = g.warp(image, g.compose(affine, g.translation(200, 200)), (432, 432))
    small = g.warp(image, affine, (32, 32))
    # OpenCV rounds source places to 1/32 px, differently for different origins
    assert np.abs(big[200:232, 200:232].astype(int) - small).mean() < 3


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1)])
def test_warp_of_tiny_pictures(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 7, np.uint8)
    warped = g.warp(image, g.letterbox(shape[1], shape[0], 32), (32, 32))
    assert warped.shape == (32, 32, 3)
    assert warped.min() < 255


def test_box_of_mask() -> None:
    mask = np.zeros((5, 8), bool)
    assert g.box_of_mask(mask) is None
    mask[1:4, 2:7] = True
    assert g.box_of_mask(mask) == (2, 1, 7, 4)
