"""Numbers that others have published on the paper's test set, for rows beside ours."""

from __future__ import annotations

import math
from collections.abc import Mapping

#: Keypoint groups in the order of the paper's table, with the COCO joints that each averages.
GROUPS: dict[str, tuple[str, ...]] = {
    "nose": ("nose",),
    **{
        f"{part}s": (f"left_{part}", f"right_{part}")
        for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    },
}

#: PDJ@0.2 by keypoint group: the paper's, and that of Khungurn & Chou 2016 as the paper quotes it (for eyes, ears,
#: shoulders and hips with the nearest joint that they have). Source: Chen & Zwicker 2022, poster.
PDJ: dict[str, tuple[float, float]] = {
    "nose": (0.9897, 0.794), "eyes": (0.9928, 0.890), "ears": (0.9795, 0.890), "shoulders": (0.9343, 0.786),
    "elbows": (0.7916, 0.641), "wrists": (0.6961, 0.503), "hips": (0.7854, 0.786), "knees": (0.7577, 0.610),
    "ankles": (0.7105, 0.596),
}  # fmt: skip

#: "OKS@50" and "OKS@75" (shares of joints, see ``pose.paper_metrics``) of rows of the paper's Table 1, as far as
#: they are known here.
OKS: dict[str, tuple[float, float]] = {
    "feature_concat": (0.898, 0.793),
    "feature_match": (0.895, 0.791),
    "task_pretrained": (0.758, 0.672),
}


def keypoint_rows(metrics: Mapping[str, object]) -> list[tuple[str, float, float, float]]:
    """Returns for each keypoint group its name, PDJ@0.2 of ``metrics``, the paper's, and Khungurn & Chou's.

    Args:
        metrics: what ``pose.evaluate.evaluate`` returns; a group without a value gets NaN.
    """
    rows = []
    for group, joints in GROUPS.items():
        values = [metrics.get(f"pdj@0.2/{joint}") for joint in joints]
        numbers = [value for value in values if isinstance(value, float)]
        mean = sum(numbers) / len(numbers) if numbers else math.nan
        rows.append((group, mean, *PDJ[group]))
    return rows
