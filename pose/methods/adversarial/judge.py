"""The judge of adversarial training, which learns to tell two looks apart, and the reversal that works against it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Reverse(torch.autograd.Function):
    """Identity whose gradient is multiplied by ``-strength``."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.strength * gradients[0], None


class DomainJudge(nn.Module):
    """Says for each place of a feature map how likely it comes from the second look.

    Its own loss trains it to be right; through the reversal the same loss trains the features to leave it in doubt.

    Args:
        channels: of the features.
        width: of the hidden layer.

    Source: Ganin & Lempitsky 2015; the judgement of single places is usual where features are maps.
    """

    def __init__(self, channels: int, width: int = 64) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(channels, width, 1), nn.LeakyReLU(), nn.Conv2d(width, 1, 1))

    def forward(self, features: Tensor, strength: float) -> Tensor:
        """Maps features ``(B, C, h, w)`` to logits ``(B, 1, h, w)``; their gradient comes back reversed."""
        reversed_features: Tensor = _Reverse.apply(features, strength)
        logits: Tensor = self.layers(reversed_features)
        return logits

    def loss(self, features: Tensor, first: int, strength: float) -> Tensor:
        """Returns the cross-entropy over a batch whose first ``first`` samples are of the first look."""
        logits = self(features, strength).float()
        truth = (torch.arange(len(logits), device=logits.device) >= first).to(logits).view(-1, 1, 1, 1)
        # Both looks count half, however many samples each has.
        weight = torch.where(truth > 0, 0.5 / (len(logits) - first), 0.5 / first)
        cells = functional.binary_cross_entropy_with_logits(logits, truth.expand_as(logits), reduction="none")
        return (cells.mean(dim=(1, 2, 3), keepdim=True) * weight).sum()


def reversal_strength(progress: float) -> float:
    """Returns the factor of the reversal after the share ``progress`` of the training: from 0 towards 1.

    Source: Ganin & Lempitsky 2015, section 4.
    """
    return 2.0 / (1.0 + math.exp(-10.0 * min(1.0, max(0.0, progress)))) - 1.0
