from __future__ import annotations

import pytest
import torch
from torch import Tensor

from shared.keypoints.close_looks import LOOKS
from tagger.square_finder import SquareFinder, finder_loss


def spots(*cells: Tensor) -> tuple[Tensor, Tensor]:
    """Maps whose finest is bright at ``cells``, ``(B, 2)`` x and y each."""
    fine = torch.zeros(len(cells[0]), 1, 8, 8)
    for one in cells:
        fine[torch.arange(len(one)), 0, one[:, 1], one[:, 0]] = 5.0
    return fine, torch.zeros(len(fine), 1, 4, 4)


def squares_at(cells: Tensor) -> Tensor:
    """The squares ``(B, looks, 3)`` that are right for spots there."""
    middle = (cells + 0.5) / 8
    return torch.cat([middle, torch.full((len(cells), 1), 0.3)], 1)[:, None].repeat(1, len(LOOKS), 1)


@pytest.fixture(scope="module")
def finder() -> SquareFinder:
    """A finder that was taught single spots."""
    torch.manual_seed(0)
    finder = SquareFinder([1, 1])
    optimizer = torch.optim.Adam(finder.parameters(), lr=0.01)

    for _ in range(300):
        cells = torch.randint(0, 8, (32, 2))
        loss = finder_loss(finder(*spots(cells)), squares_at(cells))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return finder.requires_grad_(False)


def test_the_finder_learns_where_a_spot_is(finder: SquareFinder) -> None:
    cells = torch.randint(0, 8, (32, 2), generator=torch.Generator().manual_seed(3))
    assert (finder(*spots(cells)) - squares_at(cells)).abs().max() < 0.03
    found = finder.find(*spots(cells))
    assert not found.several.any()
    torch.testing.assert_close(found.squares[:, 0], finder(*spots(cells)))


def test_two_spots_are_two_characters(finder: SquareFinder) -> None:
    """Their mean would lie between them; it was never taught pictures with two."""
    left, right = torch.tensor([[1, 2], [0, 6]]), torch.tensor([[6, 5], [7, 0]])
    found = finder.find(*spots(left, right))
    assert found.several.all()
    expected = torch.stack([squares_at(left), squares_at(right)], 1)
    # Which of both comes first is free, for each look.
    swapped = torch.where(
        (found.squares[:, :1, :, :1] - expected[:, :1, :, :1]).abs() < 0.3, expected, expected.flip(1)
    )
    assert (found.squares - swapped).abs().max() < 0.06
    between = (left + right + 1) / 2 / 8
    assert (finder(*spots(left, right))[:, 0, :2] - between).abs().max() < 0.2


def test_what_is_not_known_teaches_nothing() -> None:
    torch.manual_seed(0)
    found = (0.1 + 0.8 * torch.rand(2, len(LOOKS), 3)).requires_grad_()
    truth = 0.1 + 0.8 * torch.rand(2, len(LOOKS), 3)
    truth[1] = torch.nan
    finder_loss(found, truth).backward()
    assert found.grad is not None
    assert found.grad[0].abs().min() > 0
    assert found.grad[1].abs().max() == 0
    assert finder_loss(found, torch.full_like(truth, torch.nan)) == 0
    assert finder_loss(truth[:1], truth[:1]) == 0
