"""Losses for classes from very common to very rare: reweighted binary cross-entropy, and the asymmetric loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

Loss = Literal["bce", "asymmetric"]
LOSSES: tuple[str, ...] = get_args(Loss)
Weighting = Literal["none", "inverse", "inverse_sqrt", "power"]
WEIGHTINGS: tuple[str, ...] = get_args(Weighting)


@dataclass(frozen=True)
class ClassWeights:
    """What each class's positives and negatives count in the loss.

    Attributes:
        positive: float32 ``(C,)``, w(1); 0 where the class is not supported.
        negative: float32 ``(C,)``, w(0); 0 where the class is not supported.
        supported: bool ``(C,)``: the class has both positives and negatives in the training data.
    """

    positive: Tensor
    negative: Tensor
    supported: Tensor

    def to(self, device: torch.device) -> ClassWeights:
        """Returns the same weights on ``device``."""
        return ClassWeights(self.positive.to(device), self.negative.to(device), self.supported.to(device))

    def only(self, classes: Tensor) -> ClassWeights:
        """Returns the same weights for ``classes``, bool ``(C,)``; the others count as not supported."""
        return ClassWeights(self.positive * classes, self.negative * classes, self.supported & classes)


def class_weights(
    positives: Tensor, samples: int, weighting: Weighting = "inverse_sqrt", power: float = 0.5
) -> ClassWeights:
    """Weights from class frequencies.

    With ``r_i = N_i^p / (N_i^p + (N − N_i)^p)``, where ``N_i`` of ``N`` samples are positive, a label ``z`` weighs
    ``w_i(z) = ½ (z / r_i + (1 − z) / (1 − r_i))``. The exponent p is 0 for "none" (every weight is 1), ½ for
    "inverse_sqrt", 1 for "inverse", and ``power`` for "power".

    Args:
        positives: int64 ``(C,)``, ``N_i``.
        samples: ``N``.
        weighting: the rule.
        power: the exponent of the rule "power", 0 … 1; other rules ignore it.

    Raises:
        ValueError: unknown rule, ``power`` outside [0, 1], or counts that do not fit ``samples``.

    Source: Chen & Zwicker 2022, inverse square-root reweighing of the tagger's loss.
    Deviation: a class that is absent (``N_i = 0``) or everywhere (``N_i = N``) has no finite weight; it is marked
        unsupported and left out of the loss.
    """
    if weighting not in WEIGHTINGS:
        raise ValueError(f"weighting {weighting!r} is unknown; accepted: {', '.join(WEIGHTINGS)}")
    if not 0.0 <= power <= 1.0:
        raise ValueError(f"power is {power}; accepted: 0 … 1")
    if positives.ndim != 1 or bool((positives < 0).any()) or bool((positives > samples).any()):
        raise ValueError(f"positives must be a vector of counts between 0 and samples={samples}")
    exponent = {"none": 0.0, "inverse_sqrt": 0.5, "inverse": 1.0, "power": power}[weighting]
    supported = (positives > 0) & (positives < samples)
    present = torch.where(supported, positives, 1).double()
    absent = torch.where(supported, samples - positives, 1).double()
    ratio = present**exponent / (present**exponent + absent**exponent)
    return ClassWeights(
        positive=torch.where(supported, 0.5 / ratio, 0.0).float(),
        negative=torch.where(supported, 0.5 / (1.0 - ratio), 0.0).float(),
        supported=supported,
    )


def weighted_bce(logits: Tensor, labels: Tensor, weights: ClassWeights, smoothing: float = 0.0) -> Tensor:
    """Returns the mean over pictures and supported classes of ``w_i(z) · BCE(z, logit)``; a scalar.

    Args:
        logits: ``(B, C)``; computed in float32 whatever their type.
        labels: ``(B, C)`` of 0 and 1.
        weights: from ``class_weights``.
        smoothing: label smoothing ε: the target becomes ``z (1 − ε) + ε / 2``; the weight still follows ``z``.

    With no supported class the loss is 0 (and so is its gradient).

    Source: Chen & Zwicker 2022, the tagger's loss.
    Deviation: the mean runs over the supported classes only.
    """
    _check_shapes(logits, labels)
    labels = labels.float()
    weight = labels * weights.positive + (1.0 - labels) * weights.negative
    target = labels * (1.0 - smoothing) + 0.5 * smoothing if smoothing else labels
    total = functional.binary_cross_entropy_with_logits(logits.float(), target, weight=weight, reduction="sum")
    return total / (logits.shape[0] * weights.supported.sum()).clamp(min=1)


def asymmetric_loss(
    logits: Tensor, labels: Tensor, weights: ClassWeights, gamma_negative: float = 4.0, margin: float = 0.05
) -> Tensor:
    """Returns the mean over pictures and supported classes of ``w_i(z) · L(z, p)`` with ``p = σ(logit)``; a scalar.

    ``L(1, p) = −ln p`` and ``L(0, p) = −q^γ ln(1 − q)`` with ``q = max(p − m, 0)``: the many negatives that are easy
    count next to nothing, and those with p below the margin m nothing at all. So it needs no weights against rarity,
    and mislabelled negatives pull less.

    Args:
        logits: ``(B, C)``; computed in float32 whatever their type.
        labels: ``(B, C)`` of 0 and 1.
        weights: from ``class_weights``; under the rule "none" all are 1.
        gamma_negative: γ ≥ 0; 0 with margin 0 is the binary cross-entropy.
        margin: m, 0 … 1.

    Source: Ridnik et al. 2021, Asymmetric Loss for Multi-Label Classification, with their γ₊ = 0, γ₋ = 4, m = 0.05.
    Deviation: the mean over the supported classes, not the sum over all.
    """
    _check_shapes(logits, labels)
    if gamma_negative < 0 or not 0.0 <= margin < 1.0:
        raise ValueError(f"gamma_negative is {gamma_negative}, margin {margin}; accepted: ≥ 0, and 0 … 1")
    logits, labels = logits.float(), labels.float()
    shifted = (torch.sigmoid(logits) - margin).clamp(min=0.0)
    # ln(1 − p) loses its digits where p is near 1, and has them all as ln σ(−logit).
    far = functional.logsigmoid(-logits) if margin == 0.0 else torch.log1p(-shifted)
    positive = -functional.logsigmoid(logits) * weights.positive
    negative = -(shifted**gamma_negative) * far * weights.negative
    total = (labels * positive + (1.0 - labels) * negative).sum()
    return total / (logits.shape[0] * weights.supported.sum()).clamp(min=1)


def _check_shapes(logits: Tensor, labels: Tensor) -> None:
    if logits.shape != labels.shape or logits.ndim != 2:
        raise ValueError(f"logits {tuple(logits.shape)} and labels {tuple(labels.shape)} must both be (B, C)")
