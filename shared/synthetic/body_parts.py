"""How much of each part of a body can be seen: head, torso, arms, legs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, apply_to_points, compose, scaling

#: Layers of the drawing that are the part itself (sleeves and trousers are); all else that lies over it hides it.
LAYERS: dict[str, frozenset[str]] = {
    "head": frozenset({"head", "front_hair"}),
    "torso": frozenset({"torso", "neck", "hips"}),
    "left_arm": frozenset({"left_arm"}),
    "right_arm": frozenset({"right_arm"}),
    "left_leg": frozenset({"left_leg"}),
    "right_leg": frozenset({"right_leg"}),
}
PARTS = tuple(LAYERS)

_SIDE_PX = 128  # the long side at which areas are counted
_SHIFT = 4


@dataclass(frozen=True)
class PartMap:
    """Where a character's parts are, on a canvas of at most 128 pixels.

    Attributes:
        labels: ``(h, w)``: the part on top, 1 + its place in :data:`PARTS`; 0 where there is none, or other things.
        whole_px: pixels of each part as if nothing lay over it; what is out of the canvas does not count.
    """

    labels: NDArray[np.uint8]
    whole_px: tuple[int, ...]

    def seen(self, mask: NDArray[np.bool_]) -> dict[str, float | None]:
        """Returns the share of each part that can be seen; None for a part that is not in the picture.

        Args:
            mask: ``(H, W)`` of the picture's size, true where the picture shows the character.
        """
        height, width = self.labels.shape
        small = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
        counts = np.bincount(self.labels[small > 0], minlength=len(PARTS) + 1)
        return {
            part: round(min(1.0, int(counts[number + 1]) / whole), 3) if whole else None
            for number, (part, whole) in enumerate(zip(PARTS, self.whole_px, strict=True))
        }


def map_parts(covers: Iterable[tuple[str, FloatArray]], affine: FloatArray, size_wh: tuple[int, int]) -> PartMap:
    """Returns where the parts are.

    Args:
        covers: layer and outline ``(n, 2)`` of each opaque area, in painter's order.
        affine: from the outlines' frame to canvas pixels.
        size_wh: of the canvas.
    """
    scale = min(1.0, _SIDE_PX / max(size_wh))
    width, height = (max(1, round(side * scale)) for side in size_wh)
    affine = compose(affine, scaling(scale))
    number_of = {layer: number for number, part in enumerate(PARTS) for layer in LAYERS[part]}
    labels = np.zeros((height, width), np.uint8)
    whole = np.zeros((len(PARTS), height, width), np.uint8)
    for layer, outline in covers:
        points = [np.rint(apply_to_points(affine, outline) * 2**_SHIFT).astype(np.int32)]
        number = number_of.get(layer)
        cv2.fillPoly(labels, points, 0 if number is None else number + 1, cv2.LINE_8, _SHIFT)
        if number is not None:
            cv2.fillPoly(whole[number], points, 1, cv2.LINE_8, _SHIFT)
    return PartMap(labels, tuple(int(np.count_nonzero(mask)) for mask in whole))
