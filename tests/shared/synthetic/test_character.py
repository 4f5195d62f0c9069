from dataclasses import replace

import numpy as np
import pytest

from shared.geometry import compose, rotation, scaling, translation
from shared.synthetic.camera import Camera
from shared.synthetic.character import draw_character, figure_box, figure_points, sample_character
from shared.synthetic.clothing_tags import color_word
from shared.synthetic.figure_tags import all_tags
from shared.synthetic.poses import sample_pose
from shared.synthetic.skeleton import Pose

SIDE = 160


def centred(spec, side=SIDE):
    x1, y1, x2, y2 = figure_box(spec)
    return compose(scaling(0.94 * side / max(x2 - x1, y2 - y1)), translation(side / 2, side / 2))


def draw(seed, style="drawn", **changes):
    spec = replace(sample_character(np.random.default_rng(seed), style), **changes)
    return spec, draw_character(spec, (SIDE, SIDE), centred(spec))


def test_same_seed_same_bytes():
    for style in ("drawn", "photo"):
        for seed in range(3):
            (one_spec, one), (two_spec, two) = draw(seed, style), draw(seed, style)
            assert one_spec == two_spec
            assert (one.rgba == two.rgba).all()
            np.testing.assert_array_equal(one.points_xy, two.points_xy)
    assert (draw(1)[1].rgba != draw(2)[1].rgba).any()


def test_visible_joints_lie_on_the_drawing():
    on = total = 0
    for seed in range(120):
        _, drawn = draw(seed, "photo" if seed % 4 == 0 else "drawn")
        at = np.floor(drawn.points_xy[~drawn.hidden]).astype(int)
        inside = ((at >= 0) & (at < SIDE)).all(axis=1)
        assert inside.all()
        on += int((drawn.rgba[at[:, 1], at[:, 0], 3] > 0).sum())
        total += len(at)
    assert on / total >= 0.97


def test_box_holds_the_drawing():
    for seed in range(40):
        spec, drawn = draw(seed)
        x1, y1, x2, y2 = figure_box(spec)
        assert x1 == pytest.approx(-x2)
        rows, columns = np.nonzero(drawn.rgba[..., 3])
        assert rows.min() > 0
        assert rows.max() < SIDE - 1
        assert columns.min() > 0
        assert columns.max() < SIDE - 1
        # and is not much larger than it: control points of curves may stick out a little
        filled = max((np.ptp(rows) + 1) / (y2 - y1), (np.ptp(columns) + 1) / (x2 - x1))
        assert filled > 0.85 * 0.94 * SIDE / max(x2 - x1, y2 - y1)


def test_left_is_on_the_right_of_a_front_view():
    _, front = draw(3, pose=replace(sample_pose(np.random.default_rng(0), "standing"), pose=Pose()), camera=Camera())
    _, back = draw(
        3, pose=replace(sample_pose(np.random.default_rng(0), "standing"), pose=Pose()), camera=Camera(yaw=180)
    )
    for left, right in ((1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)):
        assert front.points_xy[left, 0] > front.points_xy[right, 0]
        assert back.points_xy[left, 0] < back.points_xy[right, 0]
    assert front.view == "front"
    assert not front.hidden[5:9].any()
    assert back.view == "back"
    assert back.hidden[:3].all()
    assert "from_behind" in back.tags
    assert not any(tag.endswith("_eyes") for tag in back.tags)


def test_arms_behind_the_back_are_hidden():
    hidden = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        pose = sample_pose(rng, "standing")
        while "arms_behind_back" not in pose.tags:
            pose = sample_pose(rng, "standing")
        _, drawn = draw(seed, pose=pose, camera=Camera())
        hidden += int(drawn.hidden[[9, 10]].sum())
    assert hidden >= 16


def test_placement_moves_the_joints_with_the_picture():
    spec = sample_character(np.random.default_rng(5), "drawn")
    move = compose(rotation(20), scaling(60), translation(70, 90))
    drawn = draw_character(spec, (130, 170), move)
    expected = figure_points(spec) @ move[:, :2].T + move[:, 2]
    np.testing.assert_allclose(drawn.points_xy, expected)
    assert drawn.rgba.shape == (170, 130, 4)


def test_mirrors_and_unknown_styles_are_refused():
    spec = sample_character(np.random.default_rng(0), "drawn")
    with pytest.raises(ValueError, match="mirror"):
        draw_character(spec, (50, 50), np.array([[-20.0, 0, 25], [0, 20.0, 25]]))
    with pytest.raises(ValueError, match="oil"):
        sample_character(np.random.default_rng(0), "oil")


def test_tags_are_in_the_vocabulary_and_varied():
    vocabulary = all_tags()
    seen = set()
    for seed in range(250):
        spec = sample_character(np.random.default_rng(seed), "drawn")
        drawn = draw_character(spec, (24, 24), centred(spec, 24))
        assert drawn.tags <= vocabulary, sorted(drawn.tags - vocabulary)
        assert drawn.sex in ("girl", "boy")
        seen |= drawn.tags
    assert len(vocabulary) >= 150
    assert len(seen) >= 150


def test_color_words():
    assert color_word((250, 250, 250)) == "white"
    assert color_word((20, 20, 24)) == "black"
    assert color_word((200, 40, 50)) == "red"


def test_3d_points_project_onto_the_2d_ones():
    spec = sample_character(np.random.default_rng(11), "drawn")
    drawn = draw_character(spec, (64, 64), centred(spec, 64))
    body = drawn.points_3d[5:]
    flat = body[:, :2] * (spec.camera.distance / body[:, 2:])
    scale = centred(spec, 64)[0, 0]
    moved = (drawn.points_xy[5:] - drawn.points_xy[5]) / scale
    np.testing.assert_allclose(flat - flat[0], moved, atol=1e-9)
