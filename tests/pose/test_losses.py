"""Losses by hand, and joints that must add nothing."""

from __future__ import annotations

import math

import pytest
import torch

from pose.losses import heatmap_loss, location_loss, matching_loss


def test_heatmap_loss_by_hand() -> None:
    # One joint, 1 × 2 cells: -log σ(0) = ln 2 at each cell of logit 0, whatever the target.
    logits, targets = torch.zeros(1, 1, 1, 2), torch.tensor([[[[1.0, 0.0]]]])
    assert heatmap_loss(logits, targets, torch.ones(1, 1)).item() == pytest.approx(math.log(2))
    # The positive cell counts three times: (3 + 1)/2 · ln 2.
    weighted = heatmap_loss(logits, targets, torch.ones(1, 1), positive_weight=3.0)
    assert weighted.item() == pytest.approx(2 * math.log(2))


def test_heatmap_loss_matches_a_loop() -> None:
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    weights, importance = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]), torch.tensor([0.5, 2.0, 1.0])
    total, known = 0.0, 0
    for b in range(2):
        for k in range(3):
            if weights[b, k] == 0:
                continue
            known += 1
            cells = [
                -(t * math.log(1 / (1 + math.exp(-x))) + (1 - t) * math.log(1 - 1 / (1 + math.exp(-x))))
                for x, t in zip(logits[b, k].flatten().tolist(), targets[b, k].flatten().tolist(), strict=True)
            ]
            total += importance[k].item() * sum(cells) / len(cells)
    assert heatmap_loss(logits, targets, weights, importance).item() == pytest.approx(total / known, rel=1e-5)


@pytest.mark.parametrize("loss", [heatmap_loss, location_loss])
def test_unknown_joints_add_neither_loss_nor_gradient(loss) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    logits, targets = torch.randn(2, 3, 4, 5, requires_grad=True), torch.rand(2, 3, 4, 5)
    weights = torch.tensor([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    value = loss(logits, targets, weights)
    value.backward()
    assert logits.grad is not None
    silent = logits.grad.flatten(2).abs().sum(-1) == 0
    assert torch.equal(silent, weights == 0)
    other = targets.clone()
    other[weights == 0] = 1 - other[weights == 0]
    assert torch.equal(loss(logits, other, weights), value)
    assert loss(logits, targets, torch.zeros(2, 3)).item() == 0


def test_location_loss_by_hand() -> None:
    # Uniform logits over 6 cells: ln 6 for any target; an absent joint (empty target) is not counted.
    logits, targets = torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 2, 3)
    targets[0, 0, 1, 2] = 0.4
    assert location_loss(logits, targets, torch.ones(1, 2)).item() == pytest.approx(math.log(6))
    assert location_loss(logits, torch.zeros_like(targets), torch.ones(1, 2)).item() == 0
    # Adding a constant to a map changes nothing.
    shifted = torch.randn(1, 2, 2, 3)
    a, b = (location_loss(x, targets, torch.ones(1, 2)) for x in (shifted, shifted + 5))
    assert a.item() == pytest.approx(b.item(), rel=1e-5)


def test_matching_loss_moves_only_the_imitation() -> None:
    imitation, features = torch.ones(1, 2, 1, 1, requires_grad=True), torch.zeros(1, 2, 1, 1, requires_grad=True)
    loss = matching_loss(imitation, features + torch.tensor([0.0, 3.0]).view(1, 2, 1, 1))
    assert loss.item() == pytest.approx((1 + 4) / 2)
    loss.backward()
    assert imitation.grad is not None
    assert features.grad is None


def test_refuses_what_does_not_fit() -> None:
    maps = torch.zeros(2, 3, 4, 5)
    with pytest.raises(ValueError, match="weights"):
        heatmap_loss(maps, maps, torch.ones(3, 2))
    with pytest.raises(ValueError, match="targets"):
        location_loss(maps, torch.zeros(2, 3, 5, 4), torch.ones(2, 3))
    with pytest.raises(ValueError, match="keypoint_weights"):
        heatmap_loss(maps, maps, torch.ones(2, 3), torch.ones(4))
    with pytest.raises(ValueError, match="must be equal"):
        matching_loss(torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 4, 4))
    with pytest.raises(ValueError, match="finite"):
        heatmap_loss(maps, maps, torch.full((2, 3), math.nan))
