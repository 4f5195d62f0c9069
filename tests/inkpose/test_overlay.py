import numpy as np
import pytest

from inkpose.overlay import LEFT, MIDDLE, RIGHT, draw_overlay, draw_skeleton, joint_color, overlay_size
from inkpose.seen import Seen, Tag
from shared.keypoints.schema import COCO_17


def test_sides_have_their_colours():
    assert joint_color(COCO_17.index("left_wrist")) == LEFT
    assert joint_color(COCO_17.index("right_wrist")) == RIGHT
    assert joint_color(COCO_17.index("nose")) == MIDDLE


def skeleton(**places):
    points = np.full((17, 3), np.nan)
    points[:, 2] = 1
    for name, xy in places.items():
        points[COCO_17.index(name), :2] = xy
    return points


def test_joint_is_drawn_where_it_is_and_absent_ones_are_not():
    canvas = np.zeros((100, 160, 3), np.uint8)
    draw_skeleton(canvas, skeleton(left_wrist=(120.5, 30.5)), 2.0)
    assert tuple(canvas[30, 120]) == LEFT
    changed = np.argwhere(canvas.any(axis=2))
    assert np.abs(changed.mean(axis=0) - (30, 120)).max() < 0.6  # centred on the pixel that holds the point
    assert np.ptp(changed, axis=0).max() < 20


def test_bone_needs_both_ends_and_takes_the_side():
    canvas = np.zeros((100, 160, 3), np.uint8)
    draw_skeleton(canvas, skeleton(right_elbow=(20, 50), right_wrist=(140, 50), left_hip=(80, 90)), 2.0)
    assert tuple(canvas[50, 80]) == RIGHT
    assert not canvas[60:80].any()


def test_size_is_bounded_and_keeps_the_shape():
    assert overlay_size(60, 40) == (640, 427)
    assert overlay_size(8000, 4000) == (2048, 1024)
    assert overlay_size(1000, 500) == (1000, 500)
    assert overlay_size(1, 4000) == (1, 2048)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 4000, 3), (4000, 1, 4), (30, 50, 4)])
def test_any_shape_is_drawn(pipeline, shape):
    image = np.zeros(shape, np.uint8)
    image[..., 3:] = 255
    [seen] = pipeline([image])
    assert len(seen.characters) == 1
    drawn = draw_overlay(image, seen)
    width, height = overlay_size(shape[1], shape[0])
    assert drawn.dtype == np.uint8
    assert drawn.shape[1:] == (width, 3)
    assert drawn.shape[0] > height  # the strip of tags
    assert draw_overlay(image, seen, caption=False).shape == (height, width, 3)


def test_character_keeps_its_colours_and_background_is_dimmed(pipeline):
    image = np.full((640, 640, 3), 255, np.uint8)
    image[200:400, 200:300] = (90, 20, 30)
    [seen] = pipeline([image])
    drawn = draw_overlay(image, seen, caption=False)
    assert tuple(drawn[380, 215]) == (90, 20, 30)  # off the diagonal skeleton
    assert drawn[20, 600].max() < 240


def test_input_is_not_changed(pipeline):
    image = np.full((640, 700, 3), 255, np.uint8)
    image[200:400, 200:300] = 0
    before = image.copy()
    draw_overlay(image, pipeline([image])[0])
    assert (image == before).all()


def test_odd_tag_names_do_not_stop_the_drawing():
    tags = [Tag("^_^", "face", 0.9), Tag("x" * 200, "long", 0.8), Tag("日本語", "text", 0.7), Tag("", "empty", 0.6)]
    drawn = draw_overlay(np.zeros((50, 80, 3), np.uint8), Seen(80, 50, tags))
    assert drawn.shape[1] == 640
