"""From a probability map to characters: connected pieces, parted where characters touch, cleaned, one box each."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import box_of_mask

#: Pieces below this share of the picture are specks.
MIN_PICTURE_SHARE = 0.002
#: Pieces below this share of the largest piece are specks (a loose ribbon, a star behind the head).
MIN_LARGEST_SHARE = 0.05
#: Enclosed gaps below this share of their piece are filled; larger ones (between arm and body) stay open.
MAX_HOLE_SHARE = 0.005
#: A piece whose mean probability is not at least this far on the way from the threshold to 1 is a doubt, no character.
MIN_CERTAINTY = 0.5
#: What an owner has of a piece, below this share of it, is no character but goes to its neighbours.
MIN_OWNED_SHARE = 0.08
#: Fragments below this share of what their owner has of a piece go to their neighbours, too.
MIN_FRAGMENT_SHARE = 0.05


class Character(NamedTuple):
    """One character: its mask ``(H, W)`` bool, its tight box (ends exclusive), and how sure it is."""

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
    owners: NDArray[np.uint8] | None = None,
) -> list[Character]:
    """Splits a map into characters, the largest first.

    Two characters that touch are one piece of the map; ``owners`` part it.

    Args:
        probability: ``(H, W)`` in [0, 1].
        threshold: above it is character.
        min_picture_share: smaller pieces (share of the picture) are dropped.
        min_largest_share: smaller pieces (share of the largest piece) are dropped.
        max_hole_share: smaller enclosed gaps (share of the piece) are filled.
        min_certainty: pieces whose mean probability is nearer to the threshold (0) than this way to 1 are dropped.
        owners: ``(H, W)``, whose each pixel is (:meth:`segmenter.predict.SegmenterPredictor.owners`); None: nobody
            can tell, and a piece is a character.

    Returns:
        One :class:`Character` a piece (8-connected); with ``owners`` one an owner, of whatever pieces; ``score`` is the
        mean probability over its mask. Empty when nothing is there: no character is an answer.

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
    found: dict[int, list[NDArray[np.bool_]]] = {}
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
        parts = [(len(found), piece)] if owners is None else _parted(piece, owners[box])
        for owner, part in parts:
            own = _without_small_holes(part, max_hole_share * int(part.sum()))
            for _, other in parts:
                if other is not part:
                    own &= ~other
            mask = np.zeros(probability.shape, np.bool_)
            mask[box] = own
            found.setdefault(owner, []).append(mask)
    if owners is None:
        # Pieces are sorted already, by what they had before their holes were filled.
        return [_character(masks, probability) for masks in found.values()]
    return sorted((_character(masks, probability) for masks in found.values()), key=lambda one: -int(one.mask.sum()))


def _character(masks: list[NDArray[np.bool_]], probability: NDArray[Any]) -> Character:
    mask = np.logical_or.reduce(masks) if len(masks) > 1 else masks[0]
    box = box_of_mask(mask)
    assert box is not None
    x1, y1, x2, y2 = box
    inside = mask[y1:y2, x1:x2]
    return Character(mask, box, float(probability[y1:y2, x1:x2][inside].mean()))


def _parted(piece: NDArray[np.bool_], owners: NDArray[np.uint8]) -> list[tuple[int, NDArray[np.bool_]]]:
    """Returns each owner and what it has of a piece; what is too little goes to the owner of the nearest pixel."""
    counts = np.bincount(owners[piece])
    large = np.flatnonzero(counts > MIN_OWNED_SHARE * counts.sum())
    if len(large) < 2:
        return [(int(counts.argmax()), piece)]
    kept = np.zeros_like(piece)
    for number in large:
        kept |= _without_fragments(piece & (owners == number))
    if not np.array_equal(kept, piece):
        _, nearest = cv2.distanceTransformWithLabels(
            (~kept).astype(np.uint8), cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL
        )
        # Labels number the kept pixels, in an order that OpenCV does not tell.
        owner_of = np.zeros(int(nearest.max()) + 1, np.uint8)
        owner_of[nearest[kept]] = owners[kept]
        owners = owner_of[nearest]
    return [(int(number), piece & (owners == number)) for number in large]


def _without_fragments(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns the connected fragments of ``part`` that are large enough to be its own."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    areas[0] = 0
    # Where all are small, the largest stay: an owner never goes away here.
    large: NDArray[np.bool_] = (areas >= min(MIN_FRAGMENT_SHARE * areas.sum(), areas.max()))[labels]
    return large & part


def _without_small_holes(piece: NDArray[np.bool_], largest_hole_px: float) -> NDArray[np.bool_]:
    """Fills the gaps of ``piece`` that do not reach its box's border and have at most that many pixels."""
    # A ring of background round the box joins everything that is outside.
    outside = np.pad(~piece, 1, constant_values=True).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= largest_hole_px
    small[[0, labels[0, 0]]] = False
    filled: NDArray[np.bool_] = piece | small[labels[1:-1, 1:-1]]
    return filled
