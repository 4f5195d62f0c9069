"""How much of each part of a body can be seen: head, torso, arms, legs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray
from shared.synthetic.small_map import SHIFT, count_seen, fixed_points, small_canvas

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


@dataclass(frozen=True)
class PartMap:
    """Where a character's parts are, on a small canvas.

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
        counts = count_seen(self.labels, mask, len(PARTS) + 1)
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
    affine, (height, width) = small_canvas(affine, size_wh)
    number_of = {layer: number for number, part in enumerate(PARTS) for layer in LAYERS[part]}
    labels = np.zeros((height, width), np.uint8)
    whole = np.zeros((len(PARTS), height, width), np.uint8)
    for layer, outline in covers:
        points = fixed_points(affine, outline)
        number = number_of.get(layer)
        cv2.fillPoly(labels, points, 0 if number is None else number + 1, cv2.LINE_8, SHIFT)
        if number is not None:
            cv2.fillPoly(whole[number], points, 1, cv2.LINE_8, SHIFT)
    return PartMap(labels, tuple(int(np.count_nonzero(mask)) for mask in whole))
