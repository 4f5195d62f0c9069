"""Scenes: masks, joint states, who hides whom, and tags that the picture bears out."""

from __future__ import annotations

import numpy as np
import pytest

from shared.geometry import apply_to_points, box_of_mask, scaling
from shared.keypoints.schema import COCO_17, JointState
from shared.synthetic.body_parts import PartMap
from shared.synthetic.character import DrawnCharacter
from shared.synthetic.framing import FRAMING_MIX, framing_tags, place, slots
from shared.synthetic.scene import Scene, draw_scene
from shared.synthetic.scene_tags import all_tags, background_tags, count_tags, seen_tags
from shared.synthetic.stage import LEAST_OF_PICTURE, LEAST_VISIBLE, Stage
from shared.synthetic.things import TAGS_OF, map_things

V, O, X = JointState.VISIBLE, JointState.OCCLUDED, JointState.OUTSIDE  # noqa: E741


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [
        draw_scene(np.random.default_rng([11, i]), (96, 80) if i % 2 else (72, 96), style, (1, 4))
        for i in range(10)
        for style in ("drawn", "photo")
    ]


def _actor(
    size_wh: tuple[int, int], x1: int, x2: int, points: np.ndarray, hidden: list[int] | None = None
) -> DrawnCharacter:
    rgba = np.zeros((size_wh[1], size_wh[0], 4), np.uint8)
    rgba[4:16, x1:x2] = (90, 120, 30, 255)
    own = np.zeros(17, bool)
    own[hidden or []] = True
    return DrawnCharacter(
        rgba=rgba, points_xy=points, points_3d=np.zeros((17, 3)), hidden=own, tags=frozenset({"standing", "shoes"}),
        view="front", pose="standing", sex="girl",
        parts=PartMap(np.zeros(size_wh[::-1], np.uint8), (0,) * 6),
        things=map_things([], scaling(1.0), size_wh),
    )  # fmt: skip


def test_joint_states_by_hand() -> None:
    size = (40, 20)
    back = np.tile([20.0, 10.0], (17, 1))
    back[0] = (8.5, 10.5)  # seen
    back[1] = (14.0, 10.0)  # behind the other
    back[2] = (-0.5, 10.0)  # left of the picture
    back[3] = (39.9, 19.9)  # on no character, inside
    back[4] = (40.0, 10.0)  # the right edge is outside
    front, stage = np.tile([14.0, 10.0], (17, 1)), np.full((20, 40, 3), 200, np.uint8)
    staged = Stage(stage, [_actor(size, 12, 18, front, hidden=[5]), _actor(size, 6, 25, back)])
    staged.covered[0:20, 19:22] = 255
    mask = staged.instances
    assert mask[10, 14] == 1
    assert mask[10, 8] == 2
    assert mask[10, 20] == 0, "covered by something in front"
    first, second = staged.characters(colourless=False)
    assert first.state[[0, 5]].tolist() == [V, O]
    assert second.state[[0, 1, 2, 3, 4, 10]].tolist() == [V, O, X, V, X, O]
    assert first.visible_px == 12 * 6
    assert second.visible_px == 12 * (6 + 7) - 12 * 3
    assert second.visible_fraction == pytest.approx(second.visible_px / (12 * 19))
    assert second.box_xywh == (6, 4, 19, 12)


def test_a_hidden_actor_comes_forward_and_too_small_ones_are_known() -> None:
    size, points = (40, 20), np.tile([10.0, 10.0], (17, 1))
    small = _actor(size, 14, 17, points)
    staged = Stage(np.zeros((20, 40, 3), np.uint8), [_actor(size, 12, 20, points), small])
    assert staged.too_hidden() == [1]
    staged.settle()
    assert staged.actors[0] is small
    assert staged.too_hidden() == []
    speck = _actor(size, 30, 31, points)
    speck.rgba[5:, 30] = 0
    assert Stage(np.zeros((20, 40, 3), np.uint8), [speck]).too_hidden() == [0]


def test_nothing_may_be_put_before_a_face_for_good() -> None:
    size, points = (40, 20), np.tile([10.0, 10.0], (17, 1))
    staged = Stage(np.zeros((20, 40, 3), np.uint8), [_actor(size, 10, 20, points)])
    wall = np.zeros((20, 40), np.uint8)
    wall[:, :19] = 255
    assert not staged.try_cover(np.ones((20, 40, 3), np.uint8), wall)
    assert staged.image.max() == 0
    wall[:, 12:] = 0
    assert staged.try_cover(np.ones((20, 40, 3), np.uint8), wall)
    assert (staged.instances[4:16, 12:20] == 1).all()
    assert (staged.instances[:, :12] == 0).all()


def test_masks_boxes_and_states_agree(scenes: list[Scene]) -> None:
    for scene in scenes:
        height, width = scene.image.shape[:2]
        assert scene.background.shape == scene.image.shape
        assert scene.instances.shape == (height, width)
        assert set(np.unique(scene.instances)) - {0} == set(range(1, len(scene.characters) + 1))
        for order, character in enumerate(scene.characters):
            seen = scene.instances == order + 1
            assert character.depth_order == order
            assert character.visible_px == seen.sum() >= LEAST_OF_PICTURE * seen.size
            assert character.visible_fraction >= LEAST_VISIBLE
            x, y, w, h = character.box_xywh
            assert box_of_mask(seen) == (x, y, x + w, y + h)
            inside = ((character.points_xy >= 0) & (character.points_xy < [width, height])).all(axis=1)
            assert np.array_equal(character.state == X, ~inside)
            assert set(character.state.tolist()) <= {V, O, X}


