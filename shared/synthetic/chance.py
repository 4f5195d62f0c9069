"""Choosing by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def pick(rng: np.random.Generator, weights: Mapping[str, float]) -> str:
    """Returns a key of ``weights``, each as often as its weight says (they need not sum to 1)."""
    value = rng.random() * sum(weights.values())
    for name, weight in weights.items():
        value -= weight
        if value < 0:
            return name
    return list(weights)[-1]


def shares(
    names: Sequence[str], weights: Sequence[float], factors: Mapping[str, float] | None = None
) -> NDArray[np.float64]:
    """Returns probabilities of ``names``: ``weights``, times ``factors`` where given, a name without one never.

    Where the factors leave nothing (a wardrobe without a dress for this figure), the weights stand as they are.
    """
    plain = np.array(weights, float)
    chosen = plain if factors is None else plain * [factors.get(name, 0.0) for name in names]
    chosen = chosen if chosen.any() else plain
    result: NDArray[np.float64] = chosen / chosen.sum()
    return result
