"""Danbooru tags of clothes and what is carried, and the rules that decide which are true of a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.synthetic.held import TAGS_OF_HELD
from shared.synthetic.palette import CLOTH, Rgb, luminance

if TYPE_CHECKING:
    from shared.synthetic.character import CharacterSpec

TOP_TAGS: dict[str, tuple[str, ...]] = {
    "tshirt": ("t-shirt", "shirt"),
    "shirt": ("shirt", "collared_shirt"),
    "sweater": ("sweater",),
    "hoodie": ("hoodie", "hood", "hood_down"),
    "jacket": ("jacket", "open_jacket", "open_clothes"),
    "cardigan": ("cardigan", "open_cardigan", "open_clothes"),
    "coat": ("coat",),
    "serafuku": ("serafuku", "school_uniform", "sailor_collar"),
    "blazer": ("blazer", "jacket", "school_uniform"),
    "suit": ("suit", "formal"),
    "dress": ("dress",),
    "robe": ("robe",),
    "kimono": ("kimono", "japanese_clothes"),
    "armor": ("armor",),
    "tank": ("tank_top", "bare_shoulders"),
    "overalls": ("overalls",),
    "tunic": ("tunic",),
    "gym": ("gym_uniform", "gym_shirt"),
    "pajamas": ("pajamas",),
    "gakuran": ("gakuran", "school_uniform"),
    "bodysuit": ("bodysuit",),
    "vest": ("vest",),
}


COLORED_TOPS = (
    "shirt",
    "sweater",
    "hoodie",
    "jacket",
    "cardigan",
    "coat",
    "dress",
    "kimono",
    "bodysuit",
    "serafuku",
    "robe",
    "tank_top",
)


PATTERN_TAGS = {"stripes": "striped", "plaid": "plaid", "dots": "polka_dot", "pinstripes": "vertical_stripes"}

#: Danbooru has no such colour tags.
NOT_A_TAG = {"aqua_robe", "aqua_serafuku", "orange_serafuku"}


def color_word(rgb: Rgb) -> str:
    """Returns the colour word of cloth that is nearest to ``rgb``."""
    best, word = 10**9, "black"
    for name, shades in CLOTH.items():
        for shade in shades:
            distance = sum((a - b) ** 2 for a, b in zip(rgb, shade, strict=True))
            if distance < best:
                best, word = distance, name
    return word


def clothes_tags(spec: CharacterSpec, colored: bool) -> set[str]:
    """Returns the tags of an outfit's garments; patterns only where `colored`."""
    o = spec.outfit
    tags = set(TOP_TAGS[o.top])
    if o.name in ("gown", "maid", "miko"):
        tags |= {
            "gown": {"gown", "long_dress"},
            "maid": {"maid", "apron", "maid_apron"},
            "miko": {"miko", "hakama", "hakama_skirt"},
        }[o.name]
    if o.sleeve > 0.85:
        tags.add("long_sleeves")
    elif o.sleeve > 0.1:
        tags.add("short_sleeves")
    else:
        tags |= {"sleeveless"} | ({"sleeveless_dress"} if o.top == "dress" else set())
    if o.sleeve_flare > 0.9:
        tags.add("wide_sleeves")
    if o.collar == "turtle" and o.top == "sweater":
        tags |= {"turtleneck", "turtleneck_sweater"}
    if o.buttons:
        tags.add("buttons")
    dress = o.top in ("dress", "robe", "kimono")
    if o.bottom == "skirt" and not dress:
        tags.add("skirt")
        tags.add("miniskirt" if o.bottom_length < 0.3 else "long_skirt" if o.bottom_length > 0.7 else "medium_skirt")
        if o.pleats >= 8:
            tags.add("pleated_skirt")
    elif o.top == "dress" and o.bottom_length < 0.35:
        tags.add("short_dress")
    elif o.bottom in ("pants", "shorts") and o.top not in ("bodysuit", "overalls"):
        tags.add(o.bottom)
    tags |= _footwear(spec)
    for worn, tag in (
        (o.necktie, "necktie"),
        (o.scarf, "scarf"),
        (o.cape, "cape"),
        (o.belt, "belt" if o.top != "kimono" else "obi"),
    ):
        if worn is not None:
            tags.add(tag)
    if o.bow is not None:
        tags |= {"bow", "bowtie"}
    if o.apron is not None:
        tags.add("apron")
    if o.glove > 0:
        tags |= (
            {"gloves"}
            | ({"elbow_gloves"} if o.glove > 0.4 and o.name != "armor" else set())
            | ({"gauntlets"} if o.name == "armor" else set())
        )
    for pattern in (o.top_pattern, o.bottom_pattern):
        if pattern is not None and colored:
            tags.add(PATTERN_TAGS[pattern.kind])
    if o.top_pattern is not None and colored and o.top_pattern.kind in ("stripes", "plaid") and "shirt" in tags:
        tags.add("striped_shirt" if o.top_pattern.kind == "stripes" else "plaid_shirt")
    if o.bottom_pattern is not None and colored and o.bottom_pattern.kind in ("stripes", "plaid") and "skirt" in tags:
        tags.add("striped_skirt" if o.bottom_pattern.kind == "stripes" else "plaid_skirt")
    return tags


