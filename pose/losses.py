"""Losses of the pose nets and of the task source. A joint nobody labelled adds nothing to any of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def heatmap_loss(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    keypoint_weights: Tensor | None = None,
    positive_weight: float = 1.0,
) -> Tensor:
    """Binary cross-entropy per cell, averaged over the cells of the known joints.

    Args:
        logits: ``(B, K, H, W)``.
        targets: ``(B, K, H, W)`` in [0, 1].
        weights: ``(B, K)``, 0 for an unknown joint, else 1.
        keypoint_weights: ``(K,)`` relative importance of each keypoint, or None for equal.
        positive_weight: a cell of target ``t`` counts ``1 + (positive_weight - 1)·t`` times.

    Returns:
        A scalar; 0 when nothing is known.

    Source: Chen & Zwicker 2022, "BCE loss" with per-keypoint weights.
    Deviation: the mean runs over the known joints only, and ``positive_weight`` (1 in the paper preset) is ours.

    Raises:
        ValueError: shapes that do not fit.
    """
    _check(logits, targets, weights)
    if keypoint_weights is not None:
        if keypoint_weights.shape != weights.shape[1:]:
            raise ValueError(f"keypoint_weights {tuple(keypoint_weights.shape)} must be ({weights.shape[1]},)")
        weights = weights * keypoint_weights
    cells = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    if positive_weight != 1.0:
        cells = cells * (1.0 + (positive_weight - 1.0) * targets)
    known = (weights > 0).sum().clamp(min=1)
    return (cells.mean(dim=(2, 3)) * weights).sum() / known


def location_loss(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross-entropy of a softmax over all cells of a map, averaged over the joints that are in the crop.

    Args:
        logits: ``(B, K, H, W)``.
        targets: ``(B, K, H, W)``, scaled here to sum 1 over the cells; an all-zero map takes no part.
        weights: ``(B, K)``, 0 for a joint to leave out.

    Returns:
        A scalar; 0 when no joint is in any crop.

    Source: Mask R-CNN (He et al. 2017) trains keypoints so, with a one-hot target.
    Deviation: the target is a small Gaussian.
    """
    _check(logits, targets, weights)
    total = targets.sum(dim=(2, 3))
    weights = weights * (total > 0)
    share = targets.flatten(2) / total.clamp(min=1e-12)[..., None]
    per_joint = -(share * functional.log_softmax(logits.float().flatten(2), dim=-1)).sum(dim=-1)
    return (per_joint * weights).sum() / (weights > 0).sum().clamp(min=1)


def matching_loss(imitation: Tensor, features: Tensor) -> Tensor:
    """Mean squared error between imitated and real task features; no gradient reaches the latter.

    Source: Chen & Zwicker 2022, feature matching.

    Raises:
        ValueError: shapes differ.
    """
    if imitation.shape != features.shape:
        raise ValueError(f"imitation {tuple(imitation.shape)} and features {tuple(features.shape)} must be equal")
    return functional.mse_loss(imitation.float(), features.detach().float())


def _check(logits: Tensor, targets: Tensor, weights: Tensor) -> None:
    if logits.ndim != 4 or logits.shape != targets.shape or weights.shape != logits.shape[:2]:
        raise ValueError(
            f"logits {tuple(logits.shape)} and targets {tuple(targets.shape)} must be equal (B, K, H, W) "
            f"and weights {tuple(weights.shape)} (B, K)"
        )
    if not torch.isfinite(weights).all():
        raise ValueError("weights must be finite")
