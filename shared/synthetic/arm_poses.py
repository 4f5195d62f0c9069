"""What arms do: ways to hold one arm, and pairs of them with their tags."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from shared.synthetic.skeleton import Arm, reach

Rng = np.random.Generator


def gauss(rng: Rng, mean: float, sd: float) -> float:
    """Returns one normal sample."""
    return float(rng.normal(mean, sd))


def arm_down(rng: Rng) -> Arm:
    """Samples an arm hanging."""
    upper = (abs(gauss(rng, 0.16, 0.14)), -1.0, gauss(rng, 0.02, 0.14))
    return Arm(upper, (gauss(rng, -0.1, 0.3), 0.2, 1.0), abs(gauss(rng, 14, 14)), gauss(rng, 0, 12))


def arm_on_hip(rng: Rng) -> Arm:
    """Samples an arm hand on hip."""
    return reach((gauss(rng, 0.12, 0.05), gauss(rng, -0.66, 0.04), gauss(rng, 0.06, 0.05)), (1.0, 0.0, -0.4), 25.0)


def arm_up(rng: Rng) -> Arm:
    """Samples an arm raised."""
    upper = (abs(gauss(rng, 0.35, 0.25)), 1.0, gauss(rng, 0.15, 0.25))
    return Arm(upper, (-1.0, 0.4, 0.3), abs(gauss(rng, 30, 30)), gauss(rng, 0, 15))


def arm_out(rng: Rng) -> Arm:
    """Samples an arm stretched sideways."""
    upper = (1.0, gauss(rng, 0.0, 0.3), gauss(rng, 0.05, 0.3))
    return Arm(upper, (gauss(rng, 0, 0.3), gauss(rng, 0.5, 0.7), 0.6), abs(gauss(rng, 20, 25)), gauss(rng, 0, 20))


def arm_forward(rng: Rng) -> Arm:
    """Samples an arm stretched forward."""
    upper = (gauss(rng, 0.0, 0.2), gauss(rng, -0.15, 0.3), 1.0)
    return Arm(upper, (gauss(rng, -0.3, 0.3), 0.8, 0.2), abs(gauss(rng, 20, 20)), gauss(rng, 0, 20))


def arm_wave(rng: Rng) -> Arm:
    """Samples an arm waving."""
    return Arm((0.8, gauss(rng, -0.3, 0.3), 0.35), (0.2, 1.0, 0.3), gauss(rng, 115, 18), gauss(rng, 0, 15))


def arm_chest(rng: Rng) -> Arm:
    """Samples an arm hand on the chest."""
    return reach((gauss(rng, -0.3, 0.08), gauss(rng, -0.22, 0.08), gauss(rng, 0.36, 0.06)), (0.9, -0.7, -0.1))


def arm_face(rng: Rng) -> Arm:
    """Samples an arm hand at the face."""
    return reach((gauss(rng, -0.18, 0.07), gauss(rng, 0.2, 0.08), gauss(rng, 0.32, 0.06)), (0.8, -0.8, 0.2), 15.0)


def arm_folded(rng: Rng) -> Arm:
    """Samples an arm bent as far as it goes: the hand before its own shoulder, under the chin or at the cheek."""
    target = (gauss(rng, -0.06, 0.13), gauss(rng, 0.0, 0.13), abs(gauss(rng, 0.2, 0.07)))
    return reach(target, (0.8, -0.9, gauss(rng, -0.1, 0.4)), gauss(rng, 0, 15))


def arm_behind_head(rng: Rng) -> Arm:
    """Samples an arm hand behind the head."""
    return reach((gauss(rng, -0.12, 0.05), gauss(rng, 0.48, 0.06), -0.15), (1.0, 0.45, 0.1))


def arm_behind_back(rng: Rng) -> Arm:
    """Samples an arm hand behind the back."""
    return reach((gauss(rng, -0.26, 0.04), gauss(rng, -0.62, 0.05), -0.32), (0.8, -0.2, -0.6))


def arm_crossed(rng: Rng) -> Arm:
    """Samples an arm crossed before the chest."""
    return reach((gauss(rng, -0.46, 0.04), gauss(rng, -0.33, 0.05), gauss(rng, 0.34, 0.04)), (0.9, -0.75, 0.1), 10.0)


def arm_hold(rng: Rng) -> Arm:
    """Samples an arm bent as if holding something."""
    return Arm((0.3, -1.0, gauss(rng, 0.15, 0.2)), (gauss(rng, 0.0, 0.35), 0.2, 1.0), gauss(rng, 85, 26))


def arm_raise_prop(rng: Rng) -> Arm:
    """Samples an arm holding something up."""
    return Arm((0.9, gauss(rng, 0.3, 0.35), 0.3), (0.0, 1.0, 0.2), gauss(rng, 55, 30))


def arm_lap(rng: Rng) -> Arm:
    """Samples an arm hand in the lap."""
    return reach((gauss(rng, -0.2, 0.1), gauss(rng, -0.68, 0.06), gauss(rng, 0.36, 0.08)), (0.9, -0.2, -0.4), 10.0)


def arm_floor(rng: Rng) -> Arm:
    """Samples an arm hand on the floor beside the body."""
    return reach((abs(gauss(rng, 0.25, 0.12)), -0.93, gauss(rng, -0.25, 0.2)), (0.4, 0.1, -0.8), -50.0)


def arm_any(rng: Rng) -> Arm:
    """Samples an arm anywhere within its limits."""
    v = rng.normal(size=3)
    upper = (abs(float(v[0])) - 0.25, float(v[1]) - 0.8, float(v[2]) + 0.3)
    return Arm(
        upper,
        (gauss(rng, -0.2, 0.7), gauss(rng, 0.4, 0.7), gauss(rng, 0.7, 0.6)),
        abs(gauss(rng, 50, 42)),
        gauss(rng, 0, 20),
    )


ArmSampler = Callable[[Rng], Arm]


#: (weight, left arm, right arm, tags); None picks from `_SINGLE` for that side. Sides are swapped half of the time.
ARM_PAIRS: tuple[tuple[float, ArmSampler | None, ArmSampler | None, tuple[str, ...]], ...] = (
    (0.22, arm_down, arm_down, ("arms_at_sides",)),
    (0.07, arm_on_hip, arm_on_hip, ("hands_on_own_hips",)),
    (0.06, arm_on_hip, None, ("hand_on_own_hip",)),
    (0.03, arm_up, arm_up, ("arms_up",)),
    (0.035, arm_up, None, ("arm_up",)),
    (0.025, arm_out, arm_out, ("outstretched_arms",)),
    (0.02, arm_out, None, ("outstretched_arm",)),
    (0.02, arm_forward, arm_forward, ("outstretched_arms",)),
    (0.04, arm_wave, None, ("waving",)),
    (0.06, arm_crossed, arm_crossed, ("crossed_arms",)),
    (0.05, arm_behind_back, arm_behind_back, ("arms_behind_back",)),
    (0.025, arm_behind_head, arm_behind_head, ("arms_behind_head",)),
    (0.025, arm_behind_head, None, ("arm_behind_head",)),
    (0.05, arm_chest, None, ("hand_on_own_chest",)),
    (0.04, arm_chest, arm_chest, ("own_hands_together",)),
    (0.05, arm_face, None, ("hand_up",)),
    (0.02, arm_face, arm_face, ("hands_up",)),
    (0.08, arm_folded, None, ("hand_up",)),
    (0.05, arm_folded, arm_folded, ("hands_up",)),
    (0.19, None, None, ()),
)


_SINGLE: tuple[ArmSampler, ...] = (
    arm_down,
    arm_down,
    arm_down,
    arm_hold,
    arm_hold,
    arm_folded,
    arm_any,
    arm_out,
    arm_chest,
    arm_raise_prop,
)


def sample_arms(rng: Rng) -> tuple[tuple[Arm, Arm], tuple[str, ...], int]:
    """Samples left and right arm; returns them, their tags, and the hand (0 left, 1 right, −1 none) free for a prop."""
    weights = np.array([p[0] for p in ARM_PAIRS])
    _, first, second, tags = ARM_PAIRS[int(rng.choice(len(ARM_PAIRS), p=weights / weights.sum()))]
    free = -1
    if second is None:
        second = _SINGLE[int(rng.integers(len(_SINGLE)))]
        free = 1
    if first is None:
        first = _SINGLE[int(rng.integers(len(_SINGLE)))]
    left, right = first(rng), second(rng)
    if rng.random() < 0.5:
        left, right = right, left
        free = 0 if free == 1 else free
    return (left, right), tags, free
