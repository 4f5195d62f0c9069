"""Choosing by weight."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Returns a key of ``weights``, each as often as its weight says (they need not sum to 1)."""
    value = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        value -= weight
        if value < 0:
            return name
    return list(weights)[-1]
