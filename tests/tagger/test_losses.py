from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tagger.losses import asymmetric_loss, class_weights, weighted_bce


def test_weights_at_the_median_frequency_by_hand() -> None:
    # N_i/N = 0.0038: sqrt(38) = 6.1644, sqrt(9962) = 99.8098, r = 0.058170; 0.5/r = 8.595, 0.5/(1-r) = 0.5309
    weights = class_weights(torch.tensor([38]), 10_000)
    assert weights.positive.item() == pytest.approx(8.5957, abs=2e-3)
    assert weights.negative.item() == pytest.approx(0.5309, abs=1e-4)


def test_even_classes_weigh_one_under_every_rule() -> None:
    for weighting in ("none", "inverse", "inverse_sqrt", "power"):
        weights = class_weights(torch.tensor([50]), 100, weighting)  # type: ignore[arg-type]
        assert weights.positive.item() == weights.negative.item() == 1.0


def test_rules_by_hand() -> None:
    positives = torch.tensor([20])  # of 100: 20 against 80
    assert class_weights(positives, 100, "none").positive.item() == 1.0
    assert class_weights(positives, 100, "inverse").positive.item() == pytest.approx(2.5)  # ½ / 0.2
    assert class_weights(positives, 100, "inverse").negative.item() == pytest.approx(0.625)  # ½ / 0.8
    assert class_weights(positives, 100, "inverse_sqrt").positive.item() == pytest.approx(1.5)  # r = 1/(1+2)
    assert class_weights(positives, 100, "power", 0.5).positive.item() == pytest.approx(1.5)
    assert class_weights(positives, 100, "power", 1.0).positive.item() == pytest.approx(2.5)


def test_absent_and_everywhere_are_unsupported_and_finite() -> None:
    weights = class_weights(torch.tensor([0, 5, 10]), 10)
    assert weights.supported.tolist() == [False, True, False]
    assert weights.positive.tolist() == [0.0, 1.0, 0.0]
    assert weights.negative.tolist() == [0.0, 1.0, 0.0]


@given(st.integers(1, 999), st.sampled_from(["inverse", "inverse_sqrt", "none"]))
def test_weights_mirror_when_labels_swap(count: int, weighting: str) -> None:
    here = class_weights(torch.tensor([count]), 1000, weighting)  # type: ignore[arg-type]
    there = class_weights(torch.tensor([1000 - count]), 1000, weighting)  # type: ignore[arg-type]
    assert here.positive.item() == pytest.approx(there.negative.item(), rel=1e-5)
    if weighting == "inverse":  # positives and negatives then weigh the same in sum
        assert count * here.positive.item() == pytest.approx((1000 - count) * here.negative.item(), rel=1e-4)


def test_loss_by_hand() -> None:
    weights = class_weights(torch.tensor([20, 0]), 100)  # w(1) = 1.5, w(0) = 0.75; the second class is left out
    logits = torch.tensor([[0.0, 9.0], [math.log(3.0), -9.0]])
    labels = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    # −ln ½ · 1.5 and −ln(1 − ¾) · 0.75, mean of two pictures × one class
    expected = (1.5 * math.log(2.0) + 0.75 * math.log(4.0)) / 2
    assert weighted_bce(logits, labels, weights).item() == pytest.approx(expected, rel=1e-6)


def test_loss_matches_a_plain_loop() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(5, 4, generator=generator)
    labels = (torch.rand(5, 4, generator=generator) < 0.4).float()
    counts, samples = [3, 0, 60, 99], 99
    weights = class_weights(torch.tensor(counts), samples)
    total, terms = 0.0, 0
    for b in range(5):
        for c, count in enumerate(counts):
            if count in (0, samples):
                continue
            r = math.sqrt(count) / (math.sqrt(count) + math.sqrt(samples - count))
            z, p = labels[b, c].item(), 1 / (1 + math.exp(-logits[b, c].item()))
            w = 0.5 * (z / r + (1 - z) / (1 - r))
            total -= w * (z * math.log(p) + (1 - z) * math.log(1 - p))
            terms += 1
    assert weighted_bce(logits, labels, weights).item() == pytest.approx(total / terms, rel=1e-5)


def test_unsupported_classes_have_no_gradient_and_none_supported_is_zero() -> None:
    logits = torch.zeros(2, 2, requires_grad=True)
    weighted_bce(logits, torch.ones(2, 2), class_weights(torch.tensor([1, 0]), 4)).backward()
    assert logits.grad is not None
    assert (logits.grad[:, 1] == 0).all()
    assert (logits.grad[:, 0] != 0).all()
    assert weighted_bce(logits, torch.ones(2, 2), class_weights(torch.tensor([0, 0]), 4)).item() == 0.0


def test_loss_is_float32_under_autocast() -> None:
    weights = class_weights(torch.tensor([1]), 4)
    value = weighted_bce(torch.zeros(2, 1, dtype=torch.bfloat16), torch.ones(2, 1), weights)
    assert value.dtype == torch.float32


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="inverse_sqrt"):
        class_weights(torch.tensor([1]), 4, "sqrt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="between 0 and samples"):
        class_weights(torch.tensor([5]), 4)
    with pytest.raises(ValueError, match="power"):
        class_weights(torch.tensor([1]), 4, "power", 2.0)
    with pytest.raises(ValueError, match=r"\(B, C\)"):
        weighted_bce(torch.zeros(2, 3), torch.zeros(2, 2), class_weights(torch.tensor([1]), 4))


def test_asymmetric_loss_by_hand() -> None:
    weights = class_weights(torch.tensor([50, 50, 0]), 100)  # even classes weigh 1; the third is left out
    logits = torch.tensor([[math.log(3.0), math.log(0.25), 5.0], [math.log(1 / 99), math.log(4.0), 0.0]])
    labels = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    # p = 3/4 of a positive: −ln ¾. p = 1/5 of a negative: q = 0.15, −0.15⁴ ln 0.85. p = 1 % is below the margin: 0.
    # p = 4/5 of a negative: q = 0.75, −0.75⁴ ln ¼.
    expected = (-math.log(0.75) - 0.15**4 * math.log(0.85) + 0.0 - 0.75**4 * math.log(0.25)) / (2 * 2)
    assert asymmetric_loss(logits, labels, weights).item() == pytest.approx(expected, rel=1e-5)


def test_asymmetric_loss_without_asymmetry_is_the_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 7, generator=generator) * 20  # to where a probability of float32 is 0 or 1
    labels = (torch.rand(5, 7, generator=generator) < 0.3).float()
    weights = class_weights(torch.tensor([1, 20, 50, 70, 99, 0, 3]), 100)
    plain = asymmetric_loss(logits, labels, weights, gamma_negative=0.0, margin=0.0)
    torch.testing.assert_close(plain, weighted_bce(logits, labels, weights))


def test_asymmetric_loss_never_gives_infinite_gradients() -> None:
    logits = torch.tensor([[-200.0, -3.0, 0.0, 3.0, 200.0]] * 2, requires_grad=True)
    weights = class_weights(torch.tensor([50] * 5), 100)
    asymmetric_loss(logits, torch.tensor([[1.0] * 5, [0.0] * 5]), weights).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[0] <= 0).all(), "a positive never pulls down"
    assert (logits.grad[1] >= 0).all(), "a negative never pulls up"
    with pytest.raises(ValueError, match="margin"):
        asymmetric_loss(logits, logits, weights, margin=1.0)
