"""Close looks at a character: their squares in the picture, from its joints, and the tags that each can tell."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, apply_to_points, scale_of
from shared.keypoints.schema import COCO_17

_FACE_TAGS = (
    r"eyes|eye_|_eye$|glasses|eyewear|mouth|smile|grin|frown|teeth|fang|tongue|bangs|blush|tears|crying|surprised|angry|"
    r"eyebrows|beard|facial|mustache|sidelocks|looking|profile|mask|from_|facing|freckles|mole|makeup|lips|nose|"
    r"expressionless|between_eyes|over_one_eye|^[:;^>]"
)
_HEAD_TAGS = (
    r"hair|bangs|tails$|ponytail|braid|bun$|buns$|ahoge|hat$|hat_|cap$|headwear|beret|beanie|helmet|hood|horns|ears$|"
    r"headphones|crown|tiara|halo|bob_cut|drill|sidelocks|headband|bald|earrings|headdress|head_tilt|jewelry|veil|"
    r"ribbon|flower$|bow$|looking|from_|facing|profile|necktie|collar|scarf|choker|neckerchief|turtleneck|1girl|1boy|"
    r"male_focus|child|chibi|skin"
)
_BODY_TAGS = (
    r"sleeve|arm$|arms|_arm|elbow|shoulder|armpits|shirt|jacket|sweater|vest|coat|cardigan|tie$|scarf|necklace|choker|"
    r"collar|cape|apron|bow$|neckerchief|suspenders|midriff|navel|top$|serafuku|dress|suit|bikini|breasts|cleavage|"
    r"kimono|robe|tunic|armor|gown|uniform|gakuran|overalls|pajamas|blazer|buttons|striped|plaid|polka|stripes|wings|"
    r"backpack|bag$|clothes|maid|miko|formal|hood|belt|sash|obi$|glove|gauntlets|hand|holding|weapon|sword|book|cup$|"
    r"umbrella|axe$|scythe|shield|gun$|knife|polearm|staff|phone|flag|food|fruit|ice_cream|gift|tray|stuffed|bouquet|"
    r"waving|pointing|from_|bodysuit|tank|wariza|leotard|necktie|turtleneck|long_hair|skin|skirt|pants|shorts|"
    r"1girl|1boy|standing|sitting|lean|arched|crossed|outstretched"
)
_LEGS_TAGS = (
    r"shoe|boots|sneakers|sandals|loafers|slippers|heels|footwear|barefoot|feet|foot|toe|geta|mary_janes|uwabaki|socks|"
    r"kneehighs|thighhigh|pantyhose|tights|legwear|leggings|legs|_leg$|leg_|thigh|knee|zettai|pants|jeans|running|"
    r"walking|jumping|kicking|seiza|wariza|indian_style|squatting|kneeling|skirt|shorts|hakama|standing|sitting|lying|"
    r"dress|robe|kimono|coat|(?<!pony)tail$|stance|contrapposto|floating|from_|pleated|plaid|striped|polka|floor|chair"
)
_FEET_TAGS = (
    r"shoe|boots|sneakers|sandals|loafers|slippers|heels|footwear|barefoot|feet|foot|toe|geta|mary_janes|uwabaki|socks|"
    r"kneehighs|thighhigh|pantyhose|tights|legwear|leggings|ankle|bare_legs|floor"
)
#: The looks, in the order of their squares, each with a pattern of the tags that can be told from it (ours).
LOOKS: dict[str, re.Pattern[str]] = {
    "face": re.compile(_FACE_TAGS),
    "head": re.compile(_HEAD_TAGS),
    "body": re.compile(_BODY_TAGS),
    "legs": re.compile(_LEGS_TAGS),
    "feet": re.compile(_FEET_TAGS),
}


_joints = COCO_17.ending_in
_HEAD, _EYES, _EARS, _SHOULDERS = _joints("nose", "eye", "ear"), _joints("eye"), _joints("ear"), _joints("shoulder")
_FACE = _joints("nose", "eye")
#: A head with its hair is about twice as high as the face is above the shoulders; where these are not in the picture,
#: or the head is large (chibi), ears and eyes tell its size. These factors, and what follows, are ours.
_HEAD_TO_SHOULDERS, _HEAD_TO_EARS, _HEAD_TO_EYES = 2.0, 1.8, 3.6
#: Sides of the squares of the face and the head, in that size; the head's middle is a little above the face's.
_FACE_SIDE, _HEAD_RISE = 0.62, 0.05
#: What is added around joints: in their span on each side, and for the feet also in distances of knee and ankle.
_MARGIN, _FOOT = 0.2, 0.45


def look_squares(points_xy: FloatArray, placed: NDArray[np.bool_], size_wh: tuple[float, float]) -> FloatArray:
    """Returns the square of each look ``(looks, 3)``: middle x, y and side in pixels; they may leave the picture.

    A look for which too few joints are in the picture is the whole picture.

    Args:
        points_xy: ``(17 or more, 2)`` of one character in COCO's order, pixels.
        placed: ``(17 or more,)``: whether the joint is in the picture and its place is known.
        size_wh: of the picture.
    """
    width, height = size_wh
    whole = np.array([width / 2, height / 2, max(width, height)])
    head = _head_size(points_xy, placed)
    found = {
        "face": _around(points_xy, placed, _FACE, head * _FACE_SIDE),
        "head": _around(points_xy, placed, _HEAD, head, head * _HEAD_RISE),
        "body": _span(points_xy, placed, _joints("shoulder", "elbow", "wrist", "hip")),
        "legs": _span(points_xy, placed, _joints("hip", "knee", "ankle")),
        "feet": _feet(points_xy, placed),
    }
    squares = (found[look] for look in LOOKS)
    return np.stack([whole if square is None else square for square in squares])


def moved_squares(squares: FloatArray, affine: FloatArray) -> FloatArray:
    """Returns squares ``(n, 3)`` after an affine of the picture: upright still, and of the same area as before it."""
    return np.concatenate([apply_to_points(affine, squares[:, :2]), squares[:, 2:] * scale_of(affine)], 1)


def _head_size(points: FloatArray, placed: NDArray[np.bool_]) -> float:
    sizes = [0.0]
    if placed[_SHOULDERS].all() and placed[_HEAD].any():
        middle = points[_HEAD[placed[_HEAD]]].mean(0)
        sizes.append(_HEAD_TO_SHOULDERS * float(np.linalg.norm(middle - points[_SHOULDERS].mean(0))))
    for (left, right), factor in ((_EARS, _HEAD_TO_EARS), (_EYES, _HEAD_TO_EYES)):
        if placed[left] and placed[right]:
            sizes.append(factor * float(np.linalg.norm(points[left] - points[right])))
    return max(sizes)


def _around(
    points: FloatArray, placed: NDArray[np.bool_], joints: NDArray[np.int64], side: float, rise: float = 0.0
) -> FloatArray | None:
    there = points[joints[placed[joints]]]
    if not len(there) or side <= 0:
        return None
    x, y = there.mean(0)
    return np.array([x, y - rise, side])


def _span(
    points: FloatArray, placed: NDArray[np.bool_], joints: NDArray[np.int64], more: float = 0.0
) -> FloatArray | None:
    there = points[joints[placed[joints]]]
    if len(there) < (1 if more > 0 else 2):
        return None
    low, high = there.min(0), there.max(0)
    side = float((high - low).max()) * (1 + 2 * _MARGIN) + 2 * more
    return np.array([*((low + high) / 2), side]) if side > 0 else None


def _feet(points: FloatArray, placed: NDArray[np.bool_]) -> FloatArray | None:
    shins = [
        float(np.linalg.norm(points[knee] - points[ankle]))
        for knee, ankle in zip(_joints("knee"), _joints("ankle"), strict=True)
        if placed[knee] and placed[ankle]
    ]
    return _span(points, placed, _joints("ankle"), _FOOT * max(shins)) if shins else None