def _footwear(spec: CharacterSpec) -> set[str]:
    o = spec.outfit
    tags: set[str] = set()
    showing = o.bottom == "skirt" or o.bottom_length < 0.45
    if o.shoe == "boots":
        tags |= {"boots"} | (
            {"thigh_boots"} if o.boot_top > 0.55 else {"knee_boots"} if o.boot_top > 0.35 else {"ankle_boots"}
        )
    elif o.shoe == "heels":
        tags |= {"high_heels", "shoes"}
    elif o.shoe == "bare":
        tags |= {"barefoot"} if o.legwear_top == 0 else {"no_shoes"}
    else:
        tags.add(o.shoe)
    if showing and o.bottom_length < 0.8:
        if o.legwear_top >= 0.98:
            tags.add("pantyhose")
        elif o.legwear_top > 0.55:
            tags.add("thighhighs")
        elif o.legwear_top > 0.35:
            tags.add("kneehighs")
        elif o.legwear_top > 0 and o.boot_top < o.legwear_top:
            tags.add("socks")
        elif o.legwear_top == 0 and o.boot_top < 0.3 and o.bottom_length < 0.5:
            tags.add("bare_legs")
    return tags


def color_tags(spec: CharacterSpec, clothes: set[str]) -> set[str]:
    """Returns the colour tags of hair, skin and the given clothing tags."""
    o, tags = spec.outfit, set()
    word = color_word(o.top_rgb)
    tags |= {f"{word}_{top}" for top in COLORED_TOPS if top in clothes}
    if "skirt" in clothes:
        tags.add(f"{color_word(o.bottom_rgb)}_skirt")
    for name in ("pants", "shorts"):
        if name in clothes:
            tags.add(f"{color_word(o.bottom_rgb)}_{name}")
    for name in ("thighhighs", "pantyhose", "kneehighs", "socks"):
        if name in clothes:
            # Danbooru counts the colour of kneehighs among the socks.
            tags.add(f"{color_word(o.legwear_rgb)}_{name if name != 'kneehighs' else 'socks'}")
    if "gloves" in clothes:
        tags.add(f"{color_word(o.glove_rgb)}_gloves")
    if spec.hair.style != "bald":
        tags.add(f"{spec.hair.color}_hair")
        if spec.hair.tips is not None:
            tags |= {"multicolored_hair", "gradient_hair"}
    if luminance(spec.skin) < 0.62 and spec.rendering.style != "emoji":
        tags |= {"dark_skin", f"dark-skinned_{'female' if spec.sex == 'girl' else 'male'}"}
    return tags


def accessory_tags(spec: CharacterSpec, face_seen: bool) -> set[str]:
    """Returns the tags of what is worn or held besides clothes."""
    wear, tags = spec.wear, set()
    if wear.hat:
        tags.add(wear.hat)
        if wear.hat not in ("maid_headdress", "tiara", "crown", "helmet"):
            tags.add("hat")
    if wear.ears:
        tags |= {wear.ears, "animal_ears"}
    if wear.horns:
        tags |= {wear.horns, "horns"}
    if wear.tail:
        tags |= {wear.tail, "tail"}
    if wear.wings:
        tags |= {wear.wings, "wings"}
    if wear.bag:
        tags |= {wear.bag, "bag"}
    if wear.held:
        tags |= {*TAGS_OF_HELD[wear.held], "holding"}
    if wear.ribbon:
        tags.add(wear.ribbon)
        if wear.ribbon in ("hair_bow", "hairclip"):
            tags.add("hair_ornament")
    for worn, names in (
        (wear.flower, ("hair_flower", "hair_ornament")),
        (wear.headphones, ("headphones",)),
        (wear.earrings, ("earrings", "jewelry")),
        (wear.halo, ("halo",)),
    ):
        if worn:
            tags |= set(names)
    if face_seen:
        if wear.glasses:
            tags |= {"glasses", wear.glasses} if wear.glasses != "sunglasses" else {"sunglasses"}
        if wear.eyepatch:
            tags.add("eyepatch")
        if wear.mask:
            tags |= {"mask", "mouth_mask"}
    return tags
