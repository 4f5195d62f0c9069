from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from tagger.optimizer import learning_rate_factor, make_optimizer


def test_factor_by_hand() -> None:
    factors = [learning_rate_factor(step, 10, 2, "cosine") for step in range(11)]
    assert factors[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert factors[6] == pytest.approx(0.5)  # half way between 2 and 10
    assert factors[10] == pytest.approx(0.0)
    assert learning_rate_factor(50, 10, 2, "cosine") == pytest.approx(0.0)


def test_unknown_length_and_constant_stay_high() -> None:
    assert learning_rate_factor(7, math.inf, 2, "cosine") == 1.0
    assert learning_rate_factor(7, 10, 2, "constant") == 1.0
    assert learning_rate_factor(0, 10, 0, "cosine") == 1.0
    with pytest.raises(ValueError, match="cosine"):
        learning_rate_factor(0, 10, 0, "linear")  # type: ignore[arg-type]


def test_adamw_decays_matrices_only() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    groups = make_optimizer(net, "adamw", 0.1, 0.5).param_groups
    decayed = {id(p) for group in groups for p in group["params"] if group["weight_decay"]}
    assert decayed == {id(net[0].weight)}
    assert sum(len(group["params"]) for group in groups) == 4


def test_adam_has_all_parameters_and_unknown_names_are_refused() -> None:
    net = nn.Linear(2, 3)
    optimizer = make_optimizer(net, "adam", 0.1, 0.0)
    assert isinstance(optimizer, torch.optim.Adam)
    assert len(optimizer.param_groups[0]["params"]) == 2
    with pytest.raises(ValueError, match="adamw"):
        make_optimizer(net, "sgd", 0.1, 0.0)  # type: ignore[arg-type]
