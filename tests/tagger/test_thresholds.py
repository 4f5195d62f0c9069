from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tagger.metrics import BINS, ZERO_EDGE, LogitHistogram, confusion_at, edge_to_logit, probability_to_edge
from tagger.thresholds import (
    NEVER,
    PRECISIONS,
    best_edges,
    best_global_edge,
    edge_to_probability,
    precise_edges,
    precision_equals_recall,
)


def histogram(logits: Tensor, labels: Tensor) -> Tensor:
    metric = LogitHistogram(logits.shape[1])
    metric.update(logits, labels)
    return metric.compute()


def column(*pairs: tuple[float, int]) -> tuple[Tensor, Tensor]:
    return torch.tensor([[logit] for logit, _ in pairs]), torch.tensor([[float(label)] for _, label in pairs])


def test_threshold_is_the_middle_of_the_gap() -> None:
    logits, labels = column((3.0, 1), (2.0, 1), (1.0, 0), (-1.0, 0))
    edge = best_edges(histogram(logits, labels), min_positives=1, smoothing_logits=0)
    assert float(edge_to_logit(edge[0])) == pytest.approx(1.5, abs=0.02)


def test_best_f1_by_search_over_all_thresholds() -> None:
    generator = torch.Generator().manual_seed(3)
    labels = (torch.rand(200, 3, generator=generator) < 0.3).float()
    logits = torch.randn(200, 3, generator=generator) + labels
    counts = histogram(logits, labels)
    edges = best_edges(counts, min_positives=1, smoothing_logits=0)
    found = confusion_at(counts, edges).f_score()
    for c in range(3):
        best = 0.0
        for threshold in [*logits[:, c].tolist(), -20.0]:
            predicted = logits[:, c] > threshold
            tp = int((predicted & (labels[:, c] > 0)).sum())
            best = max(best, 2 * tp / (int(predicted.sum()) + int(labels[:, c].sum())))
        assert float(found[c]) == pytest.approx(best, abs=0.01)  # 64 edges a logit, so not every gap has one


def test_class_with_few_positives_takes_the_common_threshold() -> None:
    common, rare = torch.full((40, 1), -1.0), torch.full((40, 1), -1.0)
    common[:20], rare[0] = 1.0, 9.0
    labels = torch.zeros(40, 2)
    labels[:20, 0] = 1
    labels[0, 1] = 1
    counts = histogram(torch.cat([common, rare], 1), labels)
    edges = best_edges(counts, min_positives=10)
    assert int(edges[1]) == best_global_edge(counts)
    assert int(best_edges(counts, min_positives=1)[1]) != int(edges[1])


def test_a_class_without_positives_does_not_move_the_common_threshold() -> None:
    logits, labels = column((3.0, 1), (2.0, 1), (1.0, 0), (-1.0, 0))
    alone = best_global_edge(histogram(logits, labels))
    both = best_global_edge(histogram(logits.repeat(1, 2), torch.cat([labels, torch.zeros(4, 1)], 1)))
    assert alone == both
    assert best_global_edge(torch.zeros(2, 3, BINS, dtype=torch.int64)) == ZERO_EDGE


def test_blur_keeps_a_threshold_off_a_single_score() -> None:
    # 30 positives above 2 and negatives below 0; one stray positive at −3 among the negatives does not pull it down
    positives = torch.linspace(2.0, 4.0, 30)
    negatives = torch.linspace(-5.0, 0.0, 100)
    logits = torch.cat([positives, negatives, torch.tensor([-3.0])]).unsqueeze(1)
    labels = torch.cat([torch.ones(30), torch.zeros(100), torch.ones(1)]).unsqueeze(1)
    edge = best_edges(histogram(logits, labels), min_positives=10)
    assert 0.0 <= float(edge_to_logit(edge[0])) <= 2.0


