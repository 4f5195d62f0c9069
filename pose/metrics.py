"""Joint and part accuracies over the 17 COCO joints.

All of them compare in one frame (any scale: every distance is divided by a length of the same character) and count
only joints whose true place is known. Distances that are NaN (an absent answer for a present joint) are wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torchmetrics import Metric

from shared.keypoints.schema import COCO_17, JointState

Normaliser = Literal["torso", "head"]

#: A normaliser shorter than this share of the box's long side says nothing about the character's size (ours).
SHORTEST = 0.02

#: The 14 limb parts of PCP. Source: Chen & Zwicker 2022: three chains from the right to the left.
PARTS: tuple[tuple[int, int], ...] = tuple(
    (COCO_17.index(a), COCO_17.index(b))
    for chain in (
        ("right_ear", "right_eye", "nose", "left_eye", "left_ear"),
        ("right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist"),
        ("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle"),
    )
    for a, b in pairwise(chain)
)


def known(state: Tensor, visible_only: bool) -> Tensor:
    """Returns where a joint counts: visible, or visible and occluded. Bool, same shape as ``state``."""
    visible = state == JointState.VISIBLE
    return visible if visible_only else visible | (state == JointState.OCCLUDED)


def normaliser_of(points_xy: Tensor, state: Tensor, kind: Normaliser) -> Tensor:
    """Returns each character's length ``(B,)``; NaN where a joint it needs is not known.

    "torso" is left hip to right shoulder (PDJ); "head" is nose to the middle of the shoulders (PCKh).
    Source: Chen & Zwicker 2022, metrics.
    """
    nose, left, right, hip = (COCO_17.index(name) for name in ("nose", "left_shoulder", "right_shoulder", "left_hip"))
    if kind == "torso":
        needed, vector = [hip, right], points_xy[:, hip] - points_xy[:, right]
    else:
        needed = [nose, left, right]
        vector = points_xy[:, nose] - (points_xy[:, left] + points_xy[:, right]) / 2
    usable = known(state[:, needed], visible_only=False).all(dim=1)
    return torch.where(usable, vector.norm(dim=-1), torch.nan)


class JointAccuracy(Metric):
    """Share of joints within ``k`` of the character's own length: PDJ@k ("torso") or PCKh@k ("head").

    ``compute`` gives the mean over all joints counted. A character whose length is unknown or shorter than 2 % of
    its box is left out and counted in ``excluded``.

    Args:
        normaliser: which length.
        k: radius in that length.
        visible_only: leave occluded joints out.
    """

    full_state_update = False
    higher_is_better = True
    right: Tensor
    count: Tensor
    excluded: Tensor

    def __init__(self, normaliser: Normaliser = "torso", k: float = 0.2, visible_only: bool = False) -> None:
        super().__init__()
        self.normaliser, self.k, self.visible_only = normaliser, k, visible_only
        self.add_state("right", torch.zeros(len(COCO_17), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(len(COCO_17), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("excluded", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, predicted_xy: Tensor, points_xy: Tensor, state: Tensor, box_side: Tensor) -> None:
        """Adds a batch.

        Args:
            predicted_xy: ``(B, 17, 2)``.
            points_xy: ``(B, 17, 2)`` true places in the same frame.
            state: ``(B, 17)`` :class:`JointState` values.
            box_side: ``(B,)`` long side of the character's box in the same frame.
        """
        check_points(predicted_xy, points_xy, state, box_side)
        length = normaliser_of(points_xy, state, self.normaliser)
        usable = length >= SHORTEST * box_side
        counted = known(state, self.visible_only) & usable[:, None]
        near = (predicted_xy - points_xy).norm(dim=-1) <= self.k * length[:, None]
        self.right += (near & counted).sum(dim=0)
        self.count += counted.sum(dim=0)
        self.excluded += (~usable).sum()

    def compute(self) -> Tensor:
        """Returns the mean over all joints counted; NaN when there are none."""
        return (self.right.sum() / self.count.sum()).float()

    def per_joint(self) -> Tensor:
        """Returns ``(17,)``; NaN for a joint that was never counted."""
        return self.right / self.count


class PartAccuracy(Metric):
    """Share of limbs of which both ends are near enough: PCP@k and PCPm@k.

    PCP measures against the limb's own length in this character, PCPm against the mean length of that limb over
    everything added (as a share of the box's long side), so that foreshortened limbs are not judged harder.
    A limb of no length is left out of PCP and counted in ``excluded()``.

    Source: Chen & Zwicker 2022, metrics.
    """

    full_state_update = False
    higher_is_better = True
    errors: list[Tensor]
    lengths: list[Tensor]

    def __init__(self, k: float = 0.5, visible_only: bool = False) -> None:
        super().__init__()
        self.k, self.visible_only = k, visible_only
        self.add_state("errors", [], dist_reduce_fx="cat")
        self.add_state("lengths", [], dist_reduce_fx="cat")

    def update(self, predicted_xy: Tensor, points_xy: Tensor, state: Tensor, box_side: Tensor) -> None:
        """Adds a batch; arguments as in :class:`JointAccuracy`."""
        check_points(predicted_xy, points_xy, state, box_side)
        counted = known(state, self.visible_only)
        first, second = (torch.tensor(ends, device=state.device) for ends in zip(*PARTS, strict=True))
        distance = ((predicted_xy - points_xy).norm(dim=-1) / box_side[:, None]).nan_to_num(nan=torch.inf)
        length = (points_xy[:, first] - points_xy[:, second]).norm(dim=-1) / box_side[:, None]
        # An unknown limb is marked by a NaN length.
        self.lengths.append(torch.where(counted[:, first] & counted[:, second], length, torch.nan))
        self.errors.append(torch.maximum(distance[:, first], distance[:, second]))

    def compute(self) -> dict[str, Tensor]:
        """Returns ``pcp`` and ``pcpm``, means over all limbs counted; NaN when there are none."""
        errors, lengths = joined(self.errors, len(PARTS)), joined(self.lengths, len(PARTS))
        measurable = lengths > 1e-6
        own = (errors <= self.k * lengths)[measurable]
        mean = lengths.nanmean(dim=0, keepdim=True).expand_as(errors)
        shared = (errors <= self.k * mean)[~lengths.isnan()]
        return {"pcp": own.float().mean(), "pcpm": shared.float().mean()}

    def excluded(self) -> int:
        """Returns how many limbs have no length."""
        return int((joined(self.lengths, len(PARTS)) <= 1e-6).sum())


def joined(parts: Sequence[Tensor], columns: int) -> Tensor:
    """Returns a list state of rows as one ``(N, columns)`` tensor, empty or not, gathered or not."""
    # torchmetrics turns a list state into one tensor when it has gathered it from other processes.
    rows: object = parts
    if isinstance(rows, Tensor):
        return rows
    return torch.cat(list(parts)) if parts else torch.empty(0, columns)


def check_points(predicted_xy: Tensor, points_xy: Tensor, state: Tensor, box_side: Tensor) -> None:
    """Raises ValueError unless the shapes are ``(B, 17, 2)``, the same, ``(B, 17)`` and ``(B,)``."""
    batch = len(state)
    if not (
        predicted_xy.shape == points_xy.shape == (batch, len(COCO_17), 2)
        and state.shape == (batch, len(COCO_17))
        and box_side.shape == (batch,)
    ):
        raise ValueError(
            f"predicted_xy {tuple(predicted_xy.shape)}, points_xy {tuple(points_xy.shape)}, state "
            f"{tuple(state.shape)}, box_side {tuple(box_side.shape)}: need (B, 17, 2) twice, (B, 17), (B,)"
        )
