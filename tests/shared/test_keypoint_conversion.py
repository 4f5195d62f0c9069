from dataclasses import replace

import numpy as np
import pytest

from shared.errors import DataError
from shared.keypoints.boxes import as_xywh, box_form, box_of_joints
from shared.keypoints.checks import checked, common_layout, numbered
from shared.keypoints.conversion import conversion
from shared.keypoints.flip import swap_sides
from shared.keypoints.layouts import (
    ADD_21,
    ANIMATED_DRAWINGS_16,
    HUMAN_ART_21,
    LAYOUTS,
    MPII_16,
    OPENPOSE_18,
    OPENPOSE_25,
    RELEASE_25,
    layout_of,
)  # fmt: skip
from shared.keypoints.records import Person, Picture, PoseSet
from shared.keypoints.schema import COCO_17, COCO_25, JointState
from shared.keypoints.sides import check_sides

UNKNOWN, OCCLUDED, VISIBLE, OUTSIDE = (np.int64(state) for state in JointState)


def _numbered_points(schema):
    """Every point has a place of its own: point i at (i, 100 + i)."""
    count = len(schema)
    return np.stack([np.arange(count), 100 + np.arange(count)], axis=-1).astype(float), np.full(count, VISIBLE)


@pytest.mark.parametrize("schema", LAYOUTS.values(), ids=lambda schema: schema.name)
def test_every_layout_is_consistent(schema):
    assert len(set(schema.names)) == len(schema) == len(schema.sigmas)
    assert all(0.02 < sigma < 0.12 for sigma in schema.sigmas)
    assert [schema.flip_order[i] for i in schema.flip_order] == list(range(len(schema)))
    assert {name for edge in schema.edges for name in edge} <= set(schema.names)
    assert layout_of(list(reversed(schema.names))) is schema


def test_sizes_are_the_published_ones():
    sizes = {schema.name: len(schema) for schema in LAYOUTS.values()}
    assert all(int(name.rpartition("_")[2]) == size for name, size in sizes.items())


@pytest.mark.parametrize("schema", LAYOUTS.values(), ids=lambda schema: schema.name)
def test_conversion_to_itself_changes_nothing(schema):
    points, state = _numbered_points(schema)
    same, same_state = conversion(schema, schema).apply(points, state)
    np.testing.assert_array_equal(same, points)
    np.testing.assert_array_equal(same_state, state)


def test_add_to_coco_maps_joints_by_meaning_and_leaves_face_unknown():
    steps = conversion(ADD_21, COCO_17)
    assert steps.missing == ("left_eye", "right_eye", "left_ear", "right_ear")
    assert set(steps.dropped) == {
        "body_upper", "neck", "head", "nose_root", "thumb_left", "thumb_right", "tiptoe_left", "tiptoe_right",
    }  # fmt: skip
    points, state = steps.apply(*_numbered_points(ADD_21))
    for ours, theirs in (("nose", "nose_tip"), ("left_shoulder", "arm_left"), ("right_hip", "leg_right"),
                         ("left_ankle", "ankle_left"), ("right_elbow", "elbow_right")):  # fmt: skip
        assert points[COCO_17.index(ours), 0] == ADD_21.index(theirs)
    assert (state[1:5] == UNKNOWN).all()
    assert (np.delete(state, [1, 2, 3, 4]) == VISIBLE).all()


def test_release_has_all_of_add_and_all_of_coco():
    assert conversion(RELEASE_25, COCO_17).missing == ()
    assert conversion(RELEASE_25, ADD_21).missing == ()
    back = conversion(RELEASE_25, ADD_21).apply(*conversion(ADD_21, RELEASE_25).apply(*_numbered_points(ADD_21)))
    np.testing.assert_array_equal(back[0], _numbered_points(ADD_21)[0])


def test_neck_of_openpose_is_between_the_shoulders_and_takes_the_worse_state():
    points, state = _numbered_points(COCO_17)
    state[COCO_17.index("left_shoulder")] = OCCLUDED
    state[COCO_17.index("left_hip")] = UNKNOWN
    moved, moved_state = conversion(COCO_17, OPENPOSE_25).apply(points, state)
    left, right = points[COCO_17.index("left_shoulder")], points[COCO_17.index("right_shoulder")]
    np.testing.assert_array_equal(moved[1], (left + right) / 2)
    assert moved_state[1] == OCCLUDED
    assert moved_state[OPENPOSE_25.index("mid_hip")] == UNKNOWN
    assert moved_state[OPENPOSE_25.index("left_heel")] == UNKNOWN
    scores = conversion(COCO_17, OPENPOSE_25).apply_scores(np.arange(17) / 17)
    assert scores[1] == 5 / 17
    assert scores[OPENPOSE_25.index("left_heel")] == 0


