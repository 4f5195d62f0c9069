"""Losses against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from segmenter.losses import cross_entropy_per_image, dice_per_image, segmentation_loss


def _logits(probability: torch.Tensor) -> torch.Tensor:
    return torch.stack([torch.zeros_like(probability), torch.logit(probability)], dim=1)


def test_cross_entropy_is_the_mean_over_each_picture() -> None:
    probability = torch.tensor([[[0.5, 0.8]], [[0.9, 0.9]]])
    target = torch.tensor([[[1, 0]], [[1, 0]]])
    expected = [(-math.log(0.5) - math.log(0.2)) / 2, (-math.log(0.9) - math.log(0.1)) / 2]
    assert cross_entropy_per_image(_logits(probability), target).tolist() == pytest.approx(expected, abs=1e-5)


def test_padding_does_not_count() -> None:
    probability = torch.tensor([[[0.5, 0.8, 0.3]]])
    target = torch.tensor([[[1, 0, 1]]])
    weight = torch.tensor([[[1, 0, 0]]], dtype=torch.uint8)
    assert float(cross_entropy_per_image(_logits(probability), target, weight)) == pytest.approx(math.log(2), abs=1e-6)
    changed = torch.tensor([[[0.5, 0.1, 0.99]]])
    for loss in (cross_entropy_per_image, dice_per_image):
        other_target = torch.tensor([[[1, 1, 0]]])
        expected = loss(_logits(probability), target, weight)
        torch.testing.assert_close(loss(_logits(changed), other_target, weight), expected)


def test_a_picture_of_padding_only_has_no_loss_and_a_finite_gradient() -> None:
    logits = torch.randn(1, 2, 3, 4, requires_grad=True)
    zero = torch.zeros(1, 3, 4)
    loss = segmentation_loss(logits, zero, zero, dice_weight=1.0)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-6)
    assert logits.grad is not None
    assert torch.equal(logits.grad, torch.zeros_like(logits))


def test_dice_by_hand() -> None:
    probability = torch.tensor([[[0.5, 0.25], [1 - 1e-7, 1e-7]]])
    target = torch.tensor([[[1, 0], [1, 0]]])
    # overlap 1.5, Σp 1.75, Σt 2
    assert float(dice_per_image(_logits(probability), target)) == pytest.approx(
        1 - (2 * 1.5 + 1) / (3.75 + 1), abs=1e-5
    )


def test_each_picture_weighs_the_same_whatever_its_valid_area() -> None:
    probability = torch.full((2, 2, 2), 0.5)
    probability[1] = 0.9
    target = torch.ones(2, 2, 2)
    weight = torch.ones(2, 2, 2)
    weight[1, 0] = 0
    expected = (math.log(2) - math.log(0.9)) / 2
    assert float(segmentation_loss(_logits(probability), target, weight)) == pytest.approx(expected, abs=1e-5)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match="must be"):
        segmentation_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 1, 4, 4))
    with pytest.raises(ValueError, match="weight"):
        segmentation_loss(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 4), torch.zeros(4, 4))
