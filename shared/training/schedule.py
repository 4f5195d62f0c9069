"""The learning rate over a training run."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import pytorch_lightning as pl
import torch

Schedule = Literal["cosine", "constant"]
SCHEDULES: tuple[str, ...] = get_args(Schedule)


def rate_factor(step: int, steps: float, warmup_steps: int, schedule: Schedule) -> float:
    """Returns what the learning rate is multiplied by at optimiser step ``step`` (from 0) of ``steps``.

    A linear rise over ``warmup_steps``, then half a cosine to 0, or 1 throughout. ``steps`` may be infinite (not
    known yet): nothing has fallen then.

    Raises:
        ValueError: unknown schedule.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule {schedule!r} is unknown; accepted: {', '.join(SCHEDULES)}")
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if schedule == "constant" or math.isinf(steps):
        return 1.0
    done = (step - warmup_steps) / max(1.0, steps - warmup_steps)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


def total_steps(trainer: pl.Trainer) -> float:
    """Returns the optimiser steps of the whole run; infinite while the training data is not loaded."""
    # trainer.estimated_stepping_batches would build the training loader before its state is restored.
    limits = [math.inf]
    if trainer.max_steps > 0:
        limits.append(trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        limits.append(trainer.max_epochs * trainer.num_training_batches / trainer.accumulate_grad_batches)
    return min(limits)


def with_schedule(
    module: pl.LightningModule, optimizer: torch.optim.Optimizer, schedule: Schedule, warmup_steps: int
) -> dict[str, Any]:
    """Returns what ``configure_optimizers`` must return for a rate that changes with every step."""

    def factor(step: int) -> float:
        return rate_factor(step, total_steps(module.trainer), warmup_steps, schedule)

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}
