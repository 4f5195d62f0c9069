"""Decision thresholds tuned on validation counts: one for all classes, or one a class."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tagger.metrics import BINS, BINS_PER_LOGIT, confusion_at_all, edge_to_logit

#: Precisions for which every class has a threshold, see :func:`precise_edges`.
PRECISIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
#: A threshold as a probability above which nothing is.
NEVER = 1.0
#: How often a class must have been told on the validation split before its precision there means something.
_MIN_TOLD = 5


def edge_to_probability(edges: Tensor) -> Tensor:
    """Returns thresholds as probabilities (float64) of edges; of the last edge, above which nothing is, ``NEVER``."""
    return torch.where(edges >= BINS, NEVER, torch.sigmoid(edge_to_logit(edges)))


def precision_equals_recall(counts: Tensor) -> int:
    """Returns the one edge for all classes at which micro precision and recall are closest.

    Source: the operating point that SmilingWolf's tagger cards quote as "P=R".
    """
    total = confusion_at_all(counts).sum()
    # tp / (tp + fp) = tp / (tp + fn) where as much is told wrongly as is missed. The ratios themselves are also equal
    # where nothing is told.
    return int((total.fp - total.fn).abs().argmin())


def best_global_edge(counts: Tensor, beta: float = 1.0, min_positives: int = 1) -> int:
    """Returns the one edge for all classes with the best macro F_β over classes with ``min_positives`` positives."""
    enough = counts[1].sum(1) >= max(1, min_positives)
    if not bool(enough.any()):
        return BINS // 2
    return int(_middle_of_best(confusion_at_all(counts[:, enough]).f_score(beta).mean(0, keepdim=True)))


def best_edges(counts: Tensor, beta: float = 1.0, min_positives: int = 10, smoothing_logits: float = 0.25) -> Tensor:
    """Returns for each class the edge with the best F_β, int64 ``(C,)``.

    A few validation pictures place a threshold badly: it clings to single scores. So the histograms are first
    blurred, and a class with fewer than ``min_positives`` positives takes the best edge for all classes instead.

    Args:
        counts: ``(2, C, BINS)`` of the validation split.
        beta: 1 weighs precision and recall alike, 2 prefers recall.
        min_positives: what a class needs for a threshold of its own.
        smoothing_logits: standard deviation of the blur, in logits; 0 for none.
    """
    common = best_global_edge(counts, beta)
    edges = torch.full((counts.shape[1],), common, dtype=torch.int64, device=counts.device)
    enough = counts[1].sum(1) >= max(1, min_positives)
    if bool(enough.any()):
        own = _blur(counts[:, enough], smoothing_logits)
        edges[enough] = _middle_of_best(confusion_at_all(own).f_score(beta))
    return edges


def precise_edges(counts: Tensor, min_positives: int = 10, smoothing_logits: float = 0.25) -> Tensor:
    """Returns for each class and each of ``PRECISIONS`` the edge with the best F1 among those that are so precise.

    ``BINS``, where the class is never told, if no edge is; an edge above which fewer than ``_MIN_TOLD`` validation
    pictures lie has shown nothing. Classes with too few positives to be judged alone are judged together: they
    share the edge that is so precise over all of them.

    Args:
        counts: ``(2, C, BINS)`` of the validation split.
        min_positives, smoothing_logits: as in :func:`best_edges`.

    Returns:
        int64 ``(C, len(PRECISIONS))``.
    """
    enough = counts[1].sum(1) >= max(1, min_positives)
    own = _so_precise(_blur(counts, smoothing_logits))
    common = _so_precise(_blur(counts[:, ~enough].sum(1, keepdim=True), smoothing_logits))
    return torch.where(enough[:, None], own, common)


def _so_precise(counts: Tensor) -> Tensor:
    confusion = confusion_at_all(counts)
    f1, precision = confusion.f_score(), torch.nan_to_num(confusion.precision(), nan=0.0)
    shown = confusion.tp + confusion.fp >= _MIN_TOLD
    columns: list[Tensor] = []
    for least in PRECISIONS:
        allowed = shown & (precision >= least)
        edge = _middle_of_best(torch.where(allowed, f1, -1.0))
        edge[~allowed.any(1)] = BINS
        columns.append(edge)
    return torch.stack(columns, 1)


def _middle_of_best(scores: Tensor) -> Tensor:
    # Between two neighbouring logits every edge scores the same: the middle of the plateau is the safest of them.
    scores = torch.nan_to_num(scores, nan=-1.0)
    best = scores >= scores.max(dim=1, keepdim=True).values - 1e-12
    first = best.int().argmax(dim=1)
    # The plateau that starts at `first` ends before the next edge that is not best.
    past = ~best & (torch.arange(scores.shape[1], device=scores.device) > first.unsqueeze(1))
    end = torch.where(past.any(dim=1), past.int().argmax(dim=1), scores.shape[1])
    return (first + end - 1) // 2


def _blur(counts: Tensor, sigma_logits: float) -> Tensor:
    sigma = sigma_logits * BINS_PER_LOGIT
    if sigma <= 0:
        return counts
    radius = math.ceil(3 * sigma)
    offsets = torch.arange(-radius, radius + 1, device=counts.device, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = (kernel / kernel.sum()).view(1, 1, -1)
    flat = counts.double().reshape(-1, 1, BINS)
    padded = torch.nn.functional.pad(flat, (radius, radius))
    return torch.nn.functional.conv1d(padded, kernel).view(counts.shape)
