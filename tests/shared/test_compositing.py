import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shared import geometry
from shared.compositing.line_art import to_line_art
from shared.compositing.over import over, place, stack_alpha
from shared.compositing.scatter import Scatter, random_crop

bytes_rgba = arrays(np.uint8, (5, 7, 4))
bytes_rgb = arrays(np.uint8, (5, 7, 3))


@given(bytes_rgba, bytes_rgb)
def test_over_equals_the_formula(foreground: np.ndarray, background: np.ndarray) -> None:
    result = over(foreground, background)
    for y in range(5):
        for x in range(7):
            alpha = foreground[y, x, 3] / 255
            expected = alpha * foreground[y, x, :3] + (1 - alpha) * background[y, x].astype(float)
            assert np.abs(result[y, x] - expected).max() <= 0.5 + 1e-3


def test_over_rounds_every_mixture_rightly() -> None:
    below, above = np.indices((256, 256)).astype(np.uint8)
    background = np.repeat(below[..., None], 3, axis=2)
    for alpha in range(256):
        foreground = np.dstack([above, above, above, np.full_like(above, alpha)])
        expected = (2 * (alpha * above.astype(int) + (255 - alpha) * below.astype(int)) + 255) // 510
        np.testing.assert_array_equal(over(foreground, background)[..., 0], expected)


@given(bytes_rgba, bytes_rgb)
def test_over_identities(foreground: np.ndarray, background: np.ndarray) -> None:
    foreground[..., 3] = 0
    np.testing.assert_array_equal(over(foreground, background), background)
    foreground[..., 3] = 255
    np.testing.assert_array_equal(over(foreground, background), foreground[..., :3])


def test_over_known_value_and_shapes() -> None:
    foreground = np.full((1, 1, 4), (200, 100, 0, 51), np.uint8)
    np.testing.assert_array_equal(over(foreground, np.full((1, 1, 3), 100, np.uint8)), [[[120, 100, 80]]])
    with pytest.raises(ValueError, match="of one size"):
        over(foreground, np.zeros((1, 2, 3), np.uint8))


def test_hidden_colors_do_not_leak_at_edges() -> None:
    cutout = np.zeros((8, 10, 4), np.uint8)
    cutout[..., :3] = (255, 0, 255)  # a garish colour under full transparency
    cutout[2:6, 3:7] = (10, 200, 30, 255)
    for affine in (geometry.translation(0.5, 0.25), geometry.scaling(1.7), geometry.rotation(5)):
        moved = place(cutout, affine, (20, 16))
        seen = moved[moved[..., 3] > 8][:, :3].astype(int)
        # 8-bit premultiplied colours are exact to 255 / (2 alpha)
        assert np.abs(seen - (10, 200, 30)).max() <= 16
    np.testing.assert_array_equal(place(cutout, geometry.translation(3, 1), (20, 16))[3:7, 6:10], cutout[2:6, 3:7])


def test_stack_alpha() -> None:
    below, above = np.array([[0, 255, 128, 0]], np.uint8), np.array([[0, 3, 128, 77]], np.uint8)
    np.testing.assert_array_equal(stack_alpha(below, above), [[0, 255, 192, 77]])


def test_compose_alpha_is_true_of_the_picture() -> None:
    rng = np.random.default_rng(0)
    cutout = np.full((30, 20, 4), (250, 10, 10, 255), np.uint8)
    background = np.full((64, 64, 3), (10, 10, 250), np.uint8)
    for _ in range(20):
        scene, alpha, _ = Scatter().compose(rng, [cutout, cutout], background)
        np.testing.assert_array_equal(scene[alpha == 0], np.broadcast_to([10, 10, 250], (int((alpha == 0).sum()), 3)))
        red = scene[..., 0] > 200
        assert (alpha[red] > 150).all()
    scene, alpha, _ = Scatter().compose(rng, [], background)
    assert alpha.max() == 0
    np.testing.assert_array_equal(scene, background)


def test_scatter_counts_and_variety() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount([Scatter().sample_count(rng) for _ in range(2000)], minlength=4) / 2000
    np.testing.assert_allclose(counts, Scatter().count_weights, atol=0.04)  # 4 standard errors
    places = [Scatter().sample_place(rng, (20, 40), 100) for _ in range(300)]
    heights = [geometry.scale_of(affine) * 40 / 100 for affine in places]
    assert 0.19 < min(heights) < 0.35
    assert 1.1 < max(heights) < 1.31
    mirrored = np.mean([np.linalg.det(affine[:, :2]) < 0 for affine in places])
    assert 0.38 < mirrored < 0.62


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 400), st.integers(1, 400))
def test_random_crop_stays_inside(seed: int, width: int, height: int) -> None:
    affine = random_crop(np.random.default_rng(seed), (width, height), 32)
    corners = geometry.apply_to_points(geometry.invert(affine), np.array([[0, 0], [32, 32]]))
    assert corners.min() >= -1e-6
    assert (corners.max(axis=0) <= np.array([width, height]) + 1e-6).all()


def test_line_art_is_white_where_flat_and_dark_at_lines() -> None:
    image = np.full((20, 30, 3), (40, 120, 200), np.uint8)
    image[:, 15] = 0
    art = to_line_art(image)
    assert (art[:, :13] == 255).all()
    assert (art[:, 15] < 10).all()
    assert (to_line_art(np.zeros((4, 4, 3), np.uint8)) == 0).all()  # no light at all: stays black
