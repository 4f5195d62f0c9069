import numpy as np
import pytest

from inkpose.index.descriptor import DESCRIPTORS, describe, is_usable, mirror, similarity, soft_directions
from inkpose.index.labelled_poses import drawn_specs, true_poses
from inkpose.index.terms import ENDS, LENGTHS, MEANS, STARTS, TERMS
from shared.errors import UsageError
from shared.keypoints.schema import COCO_17
from tests.inkpose.index.poses_fixture import pose


@pytest.fixture(scope="module")
def drawn():
    """Poses of all families, as the artist draws them (N, 17, 3), pixels."""
    found = true_poses(drawn_specs(60, 2, seed=3))
    points = found.keypoints.copy()
    points[..., :2] = points[..., :2] * 300 + 200
    points[..., 2] = np.random.default_rng(0).uniform(0.1, 1, points.shape[:2])
    return points


def turned(points, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    result = points.copy()
    result[..., :2] = points[..., :2] @ np.array([[c, s], [-s, c]])
    return result


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_size_and_kind(drawn, name):
    vectors = describe(drawn, name=name)
    assert vectors.shape == (120, DESCRIPTORS[name].size)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(vectors[7:8], describe(drawn[7:8], name=name), atol=1e-4)
    assert describe(np.zeros((0, 17, 3)), name=name).shape == (0, DESCRIPTORS[name].size)


@pytest.mark.parametrize("name", DESCRIPTORS)
def test_place_and_size_do_not_matter(drawn, name):
    other = drawn.copy()
    other[..., :2] = drawn[..., :2] * 0.37 + [-1000, 40]
    np.testing.assert_allclose(describe(other, name=name), describe(drawn, name=name), rtol=1e-4, atol=1e-4)


def test_turning_matters_unless_upright(drawn):
    away = np.linalg.norm(describe(turned(drawn, 40)) - describe(drawn), axis=1)
    assert away.min() > 0.5
    upright = describe(drawn, name="inkpose-upright")
    np.testing.assert_allclose(describe(turned(drawn, 40), name="inkpose-upright"), upright, atol=1e-4)
    np.testing.assert_allclose(describe(turned(drawn, 170), name="inkpose-upright"), upright, atol=1e-4)


def test_front_and_back_differ_and_mirroring_twice_is_nothing(drawn):
    np.testing.assert_allclose(mirror(mirror(drawn)), drawn)
    # The same places with left and right exchanged: seen from behind.
    behind = drawn[:, list(COCO_17.flip_order)]
    assert np.median(np.linalg.norm(describe(behind) - describe(drawn), axis=1)) > 1.5


def test_a_mirrored_symmetric_pose_is_itself():
    np.testing.assert_allclose(describe(mirror(pose())[None]), describe(pose()[None]), atol=1e-5)


@pytest.mark.parametrize("name", ["inkpose", "inkpose-upright"])
def test_small_errors_move_little(drawn, name):
    rng = np.random.default_rng(1)
    sides = np.ptp(drawn[..., :2], axis=1).max(axis=1)
    spread = np.median(np.linalg.norm(describe(drawn[::2], name=name) - describe(drawn[1::2][::-1], name=name), axis=1))
    moved = drawn.copy()
    moved[..., :2] += rng.normal(0, 0.01, moved[..., :2].shape) * sides[:, None, None]
    away = np.linalg.norm(describe(moved, name=name) - describe(drawn, name=name), axis=1)
    # One per cent of the figure's size a joint: far below the distance of unrelated poses.
    assert np.median(away) < 0.2 * spread


def test_a_lost_joint_moves_only_its_own_arrows():
    points = pose()
    points[9, :2] = np.nan  # the left wrist
    vectors = describe(np.stack([pose(), points])).reshape(2, -1, 2)
    touches = (STARTS == 9) | (ENDS == 9)
    np.testing.assert_allclose(vectors[0, ~touches], vectors[1, ~touches], atol=0.03)
    lost = vectors[1, touches] / np.array([term.weight for term in TERMS])[touches][:, None]
    np.testing.assert_allclose(lost[:, 0] + 1j * lost[:, 1], MEANS[touches], atol=1e-6)


def test_score_says_how_much_a_joint_counts():
    points = np.stack([pose()] * 3)
    points[1, 9, 2], points[2, 9, 2] = 0.2, 0.0
    full, half, none = describe(points)
    np.testing.assert_allclose(half, (full + none) / 2, atol=0.02)  # the scale moves a little, too
    assert np.linalg.norm(full - none) > 0.3


def test_soft_direction_by_hand():
    points = pose()
    directions, sure = soft_directions(points[None].astype(float))
    number = next(i for i, t in enumerate(TERMS) if (t.start, t.end) == ("left_hip", "left_knee"))
    assert (sure == 1).all()
    places = np.array([complex(x, y) for x, y, _ in points])
    places = np.append(places, [places[5:7].mean(), places[11:13].mean(), places[:5].mean()])
    steps = places[ENDS] - places[STARTS]
    scale = np.sqrt((np.abs(steps) ** 2).sum() / (LENGTHS**2).sum())
    arrow = (places[13] - places[11]) / scale
    assert directions[0, number] == pytest.approx(arrow / np.sqrt(abs(arrow) ** 2 + LENGTHS[number] ** 2 / 4))


def test_similarity(drawn):
    alike = similarity(drawn[5], drawn)
    assert alike[5] == pytest.approx(alike.max())
    sure = drawn.copy()
    sure[..., 2] = 1
    assert similarity(sure[5], sure)[5] == pytest.approx(1)
    assert ((alike >= 0) & (alike <= 1)).all()
    heads = sure[:40].copy()
    heads[:, 5:, :2] = np.nan
    # What the query does not show costs little; what it shows and the other does not costs much.
    asked_whole = [similarity(whole, head[None])[0] for whole, head in zip(sure, heads, strict=False)]
    asked_head = [similarity(head, whole[None])[0] for whole, head in zip(sure, heads, strict=False)]
    assert np.median(asked_whole) < 0.5 < 0.8 < np.median(asked_head)
    assert np.median(similarity(sure[5], sure[6:])) < 0.4
    assert similarity(turned(sure[5], 60), sure[5:6], upright=True)[0] == pytest.approx(1)


def test_paper_by_hand():
    points = np.zeros((1, 17, 3))
    points[0, 1, :2] = [30, 40]
    [vector] = describe(points, np.array([[0, 0, 50, 100]]), name="paper")
    assert len(vector) == 300
    # 256 px hold 1.1 box lengths; the first pair is nose and left eye.
    assert vector[0] == pytest.approx(50 * 256 / 110, rel=1e-5)
    assert np.count_nonzero(vector) == 24


def test_paper_puts_an_absent_joint_in_the_middle():
    points = np.zeros((1, 17, 3))
    points[0, 0, :2] = np.nan
    [vector] = describe(points, np.array([[0, 0, 60, 80]]), name="paper")
    assert vector[0] == pytest.approx(50 * 256 / 88, rel=1e-5)


def test_usable():
    assert is_usable(pose())
    assert not is_usable(np.full((17, 3), np.nan))
    assert not is_usable(np.ones((17, 3)))  # all in one point
    two = np.full((17, 3), np.nan)
    two[5], two[6] = [0, 0, 1], [5, 5, 1]
    assert not is_usable(two)
    two[7] = [1, 9, 1]
    assert is_usable(two)


def test_nothing_at_all_is_average():
    np.testing.assert_allclose(
        describe(np.full((1, 17, 3), np.nan)).reshape(-1, 2) @ [1, 1j],
        MEANS * np.array([term.weight for term in TERMS]),
        atol=1e-6,
    )


def test_wrong_arguments():
    with pytest.raises(ValueError, match=r"\(N, 17, 3\)"):
        describe(np.zeros((17, 3)))
    with pytest.raises(UsageError, match="--descriptor hog"):
        describe(pose()[None], name="hog")


def test_the_constants_are_those_of_drawn_poses():
    found = true_poses(drawn_specs(150, 1, seed=11)).keypoints
    found = np.concatenate([found, mirror(found)])
    directions, _ = soft_directions(found)
    # 300 poses against the 3000 of the table: the standard error of a mean is about 0.04.
    np.testing.assert_allclose(directions.mean(axis=0), MEANS, atol=0.15)
