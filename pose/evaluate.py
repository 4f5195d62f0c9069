"""A finished checkpoint to its metrics on a labelled data set, with the true boxes."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from pose.by_kind import ByKind
from pose.calibration import Reliability, is_found
from pose.coco_eval import OksAp
from pose.codecs.heatmap import is_present
from pose.crops import to_picture
from pose.metrics import JointAccuracy, Normaliser, PartAccuracy
from pose.paper_metrics import PaperMetrics, mean_part_lengths
from pose.predict import Decoding, PosePredictor, load
from shared.datamodules.loaders import eval_loader
from shared.datamodules.poses import PoseDataModule
from shared.errors import DataError
from shared.keypoints.schema import COCO_17, JointState
from shared.readers.splits import Split

_JOINTS = len(COCO_17)

#: Metric, its length, its radii in that length.
_RADII: tuple[tuple[str, Normaliser, tuple[float, ...]], ...] = (
    ("pdj", "torso", (0.1, 0.2)),
    ("pckh", "head", (0.2, 0.5)),
)


class Report:
    """Collects answers and gives all metrics of the pose subsystem as plain floats.

    Every metric but the two of the gate judges the ungated place, so that a choice of gates does not move them.
    """

    def __init__(self, gate: Tensor, paper: PaperMetrics | None = None) -> None:
        self.gate = gate
        self.joints = {
            f"{name}@{k}{suffix}": JointAccuracy(length, k, visible_only=bool(suffix))
            for name, length, radii in _RADII
            for k in radii
            for suffix in ("", "_visible")
        }
        self.parts = {suffix: PartAccuracy(visible_only=bool(suffix)) for suffix in ("", "_visible")}
        self.oks, self.reliability, self.by_kind, self.paper = OksAp(), Reliability(), ByKind(), paper
        self.n, self.incomplete = 0, 0
        self.present, self.absent, self.called_absent, self.called_present = 0, 0, 0, 0

    def update(self, batch: dict[str, Tensor], points_xy: Tensor, score: Tensor) -> None:
        """Adds a batch of ``shared.datamodules.poses`` with crop points ``(B, 25, 2)`` and scores ``(B, 25)``."""
        state, box = batch["state"][:, :_JOINTS], batch["box_xywh"]
        predicted = to_picture(points_xy[:, :_JOINTS], batch["affine"])
        truth = to_picture(batch["points_xy"][:, :_JOINTS], batch["affine"])
        long_side = box[:, 2:].amax(dim=1)
        for metric in (*self.joints.values(), *self.parts.values()):
            metric.update(predicted, truth, state, long_side)
        answer = torch.cat([predicted, score[:, :_JOINTS, None]], dim=-1)
        self.oks.update(batch["id"], answer, truth, state, batch["area"], box)
        # Of picture pixels² to crop pixels².
        area = batch["area"] * torch.linalg.det(batch["affine"][:, :, :2]).abs()
        found = is_found(points_xy, batch["points_xy"], batch["state"], area)
        self.reliability.update(score, found, batch["state"])
        self.by_kind.update(predicted, truth, state, long_side, found[:, :_JOINTS])
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

    def compute(self) -> dict[str, Any]:
        """Returns the metrics, floats but for ``reliability`` and ``by_kind``; what counts nothing is left out."""
        values: dict[str, float] = {name: float(metric.compute()) for name, metric in self.joints.items()}
        for suffix, parts in self.parts.items():
            values |= {f"{name}@0.5{suffix}": float(value) for name, value in parts.compute().items()}
        values |= self.oks.compute()
        values["n"] = float(self.n)
        values["excluded"] = float(self.joints["pdj@0.2"].excluded)
        values["excluded_pckh"] = float(self.joints["pckh@0.5"].excluded)
        values["excluded_parts"] = float(self.parts[""].excluded())
        values["false_absent"] = self.called_absent / self.present if self.present else math.nan
        values["false_present"] = self.called_present / self.absent if self.absent else math.nan
        values["absent_joints"] = float(self.absent)
        values["calibration_error"] = self.reliability.error()
        if self.paper is not None and self.paper.batches:
            values |= {f"paper/{name}": float(value) for name, value in self.paper.compute().items()}
            values["paper/skipped"] = float(self.incomplete)
        for name, value in zip(COCO_17.names, self.joints["pdj@0.2"].per_joint().tolist(), strict=True):
            values[f"pdj@0.2/{name}"] = value
        finite = {name: value for name, value in values.items() if math.isfinite(value)}
        return {**finite, "reliability": self.reliability.compute(), "by_kind": self.by_kind.compute()}


def evaluate(
    checkpoint: Path,
    data: Path,
    split: Split = "test",
    batch_size: int = 32,
    num_workers: int = 2,
    device: str = "cpu",
    flip_test: bool = True,
    paper: bool = False,
    progress: Callable[[int, int], None] | None = None,
    decoding: Decoding = "subpixel",
) -> dict[str, Any]:
    """Returns the metrics of a pose checkpoint on one split, each character in the crop of its true box.

    Args:
        checkpoint: a pose ``.ckpt``.
        data: root of a data set with ``annotations/person_keypoints_<split>.json``.
        split: ``train`` (without augmentation), ``val`` or ``test``.
        batch_size: crops that go through the net together.
        num_workers: processes that read pictures.
        device: ``cpu``, ``cuda`` …
        flip_test: average each crop with its mirror image.
        paper: the paper's own metrics too, over the characters of which all 17 joints are in the crop.
        progress: called with batches done and batches in all.
        decoding: as of ``pose.predict.load``.

    Returns:
        ``pdj@0.1``, ``pdj@0.2``, ``pckh@0.2``, ``pckh@0.5``, ``pcp@0.5``, ``pcpm@0.5`` (each also ``_visible``),
        ``oks_ap`` …, ``oks_ar``, ``n`` characters, ``excluded`` of them (no usable torso length), ``false_absent``
        and ``false_present`` (mistakes of the gate), ``pdj@0.2/<joint>``, and how far scores can be trusted:
        ``calibration_error``, and ``reliability``, a list of ``{"score", "found", "n"}`` for tenths of the score.
        ``by_kind`` holds accuracy by view and pose, see :class:`pose.by_kind.ByKind`.

    Raises:
        DataError: a file is missing or broken, or the split has no character.
    """
    predictor = load(checkpoint, device, flip_test=flip_test, decoding=decoding)
    datamodule = PoseDataModule(
        root=str(data),
        image_size=predictor.crop_side,
        padding=predictor.padding,
        batch_size=batch_size,
        num_workers=num_workers,
    )
    loader = eval_loader(datamodule.dataset(split), batch_size, num_workers, None)
    metrics = PaperMetrics(_mean_part_lengths(datamodule, split)) if paper else None
    report = run_report(predictor, loader, metrics, progress)
    if report.n == 0:
        raise DataError(f"{data}: split {split} has no annotated character; choose another split or data set")
    return report.compute()


def _mean_part_lengths(datamodule: PoseDataModule, split: Split) -> tuple[float, ...] | None:
    """Returns the mean limb lengths over the split's characters with all 17 joints; None when there are none."""
    people = datamodule.characters(split)
    complete = is_present(torch.from_numpy(people.state[:, :_JOINTS])).all(dim=1)
    if not complete.any():
        return None
    points, boxes = torch.from_numpy(people.points_xy[:, :_JOINTS]), torch.from_numpy(people.boxes_xywh[:, 2:])
    return mean_part_lengths(points[complete], boxes[complete])


def run_report(
    predictor: PosePredictor,
    batches: DataLoader[Any],
    paper: PaperMetrics | None = None,
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
