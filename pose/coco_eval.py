"""COCO keypoint average precision by pycocotools, with explicit sigmas."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import Tensor
from torchmetrics import Metric

from pose.codecs.heatmap import is_present
from pose.metrics import joined
from shared.keypoints.schema import COCO_17, JointState


def coco_scores(truth: dict[str, Any], results: list[dict[str, Any]], sigmas: Sequence[float]) -> dict[str, float]:
    """Returns ``oks_ap``, ``oks_ap50``, ``oks_ap75``, ``oks_ar`` in [0, 1]; NaN when there is nothing to find.

    Args:
        truth: a COCO keypoint file's content (images, annotations, categories).
        results: COCO results (image_id, category_id, keypoints, score).
        sigmas: one a keypoint; the distance scale is twice it, as in COCO.
    """
    # pycocotools prints a page of progress; nobody asked for it.
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        if results:
            found = coco.loadRes(results)
        else:
            found = COCO()
            found.dataset = {**truth, "annotations": []}
            found.createIndex()
        judge = COCOeval(coco, found, "keypoints")
        judge.params.kpt_oks_sigmas = np.asarray(sigmas)
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    # -1 is pycocotools' sign for "no ground truth of this kind".
    values = [float(value) if value >= 0 else float("nan") for value in judge.stats]
    return {"oks_ap": values[0], "oks_ap50": values[1], "oks_ap75": values[2], "oks_ar": values[5]}


#: Image id, area, box, true keypoints, predicted keypoints.
_COLUMNS = 1 + 1 + 4 + 2 * 3 * len(COCO_17)


class OksAp(Metric):
    """COCO keypoint AP of one answer per true character, gathered over batches and processes."""

    full_state_update = False
    higher_is_better = True
    rows: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("rows", [], dist_reduce_fx="cat")

    def update(
        self, image_id: Tensor, predicted_xys: Tensor, points_xy: Tensor, state: Tensor, area: Tensor, box_xywh: Tensor
    ) -> None:
        """Adds a batch; all in picture pixels.

        Args:
            image_id: ``(B,)`` int.
            predicted_xys: ``(B, 17, 3)`` places and scores.
            points_xy: ``(B, 17, 2)`` true places.
            state: ``(B, 17)`` :class:`JointState` values; only visible and occluded joints count.
            area: ``(B,)`` area of the segment.
            box_xywh: ``(B, 4)``.
        """
        visibility = torch.where(is_present(state), torch.where(state == JointState.VISIBLE, 2, 1), 0)
        points = torch.where(is_present(state)[..., None], points_xy, 0.0)
        truth = torch.cat([points, visibility[..., None]], dim=-1).flatten(1).double()
        numbers = [image_id.double()[:, None], area.double()[:, None], box_xywh.double()]
        self.rows.append(torch.cat([*numbers, truth, predicted_xys.flatten(1).double()], dim=1))

    def compute(self) -> dict[str, float]:
        """Returns what :func:`coco_scores` returns."""
        rows = joined(self.rows, _COLUMNS)
        images: dict[int, dict[str, Any]] = {}
        annotations, results = [], []
        for number, row in enumerate(rows.tolist(), start=1):
            image_id, area, box, truth, answer = int(row[0]), row[1], row[2:6], row[6:57], row[57:]
            images[image_id] = {"id": image_id}
            known = sum(v > 0 for v in truth[2::3])
            annotations.append(
                {"id": number, "image_id": image_id, "category_id": 1, "iscrowd": 0, "area": area, "bbox": box,
                 "keypoints": truth, "num_keypoints": known}
            )  # fmt: skip
            score = float(np.mean(answer[2::3]))
            results.append({"image_id": image_id, "category_id": 1, "keypoints": answer, "score": score})
        dataset = {
            "images": list(images.values()),
            "annotations": annotations,
            "categories": [{"id": 1, "name": "person", "keypoints": list(COCO_17.names), "skeleton": []}],
        }
        return coco_scores(dataset, results, COCO_17.sigmas)
