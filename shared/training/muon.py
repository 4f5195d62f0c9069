"""Muon: momentum whose matrices are made orthogonal, so that a step moves all directions alike.

A training of some hundred steps sees few pictures: what it learns of each step counts. What it gains on
the demo's tagger is in docs/tagger.md.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from shared.precision import has_fast_bfloat16

#: Coefficients of the odd polynomial that drives singular values toward 1, and how often it is applied.
#: Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks".
_POLYNOMIAL = (3.4445, -4.7750, 2.0315)
_STEPS = 3  # more of them would need more digits than bfloat16 has


def orthogonalise(matrix: Tensor) -> Tensor:
    """Returns about ``U Vᵀ`` of ``matrix = U S Vᵀ`` ``(m, n)``, by Newton–Schulz iterations.

    In bfloat16, or float32 where that is only imitated.

    Singular values within a factor of ten of the largest come out between about 0.5 and 1.2, smaller ones are raised
    as much as 41-fold; an optimiser needs no more.
    """
    a, b, c = _POLYNOMIAL
    x = matrix.to(_dtype(matrix.device.type))
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    x = x / (x.norm() + 1e-7)
    # x ← (a + b G + c G²) x with G = x xᵀ, again and again. All factors are polynomials of the first G, so they are
    # multiplied among themselves, which is cheap for a wide matrix, and applied to x once.
    gram = x @ x.T
    product = None
    for step in range(_STEPS):
        factor = b * gram + c * gram @ gram
        factor.diagonal().add_(a)
        product = factor if product is None else factor @ product
        if step + 1 < _STEPS:
            gram = factor @ gram @ factor
    x = x if product is None else product @ x
    result: Tensor = (x.T if tall else x).to(matrix.dtype)
    return result


@cache
def _dtype(device_type: str) -> torch.dtype:
    return torch.bfloat16 if has_fast_bfloat16(device_type) else torch.float32


class Muon(torch.optim.AdamW):
    """Muon for the parameter groups marked ``orthogonal``, AdamW for all others.

    A kernel ``(out, in, h, w)`` is taken as the matrix ``(out, in · h · w)``. torch's own Muon takes matrices only,
    and an optimiser for each kind would be two for Lightning to step and save.

    Args:
        params: parameter groups, each with the key ``orthogonal``.
        lr: of groups that do not give their own.
        momentum: of the orthogonal groups (Nesterov's).

    Source: Jordan et al. 2024, as above.
    """

    def __init__(self, params: list[dict[str, Any]], lr: float, momentum: float = 0.9) -> None:
        super().__init__(params, lr=lr)
        for group in self.param_groups:
            group.setdefault("momentum", momentum)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Does one step; returns what ``closure`` returns."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        groups = self.param_groups
        for group in groups:
            if group["orthogonal"]:
                self._orthogonal_step(group)
        self.param_groups = [group for group in groups if not group["orthogonal"]]
        try:
            super().step()
        finally:
            self.param_groups = groups
        return loss

    def _orthogonal_step(self, group: dict[str, Any]) -> None:
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            state = self.state[parameter]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(parameter)
                state["step"] = torch.zeros(())  # AdamW looks for it in every state it restores
            momentum = state["momentum"].mul_(group["momentum"]).add_(parameter.grad)
            ahead = parameter.grad.add(momentum, alpha=group["momentum"])
            update = orthogonalise(ahead.reshape(len(ahead), -1)).reshape(parameter.shape)
            parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"])
