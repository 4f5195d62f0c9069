from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tagger.metrics import BINS, ZERO_EDGE, LogitHistogram, confusion_at, edge_to_logit, probability_to_edge
from tagger.thresholds import best_edges, best_global_edge, edge_to_probability, precision_equals_recall


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
