"""Pose families: each samples a `Pose` within joint limits, with the Danbooru tags that are true of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from shared.synthetic.arm_poses import (
    ARM_PAIRS,
    ArmSampler,
    arm_any,
    arm_behind_back,
    arm_floor,
    arm_forward,
    arm_lap,
    arm_out,
    arm_raise_prop,
    arm_up,
    gauss,
    sample_arms,
)
from shared.synthetic.chance import pick
from shared.synthetic.skeleton import Arm, Leg, Pose, reach

Rng = np.random.Generator


@dataclass(frozen=True)
class SampledPose:
    """A pose, the family it came from and its tags.

    ``held`` says which hand (0 left, 1 right, −1 none) is free to hold a prop.
    """

    pose: Pose
    family: str
    tags: tuple[str, ...]
    free_hand: int = -1


def _head(rng: Rng) -> tuple[float, float, float]:
    return gauss(rng, 0, 18), gauss(rng, 3, 9), gauss(rng, 0, 9)


def _spine(rng: Rng, spread: float = 1.0) -> tuple[float, float, float]:
    return gauss(rng, 2, 5 * spread), gauss(rng, 0, 5 * spread), gauss(rng, 0, 7 * spread)


# --- families ---------------------------------------------------------------------------------------------------


def _stand(rng: Rng) -> SampledPose:
    arms, tags, free = sample_arms(rng)
    kind = rng.random()
    if kind < 0.2:  # shins or feet crossed
        out, flex = gauss(rng, -12, 3.5), abs(gauss(rng, 7, 3))
        legs = [
            Leg(flex, out, gauss(rng, 0, 6), abs(gauss(rng, 6, 5)), 5),
            Leg(-flex / 2, out + gauss(rng, 2, 2), 0, 3, 0),
        ]
        tags = (*tags, "crossed_legs") if out < -6 else tags
    elif kind < 0.36:  # knees together, feet apart
        legs = [
            Leg(gauss(rng, 5, 4), gauss(rng, -7, 3), -abs(gauss(rng, 30, 14)), abs(gauss(rng, 14, 7)), gauss(rng, 0, 6))
            for _ in "LR"
        ]
    else:
        out = gauss(rng, 0, 5) + (10 if rng.random() < 0.15 else 0)
        legs = [
            Leg(gauss(rng, 0, 6), out + gauss(rng, 0, 3), gauss(rng, 0, 8), abs(gauss(rng, 4, 5)), gauss(rng, 0, 5))
            for _ in "LR"
        ]
    return SampledPose(
        Pose(0, gauss(rng, 0, 3), _spine(rng, 1.3), _head(rng), arms, (legs[0], legs[1])),
        "standing", ("standing", *tags), free,
    )  # fmt: skip


def _contrapposto(rng: Rng) -> SampledPose:
    arms, tags, free = sample_arms(rng)
    lean = gauss(rng, 7, 3)
    weight = Leg(gauss(rng, -3, 3), lean - 2, 0, 1, 0)
    free_leg = Leg(gauss(rng, 14, 7), gauss(rng, -3, 6), gauss(rng, -6, 5), gauss(rng, 22, 10), 10)
    flip = rng.random() < 0.5
    side = -1.6 * lean
    pose = Pose(
        0,
        lean if flip else -lean,
        (3, side if flip else -side, gauss(rng, 0, 8)),
        (gauss(rng, 0, 18), gauss(rng, 3, 8), gauss(rng, 0, 8) + (4 if flip else -4)),
        arms,
        (weight, free_leg) if flip else (free_leg, weight),
    )
    return SampledPose(pose, "contrapposto", ("standing", "contrapposto", *tags), free)


def _walk(rng: Rng) -> SampledPose:
    a = gauss(rng, 26, 7)
    swing = gauss(rng, 0.35, 0.15)
    legs = (Leg(a, -2, 0, abs(gauss(rng, 8, 6)), -8), Leg(-a * 0.7, -2, 0, abs(gauss(rng, 25, 12)), 25))
    arms = (
        Arm((0.12, -1, -swing), (0, 0.1, 1), abs(gauss(rng, 25, 12))),
        Arm((0.12, -1, swing), (0, 0.2, 1), abs(gauss(rng, 30, 15))),
    )
    pose = Pose(gauss(rng, 4, 3), 0, (gauss(rng, 3, 4), 0, gauss(rng, 8, 4)), _head(rng), arms, legs)
    return SampledPose(pose, "walking", ("walking",), 1)


def _run(rng: Rng) -> SampledPose:
    legs = (
        Leg(gauss(rng, 62, 14), 2, 0, gauss(rng, 80, 20), 5),
        Leg(gauss(rng, -22, 7), 3, 0, gauss(rng, 70, 28), 40),
    )
    arms = (
        Arm((0.25, -0.8, -0.9), (0, -0.2, 1), gauss(rng, 85, 15)),
        Arm((0.2, -0.8, 0.8), (-0.3, 0.8, 0.5), gauss(rng, 90, 18)),
    )
    if rng.random() < 0.2:
        arms = (arm_out(rng), arm_out(rng))
    pose = Pose(gauss(rng, 16, 6), 0, (gauss(rng, 6, 5), 0, gauss(rng, 12, 6)), (0, gauss(rng, -8, 8), 0), arms, legs)
    return SampledPose(pose, "running", ("running",))


def _jump(rng: Rng) -> SampledPose:
    def leg() -> Leg:
        return Leg(gauss(rng, 25, 28), abs(gauss(rng, 12, 10)), gauss(rng, 0, 15), abs(gauss(rng, 65, 35)), 45)

    pick: tuple[ArmSampler, ...] = (arm_up, arm_up, arm_out, arm_any)
    arms = (pick[int(rng.integers(4))](rng), pick[int(rng.integers(4))](rng))
    pose = Pose(gauss(rng, 0, 14), gauss(rng, 0, 8), _spine(rng, 2), _head(rng), arms, (leg(), leg()))
    return SampledPose(pose, "jumping", ("jumping",))


def _action(rng: Rng) -> SampledPose:
    legs = (
        Leg(gauss(rng, 45, 22), abs(gauss(rng, 22, 14)), gauss(rng, 0, 12), abs(gauss(rng, 60, 28)), 10),
        Leg(gauss(rng, -6, 14), abs(gauss(rng, 24, 12)), gauss(rng, 0, 12), abs(gauss(rng, 18, 16)), 15),
    )
    pick: tuple[ArmSampler, ...] = (arm_forward, arm_any, arm_out, arm_raise_prop, arm_any)
    arms = (pick[int(rng.integers(5))](rng), pick[int(rng.integers(5))](rng))
    pose = Pose(gauss(rng, 12, 12), gauss(rng, 0, 10), _spine(rng, 2.4), _head(rng), arms, legs)
    return SampledPose(pose, "action", ("fighting_stance",), int(rng.integers(2)))


def _kick(rng: Rng) -> SampledPose:
    legs = (
        Leg(gauss(rng, 85, 22), abs(gauss(rng, 14, 12)), 0, abs(gauss(rng, 15, 15)), 30),
        Leg(-4, 8, 0, abs(gauss(rng, 8, 8)), 5),
    )
    pose = Pose(gauss(rng, -10, 8), 0, _spine(rng, 2), _head(rng), (arm_any(rng), arm_any(rng)), legs)
    return SampledPose(pose, "kicking", ("kicking", "standing_on_one_leg"))


def _one_leg(rng: Rng) -> SampledPose:
    arms, tags, free = sample_arms(rng)
    legs = (Leg(gauss(rng, 12, 16), 5, gauss(rng, 0, 12), gauss(rng, 85, 22), 35), Leg(0, 3, 0, 2, 0))
    pose = Pose(gauss(rng, 3, 4), gauss(rng, 0, 4), _spine(rng), _head(rng), arms, legs)
    return SampledPose(pose, "one_leg", ("standing", "standing_on_one_leg", "leg_up", *tags), free)


def _sit(rng: Rng) -> SampledPose:
    arms = (arm_lap(rng), arm_lap(rng))
    tags: tuple[str, ...] = ("sitting",)
    free = -1
    if rng.random() < 0.5:
        arms, more, free = sample_arms(rng)
        tags += tuple(t for t in more if t != "arms_at_sides")
    out = abs(gauss(rng, 7, 6))
    knee = gauss(rng, 80, 16)
    legs = (
        Leg(gauss(rng, 86, 8), out, gauss(rng, 0, 6), knee, 10),
        Leg(gauss(rng, 86, 8), out, gauss(rng, 0, 6), knee + gauss(rng, 0, 9), 10),
    )
    if rng.random() < 0.4:
        legs = (Leg(102, -14, 12, gauss(rng, 72, 8), 25), Leg(86, -2, 0, gauss(rng, 84, 6), 8))
        tags += ("crossed_legs",)
    pose = Pose(gauss(rng, -5, 6), 0, (gauss(rng, 8, 7), gauss(rng, 0, 4), gauss(rng, 0, 7)), _head(rng), arms, legs)
    return SampledPose(pose, "sitting", tags, free)


def _sit_floor(rng: Rng) -> SampledPose:
    kind = int(rng.integers(4))
    arms: tuple[Arm, Arm] = (arm_floor(rng), arm_floor(rng) if rng.random() < 0.5 else arm_any(rng))
    tags: tuple[str, ...] = ("sitting",)
    if kind == 0:  # legs forward
        legs = (
            Leg(82, abs(gauss(rng, 9, 6)), 0, abs(gauss(rng, 12, 9)), 20),
            Leg(86, abs(gauss(rng, 9, 6)), 0, abs(gauss(rng, 30, 28)), 20),
        )
        tags += ("outstretched_legs",)
    elif kind == 1:  # cross-legged
        legs = (Leg(78, 52, 58, 128, 30), Leg(82, 50, 50, 120, 30))
        tags += ("indian_style",)
        arms = (arm_lap(rng), arm_lap(rng))
    elif kind == 2:  # knees up
        legs = (
            Leg(gauss(rng, 122, 4), 6, 0, gauss(rng, 126, 8), 5),
            Leg(gauss(rng, 120, 5), 6, 0, gauss(rng, 120, 9), 5),
        )
        tags += ("knees_up",)
        arms = (reach((-0.1, -0.45, 0.78), (0.9, 0, 0)), reach((-0.1, -0.48, 0.76), (0.9, 0, 0)))
    else:  # one knee up
        legs = (Leg(gauss(rng, 115, 5), 10, 0, gauss(rng, 118, 9), 5), Leg(84, 12, 0, abs(gauss(rng, 15, 12)), 15))
        tags += ("knee_up",)
    pose = Pose(gauss(rng, -10, 8), 0, (gauss(rng, 12, 8), gauss(rng, 0, 5), gauss(rng, 0, 8)), _head(rng), arms, legs)
    return SampledPose(pose, "sitting_floor", tags)


def _wariza(rng: Rng) -> SampledPose:
    legs = (Leg(84, gauss(rng, 12, 5), -58, 150, 60), Leg(84, gauss(rng, 12, 5), -58, 150, 60))
    arms = (arm_lap(rng), arm_lap(rng)) if rng.random() < 0.5 else (arm_any(rng), arm_lap(rng))
    pose = Pose(gauss(rng, 0, 6), 0, _spine(rng), _head(rng), arms, legs)
    return SampledPose(pose, "wariza", ("sitting", "wariza"))


def _seiza(rng: Rng) -> SampledPose:
    legs = (Leg(78, gauss(rng, 4, 2), 0, 154, 68), Leg(78, gauss(rng, 4, 2), 0, 154, 68))
    pose = Pose(gauss(rng, 2, 4), 0, _spine(rng), _head(rng), (arm_lap(rng), arm_lap(rng)), legs)
    return SampledPose(pose, "seiza", ("sitting", "seiza"))


def _kneel(rng: Rng) -> SampledPose:
    arms, _tags, free = sample_arms(rng)
    if rng.random() < 0.5:
        legs = (Leg(gauss(rng, 4, 6), 6, 0, gauss(rng, 95, 8), 60), Leg(gauss(rng, 4, 6), 6, 0, gauss(rng, 95, 8), 60))
        return SampledPose(
            Pose(gauss(rng, 2, 4), 0, _spine(rng), _head(rng), arms, legs), "kneeling", ("kneeling",), free
        )
    legs = (Leg(gauss(rng, 88, 6), 8, 0, gauss(rng, 92, 8), 0), Leg(gauss(rng, -2, 5), 4, 0, gauss(rng, 92, 6), 40))
    pose = Pose(gauss(rng, 5, 5), 0, _spine(rng), _head(rng), arms, legs)
    return SampledPose(pose, "kneeling", ("on_one_knee",), free)


def _crouch(rng: Rng) -> SampledPose:
    out = abs(gauss(rng, 14, 8))
    legs = (
        Leg(gauss(rng, 112, 8), out, 0, gauss(rng, 138, 8), 0),
        Leg(gauss(rng, 112, 8), out, 0, gauss(rng, 138, 8), 0),
    )
    arms = (reach((-0.15, -0.4, 0.75), (0.9, 0, 0)), arm_any(rng))
    pose = Pose(
        gauss(rng, 22, 8),
        0,
        (gauss(rng, 12, 8), 0, gauss(rng, 0, 6)),
        (gauss(rng, 0, 15), gauss(rng, -12, 8), 0),
        arms,
        legs,
    )
    return SampledPose(pose, "squatting", ("squatting",))


def _bent_over(rng: Rng) -> SampledPose:
    lean = gauss(rng, 34, 9)
    legs = (
        Leg(lean + gauss(rng, 0, 5), 4, 0, abs(gauss(rng, 6, 6)), 0),
        Leg(lean + gauss(rng, 0, 5), 4, 0, abs(gauss(rng, 6, 6)), 0),
    )
    arms = (reach((-0.05, -0.5, 0.8), (0.6, 0, -0.5)), reach((-0.05, -0.5, 0.8), (0.6, 0, -0.5)))
    if rng.random() < 0.5:
        arms = (arm_behind_back(rng), arm_behind_back(rng)) if rng.random() < 0.4 else (arm_any(rng), arm_any(rng))
    pose = Pose(
        lean,
        0,
        (gauss(rng, 25, 9), 0, gauss(rng, 0, 7)),
        (gauss(rng, 0, 12), -abs(gauss(rng, 32, 8)), gauss(rng, 0, 8)),
        arms,
        legs,
    )
    return SampledPose(pose, "leaning_forward", ("leaning_forward", "bent_over"))


def _lie(rng: Rng) -> SampledPose:
    kind = int(rng.integers(3))

    def leg() -> Leg:
        return Leg(abs(gauss(rng, 12, 18)), abs(gauss(rng, 6, 6)), gauss(rng, 0, 9), abs(gauss(rng, 28, 28)), 35)

    arms = (arm_any(rng), arm_up(rng) if rng.random() < 0.5 else arm_any(rng))
    if kind == 0:
        pose = Pose(-90, gauss(rng, 0, 5), _spine(rng), _head(rng), arms, (leg(), leg()))
        return SampledPose(pose, "lying", ("lying", "on_back"))
    if kind == 1:
        legs = (Leg(-5, 6, 0, abs(gauss(rng, 45, 38)), 40), Leg(-5, 6, 0, abs(gauss(rng, 40, 35)), 40))
        arms = (reach((-0.1, 0.1, 0.6), (0.7, -0.7, 0.2)), reach((-0.1, 0.1, 0.6), (0.7, -0.7, 0.2)))
        pose = Pose(gauss(rng, 80, 4), 0, (-20, 0, 0), (gauss(rng, 0, 15), -38, 0), arms, legs)
        return SampledPose(pose, "lying", ("lying", "on_stomach"))
    pose = Pose(0, 90, _spine(rng), _head(rng), arms, (leg(), leg()))
    return SampledPose(pose, "lying", ("lying", "on_side"))


def _upside_down(rng: Rng) -> SampledPose:
    inner = _jump(rng)
    return SampledPose(replace(inner.pose, tilt=gauss(rng, 180, 15)), "upside_down", ("upside-down",))


def _float(rng: Rng) -> SampledPose:
    legs = (
        Leg(gauss(rng, 20, 18), 5, 0, abs(gauss(rng, 40, 28)), 55),
        Leg(gauss(rng, -4, 14), 5, 0, abs(gauss(rng, 40, 30)), 55),
    )
    pose = Pose(gauss(rng, 8, 22), gauss(rng, 0, 22), _spine(rng, 2), _head(rng), (arm_any(rng), arm_any(rng)), legs)
    return SampledPose(pose, "floating", ("floating",), 0)


def _all_fours(rng: Rng) -> SampledPose:
    legs = (Leg(gauss(rng, 88, 7), 5, 0, gauss(rng, 88, 8), 60), Leg(gauss(rng, 84, 9), 5, 0, gauss(rng, 88, 8), 60))
    arms = (
        Arm((0.08, gauss(rng, 0.05, 0.1), 1.0), (0, 0.5, 0), 5, -60),
        Arm((0.08, gauss(rng, 0.05, 0.1), 1.0), (0, 0.5, 0), 5, -60),
    )
    pose = Pose(gauss(rng, 80, 5), 0, (gauss(rng, 0, 5), 0, 0), (gauss(rng, 0, 18), -40, 0), arms, legs)
    return SampledPose(pose, "all_fours", ("all_fours",))


def _random(rng: Rng) -> SampledPose:
    def leg() -> Leg:
        return Leg(
            gauss(rng, 28, 38), gauss(rng, 12, 16), gauss(rng, 0, 22), abs(gauss(rng, 45, 42)), gauss(rng, 15, 22)
        )

    pose = Pose(
        gauss(rng, 4, 18), gauss(rng, 0, 14), _spine(rng, 3), _head(rng), (arm_any(rng), arm_any(rng)), (leg(), leg())
    )
    return SampledPose(pose, "random", ())


def _doodle(rng: Rng) -> SampledPose:
    """Stiff, from the front: how children draw people."""

    def arm() -> Arm:
        lift = gauss(rng, -0.25, 0.55)
        bend = abs(gauss(rng, 0, 25)) if rng.random() < 0.6 else 0.0
        return Arm((1.0, lift, 0.0), (0.0, 1.0 if rng.random() < 0.5 else -1.0, 0.0), bend)

    def leg() -> Leg:
        return Leg(0.0, abs(gauss(rng, 9, 7)), 0.0, abs(gauss(rng, 0, 4)), gauss(rng, 10, 20))

    pose = Pose(0, gauss(rng, 0, 3), (0, 0, 0), (0, 0, gauss(rng, 0, 4)), (arm(), arm()), (leg(), leg()))
    return SampledPose(pose, "doodle", ("standing",))


#: Families and how often they are drawn.
FAMILIES: dict[str, tuple[float, Callable[[Rng], SampledPose]]] = {
    "standing": (0.25, _stand),
    "contrapposto": (0.09, _contrapposto),
    "walking": (0.06, _walk),
    "running": (0.05, _run),
    "jumping": (0.05, _jump),
    "action": (0.06, _action),
    "kicking": (0.02, _kick),
    "one_leg": (0.03, _one_leg),
    "sitting": (0.085, _sit),
    "sitting_floor": (0.06, _sit_floor),
    "wariza": (0.025, _wariza),
    "seiza": (0.025, _seiza),
    "kneeling": (0.045, _kneel),
    "squatting": (0.025, _crouch),
    "leaning_forward": (0.025, _bent_over),
    "lying": (0.025, _lie),
    "upside_down": (0.008, _upside_down),
    "floating": (0.02, _float),
    "all_fours": (0.01, _all_fours),
    "random": (0.06, _random),
    "doodle": (0.0, _doodle),
}


#: Every tag that a pose can carry.
FAMILY_TAGS: frozenset[str] = frozenset(
    {tag for _, _, _, tags in ARM_PAIRS for tag in tags}
    | {
        "standing",
        "contrapposto",
        "walking",
        "running",
        "jumping",
        "fighting_stance",
        "kicking",
        "standing_on_one_leg",
        "leg_up",
        "sitting",
        "crossed_legs",
        "outstretched_legs",
        "indian_style",
        "knees_up",
        "knee_up",
        "wariza",
        "seiza",
        "kneeling",
        "on_one_knee",
        "squatting",
        "leaning_forward",
        "bent_over",
        "lying",
        "on_back",
        "on_stomach",
        "on_side",
        "upside-down",
        "floating",
        "all_fours",
    }
)


def mirrored(sampled: SampledPose) -> SampledPose:
    """Returns the pose with left and right exchanged."""
    pose = sampled.pose
    forward, side, twist = pose.spine
    yaw, pitch, roll = pose.head
    flipped = replace(
        pose,
        tilt=-pose.tilt,
        spine=(forward, -side, -twist),
        head=(-yaw, pitch, -roll),
        arms=pose.arms[::-1],
        legs=pose.legs[::-1],
    )
    free = sampled.free_hand
    return replace(sampled, pose=flipped, free_hand=1 - free if free >= 0 else free)


def sample_pose(rng: Rng, family: str | None = None, weights: Mapping[str, float] | None = None) -> SampledPose:
    """Samples a pose, of the given family or by ``weights`` (default: those of `FAMILIES`); mirrored half of the time.

    Raises:
        ValueError: no such family.
    """
    if family is None:
        family = pick(rng, weights or {name: weight for name, (weight, _) in FAMILIES.items()})
    if family not in FAMILIES:
        raise ValueError(f"pose family {family!r} must be one of {', '.join(FAMILIES)}")
    sampled = FAMILIES[family][1](rng)
    return mirrored(sampled) if rng.random() < 0.5 else sampled
