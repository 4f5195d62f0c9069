"""The soft option: its losses by hand, and a net that learns alpha with it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from segmenter.module import SegmenterModule
from segmenter.soft_losses import alpha_per_image, enlarged, laplacian_pyramid, unknown_band


def _logits(alpha: torch.Tensor) -> torch.Tensor:
    """Logits whose probability is ``alpha``."""
    clipped = alpha.clamp(1e-6, 1 - 1e-6)
    return torch.stack([torch.zeros_like(alpha), torch.log(clipped / (1 - clipped))], dim=1)


def test_the_band_lies_round_edges_and_soft_parts() -> None:
    alpha = torch.zeros(1, 64, 96)
    alpha[0, :, 48:] = 1
    band = unknown_band(alpha)[0]
    assert band[:, 45:51].all()  # 96 / 32 = 3 pixels on either side
    assert not band[:, :45].any()
    assert not band[:, 51:].any()
    alpha[0, 20:22, 10:12] = 0.5
    assert unknown_band(alpha)[0, 17:25, 7:15].all()
    assert not unknown_band(torch.ones(1, 8, 8)).any()


@pytest.mark.parametrize("size", [(64, 64), (33, 50), (3, 7), (1, 9)])
def test_a_pyramid_adds_up_to_its_map(size: tuple[int, int]) -> None:
    maps = torch.rand(2, 1, *size, generator=torch.Generator().manual_seed(0))
    levels = laplacian_pyramid(maps)
    total = levels[-1]
    for detail in reversed(levels[:-1]):
        total = detail + enlarged(total, detail)
    torch.testing.assert_close(total, maps)


def test_a_flat_map_has_no_detail() -> None:
    *details, rest = laplacian_pyramid(torch.full((1, 1, 32, 32), 0.7))
    assert len(details) == 4
    assert all(detail.abs().max() < 1e-6 for detail in details)
    torch.testing.assert_close(rest, torch.full((1, 1, 2, 2), 0.7))


def test_the_truth_costs_nothing_and_only_the_band_counts() -> None:
    alpha = torch.zeros(2, 64, 64)
    alpha[0, :, 40:] = 1
    alpha[0, :, 38:40] = 0.5
    assert alpha_per_image(_logits(alpha), alpha).max() < 1e-4
    wrong = alpha.clone()
    wrong[0, :, :20] = 1  # far from any edge: cross-entropy's business
    wrong[1] = 1  # a picture without an edge
    assert alpha_per_image(_logits(wrong), alpha).max() < 1e-4
    wrong[0, :, 38:40] = 1
    assert alpha_per_image(_logits(wrong), alpha)[0] > 0.05


def test_absolute_error_by_hand() -> None:
    alpha = torch.full((1, 1, 8), 0.5)  # all of it is band; one pixel high: the pyramid is the map itself
    got = alpha_per_image(_logits(torch.full((1, 1, 8), 0.75)), alpha)
    assert got.item() == pytest.approx(0.25 + 0.25, abs=1e-5)


def test_padding_does_not_count() -> None:
    alpha = torch.full((1, 16, 16), 0.5)
    wrong = alpha.clone()
    wrong[0, :, 8:] = 0.9
    weight = torch.ones(1, 16, 16)
    weight[0, :, 8:] = 0
    assert alpha_per_image(_logits(wrong), alpha, weight).item() < 1e-4
    assert alpha_per_image(_logits(wrong), alpha).item() > 0.1


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="must be"):
        alpha_per_image(torch.zeros(1, 2, 4, 4), torch.zeros(1, 4, 5))


def _soft_batch(side: int = 48) -> dict[str, torch.Tensor]:
    """Discs that fade out over a third of their radius, on a plain ground."""
    y, x = np.mgrid[:side, :side] + 0.5
    images, alphas = [], []
    for cx, cy, radius in ((20, 22, 16), (28, 25, 14), (24, 30, 15), (26, 20, 17)):
        alpha = np.clip((radius - np.hypot(x - cx, y - cy)) / 8 + 0.5, 0, 1)
        image = alpha[..., None] * (230, 90, 60) + (1 - alpha[..., None]) * (40, 70, 190)
        images.append(image.round().astype(np.uint8))
        alphas.append(np.rint(alpha * 255).astype(np.uint8))
    return {
        "image": torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2),
        "alpha": torch.from_numpy(np.stack(alphas))[:, None],
    }


def _error_in_band(soft_weight: float, steps: int = 60) -> float:
    torch.manual_seed(0)
    module = SegmenterModule(
        "compact", 16, [1], 32, dropout=0.0, skip_strides=[8, 4, 2], dice_weight=0.0, soft_weight=soft_weight
    ).train()
    batch, optimizer = _soft_batch(), torch.optim.Adam(module.parameters(), 5e-3)
    for _ in range(steps):
        loss, logits = module._loss(batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    alpha = batch["alpha"][:, 0] / 255
    error = (logits.detach().softmax(dim=1)[:, 1] - alpha).abs()
    return float(error[(alpha > 0.05) & (alpha < 0.95)].mean())


@pytest.mark.slow
def test_one_batch_of_soft_edges_is_learnt() -> None:
    soft, hard = _error_in_band(1.0), _error_in_band(0.0)
    assert soft < 0.08
    assert hard > 0.12  # cross-entropy alone learns to cut at ½
