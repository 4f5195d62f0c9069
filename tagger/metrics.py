"""Streaming multilabel metrics: a histogram of logits a class, from which every threshold can be scored.

The two histograms of a class (its negatives and its positives) hold 64 bins a logit between −16 and 16. A *edge* is
the number ``k`` of a bin, 0 … ``BINS``: at edge ``k`` a picture is predicted positive when its logit is greater than
``edge_to_logit(k)``. Edge ``ZERO_EDGE`` is exactly ``probability > 0.5``; edge ``BINS`` predicts nothing. Other
thresholds are exact at the edges, and average precision treats the scores in one bin as tied.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchmetrics import Metric

BINS_PER_LOGIT = 64  # a power of two: the product with a float is exact, so nothing near an edge is rounded over it
LOGIT_LIMIT = 16
BINS = 2 * LOGIT_LIMIT * BINS_PER_LOGIT
ZERO_EDGE = LOGIT_LIMIT * BINS_PER_LOGIT


def edge_to_logit(edge: Tensor) -> Tensor:
    """Returns the logits (float64) of edges."""
    return (edge.double() - ZERO_EDGE) / BINS_PER_LOGIT


def probability_to_edge(probability: Tensor) -> Tensor:
    """Returns the edges (int64) nearest to probabilities; 0.5 gives ``ZERO_EDGE``, 1 gives ``BINS``."""
    logit = torch.logit(probability.double()).clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
    return (logit * BINS_PER_LOGIT).round().long() + ZERO_EDGE


class LogitHistogram(Metric):
    """Counts logits by class, truth and bin; exact to sum over batches and over processes.

    ``compute()`` returns int64 counts ``(2, C, BINS)``: negatives, then positives. 4096 numbers a class, whatever the
    number of pictures.
    """

    full_state_update = False
    higher_is_better = None
    counts: Tensor

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes
        # One flat vector: scatter_add_ of 64 × 1062 ones is far faster than a bincount of all 4 M bins a batch.
        self.add_state("counts", default=torch.zeros(2 * num_classes * BINS, dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, logits: Tensor, labels: Tensor) -> None:
        """Adds a batch: ``logits`` ``(B, C)`` (NaN counts as −16) and ``labels`` ``(B, C)`` of 0 and 1."""
        if logits.shape != labels.shape or logits.ndim != 2 or logits.shape[1] != self.num_classes:
            raise ValueError(
                f"logits {tuple(logits.shape)} and labels {tuple(labels.shape)} must both be (B, {self.num_classes})"
            )
        scaled = torch.nan_to_num(logits.detach().float(), nan=-LOGIT_LIMIT).clamp(-LOGIT_LIMIT, LOGIT_LIMIT)
        # Bin k holds edge_to_logit(k) < logit <= edge_to_logit(k + 1), as the paper's rule is "logit > 0".
        bins = ((scaled * BINS_PER_LOGIT).ceil().long() + (ZERO_EDGE - 1)).clamp(0, BINS - 1)
        classes = torch.arange(self.num_classes, device=logits.device)
        index = ((labels > 0.5).long() * self.num_classes + classes) * BINS + bins
        self.counts.scatter_add_(0, index.flatten(), torch.ones_like(index).flatten())

    def compute(self) -> Tensor:
        """Returns the counts so far, int64 ``(2, C, BINS)``."""
        return self.counts.view(2, self.num_classes, BINS)


@dataclass(frozen=True)
class Confusion:
    """Right and wrong decisions as float64 counts of one shape: one a class ``(C,)``, or ``(C, BINS + 1)``.

    A ratio with nothing in its denominator is NaN, except precision, which is 0 when nothing is predicted of a
    class that has positives.
    """

    tp: Tensor
    fp: Tensor
    fn: Tensor
    tn: Tensor

    def precision(self) -> Tensor:
        """Share of the predicted that is right."""
        missed_all = (self.tp + self.fp == 0) & (self.fn > 0)
        return torch.where(missed_all, 0.0, self.tp / (self.tp + self.fp))

    def recall(self) -> Tensor:
        """Share of the positives that is predicted."""
        return self.tp / (self.tp + self.fn)

    def f_score(self, beta: float = 1.0) -> Tensor:
        """F_β: ``(1 + β²) tp / ((1 + β²) tp + β² fn + fp)``."""
        square = beta * beta
        return (1 + square) * self.tp / ((1 + square) * self.tp + square * self.fn + self.fp)

    def accuracy(self) -> Tensor:
        """Share of the pictures decided rightly."""
        return (self.tp + self.tn) / (self.tp + self.tn + self.fp + self.fn)

    def sum(self) -> Confusion:
        """Returns the counts summed over the classes, for micro averages."""
        return Confusion(self.tp.sum(0), self.fp.sum(0), self.fn.sum(0), self.tn.sum(0))

    def at(self, edges: Tensor | int) -> Confusion:
        """Returns of counts ``(C, BINS + 1)`` those of each class ``(C,)`` at its edge, or at one edge for all."""
        index = torch.as_tensor(edges, device=self.tp.device).expand(len(self.tp)).unsqueeze(1)
        return Confusion(*(value.gather(1, index).squeeze(1) for value in (self.tp, self.fp, self.fn, self.tn)))

    def select(self, classes: Tensor) -> Confusion:
        """Returns the counts of some classes (bool mask or indices)."""
        return Confusion(self.tp[classes], self.fp[classes], self.fn[classes], self.tn[classes])


def confusion_at_all(counts: Tensor) -> Confusion:
    """Returns the confusion of every class at every edge, ``(C, BINS + 1)``, from counts ``(2, C, BINS)``."""
    above = torch.nn.functional.pad(counts.double(), (0, 1)).flip(-1).cumsum(-1).flip(-1)
    total = above[:, :, :1]
    return Confusion(tp=above[1], fp=above[0], fn=total[1] - above[1], tn=total[0] - above[0])


def confusion_at(counts: Tensor, edges: Tensor | int) -> Confusion:
    """Returns the confusion of every class ``(C,)`` at its edge (int64 ``(C,)``) or at one edge for all."""
    return confusion_at_all(counts).at(edges)


def average_precision(counts: Tensor) -> Tensor:
    """Returns ``Σ (R_k − R_{k+1}) P_k`` of every class, float64 ``(C,)``; NaN for a class without positives."""
    every = confusion_at_all(counts)
    hits = counts[1].double()
    precision = torch.nan_to_num(every.tp / (every.tp + every.fp))[:, :BINS]
    return (hits * precision).sum(1) / hits.sum(1)


def averages(confusion: Confusion, min_positives: int = 1) -> dict[str, float]:
    """Returns macro and micro precision, recall, F1, F2 and accuracy.

    Macro is the plain mean over the classes with at least ``min_positives`` positives (NaN when there are none);
    micro sums the decisions of all classes first.
    """
    enough = confusion.tp + confusion.fn >= max(1, min_positives)
    result: dict[str, float] = {}
    for prefix, part in (("macro", confusion.select(enough)), ("micro", confusion.sum())):
        values = {
            "precision": part.precision(),
            "recall": part.recall(),
            "f1": part.f_score(1.0),
            "f2": part.f_score(2.0),
            "accuracy": part.accuracy(),
        }
        result |= {f"{prefix}_{name}": float(value.mean()) for name, value in values.items()}
    return result


def paper_averages(confusion: Confusion) -> dict[str, float]:
    """Returns the macro averages by the rules of the paper's released evaluation, for comparison with its numbers.

    Every class counts, also one without positives: recall and F of nothing are 1, precision of nothing is 0. Two
    things there are mistakes and are kept only here: perfect marks for absent classes, and an "f5" (meant as F0.5)
    whose numerator has 1.5 tp where 1.25 tp is right.

    Source: Chen & Zwicker 2022, the released validation code's behaviour.
    """
    tp, fp, fn = confusion.tp, confusion.fp, confusion.fn
    values = {
        "precision": torch.nan_to_num(tp / (tp + fp), nan=0.0),
        "recall": torch.nan_to_num(tp / (tp + fn), nan=1.0),
        "f1": torch.nan_to_num(confusion.f_score(1.0), nan=1.0),
        "f2": torch.nan_to_num(confusion.f_score(2.0), nan=1.0),
        "f5": torch.nan_to_num(1.5 * tp / (1.5 * tp + 0.25 * fn + fp), nan=1.0),
        "accuracy": confusion.accuracy(),
    }
    return {f"paper_{name}": float(value.mean()) for name, value in values.items()}
