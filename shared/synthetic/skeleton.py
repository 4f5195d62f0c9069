"""A 3D skeleton: joint angles in, joint places and body frames out.

Frames are x to the character's left, y up, z to its front, in body heights; the pelvis is the origin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shared.geometry import FloatArray
from shared.synthetic.camera import turn_x, turn_y, turn_z
from shared.synthetic.proportions import Proportions

Vector = tuple[float, float, float]

#: Order of the rows of `Skeleton.points`.
JOINTS = (
    "pelvis",
    "waist",
    "chest",
    "neck",
    "head_base",
    "head",
    "head_top",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "left_hand",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "right_hand",
    "left_hip",
    "left_knee",
    "left_ankle",
    "left_toe",
    "left_heel",
    "right_hip",
    "right_knee",
    "right_ankle",
    "right_toe",
    "right_heel",
)
INDEX = {name: i for i, name in enumerate(JOINTS)}

#: Share of the arm's length (shoulder to wrist) above the elbow, used where an arm reaches for a place.
UPPER_SHARE = 0.535

#: Joint limits in degrees (low, high).
LIMITS = {
    "elbow": (0.0, 158.0),
    "knee": (0.0, 164.0),
    "hip_flex": (-30.0, 130.0),
    "hip_out": (-30.0, 80.0),
    "hip_twist": (-75.0, 75.0),
    "foot": (-30.0, 75.0),
    "spine_forward": (-30.0, 75.0),
    "spine_side": (-35.0, 35.0),
    "spine_twist": (-45.0, 45.0),
    "head_yaw": (-85.0, 85.0),
    "head_pitch": (-45.0, 50.0),
    "head_roll": (-35.0, 35.0),
}


def _limit(name: str, degrees: float) -> float:
    low, high = LIMITS[name]
    return min(max(degrees, low), high)


def _unit(v: FloatArray) -> FloatArray:
    length = float(np.sqrt(v @ v))
    return v / length if length > 1e-9 else np.array([0.0, -1.0, 0.0])


@dataclass(frozen=True)
class Arm:
    """One arm in the chest's frame with x pointing outward (same numbers on both sides mirror each other).

    Attributes:
        upper: direction of the upper arm (outward, up, forward).
        bend: direction towards which the elbow bends the forearm.
        elbow: flexion in degrees, 0 straight.
        hand: bend of the hand against the forearm in degrees.
    """

    upper: Vector = (0.15, -1.0, 0.0)
    bend: Vector = (0.0, 0.3, 1.0)
    elbow: float = 15.0
    hand: float = 0.0


def reach(target: Vector, pole: Vector = (0.6, -0.6, -0.5), hand: float = 0.0) -> Arm:
    """Returns the arm whose wrist is at ``target`` (outward, up, forward from its shoulder, in arm lengths).

    Too far a target is approached with a straight arm. ``pole`` says where the elbow points.
    """
    goal = np.array(target)
    distance = float(np.linalg.norm(goal))
    towards = _unit(goal)
    near, far = UPPER_SHARE, 1.0 - UPPER_SHARE
    distance = min(max(distance, 0.22), 0.999)
    cosine = (near**2 + distance**2 - far**2) / (2 * near * distance)
    cosine = min(max(cosine, -1.0), 1.0)
    side = np.array(pole) - towards * float(np.dot(pole, towards))
    side = _unit(side)
    upper = cosine * towards + math.sqrt(1 - cosine**2) * side
    forearm = _unit(distance * towards - near * upper)
    flex = math.degrees(math.acos(min(max(float(upper @ forearm), -1.0), 1.0)))
    bend = forearm - upper * float(upper @ forearm)
    bend = _unit(bend) if float(np.linalg.norm(bend)) > 1e-6 else -side
    return Arm((upper[0], upper[1], upper[2]), (bend[0], bend[1], bend[2]), flex, hand)


@dataclass(frozen=True)
class Leg:
    """One leg; degrees. Same numbers on both sides mirror each other.

    Attributes:
        flex: thigh forward (+) or back.
        out: thigh away from the middle.
        twist: turn of the thigh about itself; positive swings the bent shin inward, negative outward.
        knee: flexion, 0 straight.
        foot: 0 square to the shin, 75 toes pointed.
    """

    flex: float = 0.0
    out: float = 0.0
    twist: float = 0.0
    knee: float = 3.0
    foot: float = 0.0


@dataclass(frozen=True)
class Pose:
    """All joint angles, degrees.

    Attributes:
        pitch: whole body forward (90: lying on the front, −90: on the back).
        tilt: whole body towards its left (90: lying on the left side; 180: upside-down).
        spine: forward, left and twist (left shoulder back) of the chest against the pelvis.
        head: yaw (to the character's left), pitch (down), roll (to its left) against the chest.
        arms: left, right.
        legs: left, right.
        shrug: shoulders raised, body heights.
    """

    pitch: float = 0.0
    tilt: float = 0.0
    spine: Vector = (0.0, 0.0, 0.0)
    head: Vector = (0.0, 0.0, 0.0)
    arms: tuple[Arm, Arm] = (Arm(), Arm())
    legs: tuple[Leg, Leg] = (Leg(), Leg())
    shrug: float = 0.0


@dataclass(frozen=True)
class Skeleton:
    """Solved joints ``points`` ``(25, 3)`` in `JOINTS` order and the frames (columns: left, up, front)."""

    points: FloatArray
    pelvis: FloatArray
    waist: FloatArray
    chest: FloatArray
    head: FloatArray


def solve(pose: Pose, size: Proportions) -> Skeleton:
    """Returns the joints of ``pose`` for a body of these proportions; angles are clamped to `LIMITS`."""
    points = np.zeros((len(JOINTS), 3))
    pelvis = turn_z(-pose.tilt) @ turn_x(pose.pitch)
    forward = _limit("spine_forward", pose.spine[0])
    side, twist = _limit("spine_side", pose.spine[1]), _limit("spine_twist", pose.spine[2])
    half = turn_y(twist / 2) @ turn_z(-side / 2) @ turn_x(forward / 2)
    waist = pelvis @ half
    chest = waist @ half
    head = chest @ (
        turn_y(_limit("head_yaw", pose.head[0]))
        @ turn_x(_limit("head_pitch", pose.head[1]))
        @ turn_z(-_limit("head_roll", pose.head[2]))
    )
    neck_frame = chest @ turn_x(_limit("head_pitch", pose.head[1]) * 0.3)
    points[1] = pelvis[:, 1] * (0.33 * size.torso)
    points[2] = points[1] + waist[:, 1] * (0.3 * size.torso)
    points[3] = points[2] + chest[:, 1] * (0.37 * size.torso)
    points[4] = points[3] + neck_frame @ np.array([0.0, size.neck, 0.2 * size.neck])
    points[5] = points[4] + head @ np.array([0.0, 0.5 * size.head, 0.05 * size.head])
    points[6] = points[5] + head[:, 1] * (0.5 * size.head)
    for sign, row, arm in ((1.0, 7, pose.arms[0]), (-1.0, 11, pose.arms[1])):
        mirror = np.array([sign, 1.0, 1.0])
        upper = _unit(np.array(arm.upper))
        bend = np.array(arm.bend)
        bend = _unit(bend - upper * float(bend @ upper))
        angle = math.radians(_limit("elbow", arm.elbow))
        lower = math.cos(angle) * upper + math.sin(angle) * bend
        rise = pose.shrug + 0.018 * max(0.0, upper[1] + 0.2) / 1.2
        inward = 0.012 * max(0.0, upper[1])
        points[row] = points[3] + chest @ (mirror * np.array([size.shoulder - inward, rise - 0.01, 0.0]))
        points[row + 1] = points[row] + chest @ (mirror * upper) * size.upper_arm
        points[row + 2] = points[row + 1] + chest @ (mirror * lower) * size.forearm
        swing = angle + math.radians(arm.hand)
        palm = math.cos(swing) * upper + math.sin(swing) * bend
        points[row + 3] = points[row + 2] + chest @ (mirror * palm) * size.hand
    for sign, row, leg in ((1.0, 15, pose.legs[0]), (-1.0, 20, pose.legs[1])):
        points[row : row + 5] = _solve_leg(leg, sign, pelvis, size)
    return Skeleton(points, pelvis, waist, chest, head)


def _solve_leg(leg: Leg, sign: float, pelvis: FloatArray, size: Proportions) -> FloatArray:
    """Returns hip, knee, ankle, toe and heel ``(5, 3)``."""
    flex, out = (math.radians(_limit(n, v)) for n, v in (("hip_flex", leg.flex), ("hip_out", leg.out)))
    twist, knee = (math.radians(_limit(n, v)) for n, v in (("hip_twist", leg.twist), ("knee", leg.knee)))
    foot = math.radians(_limit("foot", leg.foot))
    sf, cf, so, co = math.sin(flex), math.cos(flex), math.sin(out), math.cos(out)
    thigh = np.array([sign * so, -co * cf, co * sf])
    back = np.array([0.0, -sf, -cf])
    inward = np.array([-sign * co, -so * cf, so * sf])
    bend = math.cos(twist) * back + math.sin(twist) * inward
    shin = math.cos(knee) * thigh + math.sin(knee) * bend
    front = math.sin(knee) * thigh - math.cos(knee) * bend
    toe = math.cos(foot) * front + math.sin(foot) * shin
    sole = math.cos(foot) * shin - math.sin(foot) * front
    hip = np.array([sign * size.hip, 0.0, 0.0])
    at_knee = hip + thigh * size.thigh
    at_ankle = at_knee + shin * size.shin
    at_toe = at_ankle + toe * (size.foot * 0.72) + sole * (size.ankle * 0.7)
    at_heel = at_ankle - toe * (size.foot * 0.2) + sole * (size.ankle * 0.7)
    return np.stack([hip, at_knee, at_ankle, at_toe, at_heel]) @ pelvis.T
