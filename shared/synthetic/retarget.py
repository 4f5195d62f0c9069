"""One frame of motion capture as a `Pose`: the angles of our skeleton, whatever the bones of the other are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shared.geometry import FloatArray
from shared.synthetic.bvh import Clip
from shared.synthetic.skeleton import Arm, Leg, Pose, Vector

#: An arm, and a leg, that is bent by less (degrees) says nothing about the direction in which it bends.
_STRAIGHT_ARM, _STRAIGHT_LEG = 1.0, 12.0


@dataclass(frozen=True)
class Joints:
    """Indices of a clip's joints: ``left_hip`` … (−1 where a toe is missing), pelvis, chest, neck and head (or −1)."""

    sided: Mapping[str, int]
    pelvis: int
    chest: int
    neck: int
    head: int

    def frame(self, clip: Clip) -> FloatArray:
        """Returns the rest pose's body frame ``(3, 3)`` (columns left, up, front); NaN where it has none."""
        rest = clip.rest
        hips = [rest[self.sided[f"{side}_hip"]] for side in ("left", "right")]
        top = rest[self.neck] if self.neck >= 0 else rest[self.chest]
        up = top - (hips[0] + hips[1]) / 2
        with np.errstate(all="ignore"):
            left = hips[0] - hips[1]
            up = up / np.linalg.norm(up)
            left = left - up * (left @ up)
            left = left / np.linalg.norm(left)
            return np.stack([left, up, np.cross(left, up)], axis=1)

    def world(self, clip: Clip) -> FloatArray:
        """Returns the file's own axes ``(3, 3)`` of left, up and front: some files have z up, and say so nowhere.

        They are the axes nearest to the rest pose's, which stands upright.
        """
        frame = self.frame(clip)
        up = int(np.abs(frame[:, 1]).argmax())
        left = int(np.delete(np.abs(frame[:, 0]), up).argmax())
        left += left >= up
        axes = np.zeros((3, 3))
        axes[left, 0], axes[up, 1] = np.sign(frame[left, 0]), np.sign(frame[up, 1])
        axes[:, 2] = np.cross(axes[:, 0], axes[:, 1])
        return axes


def pose_of(clip: Clip, joints: Joints, frame: int) -> Pose:
    """Returns the pose of a frame; where the body stands and how it is turned about the vertical is left out.

    In the rest pose the body must be upright along its own spine with the face to its front, as capture programs
    write it; how its arms and legs are held there does not matter.
    """
    places, turns = clip.at(frame)
    rest = joints.frame(clip)
    pelvis, chest = turns[joints.pelvis] @ rest, turns[joints.chest] @ rest
    head = turns[joints.head] @ rest if joints.head >= 0 else chest
    _, roll, pitch = _yzx(joints.world(clip).T @ pelvis)
    twist, side, forward = _yzx(_half(pelvis.T @ chest))
    yaw, nod, tilt = _yxz(chest.T @ head)
    arms = [_arm(places, joints, name, chest) for name in ("left", "right")]
    legs = [_leg(places, clip, joints, name, pelvis) for name in ("left", "right")]
    return Pose(
        pitch=pitch,
        tilt=-roll,
        spine=(2 * forward, -2 * side, 2 * twist),
        head=(yaw, nod, -tilt),
        arms=(arms[0], arms[1]),
        legs=(legs[0], legs[1]),
    )


def tags_of(pose: Pose) -> tuple[str, ...]:
    """Returns Danbooru tags that a pose's angles alone bear out; few, for what they do not tell is left open."""
    tags: list[str] = []
    upright = abs(pose.pitch) < 25 and abs(pose.tilt) < 25
    if upright and all(leg.knee < 35 and abs(leg.flex) < 30 and leg.out < 35 for leg in pose.legs):
        tags.append("standing")
    if abs(pose.tilt) > 140 or abs(pose.pitch) > 140:
        tags.append("upside-down")
    raised = [arm.upper[1] > 0.55 and arm.elbow < 80 for arm in pose.arms]
    if any(raised):
        tags.append("arms_up" if all(raised) else "arm_up")
    if all(arm.upper[0] > 0.8 and arm.elbow < 40 for arm in pose.arms):
        tags.append("outstretched_arms")
    return tuple(tags)


