"""Accuracy by view and pose: where a net is weak, in the words in which pictures are looked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pose.codecs.heatmap import is_present
from pose.metrics import JointAccuracy
from shared.keypoints.pose_kinds import ASPECTS, kinds_of


class ByKind:
    """Collects answers by what :func:`shared.keypoints.pose_kinds.kinds_of` calls the true pose of a character."""

    def __init__(self) -> None:
        self.pdj = {(aspect, kind): JointAccuracy("torso", 0.2) for aspect, kinds in ASPECTS.items() for kind in kinds}
        self.counts = {key: [0, 0, 0] for key in self.pdj}  # characters, joints found, joints present

    def update(self, predicted_xy: Tensor, points_xy: Tensor, state: Tensor, box_side: Tensor, found: Tensor) -> None:
        """Adds a batch; arguments as of :class:`JointAccuracy`, and where a joint was found ``(B, 17)``."""
        present = is_present(state)
        for aspect, kinds in kinds_of(points_xy.double().numpy(), state.numpy()).items():
            for kind in set(kinds.tolist()):
                chosen = torch.from_numpy(kinds == kind)
                self.pdj[aspect, kind].update(predicted_xy[chosen], points_xy[chosen], state[chosen], box_side[chosen])
                sums = (chosen, found[chosen] & present[chosen], present[chosen])
                self.counts[aspect, kind] = [
                    n + int(more.sum()) for n, more in zip(self.counts[aspect, kind], sums, strict=True)
                ]

    def compute(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Returns aspect → kind → ``n`` characters, ``pdj@0.2`` and ``found``; None where nothing can be counted.

        ``found`` is the share of the joints in the crop whose COCO similarity is at least ½: its radius does not
        shrink with a torso that is seen from the side.
        """
        told: dict[str, dict[str, dict[str, Any]]] = {}
        for (aspect, kind), (n, found, present) in self.counts.items():
            if n:
                pdj = float(self.pdj[aspect, kind].compute())
                told.setdefault(aspect, {})[kind] = {
                    "n": n, "pdj@0.2": pdj if pdj == pdj else None, "found": found / present if present else None,
                }  # fmt: skip
        return told
