from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchmetrics.functional.classification import multilabel_average_precision, multilabel_fbeta_score

from tagger.metrics import (
    BINS,
    BINS_PER_LOGIT,
    ZERO_EDGE,
    LogitHistogram,
    average_precision,
    averages,
    confusion_at,
    edge_to_logit,
    paper_averages,
    probability_to_edge,
)


def histogram(logits: Tensor, labels: Tensor) -> Tensor:
    metric = LogitHistogram(logits.shape[1])
    metric.update(logits, labels)
    return metric.compute()


def random_case(seed: int, pictures: int = 60, classes: int = 5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(pictures, classes, generator=generator) < 0.3).float()
    return torch.randn(pictures, classes, generator=generator) * 2 + labels * 2 - 1, labels


def test_counts_by_hand() -> None:
    # one class; truth 1 1 0 0 0, decision at logit > 0: 1 0 1 0 0 (the fourth is exactly 0: not greater)
    logits = torch.tensor([[2.0], [-1.0], [0.5], [0.0], [-3.0]])
    labels = torch.tensor([[1.0], [1.0], [0.0], [0.0], [0.0]])
    confusion = confusion_at(histogram(logits, labels), ZERO_EDGE)
    assert [float(v) for v in (confusion.tp, confusion.fp, confusion.fn, confusion.tn)] == [1, 1, 1, 2]
    assert averages(confusion)["macro_f1"] == pytest.approx(0.5)
    assert averages(confusion)["micro_accuracy"] == pytest.approx(0.6)


def test_plain_threshold_is_exact_next_to_the_edge() -> None:
    tiny = float(np.nextafter(np.float32(0), np.float32(1)))
    logits = torch.tensor([[tiny], [0.0], [-tiny], [1e-9], [-1e-9]])
    confusion = confusion_at(histogram(logits, torch.ones(5, 1)), ZERO_EDGE)
    assert int(confusion.tp) == 2


def test_every_edge_matches_a_plain_comparison() -> None:
    logits, labels = random_case(0)
    logits[0, 0], logits[1, 0] = 99.0, -math.inf
    counts = histogram(logits, labels)
    for edge in (1, 300, ZERO_EDGE - 40, ZERO_EDGE, ZERO_EDGE + 77, BINS - 1):
        predicted = logits.double() > float(edge_to_logit(torch.tensor(edge)))
        confusion = confusion_at(counts, edge)
        torch.testing.assert_close(confusion.tp, (predicted & (labels > 0)).sum(0).double())
        torch.testing.assert_close(confusion.fp, (predicted & (labels == 0)).sum(0).double())
        torch.testing.assert_close(confusion.fn, (~predicted & (labels > 0)).sum(0).double())
        torch.testing.assert_close(confusion.tn, (~predicted & (labels == 0)).sum(0).double())
    assert float(confusion_at(counts, BINS).tp.sum() + confusion_at(counts, BINS).fp.sum()) == 0


def test_macro_and_micro_match_torchmetrics() -> None:
    logits, labels = random_case(1)
    found = averages(confusion_at(histogram(logits, labels), ZERO_EDGE))
    for beta, name in ((1.0, "f1"), (2.0, "f2")):
        for average in ("macro", "micro"):
            reference = multilabel_fbeta_score(
                torch.sigmoid(logits), labels.long(), beta=beta, num_labels=5, average=average
            )
            assert found[f"{average}_{name}"] == pytest.approx(reference.item(), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_average_precision_matches_torchmetrics_on_binned_scores(seed: int) -> None:
    logits, labels = random_case(seed)
    labels[0] = 1
    binned = (logits * BINS_PER_LOGIT).ceil() / BINS_PER_LOGIT
    # Scores by a line into [0, 1], as sigmoid gives equal logits unequal last digits (vector and rest of a loop).
    reference = multilabel_average_precision((binned + 16) / 32, labels.long(), num_labels=5, average="none")
    torch.testing.assert_close(average_precision(histogram(logits, labels)).float(), reference.float())


def test_average_precision_without_positives_is_nan_and_skipped() -> None:
    counts = histogram(torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0]]))
    assert average_precision(counts)[0] == 1.0
    assert average_precision(counts)[1].isnan()


def test_two_halves_sum_to_the_whole() -> None:
    logits, labels = random_case(2)
    first, second = histogram(logits[:17], labels[:17]), histogram(logits[17:], labels[17:])
    assert torch.equal(first + second, histogram(logits, labels))
    assert int((first + second).sum()) == logits.numel()


def test_macro_leaves_rare_classes_out() -> None:
    logits = torch.tensor([[5.0, -5.0]] * 3)
    labels = torch.tensor([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    confusion = confusion_at(histogram(logits, labels), ZERO_EDGE)
    assert averages(confusion, 1)["macro_f1"] == pytest.approx(0.5)
    assert averages(confusion, 1)["macro_precision"] == pytest.approx(0.5)  # nothing predicted of a class: 0
    assert averages(confusion, 2)["macro_f1"] == 1.0
    assert math.isnan(averages(confusion, 4)["macro_f1"])


def test_paper_rules_by_hand() -> None:
    # class 0: tp 1 fp 1 fn 1; class 1: absent and not predicted
    logits = torch.tensor([[1.0, -1.0], [1.0, -1.0], [-1.0, -1.0], [-1.0, -1.0]])
    labels = torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    found = paper_averages(confusion_at(histogram(logits, labels), ZERO_EDGE))
    assert found["paper_precision"] == pytest.approx((0.5 + 0) / 2)
    assert found["paper_recall"] == pytest.approx((0.5 + 1) / 2)
    assert found["paper_f1"] == pytest.approx((0.5 + 1) / 2)
    assert found["paper_f2"] == pytest.approx((0.5 + 1) / 2)
    assert found["paper_f5"] == pytest.approx((1.5 / 2.75 + 1) / 2)
    assert found["paper_accuracy"] == pytest.approx((0.5 + 1) / 2)


def test_probabilities_become_the_nearest_edges() -> None:
    probability = torch.tensor([0.0, 0.5, 1.0, 0.3])
    edges = probability_to_edge(probability)
    assert edges.tolist()[:3] == [0, ZERO_EDGE, BINS]
    assert abs(float(edge_to_logit(edges[3])) - math.log(0.3 / 0.7)) <= 0.5 / BINS_PER_LOGIT


def test_reset_and_wrong_shapes() -> None:
    metric = LogitHistogram(2)
    metric.update(torch.zeros(3, 2, dtype=torch.bfloat16), torch.zeros(3, 2))
    metric.reset()
    assert int(metric.counts.sum()) == 0
    with pytest.raises(ValueError, match=r"\(B, 2\)"):
        metric.update(torch.zeros(3, 3), torch.zeros(3, 3))
