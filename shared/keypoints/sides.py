"""Finds files and records whose left and right are likely exchanged.

In most drawings the character faces us, so its left is on the picture's right. One back view proves nothing; a file
of them does, and so does a character whose face and shoulders say opposite things.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.conversion import conversion
from shared.keypoints.records import PoseSet
from shared.keypoints.schema import COCO_17, is_placed

#: Fewer characters than this say nothing about a file.
MIN_CHARACTERS = 20

_PARTS = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")


@dataclass(frozen=True)
class SideReport:
    """How left and right lie in a file.

    Attributes:
        front_share: of each pair of joints, the share of characters whose left one is on the picture's right.
        counts: characters that each share is of.
        swapped: the whole file looks exchanged.
        swapped_pairs: pairs that alone lie against the shoulders.
        contradicting: ids of annotations whose shoulders and hips, or both eyes and shoulders, say opposite things.
    """

    front_share: dict[str, float]
    counts: dict[str, int]
    swapped: bool
    swapped_pairs: tuple[str, ...]
    contradicting: tuple[int, ...]

    def warnings(self) -> list[str]:
        """Returns lines for people; none when nothing is suspicious."""
        lines = []
        if self.swapped:
            share, count = 1 - self.front_share["shoulder"], self.counts["shoulder"]
            lines.append(
                f"left and right look exchanged: the left shoulder is on the picture's left in {share:.0%} of {count} "
                "characters; if they do not show their backs, convert with --swap-sides"
            )
        for part in self.swapped_pairs:
            share, count = self.front_share[f"{part} beside shoulder"], self.counts[f"{part} beside shoulder"]
            told = f"lie as the shoulders do in {share:.0%} of {count} characters"
            lines += [f"left and right {part} look exchanged: they {told}"]
        if self.contradicting:
            shown = ", ".join(map(str, self.contradicting[:10])) + (" …" if len(self.contradicting) > 10 else "")
            lines.append(
                f"{len(self.contradicting)} characters are turned one way by their shoulders and the other way by "
                f"their hips or eyes; look at annotations {shown}"
            )
        return lines


def check_sides(poses: PoseSet) -> SideReport:
    """Looks at the order of left and right in every character of a file.

    A pair counts when both its joints are placed and more than 3 % of the character's extent apart in x.
    """
    if not poses.people:
        return SideReport({}, {}, False, (), ())
    to_coco = conversion(poses.schema, COCO_17)
    points, state = to_coco.apply(
        np.stack([person.points_xy for person in poses.people]), np.stack([person.state for person in poses.people])
    )
    placed = is_placed(state)
    masked = np.where(placed[..., None], points, np.nan)
    high = np.where(placed[..., None], points, -np.inf).max(axis=1)
    low = np.where(placed[..., None], points, np.inf).min(axis=1)
    extent = (high - low).max(axis=1)
    # +1 front, -1 back, 0 nothing to say.
    order = {}
    for part in _PARTS:
        apart = masked[:, COCO_17.index(f"left_{part}"), 0] - masked[:, COCO_17.index(f"right_{part}"), 0]
        order[part] = np.where(np.abs(apart) > 0.03 * extent, np.sign(apart), 0.0)
    shares = {part: _share(value > 0, value != 0) for part, value in order.items()}
    counts = {part: int((value != 0).sum()) for part, value in order.items()}
    pairs = []
    for part in _PARTS:
        both = (order[part] != 0) & (order["shoulder"] != 0)
        name = f"{part} beside shoulder"
        shares[name], counts[name] = _share(order[part] == order["shoulder"], both), int(both.sum())
        if part != "shoulder" and counts[name] >= MIN_CHARACTERS and shares[name] < 0.4:
            pairs.append(part)
    # Crossed wrists or ankles are a pose; hips or both eyes against the shoulders are a twist that few can do.
    against = np.zeros(len(poses.people), bool)
    for part in {"hip", "eye"} - set(pairs):
        against |= order[part] * order["shoulder"] < 0
    return SideReport(
        front_share=shares,
        counts=counts,
        swapped=counts["shoulder"] >= MIN_CHARACTERS and shares["shoulder"] < 0.4,
        swapped_pairs=tuple(pairs),
        contradicting=tuple(person.id for person, odd in zip(poses.people, against, strict=True) if odd),
    )


def _share(true: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return float(true[of].mean()) if of.any() else float("nan")
