import math

import numpy as np
import pytest

from shared.synthetic.camera import Camera, sample_camera, view_of
from shared.synthetic.poses import FAMILIES, sample_pose
from shared.synthetic.proportions import make_proportions, sample_proportions
from shared.synthetic.skeleton import INDEX, Arm, Leg, Pose, reach, solve


def joint(skeleton, name):
    return skeleton.points[INDEX[name]]


def test_standing_body_is_one_height_tall():
    size = make_proportions(7.5, "girl")
    pose = Pose(legs=(Leg(0, 0, 0, 0, 0), Leg(0, 0, 0, 0, 0)))
    skeleton = solve(pose, size)
    sole = joint(skeleton, "left_ankle")[1] - size.ankle
    assert joint(skeleton, "head_top")[1] - sole == pytest.approx(1.0, abs=0.01)
    assert joint(skeleton, "left_shoulder")[0] == pytest.approx(size.shoulder, abs=1e-6)
    assert joint(skeleton, "right_hip")[0] == pytest.approx(-size.hip)


def test_right_angles_by_hand():
    size = make_proportions(7.0, "boy")
    arm = Arm(upper=(1.0, 0.0, 0.0), bend=(0.0, 1.0, 0.0), elbow=90.0)
    pose = Pose(arms=(arm, arm), legs=(Leg(flex=90, out=0, knee=90, foot=0), Leg(flex=90, out=0, knee=90, foot=0)))
    skeleton = solve(pose, size)
    shoulder = joint(skeleton, "left_shoulder")
    np.testing.assert_allclose(joint(skeleton, "left_elbow") - shoulder, [size.upper_arm, 0, 0], atol=1e-9)
    np.testing.assert_allclose(
        joint(skeleton, "left_wrist") - joint(skeleton, "left_elbow"), [0, size.forearm, 0], atol=1e-9
    )
    np.testing.assert_allclose(joint(skeleton, "right_elbow")[0], -joint(skeleton, "left_elbow")[0], atol=1e-9)
    hip = joint(skeleton, "left_hip")
    np.testing.assert_allclose(joint(skeleton, "left_knee") - hip, [0, 0, size.thigh], atol=1e-9)
    np.testing.assert_allclose(
        joint(skeleton, "left_ankle") - joint(skeleton, "left_knee"), [0, -size.shin, 0], atol=1e-9
    )
    assert joint(skeleton, "left_toe")[2] > joint(skeleton, "left_heel")[2]  # feet point forward


def test_reach_puts_the_wrist_on_the_target():
    size = make_proportions(7.5, "boy")
    length = size.upper_arm + size.forearm
    target = (0.1, -0.6, 0.3)
    pose = Pose(arms=(reach(target), Arm()))
    skeleton = solve(pose, size)
    wrist = (joint(skeleton, "left_wrist") - joint(skeleton, "left_shoulder")) / length
    np.testing.assert_allclose(wrist, target, atol=0.02)  # arm shares differ a little between builds


def test_limits_are_kept():
    size = make_proportions(6.0, "girl")
    skeleton = solve(Pose(legs=(Leg(knee=400.0), Leg(knee=-50.0)), arms=(Arm(elbow=300.0), Arm(elbow=-90.0))), size)

    def bend(a, b, c):
        u, v = joint(skeleton, b) - joint(skeleton, a), joint(skeleton, c) - joint(skeleton, b)
        return math.degrees(math.acos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1)))

    assert bend("left_hip", "left_knee", "left_ankle") == pytest.approx(164.0)
    assert bend("right_hip", "right_knee", "right_ankle") == pytest.approx(0.0, abs=1e-5)
    assert bend("left_shoulder", "left_elbow", "left_wrist") == pytest.approx(158.0)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_bones_keep_their_length_in_every_family(family):
    size = make_proportions(5.0, "girl")
    for seed in range(4):
        points = solve(sample_pose(np.random.default_rng(seed), family).pose, size).points
        for a, b, length in (
            ("left_shoulder", "left_elbow", size.upper_arm),
            ("right_elbow", "right_wrist", size.forearm),
            ("left_hip", "left_knee", size.thigh),
            ("right_knee", "right_ankle", size.shin),
        ):
            assert np.linalg.norm(points[INDEX[a]] - points[INDEX[b]]) == pytest.approx(length)


def test_front_camera_by_hand():
    camera = Camera(distance=4.0)
    seen = camera.to_camera(np.array([[0.3, 0.2, 0.0], [0.0, 0.0, 2.0]]), np.zeros(3))
    np.testing.assert_allclose(seen, [[0.3, -0.2, 4.0], [0.0, 0.0, 2.0]], atol=1e-12)
    np.testing.assert_allclose(camera.project(seen)[0], [0.3, -0.2])
    half = camera.to_camera(np.array([[0.1, 0.0, 2.0]]), np.zeros(3))
    np.testing.assert_allclose(camera.project(half)[0], [0.2, 0.0])  # twice as near, twice as large


def test_camera_turns():
    x, top, front = np.eye(3)[:, None, :]
    behind = Camera(yaw=180.0, distance=5.0)
    assert behind.to_camera(x, np.zeros(3))[0, 0] == pytest.approx(-1.0)
    turned = Camera(yaw=90.0, distance=5.0)
    assert turned.to_camera(front, np.zeros(3))[0, 0] == pytest.approx(1.0)  # face to the picture's right
    above = Camera(elevation=30.0, distance=5.0)
    assert above.to_camera(top, np.zeros(3))[0, 2] < 5.0  # the head is nearer to a viewer above
    rolled = Camera(roll=90.0, distance=5.0)
    assert rolled.to_camera(top, np.zeros(3))[0, 0] == pytest.approx(1.0)  # clockwise: up goes right
    assert np.linalg.det(Camera(20, 10, 5).rotation()) == pytest.approx(1.0)


def test_views_and_their_shares():
    assert [view_of(v) for v in (0, 30, -90, 180, 350, -170)] == [
        "front",
        "three_quarter",
        "side",
        "back",
        "front",
        "back",
    ]
    rng = np.random.default_rng(0)
    views = [view_of(sample_camera(rng).yaw) for _ in range(1000)]
    for view, share in (("front", 0.45), ("three_quarter", 0.35), ("side", 0.12), ("back", 0.08)):
        assert views.count(view) / 1000 == pytest.approx(share, abs=0.05)


def test_proportions_cover_chibi_to_tall():
    rng = np.random.default_rng(1)
    heads = [sample_proportions(rng, photo=False).heads for _ in range(300)]
    assert min(heads) < 2.6
    assert max(heads) > 7.2
    with pytest.raises(ValueError, match="heads"):
        make_proportions(12, "girl")
    with pytest.raises(ValueError, match="build"):
        make_proportions(6, "robot")


def test_unknown_family_is_refused():
    with pytest.raises(ValueError, match="moonwalk"):
        sample_pose(np.random.default_rng(0), "moonwalk")
