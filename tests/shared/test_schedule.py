"""The learning rate over a training."""

from __future__ import annotations

import math

import pytest

from shared.training.schedule import rate_factor


def test_factor_by_hand() -> None:
    factors = [rate_factor(step, 10, 2, "cosine") for step in range(11)]
    assert factors[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert factors[6] == pytest.approx(0.5)  # half way between 2 and 10
    assert factors[10] == pytest.approx(0.0)
    assert rate_factor(50, 10, 2, "cosine") == pytest.approx(0.0)


def test_unknown_length_and_constant_stay_high() -> None:
    assert rate_factor(7, math.inf, 2, "cosine") == 1.0
    assert rate_factor(7, 10, 2, "constant") == 1.0
    assert rate_factor(0, 10, 0, "cosine") == 1.0
    with pytest.raises(ValueError, match="cosine"):
        rate_factor(0, 10, 0, "linear")  # type: ignore[arg-type]
