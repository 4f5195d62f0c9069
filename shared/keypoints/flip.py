"""Mirroring a character's joints: places move, and left and right change names."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.schema import KeypointSchema


def flip_points(
    points_xy: NDArray[Any], state: NDArray[np.integer[Any]], width_px: float, schema: KeypointSchema
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Mirrors points ``(..., K, 2)`` in a picture ``width_px`` wide and swaps left and right joints.

    Continuous frame: x becomes ``width_px - x``. Doing it twice gives the input back; NaN stays NaN.

    Raises:
        ValueError: the shapes do not fit the schema.
    """
    mirrored = np.array(points_xy, dtype=np.float64)
    if mirrored.shape != (*state.shape, 2):
        raise ValueError(f"points_xy {mirrored.shape} does not fit state {state.shape}; must be (..., K, 2), (..., K)")
    mirrored[..., 0] = width_px - mirrored[..., 0]
    return swap_sides(mirrored, state, schema)


def swap_sides(
    points_xy: NDArray[Any], state: NDArray[np.integer[Any]], schema: KeypointSchema
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Gives left joints to the right and back; for points that an affine has already mirrored.

    Raises:
        ValueError: the last axis of ``state`` is not the schema's length.
    """
    if state.shape[-1:] != (len(schema),):
        raise ValueError(f"state {state.shape} does not fit schema {schema.name} of {len(schema)} keypoints")
    order = list(schema.flip_order)
    return (
        np.asarray(points_xy, dtype=np.float64)[..., order, :],
        np.asarray(state, dtype=np.int64)[..., order],
    )
