"""Body proportions: lengths and widths in body heights (standing, without hair), from 2 to 8 heads tall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shared.synthetic.chance import pick

#: How often each build and each height is drawn (ours). Children are never tall.
BUILD_MIX: Mapping[str, float] = {"girl": 0.62, "boy": 0.28, "child": 0.10}
BODY_MIX: Mapping[str, float] = {"chibi": 0.16, "short": 0.24, "tall": 0.6}
#: Heights in heads.
_HEADS: Mapping[str, tuple[float, float]] = {"chibi": (2.0, 3.4), "short": (3.4, 5.4), "tall": (5.0, 7.8)}


@dataclass(frozen=True)
class Proportions:
    """Lengths in body heights. ``*_r`` are limb radii; ``*_a`` / ``*_b`` half widths sideways / front to back."""

    heads: float
    build: str  #: "girl" | "boy" | "child"
    head: float
    head_a: float
    head_b: float
    neck: float
    torso: float
    shoulder: float
    hip: float
    upper_arm: float
    forearm: float
    hand: float
    thigh: float
    shin: float
    ankle: float
    foot: float
    arm_r: tuple[float, float, float]
    leg_r: tuple[float, float, float]
    neck_r: float
    chest_a: float
    chest_b: float
    waist_a: float
    waist_b: float
    hips_a: float
    hips_b: float
    bust: float


def _lerp(t: float, low: float, high: float) -> float:
    return low + (high - low) * t


def make_proportions(
    heads: float, build: str, stout: float = 1.0, legs: float = 1.0, thigh: float = 0.5
) -> Proportions:
    """Returns the proportions of a figure.

    Args:
        heads: body height in heads, 2–8.
        build: "girl", "boy" or "child".
        stout: width factor, about 0.8–1.4.
        legs: leg length factor, about 0.9–1.1 (the torso gives or takes what the legs do not).
        thigh: the thigh's share of the leg above the ankle.

    Raises:
        ValueError: ``heads`` or ``build`` out of range.
    """
    if not 1.8 <= heads <= 9:
        raise ValueError(f"heads {heads} must lie in 1.8–9")
    if build not in ("girl", "boy", "child"):
        raise ValueError(f"build {build!r} must be girl, boy or child")
    t = min(max((heads - 2.0) / 5.5, 0.0), 1.0)
    # Drawn figures have grown-up limbs from about five heads on; only chibis keep short ones.
    grown = min(max((heads - 2.0) / 3.2, 0.0), 1.0)
    male = build == "boy"
    head = 1.0 / heads
    body = 1.0 - head
    leg = body * _lerp(grown, 0.48, 0.622) * legs
    neck = body * _lerp(t, 0.015, 0.052)
    torso = body - leg - neck
    ankle = _lerp(t, 0.05, 0.045)
    wide = _lerp(t, 1.0, 0.95) * stout
    arms = body * _lerp(grown, 1.25, 1.155)
    return Proportions(
        heads=heads,
        build=build,
        head=head,
        head_a=head * _lerp(t, 0.47, 0.37),
        head_b=head * _lerp(t, 0.46, 0.42),
        neck=neck,
        torso=torso,
        shoulder=_lerp(t, 0.085, 0.095 if male else 0.074) * (0.6 + 0.4 * stout),
        hip=_lerp(t, 0.056, 0.052 if male else 0.06) * (0.5 + 0.5 * stout),
        upper_arm=_lerp(grown, 0.125, 0.178) * arms,
        forearm=_lerp(grown, 0.115, 0.152) * arms,
        hand=_lerp(t, 0.062, 0.082),
        thigh=(leg - ankle) * thigh,
        shin=(leg - ankle) * (1 - thigh),
        ankle=ankle,
        foot=_lerp(t, 0.105, 0.125),
        arm_r=tuple(
            _lerp(t, a, b * (1.2 if male else 1.0)) * wide for a, b in ((0.036, 0.027), (0.034, 0.021), (0.029, 0.0165))
        ),  # type: ignore[arg-type]
        leg_r=tuple(_lerp(t, a, b) * wide for a, b in ((0.062, 0.055), (0.053, 0.035), (0.044, 0.022))),  # type: ignore[arg-type]
        neck_r=_lerp(t, 0.04, 0.034 if male else 0.026) * (0.6 + 0.4 * stout),
        chest_a=_lerp(t, 0.092, 0.108 if male else 0.088) * wide,
        chest_b=_lerp(t, 0.075, 0.068 if male else 0.06) * wide,
        waist_a=_lerp(t, 0.092, 0.088 if male else 0.066) * wide,
        waist_b=_lerp(t, 0.078, 0.058 if male else 0.047) * wide,
        hips_a=_lerp(t, 0.105, 0.09 if male else 0.097) * wide,
        hips_b=_lerp(t, 0.085, 0.066) * wide,
        bust=0.0 if build != "girl" else _lerp(t, 0.0, 0.022),
    )


def sample_proportions(
    rng: np.random.Generator,
    photo: bool,
    builds: Mapping[str, float] = BUILD_MIX,
    bodies: Mapping[str, float] = BODY_MIX,
) -> Proportions:
    """Samples proportions by the weights of builds and heights; natural 7–8 heads for ``photo``."""
    if photo:
        build = str(rng.choice(["girl", "boy", "child"], p=[0.46, 0.46, 0.08]))
        heads = rng.uniform(5.2, 6.4) if build == "child" else rng.uniform(6.9, 8.0)
        return make_proportions(heads, build, stout=float(rng.uniform(0.9, 1.35)), legs=float(rng.uniform(0.96, 1.03)))
    build = pick(rng, builds)
    heads = rng.uniform(*_HEADS[pick(rng, bodies)])
    if build == "child":
        heads = min(heads, 5.5)
    stout = float(np.clip(rng.normal(1.0, 0.12), 0.75, 1.5))
    # Drawn shins are as long as thighs or longer (Anime Drawings Dataset: 1.06 times in the median).
    thigh = float(np.clip(rng.normal(0.49, 0.015), 0.44, 0.53))
    return make_proportions(float(heads), build, stout, legs=float(rng.uniform(0.94, 1.12)), thigh=thigh)
