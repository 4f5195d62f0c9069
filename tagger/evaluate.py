"""How good a finished tagger is on a labelled data set."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from shared.datamodules.loaders import eval_loader
from shared.datamodules.tags import TagDataModule
from shared.errors import DataError, UsageError
from tagger.metrics import (
    ZERO_EDGE,
    LogitHistogram,
    average_precision,
    averages,
    confusion_at,
    confusion_at_all,
    paper_averages,
    probability_to_edge,
)
from tagger.predict import Precision, TaggerPredictor, load
from tagger.thresholds import PRECISIONS, best_edges, edge_to_probability, precision_equals_recall

log = logging.getLogger(__name__)

Split = Literal["train", "val", "test"]


def evaluate(
    checkpoint: Path,
    data: Path,
    split: Split = "test",
    *,
    batch_size: int = 64,
    num_workers: int = 2,
    min_positives: int = 20,
    rulebook: str | None = None,
    device: str = "cpu",
    precision: Precision = "auto",
    paper_metrics: bool = False,
    operating_points: bool = False,
) -> dict[str, Any]:
    """Scores a checkpoint on one split of a data set.

    Args:
        checkpoint: a tagger checkpoint, or a folder of `inkpose export tagger`.
        data: root of the data set.
        split: train, val or test.
        batch_size: pictures a batch.
        num_workers: loading processes.
        min_positives: positives in the split that a class needs to enter the macro averages.
        rulebook: rules that turn the raw tags into classes; None takes those of the training.
        device: where the net runs.
        precision: of the net.
        paper_metrics: add the averages by the rules of the paper's release, over the classes of the checkpoint.
        operating_points: add ``points``, the averages where the thresholds of all classes are tuned for F2 and for F1
            on the validation split, as in the paper's table. None for the split val, on which they would flatter, nor
            where that split holds no picture.

    Returns:
        ``macro_f1`` (tuned thresholds), ``map``, ``at`` (averages at the thresholds ``0.5``, ``p=r`` and ``tuned``),
        ``told`` (what captions hold at each least precision), ``groups``, ``per_class``, and how many pictures and
        classes they rest on. A mean over no class is None.

    Raises:
        DataError: checkpoint or data are not usable, or the split holds no picture.
        UsageError: the rulebook's classes are not the checkpoint's.
    """
    predictor = load(checkpoint, device, precision)
    source = rulebook or predictor.saved.rulebook
    if source is None:
        raise UsageError(f"{checkpoint}: imported weights have no rulebook; name one whose classes are theirs")
    module = TagDataModule(
        str(data),
        rulebook=source,
        image_size=predictor.image_size,
        batch_size=batch_size,
        num_workers=num_workers,
        augment=False,
    )
    if tuple(module.class_names) != predictor.class_names:
        raise UsageError("rulebook: not the classes that the checkpoint was trained with; name the same rulebook")
    pictures = module.dataset(split)
    if len(pictures) == 0:
        raise DataError(f"{data}: no picture in the split {split}; add pictures or name another split")
    counts = _counts(predictor, module, split)
    report: dict[str, Any] = {
        "split": split,
        "pictures": len(pictures),
        "min_positives": min_positives,
        "threshold_rule": "one a class, tuned for F1 on the validation split at the end of the training",
    }
    report |= score(predictor, counts, min_positives, paper_metrics)
    if operating_points and split != "val" and len(module.dataset("val")):
        points = tuned_points(_counts(predictor, module, "val"), counts, min_positives, paper_metrics)
        report["points"] = _without_nan(points)
    return report


def _counts(predictor: TaggerPredictor, module: TagDataModule, split: Split) -> Tensor:
    histogram = LogitHistogram(len(predictor.class_names))
    for batch in eval_loader(module.dataset(split), module.batch_size, module.num_workers, None):
        histogram.update(predictor.logits(batch["image"]), batch["labels"])
    counts: Tensor = histogram.compute()
    return counts


def tuned_points(
    tuning: Tensor, counts: Tensor, min_positives: int = 20, paper_metrics: bool = False
) -> dict[str, dict[str, float]]:
    """Returns macro F, precision, recall and accuracy at per-class thresholds tuned for F2 and for F1.

    Args:
        tuning: counts ``(2, C, BINS)`` of the split on which the thresholds are chosen.
        counts: of the split that is scored.
        min_positives: positives that a class needs to be scored.
        paper_metrics: average by the rules of the paper's release, over all classes.

    Returns:
        ``{"f2": {"f2", "precision", "recall", "accuracy"}, "f1": {"f1", …}}``.
    """
    points = {}
    for name, beta in (("f2", 2.0), ("f1", 1.0)):
        confusion = confusion_at(counts, best_edges(tuning, beta))
        if paper_metrics:
            found = {key.removeprefix("paper_"): value for key, value in paper_averages(confusion).items()}
        else:
            found = {key.removeprefix("macro_"): value for key, value in averages(confusion, min_positives).items()}
        points[name] = {key: found[key] for key in (name, "precision", "recall", "accuracy")}
    return points


def score(
    predictor: TaggerPredictor, counts: Tensor, min_positives: int = 20, paper_metrics: bool = False
) -> dict[str, Any]:
    """Returns the metrics of counts ``(2, C, BINS)``; see ``evaluate``."""
    positives = counts[1].sum(1)
    enough = positives >= max(1, min_positives)
    precision = average_precision(counts)
    tuned = probability_to_edge(torch.from_numpy(predictor.thresholds))
    equal = precision_equals_recall(counts)
    edges: dict[str, Tensor | int] = {"0.5": ZERO_EDGE, "p=r": equal, "tuned": tuned}
    at = {name: averages(confusion_at(counts, edge), min_positives) for name, edge in edges.items()}
    at["p=r"]["threshold"] = float(edge_to_probability(torch.tensor(equal)))
    final = confusion_at(counts, tuned)
    groups: dict[str, dict[str, Any]] = {}
    for group in sorted(set(predictor.class_groups)):
        inside = torch.tensor([name == group for name in predictor.class_groups])
        part = averages(final.select(inside), min_positives)
        mean_precision = float(precision[inside & enough].mean())
        groups[group] = {"classes": int(inside.sum()), "classes_scored": int((inside & enough).sum()), **part}
        groups[group]["map"] = mean_precision
    report: dict[str, Any] = {
        "macro_f1": at["tuned"]["macro_f1"],
        "macro_f2": at["tuned"]["macro_f2"],
        "map": float(precision[enough].mean()),
        "classes": len(predictor.class_names),
        "classes_supported": int(predictor.supported.sum()),
        "classes_with_positives": int((positives > 0).sum()),
        "classes_scored": int(enough.sum()),
        "at": at,
        "groups": groups,
    }
    if predictor.saved.precise_thresholds is not None:
        report["told"] = _told(predictor, counts)
    if paper_metrics:
        report["paper"] = paper_averages(confusion_at(counts, ZERO_EDGE))
    f1, half = final.f_score(1.0), confusion_at(counts, ZERO_EDGE)
    report["per_class"] = [
        {
            "name": predictor.class_names[i],
            "group": predictor.class_groups[i],
            "positives": int(positives[i]),
            "average_precision": float(precision[i]),
            "f1": float(f1[i]),
            "precision": float(final.precision()[i]),
            "recall": float(final.recall()[i]),
            "threshold": float(predictor.thresholds[i]),
            "recall_at_half": float(half.recall()[i]),
            "f2_at_half": float(half.f_score(2.0)[i]),
        }
        for i in positives.argsort(descending=True).tolist()
        if positives[i] > 0
    ]
    cleaned: dict[str, Any] = _without_nan(report)
    return cleaned


def _told(predictor: TaggerPredictor, counts: Tensor) -> list[dict[str, float]]:
    pictures, every = float(counts[:, :1].sum()), confusion_at_all(counts)
    rows = []
    for least in (0.0, *PRECISIONS):
        confusion = every.at(probability_to_edge(torch.from_numpy(predictor.limits(least))))
        told = confusion.tp + confusion.fp
        values = averages(confusion)
        rows.append(
            {
                "min_precision": least,
                "tags_per_picture": float(told.sum()) / pictures,
                "precision": values["micro_precision"],
                "recall": values["micro_recall"],
                "classes": int((told > 0).sum()),
            }
        )
    return rows


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: a mean over no class becomes None."""
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
