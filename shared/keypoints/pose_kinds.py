"""Names the view and the pose of a character from its 2-D joints, by rules simple enough to be checked by eye."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.schema import COCO_17, is_placed

#: The kinds of each aspect, in the order of tables. ``unknown``: the joints it needs have no place.
ASPECTS: dict[str, tuple[str, ...]] = {
    "view": ("front", "side", "back", "unknown"),
    "torso": ("upright", "leaning", "lying", "upside down", "unknown"),
    "legs": ("straight", "bent", "sitting or crouching", "raised", "unknown"),
    "arms": ("down", "one up", "both up", "spread", "unknown"),
    "crossing": ("arms crossed", "legs crossed", "none", "unknown"),
    "framing": ("full body", "to the knees", "upper body", "head or less"),
}

#: Danbooru's tags under which drawings of a rare kind are found.
TAGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("view", "side"): ("from_side", "profile"),
    ("view", "back"): ("from_behind", "back", "looking_back", "facing_away"),
    ("torso", "leaning"): ("leaning_forward", "leaning_back", "bent_over"),
    ("torso", "lying"): ("lying", "on_back", "on_side", "on_stomach", "all_fours"),
    ("torso", "upside down"): ("upside-down", "handstand"),
    ("legs", "bent"): ("running", "jumping", "leaning_forward"),
    ("legs", "sitting or crouching"): ("sitting", "squatting", "kneeling", "seiza"),
    ("legs", "raised"): ("leg_up", "standing_on_one_leg", "kicking"),
    ("arms", "one up"): ("arm_up", "waving"),
    ("arms", "both up"): ("arms_up", "arms_behind_head"),
    ("arms", "spread"): ("spread_arms", "outstretched_arms"),
    ("crossing", "arms crossed"): ("crossed_arms",),
    ("crossing", "legs crossed"): ("crossed_legs",),
}  # fmt: skip

_Points = dict[str, NDArray[np.float64]]


def kinds_of(points_xy: NDArray[Any], state: NDArray[np.integer[Any]]) -> dict[str, NDArray[np.str_]]:
    """Returns for each aspect the kind of every character.

    Lengths are in torso lengths (middle of the shoulders to middle of the hips), directions relative to the torso, so
    that a lying or upside-down character that faces us is ``front``.

    Args:
        points_xy: ``(N, 17, 2)`` COCO joints in one frame a character, pixels.
        state: ``(N, 17)`` JointState.

    Raises:
        ValueError: other shapes.
    """
    if points_xy.shape != (*state.shape, 2) or state.ndim != 2 or state.shape[1] != 17:
        raise ValueError(f"points_xy {points_xy.shape}, state {state.shape}; must be (N, 17, 2) and (N, 17)")
    placed = is_placed(state)
    masked = np.where(placed[..., None], points_xy, np.nan)
    at: _Points = {name: masked[:, index] for index, name in enumerate(COCO_17.names)}
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    hips = (at["left_hip"] + at["right_hip"]) / 2
    torso = hips - shoulders
    length = np.linalg.norm(torso, axis=1)
    length[length == 0] = np.nan
    down = torso / length[:, None]
    # To the picture's right of an upright torso; a front view has its left there.
    across = np.stack([down[:, 1], -down[:, 0]], axis=1)
    return {
        "view": _view(at, across, length),
        "torso": _torso(down),
        "legs": _legs(at, down, length),
        "arms": _arms(at, down, across, length),
        "crossing": _crossing(at, across, length),
        "framing": _framing(placed),
    }


def _view(at: _Points, across: NDArray[np.float64], length: NDArray[np.float64]) -> NDArray[np.str_]:
    # Shoulders alone decide (hips are narrow): a front view has them about half a torso apart.
    width = ((at["left_shoulder"] - at["right_shoulder"]) * across).sum(axis=1) / length
    return _choose(np.isnan(width), [(width > 0.25, "front"), (width < -0.25, "back")], "side")


def _torso(down: NDArray[np.float64]) -> NDArray[np.str_]:
    degrees = np.degrees(np.arccos(np.clip(down[:, 1], -1, 1)))
    return _choose(
        np.isnan(degrees),
        [(degrees < 20, "upright"), (degrees < 60, "leaning"), (degrees < 120, "lying")],
        "upside down",
    )


def _legs(at: _Points, down: NDArray[np.float64], length: NDArray[np.float64]) -> NDArray[np.str_]:
    knees, thighs, lifted = [], [], []
    for side in ("left", "right"):
        hip, knee, ankle = at[f"{side}_hip"], at[f"{side}_knee"], at[f"{side}_ankle"]
        knees.append(_angle(hip - knee, ankle - knee))
        thighs.append(_angle(knee - hip, down))
        lifted.append(((ankle - hip) * down).sum(axis=1) / length)
    low, wide, lift = np.fmin(*knees), np.fmin(*thighs), np.stack(lifted)
    # A leg whose foot is not far below its hip while the other is stretched down: raised.
    raised = (lift.min(axis=0) < 0.6) & (lift.max(axis=0) > 1.2)
    return _choose(
        np.isnan(low),
        [(raised, "raised"), ((wide > 50) | (low < 75), "sitting or crouching"), (low < 145, "bent")],
        "straight",
    )


def _arms(
    at: _Points, down: NDArray[np.float64], across: NDArray[np.float64], length: NDArray[np.float64]
) -> NDArray[np.str_]:
    up, out = [], []
    for side in ("left", "right"):
        reach = (at[f"{side}_wrist"] - at[f"{side}_shoulder"]) / length[:, None]
        up.append((reach * down).sum(axis=1))
        out.append(np.abs((reach * across).sum(axis=1)))
    missing = np.isnan(up[0]) | np.isnan(up[1])
    raised = (up[0] < -0.2).astype(int) + (up[1] < -0.2)
    spread = (out[0] > 0.6) & (out[1] > 0.6) & (np.abs(up[0]) < 0.5) & (np.abs(up[1]) < 0.5)
    return _choose(missing, [(raised == 2, "both up"), (raised == 1, "one up"), (spread, "spread")], "down")


def _crossing(at: _Points, across: NDArray[np.float64], length: NDArray[np.float64]) -> NDArray[np.str_]:
    def order(part: str) -> NDArray[np.float64]:
        apart: NDArray[np.float64] = ((at[f"left_{part}"] - at[f"right_{part}"]) * across).sum(axis=1) / length
        return apart

    body, wrists, ankles = order("shoulder"), order("wrist"), order("ankle")
    # Only characters whose left and right are apart can be seen to cross them.
    clear = np.abs(body) > 0.25
    arms, legs = clear & (body * wrists < -0.05), clear & (body * ankles < -0.05)
    missing = ~clear | (np.isnan(wrists) & np.isnan(ankles))
    return _choose(missing, [(arms, "arms crossed"), (legs, "legs crossed")], "none")


def _framing(placed: NDArray[np.bool_]) -> NDArray[np.str_]:
    def any_of(part: str) -> NDArray[np.bool_]:
        return np.asarray(placed[:, [COCO_17.index(f"{side}_{part}") for side in ("left", "right")]].any(axis=1))

    nothing = np.zeros(len(placed), bool)
    return _choose(
        nothing, [(any_of("ankle"), "full body"), (any_of("knee"), "to the knees"), (any_of("hip"), "upper body")],
        "head or less",
    )  # fmt: skip


def _angle(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle between vectors ``(N, 2)`` in degrees, 0–180; NaN where one is missing or 0."""
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    norms[norms == 0] = np.nan
    cosine = (first * second).sum(axis=1) / norms
    degrees: NDArray[np.float64] = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return degrees


def _choose(missing: NDArray[np.bool_], rules: list[tuple[NDArray[np.bool_], str]], otherwise: str) -> NDArray[np.str_]:
    conditions = [missing, *(condition for condition, _ in rules)]
    return np.select(conditions, ["unknown", *(name for _, name in rules)], otherwise)