def test_visible_body_joints_lie_on_their_character(scenes: list[Scene]) -> None:
    on, total = 0, 0
    for scene in scenes:
        for character in scene.characters:
            for (x, y), state in zip(character.points_xy[5:17], character.state[5:17], strict=True):
                if state == V:
                    total += 1
                    near = scene.instances[max(0, int(y) - 1) : int(y) + 2, max(0, int(x) - 1) : int(x) + 2]
                    on += bool((near == character.depth_order + 1).any())
    assert total > 50
    assert on / total > 0.97, f"{on} of {total}"


def test_tags_are_known_and_agree(scenes: list[Scene]) -> None:
    known = all_tags()
    for scene in scenes:
        assert scene.tags <= known, scene.tags - known
        assert ("solo" in scene.tags) == (len(scene.characters) == 1)
        assert not {"1girl", "multiple_girls"} <= scene.tags
        assert not {"monochrome", "blue_background"} <= scene.tags
        for character in scene.characters:
            ankles = character.state[[15, 16]]
            if (ankles == X).all():
                assert not {tag for tag in character.tags if "shoes" in tag or "boots" in tag}


def test_every_character_is_a_foreground_front_to_back(scenes: list[Scene]) -> None:
    for scene in scenes:
        assert len(scene.foregrounds) == len(scene.characters)
        for number, foreground in enumerate(scene.foregrounds, start=1):
            assert foreground.shape == (*scene.image.shape[:2], 4)
            assert (foreground[scene.instances == number, 3] >= 128).all()


def test_scenes_follow_their_seed_and_the_asked_count() -> None:
    for count in (0, 1, 2):
        first, second = (draw_scene(np.random.default_rng(count), (64, 64), "drawn", (count, count)) for _ in "ab")
        assert np.array_equal(first.image, second.image)
        assert first.tags == second.tags
        assert len(first.characters) == count
    empty = draw_scene(np.random.default_rng(1), (64, 64), "drawn", (0, 0))
    assert empty.foregrounds == ()
    assert "no_humans" in empty.tags
    assert empty.instances.max() == 0


def test_slots_cover_the_width_in_some_order() -> None:
    for count in range(5):
        parts = slots(np.random.default_rng(count), count)
        assert len(parts) == count
        assert all(0 <= left < right <= 1 for left, right in parts)
    apart = sorted(slots(np.random.default_rng(0), 3, apart=True))
    assert np.allclose(apart, [(0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1)])


@pytest.mark.parametrize("framing", FRAMING_MIX)
def test_framings_show_what_they_say(framing: str) -> None:
    points = np.zeros((17, 2))
    heights = [
        -0.42,
        -0.43,
        -0.43,
        -0.42,
        -0.42,
        -0.32,
        -0.32,
        -0.15,
        -0.15,
        0.0,
        0.0,
        0.02,
        0.02,
        0.25,
        0.25,
        0.46,
        0.46,
    ]
    points[:, 1] = heights
    points[:, 0] = np.tile([0.06, -0.06], 9)[:17]
    box = (-0.15, -0.5, 0.15, 0.5)
    index = COCO_17.index
    for seed in range(20):
        affine = place(np.random.default_rng(seed), framing, box, points, (100, 100))
        placed = apply_to_points(affine, points)
        inside = ((placed >= 0) & (placed < 100)).all(axis=1)
        tags = framing_tags(placed, inside)
        if framing in ("full", "far"):
            assert inside.all()
            assert tags == {"full_body"}
        elif framing != "detail":
            assert inside[index("nose")]
            assert not inside[index("left_ankle")]
            assert tags & {"portrait", "upper_body", "cowboy_shot", "feet_out_of_frame"}


def test_framing_tags_by_hand() -> None:
    inside = np.zeros(17, bool)
    assert framing_tags(np.zeros((17, 2)), inside) == set()
    for upto, tag in (
        (7, "portrait"),
        (11, "upper_body"),
        (13, "cowboy_shot"),
        (15, "feet_out_of_frame"),
        (17, "full_body"),
    ):
        inside[:upto] = True
        assert framing_tags(np.zeros((17, 2)), inside) == {tag}
    inside[:5] = False
    assert framing_tags(np.zeros((17, 2)), inside) == {"head_out_of_frame"}


def test_tags_of_unseen_parts_and_colours_go() -> None:
    tags = {"blue_eyes", "long_hair", "blonde_hair", "shoes", "thighhighs", "red_skirt", "standing", "black_gloves"}
    shown, things = np.ones(17, bool), set(TAGS_OF)
    assert seen_tags(tags, shown, things, 50.0, colourless=False) == tags
    assert seen_tags(tags, shown, things - {"glove", "eyes"}, 50.0, colourless=False) == tags - {
        "black_gloves",
        "blue_eyes",
    }
    shown[[13, 14, 15, 16]] = False
    assert seen_tags(tags, shown, things, 50.0, colourless=False) == tags - {"shoes", "thighhighs"}
    shown[[11, 12]] = False
    assert "red_skirt" not in seen_tags(tags, shown, things, 50.0, colourless=False)
    assert "blue_eyes" not in seen_tags(tags, shown, things, 6.0, colourless=False), "a head of 6 pixels shows no eyes"
    grey = seen_tags(tags, np.ones(17, bool), things, 50.0, colourless=True)
    assert grey == {"long_hair", "shoes", "thighhighs", "standing", "black_gloves"}
    assert background_tags({"blue_background", "sky", "white_background"}, {"sepia"}, False) == {"sky", "sepia"}


def test_count_tags() -> None:
    assert count_tags([]) == {"no_humans"}
    assert count_tags(["girl"]) == {"1girl", "solo"}
    assert count_tags(["boy", "girl"]) == {"1girl", "1boy"}
    assert count_tags(["girl", "girl", "boy", "girl"]) == {"3girls", "multiple_girls", "1boy"}
