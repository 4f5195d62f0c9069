"""Which of a figure's clothes, belongings and features the picture shows, and the tags that are true only then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, scale_of
from shared.synthetic.accessories import BAGS, EARS, GLASSES, HATS, HORNS, TAILS, WINGS
from shared.synthetic.held import TAGS_OF_HELD
from shared.synthetic.small_map import SHIFT, count_seen, fixed_points, small_canvas

#: The things whose sight decides tags, each with its tags, or with the last word of its tags.
TAGS_OF: dict[str, tuple[str, ...]] = {
    "tied_hair": (
        "twintails", "low_twintails", "ponytail", "side_ponytail", "drill_hair", "twin_drills", "braid", "twin_braids",
        "single_braid", "hair_bun", "single_hair_bun", "double_bun",
    ),
    "hanging_hair": ("medium_hair", "long_hair", "very_long_hair"),
    "ahoge": ("ahoge",),
    "sidelocks": ("sidelocks",),
    "eyes": ("eyes", "one_eye_closed", "looking_at_viewer"),
    "mouth": ("mouth", "smile", "grin", "teeth", "frown"),
    "blush": ("blush",),
    "glasses": ("glasses", *GLASSES),
    "eyepatch": ("eyepatch",),
    "mask": ("mask", "mouth_mask"),
    "hat": ("hat", *HATS),
    "animal_ears": ("animal_ears", *EARS),
    "horn": ("horns", *HORNS),
    "tail": ("tail", *TAILS),
    "wing": ("wings", *WINGS),
    "bag": ("bag", *BAGS),
    "ribbon": ("hair_bow", "hair_ribbon", "hairband", "hairclip", "hair_ornament"),
    "hair_flower": ("hair_flower", "hair_ornament"),
    "headphones": ("headphones",),
    "earrings": ("earrings", "jewelry"),
    "halo": ("halo",),
    "held": ("holding", *dict.fromkeys(tag for tags in TAGS_OF_HELD.values() for tag in tags)),
    "cape": ("cape",),
    "scarf": ("scarf",),
    "belt": ("belt", "obi"),
    "tie": ("necktie",),
    "bow": ("bow", "bowtie"),
    "buttons": ("buttons",),
    "apron": ("apron",),
    "glove": ("gloves", "gauntlets"),
    "legwear": ("pantyhose", "thighhighs", "kneehighs", "socks"),
    "shoe": ("boots", "shoes", "sandals", "heels"),
    "bottom": ("skirt", "pants", "shorts", "hakama"),
    "skin": ("dark_skin", "dark-skinned_female", "dark-skinned_male", "bare_legs", "bare_shoulders", "barefoot"),
    "stripes": ("striped",),
    "pinstripes": ("vertical_stripes",),
    "plaid": ("plaid",),
    "dots": ("polka_dot",),
}  # fmt: skip
#: Pixels of a small canvas from which a thing can be told; most need :data:`LEAST_PX`.
LEAST_OF = {
    "tied_hair": 12, "hanging_hair": 16, "tail": 8, "wing": 12, "bag": 8, "cape": 12, "hat": 8, "legwear": 8,
    "bottom": 12, "shoe": 6, "skin": 6, "stripes": 24, "pinstripes": 24, "plaid": 24, "dots": 24,
}  # fmt: skip
LEAST_PX = 3
_THINGS_OF: dict[str, frozenset[str]] = {
    tag: frozenset(thing for thing, tags in TAGS_OF.items() if tag in tags)
    for tag in {tag for tags in TAGS_OF.values() for tag in tags}
}


class Trace(NamedTuple):
    """One opaque shape of a drawing.

    Attributes:
        things: what it is of: names, of which those in :data:`TAGS_OF` count.
        outline: ``(n, 2)`` of an area, or the line's points.
        width: of the line; 0 for an area.
    """

    things: tuple[str, ...]
    outline: FloatArray
    width: float = 0.0


@dataclass(frozen=True)
class ThingMap:
    """Where a figure's things are, on a small canvas.

    Attributes:
        labels: ``(h, w)``: which of ``kinds`` is on top.
        kinds: of what things a shape can be; the first is of none.
    """

    labels: NDArray[np.uint8]
    kinds: tuple[tuple[str, ...], ...]

    def seen(self, mask: NDArray[np.bool_]) -> frozenset[str]:
        """Returns the things of which enough can be seen.

        Args:
            mask: ``(H, W)`` of the picture's size, true where the picture shows the character.
        """
        found: Counter[str] = Counter()
        counts = count_seen(self.labels, mask, len(self.kinds))
        for things, count in zip(self.kinds, counts.tolist(), strict=True):
            found.update(dict.fromkeys(things, count))
        return frozenset(thing for thing, count in found.items() if count >= LEAST_OF.get(thing, LEAST_PX))


def map_things(traces: Iterable[Trace], affine: FloatArray, size_wh: tuple[int, int]) -> ThingMap:
    """Returns where the things are.

    Args:
        traces: in painter's order.
        affine: from the traces' frame to canvas pixels.
        size_wh: of the canvas.
    """
    affine, shape = small_canvas(affine, size_wh)
    zoom = scale_of(affine)
    labels = np.zeros(shape, np.uint8)
    number_of: dict[tuple[str, ...], int] = {(): 0}
    for things, outline, stroke in traces:
        number = number_of.setdefault(tuple(thing for thing in things if thing in TAGS_OF), len(number_of))
        points = fixed_points(affine, outline)
        if stroke > 0:
            # Lines thicker than 1 come out a pixel wider than asked.
            cv2.polylines(labels, points, False, number, max(1, round(stroke * zoom) - 1), cv2.LINE_8, SHIFT)
        else:
            cv2.fillPoly(labels, points, number, cv2.LINE_8, SHIFT)
    return ThingMap(labels, tuple(number_of))


def bears_out(tag: str, things: Collection[str]) -> bool:
    """Returns whether a figure of which these things can be seen shows what the tag says; most tags need none."""
    if tag.startswith("no_"):
        return True
    needed = _THINGS_OF.get(tag) or _THINGS_OF.get(tag.rsplit("_", 1)[-1])
    return needed is None or any(thing in things for thing in needed)
