"""What the segmenter minimises."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def cross_entropy_per_image(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Returns two-class cross-entropy ``(B,)`` in nats, averaged over the valid pixels of each picture.

    Args:
        logits: ``(B, 2, H, W)``; class 1 is the character.
        target: ``(B, H, W)`` bool or integer 0/1.
        weight: ``(B, H, W)``, 0 where a pixel does not count (letterbox padding); None counts all.

    A picture without valid pixels has loss 0.

    Source: Chen & Zwicker 2022 (released training code): mean over pixels, then over pictures, so that each
    picture counts the same.

    Raises:
        ValueError: shapes that do not belong together.
    """
    _check(logits, target, weight)
    losses = functional.cross_entropy(logits.float(), target.long(), reduction="none")
    return _mean_over_pixels(losses, weight)


def dice_per_image(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Returns ``1 - (2 Σpt + 1) / (Σp + Σt + 1)`` ``(B,)`` of the character's probability p and truth t.

    Cross-entropy alone lets a small character in a large picture weigh little; Dice is relative to its size.
    The added 1 makes an empty picture with an empty answer perfect (loss 0).

    Source: Milletari et al. 2016 (V-Net), with the sums of p and t unsquared. Deviation: not in the paper; ours, for
    short training runs, with its factor ``dice_weight`` in the YAML (0 for the published recipe).
    """
    _check(logits, target, weight)
    probability = logits.float().softmax(dim=1)[:, 1]
    truth = target.to(probability.dtype)
    if weight is not None:
        probability, truth = probability * weight, truth * weight
    overlap = (probability * truth).sum(dim=(1, 2))
    total = probability.sum(dim=(1, 2)) + truth.sum(dim=(1, 2))
    return 1 - (2 * overlap + 1) / (total + 1)


def segmentation_loss(logits: Tensor, target: Tensor, weight: Tensor | None = None, dice_weight: float = 0.0) -> Tensor:
    """Returns the scalar ``mean_B(cross-entropy + dice_weight · Dice)``; arguments as in the two functions above."""
    loss = cross_entropy_per_image(logits, target, weight)
    if dice_weight:
        loss = loss + dice_weight * dice_per_image(logits, target, weight)
    return loss.mean()


def _mean_over_pixels(values: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return values.mean(dim=(1, 2))
    weight = weight.to(values.dtype)
    return (values * weight).sum(dim=(1, 2)) / weight.sum(dim=(1, 2)).clamp(min=1e-9)


def _check(logits: Tensor, target: Tensor, weight: Tensor | None) -> None:
    shape = (logits.shape[0], *logits.shape[2:])
    if logits.ndim != 4 or logits.shape[1] != 2 or target.shape != torch.Size(shape):
        raise ValueError(
            f"logits {tuple(logits.shape)} and target {tuple(target.shape)} must be (B, 2, H, W) and (B, H, W)"
        )
    if weight is not None and weight.shape != target.shape:
        raise ValueError(f"weight {tuple(weight.shape)} must have the shape of target {tuple(target.shape)}")
