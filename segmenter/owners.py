"""From the instance head's maps to whose each pixel is."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import max_pool2d

from segmenter.instance_head import STRIDE
from segmenter.refine import Float32Array

#: A cell is a character's middle above this probability, where it is the highest of a window of so many cells.
LEAST_CENTRE, WINDOW_CELLS = 0.3, 5
#: At most so many characters a picture, the surest.
MOST = 64
#: Long side at which pixels are given to owners; a larger picture is enlarged from that.
OWNERS_SIDE_PX = 512

#: ``(H, W)``: the number of the character, from 1 on, that a pixel belongs to if it belongs to any.
OwnerMap = NDArray[np.uint8]


class Place(NamedTuple):
    """Where a picture lies in the network's square, pixels."""

    x: int
    y: int
    width: int
    height: int


def centres_of(heat: Float32Array) -> Float32Array:
    """Returns the middles ``(n, 2)`` x, y in cells, the surest first, of a map ``(h, w)`` of probabilities."""
    values = torch.from_numpy(np.ascontiguousarray(heat))[None, None]
    peaks = (values == max_pool2d(values, WINDOW_CELLS, 1, WINDOW_CELLS // 2)) & (values > LEAST_CENTRE)
    # Neighbours that are equally high are one middle, which lies between them.
    peak = peaks[0, 0].numpy()
    count, labels, _, centroids = cv2.connectedComponentsWithStats(peak.astype(np.uint8), connectivity=8)
    heights = [float(heat[labels == number].max()) for number in range(1, count)]
    order = np.argsort(-np.array(heights), kind="stable")[:MOST] + 1
    return centroids[order].astype(np.float32) + np.float32(0.5)


def owner_map(maps: Float32Array, side_px: int, place: Place, size_wh: tuple[int, int]) -> OwnerMap | None:
    """Returns whose each pixel of a picture is; None where there is at most one character.

    Every pixel goes to the middle that is nearest to where its offset points (Cheng et al. 2020, "Panoptic-DeepLab").

    Args:
        maps: ``(3, h, w)`` of the head: probability of a middle, offset x, y in cells.
        side_px: of the network's square.
        place: where the picture lies in it.
        size_wh: the picture's size.
    """
    centres = centres_of(maps[0])
    if len(centres) < 2:
        return None
    share = min(1.0, OWNERS_SIDE_PX / max(size_wh))
    width, height = (max(1, round(size * share)) for size in size_wh)
    square = (side_px, side_px)
    x, y = (
        _enlarged(
            cv2.resize(offset, square, interpolation=cv2.INTER_LINEAR)[
                place.y : place.y + place.height, place.x : place.x + place.width
            ],
            (width, height),
        )
        for offset in maps[1:]
    )
    x += ((np.arange(width, dtype=np.float32) + 0.5) * np.float32(place.width / width) + place.x)[None] / STRIDE
    y += ((np.arange(height, dtype=np.float32) + 0.5) * np.float32(place.height / height) + place.y)[:, None] / STRIDE
    nearest = np.full((height, width), np.inf, np.float32)
    owners = np.zeros((height, width), np.uint8)
    for number, (centre_x, centre_y) in enumerate(centres, 1):
        distance = (x - centre_x) ** 2 + (y - centre_y) ** 2
        closer = distance < nearest
        nearest[closer], owners[closer] = distance[closer], number
    return np.asarray(cv2.resize(owners, size_wh, interpolation=cv2.INTER_NEAREST), np.uint8)


def _enlarged(values: Float32Array, size_wh: tuple[int, int]) -> Float32Array:
    return np.asarray(cv2.resize(values, size_wh, interpolation=cv2.INTER_LINEAR), np.float32)
