"""Danbooru tags that a figure can carry, and the rules that decide which are true of it.

Tags of the face are only given when the face looks at the viewer, and colour tags only in coloured styles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.synthetic.accessories import EARS, HATS, TAILS, WINGS
from shared.synthetic.clothing_tags import (
    COLORED_TOPS,
    NOT_A_TAG,
    PATTERN_TAGS,
    TOP_TAGS,
    accessory_tags,
    clothes_tags,
    color_tags,
)
from shared.synthetic.held import TAGS_OF_HELD
from shared.synthetic.palette import CLOTH, EYES, HAIR

if TYPE_CHECKING:
    from shared.synthetic.character import CharacterSpec

_HAIR_STYLE: dict[str, tuple[str, ...]] = {
    "short": ("short_hair",),
    "bob": ("short_hair", "bob_cut"),
    "long": ("long_hair",),
    "twintails": ("twintails",),
    "low_twintails": ("low_twintails", "twintails"),
    "ponytail": ("ponytail",),
    "side_ponytail": ("side_ponytail",),
    "drills": ("drill_hair", "twin_drills"),
    "spiky": ("short_hair", "spiked_hair"),
    "bun": ("hair_bun", "single_hair_bun"),
    "double_bun": ("hair_bun", "double_bun"),
    "twin_braids": ("braid", "twin_braids"),
    "braid": ("braid", "single_braid"),
    "curly": ("curly_hair",),
    "very_short": ("very_short_hair", "short_hair"),
    "bald": ("bald",),
    "medium": ("medium_hair",),
}
_FRINGE = {"straight": "blunt_bangs", "swept": "swept_bangs", "parted": "parted_bangs"}
_EXPRESSION: dict[str, tuple[str, ...]] = {
    "neutral": ("closed_mouth",),
    "smile": ("smile", "closed_mouth"),
    "grin": ("grin", "smile", "teeth"),
    "open_mouth": ("open_mouth", "smile"),
    "frown": ("frown", "closed_mouth"),
    "surprised": ("surprised", "open_mouth"),
    "angry": ("angry", "v-shaped_eyebrows", "closed_mouth"),
}
_STYLE: dict[str, tuple[str, ...]] = {
    "line_art": ("lineart", "monochrome"),
    "monochrome": ("monochrome", "greyscale"),
    "pencil": ("sketch", "monochrome"),
    "flat": ("flat_color",),
    "photo": ("realistic",),
}
_WORD_CLOTH = tuple(CLOTH)


def _head_tags(spec: CharacterSpec, eyes_seen: bool, colored: bool) -> set[str]:
    hair, face = spec.hair, spec.face
    tags = set(_HAIR_STYLE[hair.style])
    if hair.style in (
        "twintails",
        "ponytail",
        "low_twintails",
        "side_ponytail",
        "drills",
        "twin_braids",
        "braid",
        "curly",
        "long",
    ):
        tags.add("very_long_hair" if hair.length > 2.6 else "long_hair" if hair.length > 1.1 else "medium_hair")
        tags |= {"long_hair"} if hair.length > 2.6 else set()
    if hair.ahoge:
        tags.add("ahoge")
    if not eyes_seen:
        return tags
    if hair.style != "bald":
        if hair.fringe in _FRINGE:
            tags.add(_FRINGE[hair.fringe])
        if hair.fringe != "none":
            tags.add("bangs")
        if hair.sidelocks > 0:
            tags.add("sidelocks")
    tags |= set(_EXPRESSION[face.expression]) if not spec.wear.mask else set()
    if face.closed == 3:
        tags.add("closed_eyes")
    elif face.closed:
        tags.add("one_eye_closed")
    if face.style == "anime" and face.closed != 3 and colored and spec.wear.glasses != "sunglasses":
        tags.add(f"{face.eye_color}_eyes")
    if face.style == "oval":
        tags.add("solid_oval_eyes")
    if face.blush and colored:
        tags.add("blush")
    if face.beard:
        tags |= {"beard", "facial_hair"}
    return tags


def figure_tags(spec: CharacterSpec, view: str, head_turn: tuple[float, float], face_near: float) -> frozenset[str]:
    """Returns all tags true of a drawn figure.

    Args:
        spec: the character.
        view: the body's view.
        head_turn: degrees by which the head's front is away from the viewer, and the camera's elevation.
        face_near: how much the face looks at the viewer, −1 to 1.
    """
    style = spec.rendering.style
    colored = style not in ("line_art", "monochrome", "pencil", "chalk")
    tags = set(spec.pose.tags) | set(_STYLE.get(style, ()))
    eyes_seen = face_near > 0.2
    clothes = clothes_tags(spec, colored)
    tags |= clothes | _head_tags(spec, eyes_seen, colored) | accessory_tags(spec, face_near > 0.1)
    if colored:
        tags |= color_tags(spec, clothes)
    if view == "back":
        tags.add("from_behind")
        tags -= {"necktie", "bowtie", "bow", "buttons"}
        if face_near > -0.1:
            tags.add("looking_back")
        else:
            tags.add("facing_away")
    elif view == "side":
        tags.add("from_side")
    if eyes_seen and head_turn[0] < 35 and spec.face.closed != 3:
        tags.add("looking_at_viewer")
    if 0.0 < abs(face_near) < 0.35:
        tags.add("profile")
    if head_turn[1] > 25:
        tags.add("from_above")
    elif head_turn[1] < -18:
        tags.add("from_below")
    if abs(spec.camera.roll) > 12:
        tags.add("dutch_angle")
    if abs(spec.pose.pose.head[2]) > 12:
        tags.add("head_tilt")
    if spec.size.heads < 3.5:
        tags.add("chibi")
    if spec.size.build == "child" and spec.sex:
        tags.add("child")
    if spec.sex == "boy":
        tags.add("male_focus")
    return frozenset(tags - NOT_A_TAG)


def all_tags() -> frozenset[str]:
    """Returns every tag that `figure_tags` can give."""
    from shared.synthetic.poses import FAMILY_TAGS

    tags: set[str] = set(FAMILY_TAGS)
    for table in (TOP_TAGS, _HAIR_STYLE, _EXPRESSION, _STYLE, TAGS_OF_HELD):
        for names in table.values():
            tags |= set(names)
    tags |= {*_FRINGE.values(), *PATTERN_TAGS.values(), *HATS, *EARS, *TAILS, *WINGS}
    tags |= {f"{c}_hair" for c in HAIR} | {f"{c}_eyes" for c in EYES}
    for garment in (*COLORED_TOPS, "skirt", "pants", "shorts", "thighhighs", "pantyhose", "socks", "gloves"):
        tags |= {f"{c}_{garment}" for c in _WORD_CLOTH}
    tags |= {
        "gown",
        "long_dress",
        "maid",
        "apron",
        "maid_apron",
        "miko",
        "hakama",
        "hakama_skirt",
        "long_sleeves",
        "short_sleeves",
        "sleeveless",
        "sleeveless_dress",
        "wide_sleeves",
        "turtleneck",
        "turtleneck_sweater",
        "buttons",
        "skirt",
        "miniskirt",
        "long_skirt",
        "medium_skirt",
        "pleated_skirt",
        "short_dress",
        "pants",
        "shorts",
        "necktie",
        "scarf",
        "cape",
        "belt",
        "obi",
        "bow",
        "bowtie",
        "gloves",
        "elbow_gloves",
        "gauntlets",
        "striped_shirt",
        "plaid_shirt",
        "striped_skirt",
        "plaid_skirt",
        "boots",
        "thigh_boots",
        "knee_boots",
        "ankle_boots",
        "high_heels",
        "shoes",
        "sandals",
        "barefoot",
        "no_shoes",
        "pantyhose",
        "thighhighs",
        "kneehighs",
        "socks",
        "bare_legs",
        "multicolored_hair",
        "gradient_hair",
        "dark_skin",
        "dark-skinned_female",
        "dark-skinned_male",
        "hat",
        "animal_ears",
        "horns",
        "demon_horns",
        "curled_horns",
        "tail",
        "wings",
        "bag",
        "shoulder_bag",
        "backpack",
        "handbag",
        "holding",
        "hair_bow",
        "hairband",
        "hair_ribbon",
        "hairclip",
        "hair_ornament",
        "hair_flower",
        "headphones",
        "earrings",
        "jewelry",
        "halo",
        "glasses",
        "round_eyewear",
        "rectangular_eyewear",
        "sunglasses",
        "eyepatch",
        "mask",
        "mouth_mask",
        "very_long_hair",
        "long_hair",
        "medium_hair",
        "ahoge",
        "bangs",
        "sidelocks",
        "closed_eyes",
        "one_eye_closed",
        "solid_oval_eyes",
        "blush",
        "beard",
        "facial_hair",
        "from_behind",
        "looking_back",
        "facing_away",
        "from_side",
        "looking_at_viewer",
        "profile",
        "from_above",
        "from_below",
        "dutch_angle",
        "head_tilt",
        "chibi",
        "child",
        "male_focus",
    }
    return frozenset(tags - NOT_A_TAG)