def test_published_orders():
    assert OPENPOSE_18.names[:5] == ("nose", "neck", "right_shoulder", "right_elbow", "right_wrist")
    assert OPENPOSE_18.names[14:] == ("right_eye", "left_eye", "right_ear", "left_ear")
    assert OPENPOSE_25.names[8] == "mid_hip"
    assert MPII_16.names[:3] == ("right_ankle", "right_knee", "right_hip")
    assert MPII_16.names[9] == "head_top"


@pytest.mark.parametrize("schema", [s for s in LAYOUTS.values() if s is not COCO_17], ids=lambda schema: schema.name)
def test_conversion_commutes_with_the_mirror(schema):
    points, state = _numbered_points(schema)
    steps = conversion(schema, COCO_17)
    first = steps.apply(*swap_sides(points, state, schema))
    then = swap_sides(*steps.apply(points, state), COCO_17)
    np.testing.assert_array_equal(first[0], then[0])


def test_midpoints_of_the_model_come_from_any_layout():
    points, state = conversion(ADD_21, COCO_25).apply(*_numbered_points(ADD_21))
    place = COCO_25.index("left_mid_shin")
    expected = (ADD_21.index("knee_left") + ADD_21.index("ankle_left")) / 2
    assert points[place, 0] == expected
    assert state[place] == VISIBLE


def test_face_centre_of_animated_drawings_is_not_taken_for_a_nose():
    assert "nose" in conversion(ANIMATED_DRAWINGS_16, COCO_17).missing
    assert conversion(COCO_17, ANIMATED_DRAWINGS_16).missing == ()


def test_layout_of_partial_names_is_coco_first():
    assert layout_of(["left_shoulder", "left_hip"]) is COCO_17
    assert layout_of(["left_toe", "nose"]) is HUMAN_ART_21
    assert layout_of(["no_joint"]) is None
    assert layout_of([]) is None


def test_common_layout_of_records():
    assert common_layout({"a": ["nose"], "b": ["left_finger"]}, "f") is HUMAN_ART_21
    assert common_layout({"a": ["nose", "bogus"]}, "f") is COCO_17
    with pytest.raises(DataError, match=r"mixed keypoint layouts.*coco_17 .a.*add_21 .b"):
        common_layout({"a": ["left_eye"], "b": ["arm_left"]}, "f")
    with pytest.raises(DataError, match="'bogus'"):
        common_layout({"a": ["bogus"]}, "f")


def test_numbers_are_ids_only_when_all_are_different_numbers():
    assert numbered(["7", "3"]) == [7, 3]
    assert numbered(["7", "07"]) == [1, 2]
    assert numbered(["7", "x"]) == [1, 2]


def _person(points=None, state=None, number=1, box=None):
    if points is None:
        points, state = _numbered_points(COCO_17)
    return Person(number, 1, points, np.asarray(state), box)


PICTURE = Picture(1, "a.png", 50, 200)


@pytest.mark.parametrize(
    ("person", "picture", "reason"),
    [
        (_person(), None, "no picture"),
        (_person(np.full((17, 2), np.nan), np.full(17, VISIBLE)), PICTURE, "NaN"),
        (_person(box=(0.0, 0.0, 0.0, 5.0)), PICTURE, "no area"),
        (_person(box=(0.0, 0.0, float("inf"), 5.0)), PICTURE, "infinite"),
    ],
)
def test_bad_records_are_dropped_and_named(person, picture, reason):
    problems = []
    assert checked("annotation 1", person, picture, problems) is None
    assert problems[0].dropped
    assert reason in str(problems[0])
    assert "annotation 1" in str(problems[0])


def test_joints_off_the_picture_are_outside_and_noted():
    points, state = _numbered_points(COCO_17)
    points[3] = 51, 10
    points[4] = 50, 200  # the corner is still in the picture
    problems = []
    good = checked("annotation 1", _person(points, state), PICTURE, problems)
    assert good.state[3] == OUTSIDE
    assert (good.points_xy[3] == 0).all()
    assert good.state[4] == VISIBLE
    assert not problems[0].dropped


