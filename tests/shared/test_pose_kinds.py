"""Views and poses told from joints, on figures whose kind is known by construction."""

from dataclasses import replace

import numpy as np
import pytest

from shared.geometry import apply_to_points, rotation, scaling
from shared.keypoints.distribution import distribution
from shared.keypoints.flip import flip_points
from shared.keypoints.pose_kinds import ASPECTS, TAGS, kinds_of
from shared.keypoints.records import Person, Picture, PoseSet
from shared.keypoints.schema import COCO_17, JointState
from shared.synthetic.dataset import Plan
from shared.synthetic.mixer import Mixer
from shared.synthetic.writer import draw_sample

VISIBLE = np.int64(JointState.VISIBLE)


def figure(**moves):
    """A standing front view in torso lengths; ``left_wrist=(x, y)`` puts a joint elsewhere."""
    side = {"eye": (0.08, -0.55), "ear": (0.15, -0.5), "shoulder": (0.25, 0), "elbow": (0.35, 0.5), "wrist": (0.4, 1.0),
            "hip": (0.18, 1), "knee": (0.2, 1.9), "ankle": (0.2, 2.8)}  # fmt: skip
    points = np.zeros((17, 2))
    points[0] = 0, -0.5
    for part, (x, y) in side.items():
        points[COCO_17.index(f"left_{part}")] = x, y
        points[COCO_17.index(f"right_{part}")] = -x, y
    for name, place in moves.items():
        points[COCO_17.index(name)] = place
    return points


def kinds(points, state=None):
    state = np.full(17, VISIBLE) if state is None else state
    found = kinds_of((points * 100 + 500)[None], state[None])
    return {aspect: str(value[0]) for aspect, value in found.items()}


def test_a_standing_front_view():
    assert kinds(figure()) == {"view": "front", "torso": "upright", "legs": "straight", "arms": "down",
                               "crossing": "none", "framing": "full body"}  # fmt: skip


def test_back_and_side_views():
    back = figure() * (-1, 1)
    assert kinds(back)["view"] == "back"
    assert kinds(figure() * (0.1, 1))["view"] == "side"
    # A mirrored front view with its sides exchanged is a front view.
    mirrored, _ = flip_points(figure(), np.full(17, VISIBLE), 0, COCO_17)
    assert kinds(mirrored)["view"] == "front"


@pytest.mark.parametrize(("degrees", "torso"), [(10, "upright"), (40, "leaning"), (-90, "lying"), (180, "upside down")])
def test_the_view_turns_with_the_body(degrees, torso):
    turned = kinds(apply_to_points(rotation(degrees), figure()))
    assert turned["torso"] == torso
    assert turned["view"] == "front"
    assert turned["legs"] == "straight"
    assert kinds(apply_to_points(rotation(degrees), figure() * (-1, 1)))["view"] == "back"


@pytest.mark.parametrize(
    ("moves", "aspect", "kind"),
    [
        ({"left_wrist": (0.4, -0.9)}, "arms", "one up"),
        ({"left_wrist": (0.4, -0.9), "right_wrist": (-0.4, -0.9)}, "arms", "both up"),
        ({"left_wrist": (1.2, 0.1), "right_wrist": (-1.2, 0.1)}, "arms", "spread"),
        ({"left_wrist": (-0.2, 0.5), "right_wrist": (0.2, 0.5)}, "crossing", "arms crossed"),
        ({"left_ankle": (-0.2, 2.8), "right_ankle": (0.2, 2.8)}, "crossing", "legs crossed"),
        ({"left_knee": (0.6, 1.6), "left_ankle": (0.3, 2.4)}, "legs", "bent"),
        ({"left_knee": (1.0, 1.2), "left_ankle": (1.0, 2.0), "right_knee": (-1.0, 1.2), "right_ankle": (-1, 2)},
         "legs", "sitting or crouching"),
        ({"left_knee": (0.9, 0.9), "left_ankle": (1.5, 0.8)}, "legs", "raised"),
    ],
)  # fmt: skip
def test_poses(moves, aspect, kind):
    assert kinds(figure(**moves))[aspect] == kind
    assert kinds(apply_to_points(scaling(0.3), figure(**moves)))[aspect] == kind


def test_missing_joints_are_unknown_and_frame_the_picture():
    state = np.full(17, VISIBLE)
    state[15:] = JointState.OUTSIDE
    assert kinds(figure(), state)["framing"] == "to the knees"
    assert kinds(figure(), state)["legs"] == "unknown"
    state[11:] = JointState.UNKNOWN
    cut = kinds(figure(), state)
    assert cut["framing"] == "head or less"
    assert {cut["view"], cut["torso"], cut["arms"], cut["legs"]} == {"unknown"}
    empty = kinds(figure(), np.zeros(17, np.int64))
    assert empty["view"] == "unknown"


def test_a_torso_of_no_length_is_unknown():
    points = figure()
    points[11:13] = points[5:7]
    assert kinds(points)["view"] == "unknown"


def test_tags_name_kinds_that_exist():
    assert all(kind in ASPECTS[aspect] for aspect, kind in TAGS)
    with pytest.raises(ValueError, match="17"):
        kinds_of(np.zeros((1, 25, 2)), np.zeros((1, 25), int))


def _set(views):
    people = [
        Person(n, n, figure() * (1 if view == "front" else -1, 1) * 100 + 300, np.full(17, VISIBLE), None, None,
               {"view": view})
        for n, view in enumerate(views)
    ]  # fmt: skip
    people.append(replace(people[0], id=99, state=np.zeros(17, np.int64)))
    return PoseSet(COCO_17, {n: Picture(n, f"{n}.png", 600, 900) for n in range(len(views) + 2)}, people)


def test_distribution_counts_and_names_what_is_rare():
    found = distribution(_set(["front"] * 97 + ["back"] * 3))
    assert (found.characters, found.pictures) == (100, 102)
    assert found.aspects["view"] == {"front": 97, "side": 0, "back": 3, "unknown": 0}
    assert found.share("view", "back") == 0.03
    assert found.labelled["view"] == {"front": 97, "back": 3}
    rare = {(aspect, kind): (share, tags) for aspect, kind, share, tags in found.rare()}
    assert rare[("view", "back")][0] == 0.03
    assert "from_behind" in rare[("view", "back")][1]
    assert found.rare()[0][2] == 0
    assert found.joints["nose"] == {"unknown": 0, "occluded": 0, "visible": 100, "outside": 0}
    assert found.long_side_px["256-511"] == 100
    assert found.characters_a_picture == {1: 100}
    assert found.as_json()["rare"][0]["share"] == 0


@pytest.mark.parametrize(
    ("own", "told", "least"),
    [("front", {"front"}, 0.95), ("three_quarter", {"front", "side"}, 0.95), ("side", {"side"}, 0.55),
     ("back", {"back"}, 0.8), ("back", {"back", "side"}, 0.95)],
)  # fmt: skip
def test_views_told_agree_with_the_artist(own, told, least):
    mix = Mixer("simple", {"views": {own: 1, "others": 0}})
    plan = Plan(seed=3, count=120, size=64, style="drawn", characters=(1, 1), mix=mix)
    drawn = [draw_sample(plan, number).characters[0] for number in range(1, plan.count + 1)]
    figures = [figure for figure in drawn if figure.view == own]  # lying ones have a view of their own
    points, state = (np.stack([getattr(f, name)[:17] for f in figures]) for name in ("points_xy", "state"))
    views = [view for view in kinds_of(points, state)["view"].tolist() if view != "unknown"]
    assert len(views) > 30
    assert np.mean([view in told for view in views]) >= least, views
