"""The weights that torchvision publishes: a download when they are first asked for, never before."""

from __future__ import annotations

from typing import Any, cast

import torchvision
from torch import Tensor

from shared.errors import UsageError


def imagenet_state(network: str) -> dict[str, Tensor]:
    """Returns the state of torchvision's default ImageNet weights for a network, by its torchvision name.

    Raises:
        UsageError: they cannot be had (no network).
    """
    return published_state(torchvision.models.get_model_weights(network).DEFAULT)


def published_state(weights: Any) -> dict[str, Tensor]:
    """Returns the state of a member of one of torchvision's enumerations of weights.

    Raises:
        UsageError: it cannot be had (no network).
    """
    try:
        return cast(dict[str, Tensor], weights.get_state_dict(progress=True, check_hash=True))
    except OSError as error:
        raise UsageError(
            f"{weights.url}: initial weights that cannot be had ({error}); start from a local file or from `random`"
        ) from error
