"""Two data sets' bodies and poses side by side: lengths and angles in the picture, and what one lacks of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.distribution import coco_joints
from shared.keypoints.records import PoseSet
from shared.keypoints.schema import COCO_17, is_placed

#: Shares of characters at which a measure is told.
QUANTILES = (0.1, 0.5, 0.9)
#: What lies outside the range that this share of the first set's characters keep to, on either side, is not covered.
_TAIL = 0.01
_BINS = 20
_BONES = (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
_BONE_NAMES = ("upper arm", "forearm", "thigh", "shin")


@dataclass(frozen=True)
class Comparison:
    """One measure of two data sets.

    Attributes:
        unit: "torso" (lengths in torso lengths) or "degrees".
        first, second: values at :data:`QUANTILES`.
        overlap: part of the two histograms (20 bins over the second's middle 98 %) that is common, 0–1.
        uncovered: share of the second's characters below and above what 98 % of the first's keep to.
    """

    unit: str
    first: tuple[float, ...]
    second: tuple[float, ...]
    overlap: float
    uncovered: tuple[float, float]


def measures(poses: PoseSet) -> dict[str, tuple[str, NDArray[np.float64]]]:
    """Returns unit and values of each measure; limbs count once a side, what cannot be told is left out.

    Lengths are in torso lengths (middle of the shoulders to middle of the hips). Angles of limbs are against the
    torso's downward axis, positive away from the other side; joints are 180 when straight.
    """
    _, points, state = coco_joints(poses)
    placed = is_placed(state)
    masked = np.where(placed[..., None], points, np.nan)
    at = {name: masked[:, index] for index, name in enumerate(COCO_17.names)}
    shoulders = (at["left_shoulder"] + at["right_shoulder"]) / 2
    torso = (at["left_hip"] + at["right_hip"]) / 2 - shoulders
    length = np.linalg.norm(torso, axis=1)
    length[length == 0] = np.nan
    down = torso / length[:, None]
    across = np.stack([down[:, 1], -down[:, 0]], axis=1)

    def sides(measure: Any) -> NDArray[np.float64]:
        return np.concatenate([measure("left", 1.0), measure("right", -1.0)])

    def turned(vector: NDArray[np.float64], sign: float) -> NDArray[np.float64]:
        out = sign * (vector * across).sum(axis=1)
        return np.asarray(np.degrees(np.arctan2(out, (vector * down).sum(axis=1))), np.float64)

    def bent(side: str, root: str, hinge: str, end: str) -> NDArray[np.float64]:
        one, two = at[f"{side}_{root}"] - at[f"{side}_{hinge}"], at[f"{side}_{end}"] - at[f"{side}_{hinge}"]
        norms = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
        norms[norms == 0] = np.nan
        return np.asarray(np.degrees(np.arccos(np.clip((one * two).sum(axis=1) / norms, -1, 1))), np.float64)

    found: dict[str, tuple[str, NDArray[np.float64]]] = {}
    for part in ("shoulder", "hip"):
        width = np.linalg.norm(at[f"left_{part}"] - at[f"right_{part}"], axis=1)
        found[f"{part} width"] = ("torso", width / length)
    found["nose to shoulders"] = ("torso", np.linalg.norm(at["nose"] - shoulders, axis=1) / length)
    for name, (start, end) in zip(_BONE_NAMES, _BONES, strict=True):
        found[name] = (
            "torso",
            sides(lambda s, _, a=start, b=end: np.linalg.norm(at[f"{s}_{b}"] - at[f"{s}_{a}"], axis=1) / length),
        )
    found["torso, from upright"] = ("degrees", np.degrees(np.arctan2(-torso[:, 0], torso[:, 1])))
    for name, (start, end) in zip(_BONE_NAMES, _BONES, strict=True):
        found[f"{name}, from the torso"] = (
            "degrees", sides(lambda s, sign, a=start, b=end: turned(at[f"{s}_{b}"] - at[f"{s}_{a}"], sign)),
        )  # fmt: skip
    found["elbow"] = ("degrees", sides(lambda s, _: bent(s, "shoulder", "elbow", "wrist")))
    found["knee"] = ("degrees", sides(lambda s, _: bent(s, "hip", "knee", "ankle")))
    return {name: (unit, values[~np.isnan(values)]) for name, (unit, values) in found.items()}


def compared(first: PoseSet, second: PoseSet) -> dict[str, Comparison]:
    """Returns each measure that both data sets have values of."""
    ours, theirs = measures(first), measures(second)
    return {
        name: _comparison(unit, ours[name][1], values)
        for name, (unit, values) in theirs.items()
        if len(values) and len(ours[name][1])
    }


def _comparison(unit: str, first: NDArray[np.float64], second: NDArray[np.float64]) -> Comparison:
    low, high = np.quantile(second, [_TAIL, 1 - _TAIL])
    edges = np.linspace(low, max(high, low + 1e-9), _BINS + 1)[1:-1]  # the outer bins are open
    shares = [np.bincount(np.digitize(values, edges), minlength=_BINS) / len(values) for values in (first, second)]
    least, most = np.quantile(first, [_TAIL, 1 - _TAIL])
    return Comparison(
        unit,
        tuple(np.quantile(first, QUANTILES).tolist()),
        tuple(np.quantile(second, QUANTILES).tolist()),
        float(np.minimum(*shares).sum()),
        (float((second < least).mean()), float((second > most).mean())),
    )


def as_json(found: Mapping[str, Comparison]) -> dict[str, Any]:
    """Returns all numbers, JSON-able."""
    return {
        name: {
            "unit": one.unit,
            "quantiles": list(QUANTILES),
            "first": [round(value, 3) for value in one.first],
            "second": [round(value, 3) for value in one.second],
            "overlap": round(one.overlap, 4),
            "uncovered_below": round(one.uncovered[0], 4),
            "uncovered_above": round(one.uncovered[1], 4),
        }
        for name, one in found.items()
    }
