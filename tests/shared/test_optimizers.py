"""The optimisers: groups, Muon's step, and that its state is saved and restored."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from shared.training.muon import Muon, orthogonalise
from shared.training.optimizers import make_optimizer


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("shape", [(24, 60), (60, 24)])
def test_orthogonalise_keeps_directions_and_evens_out_their_strength(
    shape: tuple[int, int], half: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.training.muon._dtype", lambda device: torch.bfloat16 if half else torch.float32)
    u, _, vh = torch.linalg.svd(torch.randn(shape, generator=torch.Generator().manual_seed(0)), full_matrices=False)
    matrix = u @ torch.diag(torch.logspace(-1, 0, 24)) @ vh
    result = orthogonalise(matrix)
    inner = u.T @ result @ vh.T  # diagonal where the directions are the matrix's own
    strengths = inner.diagonal()
    assert strengths.min() > 0.5
    assert strengths.max() < 1.25
    assert (inner - torch.diag(strengths)).abs().max() < (0.02 if half else 1e-5)
    assert (result.shape, result.dtype) == (matrix.shape, matrix.dtype)


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.Flatten(), nn.Linear(64, 2)
    )


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, first: int = 0) -> list[float]:
    losses = []
    for step in range(first, first + steps):
        rng = torch.Generator().manual_seed(step)
        target = torch.randint(2, (16,), generator=rng)
        x = torch.randn(16, 3, 8, 8, generator=rng) + (target - 0.5).view(-1, 1, 1, 1)
        loss = nn.functional.cross_entropy(model(x), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def test_one_muon_step_by_hand() -> None:
    kernel = nn.Parameter(torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(1)))
    bias = nn.Parameter(torch.zeros(4))
    optimizer = make_optimizer([kernel, bias], "muon", lr=0.01, weight_decay=0.5)
    before = kernel.detach().clone()
    kernel.grad = torch.randn(4, 2, 3, 3, generator=torch.Generator().manual_seed(2))
    bias.grad = torch.tensor([1.0, -2.0, 0.5, -0.1])
    optimizer.step()
    # The first momentum is the gradient, so Nesterov's is 1.9 gradients; its length does not matter.
    update = orthogonalise(1.9 * kernel.grad.reshape(4, 18)).reshape(4, 2, 3, 3)
    expected = before * (1 - 0.1 * 0.5) - 0.1 * update
    torch.testing.assert_close(kernel.detach(), expected)
    torch.testing.assert_close(bias.detach(), -0.01 * bias.grad.sign())  # Adam's first step


def test_muon_learns_and_resumes_exactly() -> None:
    model = net()
    optimizer = make_optimizer(model.parameters(), "muon", lr=0.003, weight_decay=0.01)
    assert isinstance(optimizer, Muon)
    losses = train(model, optimizer, 40)
    assert sum(losses[-5:]) < 0.6 * sum(losses[:5])
    saved = copy.deepcopy((model.state_dict(), optimizer.state_dict()))
    train(model, optimizer, 5, first=40)
    again = net()
    other = make_optimizer(again.parameters(), "muon", lr=0.003, weight_decay=0.01)
    again.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    train(again, other, 5, first=40)
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)


def test_rates_of_all_groups_follow_a_schedule() -> None:
    optimizer = make_optimizer(net().parameters(), "muon", lr=0.01, weight_decay=0.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5**step)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.1, 0.01])
    optimizer.step()
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.005])


def test_frozen_parameters_are_left_out_and_decay_spares_biases() -> None:
    model = net()
    for p in model[0].parameters():
        p.requires_grad = False
    for name in ("adam", "adamw", "muon"):
        optimizer = make_optimizer(model.parameters(), name, lr=0.1, weight_decay=0.2)  # type: ignore[arg-type]
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        assert held == {id(p) for p in model.parameters() if p.requires_grad}
        if name != "adam":
            decays = {id(p): g["weight_decay"] for g in optimizer.param_groups for p in g["params"]}
            assert decays[id(model[3].weight)] == 0.2
            assert decays[id(model[3].bias)] == 0.0
            assert decays[id(model[1].weight)] == 0.0
    with pytest.raises(ValueError, match="unknown"):
        make_optimizer(model.parameters(), "lion", lr=0.1, weight_decay=0)  # type: ignore[arg-type]
