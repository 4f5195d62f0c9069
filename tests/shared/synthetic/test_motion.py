"""Motion capture: the format, the joints' names, and poses whose angles were set by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from shared.errors import DataError
from shared.synthetic.bvh import read_bvh
from shared.synthetic.cli import synth
from shared.synthetic.mixes import RICH
from shared.synthetic.motion import find_joints, find_motion, poses_of
from shared.synthetic.proportions import make_proportions
from shared.synthetic.retarget import pose_of
from shared.synthetic.skeleton import INDEX, Pose, solve

#: name, parent, offset: a body of 20 units in a T pose that looks along +z; y is up.
BODY = (
    ("Hips", "", (0, 10, 0)), ("Spine", "Hips", (0, 2, 0)), ("Neck", "Spine", (0, 4, 0)), ("Head", "Neck", (0, 1, 0)),
    *((f"{side}{name}", parent.format(side), (sign * x, y, z)) for side, sign in (("Left", 1), ("Right", -1))
      for name, parent, (x, y, z) in (
          ("Arm", "Spine", (2, 3.5, 0)), ("ForeArm", "{}Arm", (3, 0, 0)), ("Hand", "{}ForeArm", (3, 0, 0)),
          ("UpLeg", "Hips", (1, 0, 0)), ("Leg", "{}UpLeg", (0, -5, 0)), ("Foot", "{}Leg", (0, -5, 0)),
          ("ToeBase", "{}Foot", (0, -1, 2)))),
)  # fmt: skip


def bvh(frames: list[dict[str, tuple[float, float, float]]], frame_s: float = 0.1) -> str:
    """Returns a file; a frame names joints and their turns about z, x and y, in this order."""
    order: list[str] = []

    def block(name: str, depth: int) -> list[str]:
        order.append(name)
        _, parent, offset = next(row for row in BODY if row[0] == name)
        children = [row[0] for row in BODY if row[1] == name]
        channels = "Zrotation Xrotation Yrotation"
        count = "6 Xposition Yposition Zposition" if not parent else "3"
        inner = [f"OFFSET {' '.join(map(str, offset))}", f"CHANNELS {count} {channels}"]
        for child in children:
            inner += block(child, depth + 1)
        if not children:
            inner += ["End Site", "{", "OFFSET 0 1 0", "}"]
        return [f"{'ROOT' if not parent else 'JOINT'} {name}", "{", *inner, "}"]

    lines = ["HIERARCHY", *block("Hips", 0), "MOTION", f"Frames: {len(frames)}", f"Frame Time: {frame_s}"]
    for frame in frames:
        assert set(frame) <= set(order)
        values = [
            value for name in order for value in ((0, 10, 0) if name == "Hips" else ()) + frame.get(name, (0, 0, 0))
        ]
        lines.append(" ".join(map(str, values)))
    return "\n".join(lines)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clip.bvh"


def pose(path: Path, **turns: tuple[float, float, float]) -> Pose:
    path.write_text(bvh([turns]))
    clip = read_bvh(path)
    return pose_of(clip, find_joints(clip, path), 0)


def test_places_by_hand(path: Path) -> None:
    # The left arm turned down about z by 90°, then its forearm forward about the y of the turned arm.
    path.write_text(bvh([{}, {"LeftArm": (-90, 0, 0), "LeftForeArm": (0, 0, -90)}]))
    clip = read_bvh(path)
    assert (len(clip.names), clip.frame_s, clip.turns.shape) == (18, 0.1, (2, 18, 3, 3))
    at = dict(zip(clip.names, clip.at(0)[0], strict=True))
    assert np.allclose(at["LeftHand"], (8, 5.5, 0))
    assert np.allclose(clip.at(0)[0], clip.rest)
    at = dict(zip(clip.names, clip.at(1)[0], strict=True))
    assert np.allclose(at["LeftForeArm"], (2, 2.5, 0))
    assert np.allclose(at["LeftHand"], (2, 2.5, 3))
    assert np.allclose(at["RightHand"], (-8, 5.5, 0))


def test_angles_by_hand(path: Path) -> None:
    found = pose(path)
    assert np.allclose((found.pitch, found.tilt, *found.spine, *found.head), 0)
    for arm in found.arms:
        assert np.allclose(arm.upper, (1, 0, 0)), "outward on both sides"
        assert arm.elbow == pytest.approx(0, abs=0.01)
    for leg in found.legs:
        assert np.allclose((leg.flex, leg.out, leg.twist, leg.knee, leg.foot), 0, atol=0.01)

    # Left leg: thigh forward by 90° (about −x), shin back down. Turned about the vertical: not part of the pose.
    found = pose(path, Hips=(0, 0, 130), LeftUpLeg=(0, -90, 0), LeftLeg=(0, 90, 0), RightUpLeg=(-20, 0, 0))
    assert (found.pitch, found.tilt) == (pytest.approx(0, abs=0.01), pytest.approx(0, abs=0.01))
    left, right = found.legs
    assert np.allclose((left.flex, left.out, left.twist, left.knee), (90, 0, 0, 90), atol=0.01)
    assert np.allclose((right.flex, right.out, right.knee), (0, 20, 0), atol=0.01), "spread outward"

    found = pose(path, Hips=(0, 80, 0), LeftArm=(-90, 0, 0), LeftForeArm=(0, 0, -60), Head=(0, 0, 40))
    assert (found.pitch, found.head[0]) == (pytest.approx(80), pytest.approx(40)), "lying on the front, looking left"
    assert np.allclose(found.arms[0].upper, (0, -1, 0), atol=1e-6)
    assert found.arms[0].elbow == pytest.approx(60)
    assert np.allclose(found.arms[0].bend, (0, 0, 1), atol=1e-6), "the forearm forward"

    found = pose(path, Spine=(0, 30, 0))
    assert np.allclose(found.spine, (30, 0, 0))
    found = pose(path, Spine=(0, 0, 25))
    assert np.allclose(found.spine, (0, 0, 25)), "left shoulder back"


def test_limbs_point_where_the_capture_has_them(path: Path) -> None:
    rng = np.random.default_rng(4)
    size = make_proportions(6.5, "girl")
    for _ in range(20):
        turns = {f"{side}Arm": tuple(rng.uniform(-40, 40, 3).tolist()) for side in ("Left", "Right")}
        for side in ("Left", "Right"):
            sign = 1 if side == "Left" else -1
            turns[f"{side}ForeArm"] = (0.0, 0.0, -sign * float(rng.uniform(0, 140)))
            turns[f"{side}UpLeg"] = (sign * float(rng.uniform(-20, 60)), float(rng.uniform(-110, 20)), 0.0)
            turns[f"{side}Leg"] = (0.0, float(rng.uniform(15, 150)), 0.0)
        turns["Spine"] = tuple(rng.uniform(-12, 12, 3).tolist())
        path.write_text(bvh([turns]))
        clip = read_bvh(path)
        at = dict(zip(clip.names, clip.at(0)[0], strict=True))
        ours = solve(pose_of(clip, find_joints(clip, path), 0), size).points
        for side in ("Left", "Right"):
            for theirs, names in (
                (("Arm", "ForeArm"), ("shoulder", "elbow")), (("ForeArm", "Hand"), ("elbow", "wrist")),
                (("UpLeg", "Leg"), ("hip", "knee")), (("Leg", "Foot"), ("knee", "ankle")),
            ):  # fmt: skip
                wanted = at[f"{side}{theirs[1]}"] - at[f"{side}{theirs[0]}"]
                found = ours[INDEX[f"{side.lower()}_{names[1]}"]] - ours[INDEX[f"{side.lower()}_{names[0]}"]]
                assert wanted @ found / np.linalg.norm(wanted) / np.linalg.norm(found) > 0.9999


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("mixamorig:{side}{name}", ("Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")),
        ("{l}{name}", ("Shldr", "ForeArm", "Hand", "Thigh", "Shin", "Foot", "Toe")),  # Poser, DAZ
        ("{side}{name}", ("Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Toe")),  # CMU by MotionBuilder
        ("{L}_{name}", ("Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle", "Foot")),  # SMPL
        ("{name}.{L}", ("upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe")),  # Blender
        ("{name}_{l}", ("upperarm", "lowerarm", "hand", "thigh", "calf", "foot", "ball")),  # Unreal
        ("Bip01 {L} {name}", ("UpperArm", "Forearm", "Hand", "Thigh", "Calf", "Foot", "Toe0")),  # 3ds Max
        ("{side}{name}", ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot", "Toes")),  # Unity
    ],
)
def test_names_of_other_programs(path: Path, pattern: str, names: tuple[str, ...]) -> None:
    text = bvh([{}])
    path.write_text(text)
    before = read_bvh(path).names
    ours = ("Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot", "ToeBase")
    for side in ("Left", "Right"):
        for mine, theirs in zip(ours, names, strict=True):
            other = pattern.format(side=side, l=side[0].lower(), L=side[0], name=theirs)
            # A mark keeps a new name from being taken for an old one (Arm is the shoulder's here, …).
            text = re.sub(rf"JOINT {side}{mine}\n", f"JOINT ~{other}\n", text)
    path.write_text(text.replace("~", ""))
    clip = read_bvh(path)
    found = find_joints(clip, path)
    roles = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "toe")
    for side in ("left", "right"):
        for role, name in zip(roles, ours, strict=True):
            assert before[found.sided[f"{side}_{role}"]] == f"{side.title()}{name}"
    assert before[found.pelvis] == "Hips"
    assert before[found.chest] == "Spine"


def test_a_file_with_z_up_gives_the_same_pose(path: Path) -> None:
    turned = bvh([{}])

    def z_up(match: re.Match[str]) -> str:
        x, y, z = (float(value) for value in match.groups())
        return f"OFFSET {x} {-z} {y}"

    path.write_text(re.sub(r"OFFSET (\S+) (\S+) (\S+)", z_up, turned))
    clip = read_bvh(path)
    found = pose_of(clip, find_joints(clip, path), 0)
    assert np.allclose((found.pitch, found.tilt), 0, atol=1e-6)
    assert np.allclose(found.arms[0].upper, (1, 0, 0))


def test_sampling_is_by_share_and_repeatable(tmp_path: Path) -> None:
    (tmp_path / "walks").mkdir()
    (tmp_path / "walks" / "a.bvh").write_text(bvh([{"LeftUpLeg": (0, -50, 0)}] * 5, 0.05))
    (tmp_path / "b.BVH").write_text(bvh([{"Hips": (0, 60, 0)}]))
    motion = find_motion([tmp_path], 0.5)
    assert motion.names == ("b.BVH", "walks/a.bvh")
    assert len(poses_of(motion.files[1], motion.digests[1])) == 3, "one in a tenth of a second"
    rng = np.random.default_rng(1)
    families = [motion.sample(rng, RICH.poses) for _ in range(400)]
    taken = [each for each in families if each.family == "motion"]
    assert 160 < len(taken) < 240
    assert 0.3 < sum(each.pose.pitch > 50 for each in taken) / len(taken) < 0.7, "files alike"
    assert "standing" not in taken[0].tags
    again = np.random.default_rng(1)
    assert [motion.sample(again, RICH.poses) for _ in range(400)] == families


def test_the_data_set_tells_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(bvh([{"LeftArm": (60, 0, 0), "RightArm": (-60, 0, 0)}]))
    found = synth(tmp_path / "data", 2, size=64, characters="1", workers=1, bvh=[tmp_path / "a.bvh"], bvh_share=1.0)
    told = json.loads((tmp_path / "data" / "dataset.json").read_text())
    assert told["mix"]["base"] == "rich"
    assert told["mix"]["bvh"]["share"] == 1.0
    assert list(told["mix"]["bvh"]["files"]) == ["a.bvh"]
    assert told["content_hash"] == found
    rows = json.loads((tmp_path / "data" / "annotations" / "person_keypoints_train.json").read_text())["annotations"]
    assert {row["pose"] for row in rows} == {"motion"}
    assert str(tmp_path) not in (tmp_path / "data" / "dataset.json").read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "no MOTION"), (lambda text: text.replace("MOTION", "MOTOIN"), "no MOTION"),
        (lambda text: text.replace("Frames: 1", "Frames: 2"), "numbers for 2 frames"),
        (lambda text: text.replace("Frames: 1", "Frames: 0"), "0 frames"),
        (lambda text: text.replace("Frame Time: 0.1", "Frame Time: 0"), "1 frames of 0.0 s"),
        (lambda text: text.replace("Frames:", "Fames:"), "no Frames:"),
        (lambda text: text[:-1] + "x", "could not convert"), (lambda text: text[:-1] + "nan", "not finite"),
        (lambda text: text.replace("OFFSET 0 2 0", "OFFSET 0 2"), "is not 3 numbers"),
        (lambda text: text.replace("OFFSET 0 2 0", "OFFSET 0 inf 0"), "is not 3 numbers"),
        (lambda text: text.replace("3 Zrotation Xrotation Yrotation", "3 Zrotation Xrotation", 1), "wrong channels"),
        (lambda text: text.replace("Zrotation", "Wrotation", 1), "unknown channel 'Wrotation'"),
        (lambda text: text.replace("}", "", 1), "not closed"), (lambda text: text.replace("{", "", 1), "not a BVH"),
        (lambda text: text.replace("JOINT Spine", "ROOT Spine"), "several roots"),
        (lambda text: text.replace("JOINT", "BONE"), "'BONE' is not known"),
        (lambda text: text.replace("LeftForeArm", "Tentacle"), "no joint is called like a left elbow"),
        (lambda text: re.sub(r"OFFSET .*", "OFFSET 0 0 0", text), "lie in one place"),
    ],
)  # fmt: skip
def test_broken_files_are_one_clear_line(path: Path, change: object, message: str) -> None:
    assert callable(change)
    path.write_text(change(bvh([{}])))
    with pytest.raises(DataError, match=message) as failure:
        find_motion([path], 0.5)
    assert str(failure.value).startswith(str(path))
    assert "\n" not in str(failure.value)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.bvh"):
        find_motion([tmp_path / "none.bvh"], 0.5)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"holds no \.bvh file"):
        find_motion([tmp_path / "empty"], 0.5)


SAMPLES = Path(__file__).parents[4] / "shared/data/real_samples/bvh"


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no real samples beside the checkout")
def test_limbs_of_real_captures(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints how far the drawn skeleton's limbs point from the file's, with the turn about the vertical taken out."""
    size, off, frames = make_proportions(6.5, "girl"), [], 0
    pairs = [("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle")]
    limbs = [(f"{side}_{a}", f"{side}_{b}") for side in ("left", "right") for a, b in pairs]
    for file in sorted(SAMPLES.glob("*.bvh")):
        clip = read_bvh(file)
        joints = find_joints(clip, file)
        axes = joints.world(clip)
        for frame in range(len(clip.turns)):
            theirs, ours = clip.at(frame)[0] @ axes, solve(pose_of(clip, joints, frame), size).points
            wanted = np.array([theirs[joints.sided[b]] - theirs[joints.sided[a]] for a, b in limbs])
            found = np.array([ours[INDEX[b]] - ours[INDEX[a]] for a, b in limbs])
            wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
            found /= np.linalg.norm(found, axis=1, keepdims=True)
            flat = wanted[:, [0, 2]], found[:, [0, 2]]
            turn = np.arctan2(
                (flat[0][:, 0] * flat[1][:, 1] - flat[0][:, 1] * flat[1][:, 0]).sum(), (flat[0] * flat[1]).sum()
            )
            cos, sin = np.cos(turn), np.sin(turn)
            wanted[:, [0, 2]] = flat[0] @ np.array([[cos, sin], [-sin, cos]])
            off.append(np.degrees(np.arccos(np.clip((wanted * found).sum(axis=1), -1, 1))))
            frames += 1
    angles = np.concatenate(off)
    with capsys.disabled():
        told = f"median {np.median(angles):.3f}°, 99 % {np.percentile(angles, 99):.1f}°, worst {angles.max():.1f}°"
        print(f"\n{frames} frames: {told}")  # noqa: T201
    assert np.median(angles) < 0.5
    assert angles.max() < 40
