"""The optimiser and its learning rate over a training run."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import pytorch_lightning as pl
import torch
from torch import nn

Optimizer = Literal["adam", "adamw"]
Schedule = Literal["cosine", "constant"]
OPTIMIZERS: tuple[str, ...] = get_args(Optimizer)
SCHEDULES: tuple[str, ...] = get_args(Schedule)


def make_optimizer(net: nn.Module, name: Optimizer, lr: float, weight_decay: float) -> torch.optim.Optimizer:
    """Returns Adam (decay enters the gradient) or AdamW (decay apart, and not on biases and norms).

    Raises:
        ValueError: unknown name.
    """
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer {name!r} is unknown; accepted: {', '.join(OPTIMIZERS)}")
    if name == "adam":
        return torch.optim.Adam(net.parameters(), lr=lr, weight_decay=weight_decay, fused=True)
    matrices = [p for p in net.parameters() if p.ndim > 1]
    vectors = [p for p in net.parameters() if p.ndim <= 1]  # biases and norms: shrinking them helps nothing
    groups: list[dict[str, Any]] = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, fused=True)  # on a CPU, fused halves the step's time


def learning_rate_factor(step: int, steps: float, warmup_steps: int, schedule: Schedule) -> float:
    """Returns what the highest learning rate is multiplied by at optimiser step ``step`` (from 0).

    It rises linearly over the first ``warmup_steps``, then falls as half a cosine to 0 at step ``steps``, or stays.
    ``steps`` may be infinite (not known yet): nothing has fallen then.

    Raises:
        ValueError: unknown schedule.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule {schedule!r} is unknown; accepted: {', '.join(SCHEDULES)}")
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if schedule == "constant" or math.isinf(steps):
        return 1.0
    progress = (step - warmup_steps) / max(1.0, steps - warmup_steps)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))


def total_steps(trainer: pl.Trainer) -> float:
    """Returns the optimiser steps of the whole training; infinite while the training data is not loaded.

    ``trainer.estimated_stepping_batches`` is not used: it builds the training loader before its state is restored.
    """
    limits = [math.inf]
    if trainer.max_steps > 0:
        limits.append(trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        limits.append(trainer.max_epochs * trainer.num_training_batches / trainer.accumulate_grad_batches)
    return min(limits)
