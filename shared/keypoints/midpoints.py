"""The eight limb midpoints, made from the joints they lie between."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.keypoints.schema import MIDPOINT_INDICES, JointState, is_placed


def with_midpoints(
    points_xy: NDArray[Any], state: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Appends the midpoints to COCO-17 points ``(..., 17, 2)`` and their :class:`JointState` ``(..., 17)``.

    A midpoint is VISIBLE when both its parents are, OCCLUDED when both are in the picture and one is hidden, OUTSIDE
    when both are outside, and UNKNOWN otherwise: with one parent outside, whose place nobody knows, it could be on
    either side of the border. Its place is 0, 0 unless it is VISIBLE or OCCLUDED.

    Returns:
        points ``(..., 25, 2)`` and states ``(..., 25)`` in the order of ``COCO_25``.

    Raises:
        ValueError: the shapes do not fit.
    """
    if points_xy.shape != (*state.shape, 2) or state.shape[-1:] != (17,):
        raise ValueError(f"points_xy {points_xy.shape}, state {state.shape}; must be (..., 17, 2) and (..., 17)")
    points = np.asarray(points_xy, dtype=np.float64)
    parents = np.array(MIDPOINT_INDICES)
    middle, middle_state = middle_of(points[..., parents, :], np.asarray(state)[..., parents])
    return np.concatenate([points, middle], axis=-2), np.concatenate([state, middle_state], axis=-1, dtype=np.int64)


def middle_of(
    points_xy: NDArray[Any], state: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Returns the point ``(..., 2)`` halfway between two, and its JointState ``(...)``, by the rules above.

    Args:
        points_xy: ``(..., 2, 2)``: the two parents, each x, y.
        state: ``(..., 2)``.
    """
    placed = np.asarray(is_placed(state).all(axis=-1))
    middle_state = np.full(placed.shape, JointState.UNKNOWN, dtype=np.int64)
    middle_state[np.asarray((state == JointState.OUTSIDE).all(axis=-1))] = JointState.OUTSIDE
    middle_state[placed] = JointState.OCCLUDED
    middle_state[np.asarray((state == JointState.VISIBLE).all(axis=-1))] = JointState.VISIBLE
    middle = np.where(placed[..., None], np.asarray(points_xy, dtype=np.float64).mean(axis=-2), 0.0)
    return middle, middle_state