def _figures(count, mirrored=0):
    """Standing figures that face us; the last ``mirrored`` of them with left and right exchanged."""
    people = []
    for number in range(count):
        points, state = np.zeros((17, 2)), np.full(17, VISIBLE)
        for index, name in enumerate(COCO_17.names):
            side = 1 if name.startswith("left") else -1 if name.startswith("right") else 0
            points[index] = 25 + 8 * side, 10 + 10 * index
        person = Person(number, number, points, state)
        turned = replace(person, points_xy=points[list(COCO_17.flip_order)])
        people.append(turned if number >= count - mirrored else person)
    pictures = {number: Picture(number, f"{number}.png", 50, 200) for number in range(count)}
    return PoseSet(COCO_17, pictures, people)


def test_a_file_with_exchanged_sides_is_reported_and_mended():
    assert check_sides(_figures(40, mirrored=4)).warnings() == []
    report = check_sides(_figures(40, mirrored=36))
    assert report.swapped
    assert "90% of 40" in report.warnings()[0]
    assert not check_sides(_figures(40, mirrored=36).with_sides_swapped()).swapped
    assert not check_sides(_figures(10, mirrored=10)).swapped  # too few to say


def test_one_exchanged_pair_and_twisted_records_are_reported():
    poses = _figures(30)
    left, right = COCO_17.index("left_knee"), COCO_17.index("right_knee")
    for person in poses.people:
        person.points_xy[[left, right]] = person.points_xy[[right, left]]
    report = check_sides(poses)
    assert report.swapped_pairs == ("knee",)
    poses = _figures(30)
    left, right = COCO_17.index("left_hip"), COCO_17.index("right_hip")
    poses.people[7].points_xy[[left, right]] = poses.people[7].points_xy[[right, left]]
    assert check_sides(poses).contradicting == (7,)


def test_swapping_twice_gives_the_set_back_and_drops_stale_places():
    poses = _figures(3)
    poses.people[0].extra.update({"midpoints": [0] * 24, "note": "kept"})
    twice = poses.with_sides_swapped().with_sides_swapped()
    np.testing.assert_array_equal(twice.people[1].points_xy, poses.people[1].points_xy)
    assert twice.people[0].extra == {"note": "kept"}


def test_pictures_with_several_characters_are_dropped_for_single_character_methods():
    poses = _figures(3)
    poses.people.append(replace(poses.people[0], id=99))
    single = poses.single_characters()
    assert [person.id for person in single.people] == [1, 2]
    assert set(single.pictures) == {1, 2}
    assert "2 characters" in str(single.problems[0])


def _boxes(form, count=20, seed=0):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        x, y, w, h = rng.uniform(30, 60), rng.uniform(50, 90), rng.uniform(40, 80), rng.uniform(90, 200)
        joints = rng.uniform((x, y), (x + w, y + h), (10, 2))
        box = (x, y, w, h) if form == "size" else (x, y, x + w, y + h)
        yield box, Picture(1, "a", 150, 300), joints


@pytest.mark.parametrize("form", ["size", "corners"])
def test_box_form_is_found_over_the_file(form):
    assert box_form(_boxes(form), "f") == form


def test_contradicting_boxes_are_refused_and_undecidable_ones_said():
    with pytest.raises(DataError, match="--box-form"):
        box_form([*_boxes("size"), *_boxes("corners", seed=1)], "f")
    whole = [((0.0, 0.0, 150.0, 300.0), Picture(1, "a", 150, 300), np.array([[20.0, 30.0]]))]
    assert box_form(whole, "f") is None
    assert as_xywh((10, 20, 40, 80), "corners") == (10, 20, 30, 60)
    assert as_xywh((10, 20, 40, 80), "size") == (10, 20, 40, 80)


def test_box_of_joints_is_cut_to_the_picture():
    points, state = np.zeros((17, 2)), np.full(17, UNKNOWN)
    points[0], points[1], state[:2] = (10, 20), (30, 120), VISIBLE
    assert box_of_joints(_person(points, state), PICTURE) == (0.0, 10.0, 40.0, 120.0)
    state[1] = UNKNOWN
    assert box_of_joints(_person(points, state), PICTURE) is None


def test_one_odd_box_does_not_turn_a_file_over():
    odd = ((60.0, 40.0, 100.0, 130.0), Picture(1, "a", 110, 140), np.array([[70.0, 50.0], [90.0, 120.0]]))
    assert box_form([odd], "f") is None
    assert box_form([odd] * 3, "f") == "corners"
    assert box_form([odd, *_boxes("size")], "f") == "size"


def test_characters_without_a_joint_are_left_out_where_a_format_has_no_place_for_them():
    poses = _figures(3)
    poses.people[1].state[:] = UNKNOWN
    labelled = poses.labelled_only()
    assert [person.id for person in labelled.people] == [0, 2]
    assert "no labelled joint" in str(labelled.problems[0])
