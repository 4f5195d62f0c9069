"""Probabilities and their logits."""

from __future__ import annotations

import numpy as np

from segmenter.refine import Float32Array

_CERTAIN = np.float32(0.01)  #: a probability counts as off 0 and 1 by at least this


def logit(probability: Float32Array) -> Float32Array:
    """Returns ``log(p / (1 − p))``, at most ±4.6."""
    p = np.clip(probability, _CERTAIN, 1 - _CERTAIN)
    return np.asarray(np.log(p / (1 - p)), np.float32)


def sigmoid(values: Float32Array) -> Float32Array:
    """Returns the probabilities that have these logits."""
    return np.asarray(1 / (1 + np.exp(-values)), np.float32)