def test_precision_equals_recall_where_predictions_equal_positives() -> None:
    logits, labels = column((3.0, 1), (2.0, 0), (1.0, 1), (0.0, 1), (-1.0, 0))
    edge = precision_equals_recall(histogram(logits, labels))
    predicted = int((logits > float(edge_to_logit(torch.tensor(edge)))).sum())
    assert predicted == 3  # as many as there are positives


def test_thresholds_survive_the_way_to_probabilities_and_back() -> None:
    edges = torch.arange(ZERO_EDGE - 900, ZERO_EDGE + 900)
    assert torch.equal(probability_to_edge(edge_to_probability(edges)), edges)


def test_precision_equals_recall_is_not_where_nothing_is_told() -> None:
    # Two of five positives stand above three negatives: telling these five gives 2 right, 3 wrong, 3 missed.
    counts = torch.zeros(2, 1, BINS, dtype=torch.int64)
    counts[1, 0, [100, 900, 1500]] = torch.tensor([2, 1, 2])
    counts[0, 0, [50, 800, 1000]] = torch.tensor([90, 3, 3])
    edge = precision_equals_recall(counts)
    total = confusion_at(counts, edge).sum()
    assert (total.tp, total.fp, total.fn) == (2, 3, 3)


def test_precise_thresholds_by_search() -> None:
    generator = torch.Generator().manual_seed(5)
    labels = (torch.rand(400, 3, generator=generator) < 0.3).float()
    logits = torch.randn(400, 3, generator=generator) + labels * torch.tensor([0.3, 1.0, 3.0])
    counts = histogram(logits, labels)
    edges = precise_edges(counts, min_positives=1, smoothing_logits=0)
    for c in range(3):
        order = logits[:, c].argsort(descending=True)
        right = labels[order, c].cumsum(0)
        precision = right / torch.arange(1, 401)
        f1 = 2 * right / (torch.arange(1, 401) + labels[:, c].sum())
        for column, least in enumerate(PRECISIONS):
            allowed = (precision >= least) & (torch.arange(400) >= 4)
            if not allowed.any():
                assert int(edges[c, column]) == BINS
                continue
            found = confusion_at(counts, edges[:, column])
            assert float(found.precision()[c]) >= least
            assert float(found.f_score()[c]) == pytest.approx(float(f1[allowed].max()), abs=0.02)


def test_a_class_that_nothing_tells_is_never_told_precisely() -> None:
    generator = torch.Generator().manual_seed(1)
    labels = (torch.rand(2000, 1, generator=generator) < 0.15).float()
    counts = histogram(torch.randn(2000, 1, generator=generator), labels)
    # The best F1 of noise is to tell it nearly always.
    assert float(confusion_at(counts, best_edges(counts)).recall()[0]) > 0.8
    edges = precise_edges(counts)[0]
    assert int(edges[0]) < BINS
    assert (edges[4:] == BINS).all()
    assert (edge_to_probability(edges[4:]) == NEVER).all()


def test_rare_classes_are_judged_together() -> None:
    # Ten classes of two positives each: all stand above 1, with two negatives each between 0 and 1.
    logits, labels = torch.full((40, 11), -3.0), torch.zeros(40, 11)
    for c in range(10):
        logits[2 * c : 2 * c + 2, c], labels[2 * c : 2 * c + 2, c] = 2.0, 1
        logits[2 * c + 2 : 2 * c + 4, c] = 0.5
    logits[:20, 10], labels[:20, 10] = 5.0, 1
    edges = precise_edges(histogram(logits, labels), min_positives=10, smoothing_logits=0)
    assert (edges[:10] == edges[0]).all()
    assert 0.5 <= float(edge_to_logit(edges[0, 8])) < 2.0
    assert -3.0 <= float(edge_to_logit(edges[10, 8])) < 5.0


def test_never_stays_never_on_the_way_to_probabilities() -> None:
    assert float(edge_to_probability(torch.tensor(BINS))) == NEVER