def _arm(places: FloatArray, joints: Joints, side: str, chest: FloatArray) -> Arm:
    shoulder, elbow, wrist = (places[joints.sided[f"{side}_{name}"]] for name in ("shoulder", "elbow", "wrist"))
    mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
    upper = _unit(chest.T @ (elbow - shoulder)) * mirror
    lower = _unit(chest.T @ (wrist - elbow)) * mirror
    angle = _degrees_between(upper, lower)
    bend = lower - upper * float(lower @ upper)
    if angle < _STRAIGHT_ARM:
        bend = np.array([0.0, 0.3, 1.0])
    return Arm(_vector(upper), _vector(_unit(bend)), angle)


def _leg(places: FloatArray, clip: Clip, joints: Joints, side: str, pelvis: FloatArray) -> Leg:
    """Inverts `skeleton.solve`'s leg: thigh by flexion and spread, shin by twist and knee, foot against the shin."""
    names = [joints.sided[f"{side}_{name}"] for name in ("hip", "knee", "ankle", "toe")]
    sign = 1.0 if side == "left" else -1.0
    hip, knee, ankle = places[names[:3]]
    thigh, shin = _unit(pelvis.T @ (knee - hip)), _unit(pelvis.T @ (ankle - knee))
    out = math.asin(min(max(sign * float(thigh[0]), -1.0), 1.0))
    flex = math.atan2(float(thigh[2]), -float(thigh[1]))
    back = np.array([0.0, -math.sin(flex), -math.cos(flex)])
    inward = np.array([-sign * math.cos(out), -math.sin(out) * math.cos(flex), math.sin(out) * math.sin(flex)])
    angle = _degrees_between(thigh, shin)
    towards, foot = shin, 0.0
    if names[3] >= 0:
        toe = _unit(pelvis.T @ (places[names[3]] - ankle))
        foot = _square(clip.rest, names) - _degrees_between(shin, toe)
        if angle < _STRAIGHT_LEG:
            towards = -toe  # the knee cap of a straight leg points where the foot does
    elif angle < _STRAIGHT_LEG:
        towards = back
    twist = math.atan2(float(towards @ inward), float(towards @ back))
    return Leg(math.degrees(flex), math.degrees(out), math.degrees(twist), angle, foot)


def _square(rest: FloatArray, names: list[int]) -> float:
    """Returns the angle between shin and foot in the rest pose, degrees: that of a foot flat on the floor."""
    return _degrees_between(_unit(rest[names[2]] - rest[names[1]]), _unit(rest[names[3]] - rest[names[2]]))


def _unit(vector: FloatArray) -> FloatArray:
    length = float(np.linalg.norm(vector))
    result: FloatArray = vector / length if length > 1e-9 else np.array([0.0, -1.0, 0.0])
    return result


def _vector(values: FloatArray) -> Vector:
    return float(values[0]), float(values[1]), float(values[2])


def _degrees_between(first: FloatArray, second: FloatArray) -> float:
    return math.degrees(math.acos(min(max(float(first @ second), -1.0), 1.0)))


def _half(turn: FloatArray) -> FloatArray:
    """Returns the rotation that, done twice, is ``turn``."""
    import cv2

    half, _ = cv2.Rodrigues(cv2.Rodrigues(turn)[0] / 2)
    return np.asarray(half, np.float64)


def _yzx(turn: FloatArray) -> tuple[float, float, float]:
    """Returns degrees y, z, x with ``turn = turn_y(y) @ turn_z(z) @ turn_x(x)``."""
    z = math.asin(min(max(float(turn[1, 0]), -1.0), 1.0))
    y = math.atan2(-float(turn[2, 0]), float(turn[0, 0]))
    x = math.atan2(-float(turn[1, 2]), float(turn[1, 1]))
    return math.degrees(y), math.degrees(z), math.degrees(x)


def _yxz(turn: FloatArray) -> tuple[float, float, float]:
    """Returns degrees y, x, z with ``turn = turn_y(y) @ turn_x(x) @ turn_z(z)``."""
    x = math.asin(min(max(-float(turn[1, 2]), -1.0), 1.0))
    y = math.atan2(float(turn[0, 2]), float(turn[2, 2]))
    z = math.atan2(float(turn[1, 0]), float(turn[1, 1]))
    return math.degrees(y), math.degrees(x), math.degrees(z)
