"""A finished checkpoint to its metrics on a labelled data set, with the true boxes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from pose.coco_eval import OksAp
from pose.codecs.heatmap import is_present
from pose.crops import to_picture
from pose.metrics import JointAccuracy, PartAccuracy
from pose.paper_metrics import PaperMetrics
from pose.predict import PosePredictor, load
from shared.datamodules.poses import PoseDataModule
from shared.errors import DataError
from shared.keypoints.schema import COCO_17, JointState

_JOINTS = len(COCO_17)


class Report:
    """Collects answers and gives all metrics of the pose subsystem as plain floats.

    Every metric but the two of the gate judges the ungated place, so that a choice of gates does not move them.
    """

    def __init__(self, gate: Tensor, paper: bool = False) -> None:
        self.gate = gate
        self.joints = {
            "pdj@0.2": JointAccuracy("torso", 0.2),
            "pdj@0.2_visible": JointAccuracy("torso", 0.2, visible_only=True),
            "pckh@0.5": JointAccuracy("head", 0.5),
            "pckh@0.5_visible": JointAccuracy("head", 0.5, visible_only=True),
        }
        self.parts, self.oks = PartAccuracy(), OksAp()
        self.paper = PaperMetrics() if paper else None
        self.n, self.incomplete = 0, 0
        self.present, self.absent, self.called_absent, self.called_present = 0, 0, 0, 0

    def update(self, batch: dict[str, Tensor], points_xy: Tensor, score: Tensor) -> None:
        """Adds a batch of ``shared.datamodules.poses`` with crop points ``(B, 25, 2)`` and scores ``(B, 25)``."""
        state, box = batch["state"][:, :_JOINTS], batch["box_xywh"]
        predicted = to_picture(points_xy[:, :_JOINTS], batch["affine"])
        truth = to_picture(batch["points_xy"][:, :_JOINTS], batch["affine"])
        long_side = box[:, 2:].amax(dim=1)
        for metric in self.joints.values():
            metric.update(predicted, truth, state, long_side)
        self.parts.update(predicted, truth, state, long_side)
        answer = torch.cat([predicted, score[:, :_JOINTS, None]], dim=-1)
        self.oks.update(batch["id"], answer, truth, state, batch["area"], box)
        present, outside = is_present(state), state == JointState.OUTSIDE
        low = (score < self.gate)[:, :_JOINTS]
        self.n += len(state)
        self.present, self.absent = self.present + int(present.sum()), self.absent + int(outside.sum())
        self.called_absent += int((low & present).sum())
        self.called_present += int((~low & outside).sum())
        if self.paper is not None:
            complete = present.all(dim=1)
            self.incomplete += int((~complete).sum())
            if complete.any():
                self.paper.update(predicted[complete], truth[complete], box[complete, 2:])

    def compute(self) -> dict[str, float]:
        """Returns the metrics; one that has nothing to count is left out."""
        values: dict[str, float] = {name: float(metric.compute()) for name, metric in self.joints.items()}
        values |= {f"{name}@0.5": float(value) for name, value in self.parts.compute().items()}
        values |= self.oks.compute()
        values["n"] = float(self.n)
        values["excluded"] = float(self.joints["pdj@0.2"].excluded)
        values["excluded_pckh"] = float(self.joints["pckh@0.5"].excluded)
        values["excluded_parts"] = float(self.parts.excluded())
        values["false_absent"] = self.called_absent / self.present if self.present else math.nan
        values["false_present"] = self.called_present / self.absent if self.absent else math.nan
        values["absent_joints"] = float(self.absent)
        if self.paper is not None and self.paper.batches:
            values |= {f"paper/{name}": float(value) for name, value in self.paper.compute().items()}
            values["paper/skipped"] = float(self.incomplete)
        for name, value in zip(COCO_17.names, self.joints["pdj@0.2"].per_joint().tolist(), strict=True):
            values[f"pdj@0.2/{name}"] = value
        return {name: value for name, value in values.items() if math.isfinite(value)}


def evaluate(
    checkpoint: Path,
    data: Path,
    split: Literal["train", "val", "test"] = "test",
    batch_size: int = 32,
    num_workers: int = 2,
    device: str = "cpu",
    flip_test: bool = True,
    paper: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Returns the metrics of a pose checkpoint on one split, each character in the crop of its true box.

    Args:
        checkpoint: a pose ``.ckpt``.
        data: root of a data set with ``annotations/person_keypoints_<split>.json``.
        split: ``val`` or ``test``.
        batch_size: crops that go through the net together.
        num_workers: processes that read pictures.
        device: ``cpu``, ``cuda`` …
        flip_test: average each crop with its mirror image.
        paper: the paper's own metrics too, over the characters of which all 17 joints are in the crop, with its
            decoding grid replaced by ours (see ``pose.predict.load`` for theirs).
        progress: called with batches done and batches in all.

    Returns:
        ``pdj@0.2``, ``pckh@0.5`` (each also ``_visible``), ``pcp@0.5``, ``pcpm@0.5``, ``oks_ap`` …, ``oks_ar``,
        ``n`` characters, ``excluded`` of them (no usable torso length), ``false_absent`` and ``false_present``
        (mistakes of the gate), and ``pdj@0.2/<joint>``.

    Raises:
        DataError: a file is missing or broken, or the split has no character.
    """
    predictor = load(checkpoint, device, flip_test=flip_test)
    datamodule = PoseDataModule(
        root=str(data),
        image_size=predictor.crop_side,
        padding=predictor.padding,
        batch_size=batch_size,
        num_workers=num_workers,
    )
    datamodule.setup("test" if split == "test" else "validate")
    loader = datamodule.test_dataloader() if split == "test" else datamodule.val_dataloader()
    report = run_report(predictor, loader, paper, progress)
    if report.n == 0:
        raise DataError(f"{data}: split {split} has no annotated character; choose another split or data set")
    return report.compute()


def run_report(
    predictor: PosePredictor,
    batches: DataLoader[Any],
    paper: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Returns the report of ``predictor`` over batches of ``shared.datamodules.poses``."""
    report = Report(torch.from_numpy(predictor.gate), paper)
    for number, batch in enumerate(batches, start=1):
        points, score = predictor.decode(predictor.logits(batch["image"]))
        report.update(batch, points.cpu(), score.cpu())
        if progress is not None:
            progress(number, len(batches))
    return report
