import numpy as np
import pytest

from shared.geometry import scaling
from shared.synthetic import paths
from shared.synthetic.engine import Gradient, Shape, rasterize

IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def test_rectangle_fills_its_pixels_with_straight_alpha():
    square = paths.polygon([(2, 1), (6, 1), (6, 4), (2, 4)])
    picture = rasterize([Shape(square, (200, 100, 50, 128))], (9, 7), IDENTITY)
    assert picture.shape == (7, 9, 4)
    filled = np.zeros((7, 9), bool)
    filled[1:4, 2:6] = True
    assert (picture[..., 3][~filled] == 0).all()
    assert (np.abs(picture[..., 3][filled].astype(int) - 128) <= 1).all()
    assert (np.abs(picture[filled][:, :3].astype(int) - [200, 100, 50]) <= 2).all()


def test_affine_scales_points_and_strokes():
    line = Shape(paths.polyline([(1, 2), (5, 2)]), None, (0, 0, 0, 255), 1.0)
    picture = rasterize([line], (24, 16), scaling(4.0))
    column = picture[:, 12, 3]
    assert column.sum() / 255 == pytest.approx(4.0, abs=0.1)
    assert column[8] == 255


def test_clip_and_gradient():
    square = paths.polygon([(0, 0), (8, 0), (8, 8), (0, 8)])
    left = paths.polygon([(0, 0), (4, 0), (4, 8), (0, 8)])
    ramp = Gradient((0.0, 0.0), (8.0, 0.0), ((0.0, (0, 0, 0, 255)), (1.0, (255, 255, 255, 255))))
    picture = rasterize([Shape(square, ramp, clip=left)], (8, 8), IDENTITY)
    assert (picture[:, 5:, 3] == 0).all()
    assert (picture[:, :4, 3] == 255).all()
    assert (np.diff(picture[0, :4, 0].astype(int)) > 0).all()


def test_pictures_are_independent_and_empty_ones_transparent():
    circle = paths.circle((4, 4), 3)
    first = rasterize([Shape(circle, (255, 0, 0, 255))], (8, 8), IDENTITY)
    kept = first.copy()
    rasterize([Shape(circle, (0, 255, 0, 255))], (8, 8), IDENTITY)
    assert (first == kept).all()
    assert not rasterize([], (5, 3), IDENTITY).any()
    with pytest.raises(ValueError, match="size_wh"):
        rasterize([], (0, 3), IDENTITY)


def test_inside_agrees_with_a_circle():
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    outline = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = rng.uniform(-1.4, 1.4, (300, 2))
    points = points[np.abs(np.hypot(*points.T) - 1) > 0.01]
    assert (paths.inside(points, outline) == (np.hypot(*points.T) < 1)).all()


def test_loft_of_equal_rings_is_a_band():
    centres = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 2.0]])
    u, v = np.tile([0.5, 0.0], (3, 1)), np.tile([0.0, 0.1], (3, 1))
    left, right, _ = paths.loft_sides(centres, u, v)
    np.testing.assert_allclose(np.abs(left[:, 0]), 0.5)
    np.testing.assert_allclose(left[:, 0], -right[:, 0])


def test_tube_is_as_wide_as_its_radii():
    outline = paths.tube_points((0, 0), (0, 10), (2, 2, 1, 1))
    assert np.ptp(outline[:, 0]) == pytest.approx(4.0)
    assert outline[:, 1].max() == pytest.approx(11.0)
    assert outline[:, 1].min() == pytest.approx(-2.0)


def test_smooth_path_passes_its_points():
    points = np.array([(0, 0), (4, 1), (5, 5), (1, 4)], float)
    commands, knots = paths.smooth(points)
    np.testing.assert_allclose(knots[::3][:4], points)
    assert len(knots) == 1 + 3 * 4
    assert len(commands) == 6
