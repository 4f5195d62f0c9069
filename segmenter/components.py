"""From a probability map to characters: connected pieces, cleaned, one mask and one box each."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

#: Pieces below this share of the picture are specks.
MIN_PICTURE_SHARE = 0.002
#: Pieces below this share of the largest piece are specks (a loose ribbon, a star behind the head).
MIN_LARGEST_SHARE = 0.05
#: Enclosed gaps below this share of their piece are filled; larger ones (between arm and body) stay open.
MAX_HOLE_SHARE = 0.005
#: A piece whose mean probability is not at least this far on the way from the threshold to 1 is a doubt, no character.
MIN_CERTAINTY = 0.5


class Character(NamedTuple):
    """One connected piece: its mask ``(H, W)`` bool, its tight box (ends exclusive), and how sure it is."""

    mask: NDArray[np.bool_]
    box_xyxy: tuple[int, int, int, int]
    score: float


def characters(
    probability: NDArray[Any],
    threshold: float = 0.5,
    min_picture_share: float = MIN_PICTURE_SHARE,
    min_largest_share: float = MIN_LARGEST_SHARE,
    max_hole_share: float = MAX_HOLE_SHARE,
    min_certainty: float = MIN_CERTAINTY,
) -> list[Character]:
    """Splits a map into characters, the largest first.

    Two characters that touch are one piece: only what the mask separates is separated.

    Args:
        probability: ``(H, W)`` in [0, 1].
        threshold: above it is character.
        min_picture_share: smaller pieces (share of the picture) are dropped.
        min_largest_share: smaller pieces (share of the largest piece) are dropped.
        max_hole_share: smaller enclosed gaps (share of the piece) are filled.
        min_certainty: pieces whose mean probability is nearer to the threshold (0) than this way to 1 are dropped.

    Returns:
        One :class:`Character` a piece (8-connected); ``score`` is the mean probability over its mask. Empty when
        nothing is there: no character is an answer.

    Raises:
        ValueError: not a map.
    """
    if probability.ndim != 2 or probability.size == 0:
        raise ValueError(f"probability has shape {probability.shape}; must be (H, W) with H, W ≥ 1")
    binary = (probability > threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(binary, connectivity=8)
    if count == 1:
        return []
    areas = stats[1:, cv2.CC_STAT_AREA]
    least_mean, smallest = threshold + min_certainty * (1 - threshold), min_picture_share * probability.size
    found: list[Character] = []
    for index in np.argsort(-areas, kind="stable") + 1:
        x, y, width, height, area = (int(value) for value in stats[index])
        if area < smallest:
            break
        box = slice(y, y + height), slice(x, x + width)
        piece = labels[box] == index
        if float(probability[box][piece].mean()) < least_mean:
            continue
        if not found:  # the largest that counts
            smallest = max(smallest, min_largest_share * area)
        piece = _without_small_holes(piece, max_hole_share * area)
        mask = np.zeros(probability.shape, np.bool_)
        mask[box] = piece
        found.append(Character(mask, (x, y, x + width, y + height), float(probability[box][piece].mean())))
    return found


def _without_small_holes(piece: NDArray[np.bool_], largest_hole_px: float) -> NDArray[np.bool_]:
    """Fills the gaps of ``piece`` that do not reach its box's border and have at most that many pixels."""
    # A ring of background round the box joins everything that is outside.
    outside = np.pad(~piece, 1, constant_values=True).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= largest_hole_px
    small[[0, labels[0, 0]]] = False
    filled: NDArray[np.bool_] = piece | small[labels[1:-1, 1:-1]]
    return filled
