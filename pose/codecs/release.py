"""The decoding of the paper's released scripts, for numbers comparable with theirs."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def smoothing_kernel(side: int, smoothing: float) -> Tensor:
    """Returns the 1-D weights, ``(2·⌊σ⌋ + 1,)`` with σ = ``smoothing · side`` cells, that sum to 1."""
    sigma = smoothing * side
    radius = math.floor(sigma)
    weights = torch.exp(-(torch.arange(-radius, radius + 1, dtype=torch.float32) ** 2) / (2 * max(sigma, 1e-6) ** 2))
    return weights / weights.sum()


def decode_as_released(logits: Tensor, crop_side: int, smoothing: float | None = 0.1) -> tuple[Tensor, Tensor]:
    """Decodes square heatmaps as the released inference scripts do.

    Sigmoid, a truncated Gaussian blur with reflected borders (25×25 at 128²), the highest cell, its index times
    the stride: no half cell, no sub-cell step, so a grid of 2 px for a 256 px crop. ``smoothing=None`` skips
    the blur, as in the paper's validation.

    Args:
        logits: ``(B, K, S, S)``.
        crop_side: side of the crop in pixels.
        smoothing: σ as a fraction of the heatmap's side.

    Returns:
        Points ``(B, K, 2)`` (x, y) in crop pixels, and scores ``(B, K)``.

    Deviation: the score is the peak before the blur; the blurred peak says nothing about confidence.

    Raises:
        ValueError: the maps are not square.
    """
    side = logits.shape[-1]
    if logits.ndim != 4 or logits.shape[-2] != side:
        raise ValueError(f"logits {tuple(logits.shape)} must be square (B, K, S, S)")
    maps = logits.float().sigmoid()
    score = maps.flatten(-2).amax(dim=-1)
    if smoothing is not None:
        weights = smoothing_kernel(side, smoothing).to(maps.device)
        radius = len(weights) // 2
        planes = functional.pad(maps.flatten(0, 1)[:, None], (radius,) * 4, mode="reflect")
        planes = functional.conv2d(planes, weights.view(1, 1, 1, -1))
        maps = functional.conv2d(planes, weights.view(1, 1, -1, 1)).view_as(maps)
    index = maps.flatten(-2).argmax(dim=-1)
    cells = torch.stack([index % side, index // side], dim=-1)
    return cells.float() * (crop_side / side), score
