"""The optimisers of all trainings, by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

import torch
from torch import nn

from shared.training.muon import Muon

Optimizer = Literal["adam", "adamw", "muon"]
OPTIMIZERS: tuple[str, ...] = get_args(Optimizer)
#: How much larger Muon's steps are than those of the parameters beside it (ours): all its singular values move by the
#: rate, where an Adam step moves each number by about it.
_MUON_FACTOR = 10.0


def make_optimizer(
    parameters: Iterable[nn.Parameter], name: Optimizer, lr: float, weight_decay: float
) -> torch.optim.Optimizer:
    """Returns an optimiser of those parameters that are trained.

    ``adam``: the decay enters the gradient. ``adamw``: decay apart, and not on biases and norms. ``muon``: kernels of
    convolutions by Muon at ``10 · lr``, all else by AdamW at ``lr`` without decay.

    Raises:
        ValueError: unknown name.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer {name!r} is unknown; accepted: {', '.join(OPTIMIZERS)}")
    trained = [p for p in parameters if p.requires_grad]
    if name == "adam":
        return torch.optim.Adam(trained, lr=lr, weight_decay=weight_decay, fused=True)
    if name == "muon":
        kernels = [p for p in trained if p.ndim == 4]
        rest = [p for p in trained if p.ndim != 4]
        muon: list[dict[str, Any]] = [
            {"params": kernels, "orthogonal": True, "lr": _MUON_FACTOR * lr, "weight_decay": weight_decay},
            {"params": rest, "orthogonal": False, "weight_decay": 0.0},
        ]
        return Muon([group for group in muon if group["params"]], lr=lr)
    matrices = [p for p in trained if p.ndim > 1]
    vectors = [p for p in trained if p.ndim <= 1]  # biases and norms: shrinking them helps nothing
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, fused=True)  # on a CPU, fused halves the step's time
