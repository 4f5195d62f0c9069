import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keypoints.flip import flip_points, swap_sides
from shared.keypoints.midpoints import with_midpoints
from shared.keypoints.schema import COCO_17, COCO_25, JointState

UNKNOWN, OCCLUDED, VISIBLE, OUTSIDE = (int(state) for state in JointState)


def _full() -> tuple[np.ndarray, np.ndarray]:
    return np.arange(34, dtype=float).reshape(17, 2), np.full(17, VISIBLE)


def test_midpoint_lies_halfway() -> None:
    points, state = _full()
    points, state = with_midpoints(points, state)
    assert points.shape == (25, 2)
    assert (state == VISIBLE).all()
    place = COCO_25.index("left_mid_upper_arm")
    shoulder, elbow = points[COCO_17.index("left_shoulder")], points[COCO_17.index("left_elbow")]
    np.testing.assert_array_equal(points[place], (shoulder + elbow) / 2)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (VISIBLE, VISIBLE, VISIBLE),
        (VISIBLE, OCCLUDED, OCCLUDED),
        (OCCLUDED, OCCLUDED, OCCLUDED),
        (VISIBLE, UNKNOWN, UNKNOWN),
        (VISIBLE, OUTSIDE, UNKNOWN),
        (OUTSIDE, OUTSIDE, OUTSIDE),
        (OUTSIDE, UNKNOWN, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_midpoint_state(first: int, second: int, expected: int) -> None:
    points, state = _full()
    for a, b in ((first, second), (second, first)):
        state[COCO_17.index("right_knee")], state[COCO_17.index("right_ankle")] = a, b
        moved, states = with_midpoints(points, state)
        place = COCO_25.index("right_mid_shin")
        assert states[place] == expected
        if expected not in (VISIBLE, OCCLUDED):
            np.testing.assert_array_equal(moved[place], 0)


def test_midpoints_of_a_batch_equal_the_loop() -> None:
    rng = np.random.default_rng(0)
    points, state = rng.normal(size=(3, 4, 17, 2)), rng.integers(0, 4, (3, 4, 17))
    batch_points, batch_state = with_midpoints(points, state)
    for i in range(3):
        for j in range(4):
            one_points, one_state = with_midpoints(points[i, j], state[i, j])
            np.testing.assert_array_equal(batch_points[i, j], one_points)
            np.testing.assert_array_equal(batch_state[i, j], one_state)


@given(st.integers(0, 2**31), st.floats(1, 500))
def test_flip_twice_is_nothing(seed: int, width: float) -> None:
    rng = np.random.default_rng(seed)
    points, state = rng.uniform(0, width, (2, 25, 2)), rng.integers(0, 4, (2, 25))
    back = flip_points(*flip_points(points, state, width, COCO_25), width, COCO_25)
    np.testing.assert_allclose(back[0], points, atol=1e-9 * width)
    np.testing.assert_array_equal(back[1], state)


def test_flip_commutes_with_midpoints() -> None:
    rng = np.random.default_rng(1)
    points, state = rng.uniform(0, 90, (17, 2)), rng.choice([VISIBLE, OCCLUDED], 17)
    one = with_midpoints(*flip_points(points, state, 90, COCO_17))
    other = flip_points(*with_midpoints(points, state), 90, COCO_25)
    np.testing.assert_allclose(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


def test_flip_swaps_names_and_moves() -> None:
    points, state = np.zeros((17, 2)), np.full(17, UNKNOWN)
    left, right = COCO_17.index("left_wrist"), COCO_17.index("right_wrist")
    points[left], state[left] = (10, 5), VISIBLE
    flipped, states = flip_points(points, state, 64, COCO_17)
    np.testing.assert_array_equal(flipped[right], [54, 5])
    assert states[right] == VISIBLE
    assert states[left] == UNKNOWN


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="17"):
        with_midpoints(np.zeros((16, 2)), np.zeros(16, int))
    with pytest.raises(ValueError, match="does not fit"):
        swap_sides(np.zeros((17, 2)), np.zeros(17, int), COCO_25)
    with pytest.raises(ValueError, match="does not fit"):
        flip_points(np.zeros((17, 3)), np.zeros(17, int), 10, COCO_17)
