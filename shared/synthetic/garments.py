"""What figures wear: one record of cut, cloth and colour, sampled so that every figure is decently dressed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from shared.synthetic.chance import shares
from shared.synthetic.drawing import Pattern
from shared.synthetic.palette import CLOTH, Rgb, mix, pick
from shared.synthetic.tailor import cut

if TYPE_CHECKING:
    from shared.synthetic.mixes import Mix


@dataclass(frozen=True)
class Outfit:
    """Clothes of one figure.

    Attributes:
        name: the outfit's template.
        top: "tshirt", "shirt", "sweater", "hoodie", "jacket", "coat", "blazer", "serafuku", "dress", "robe", "kimono",
            "armor", "tank", "vest".
        top_rgb, trim_rgb, inner_rgb: cloth, trim and what shows under an open front.
        sleeve: share of the arm covered; sleeve_loose and sleeve_flare its width.
        collar: "crew", "v", "sailor", "shirt", "turtle", "hood", "kimono", "lapel".
        open_front: whether the inner layer shows down the front.
        untucked: how far the top reaches below the hips, in torso lengths; 0 is tucked in.
        bottom: "pants", "shorts", "skirt".
        bottom_rgb: its colour.
        bottom_length: share of the leg covered.
        flare: how much a skirt widens; pleats: number of pleat lines.
        legwear_top: share of the leg (from the foot) that stockings cover; 0 none, 1 tights.
        shoe: "shoes", "boots", "bare", "heels", "sandals".
        boot_top: share of the leg that boots cover.
        glove: share of the arm that gloves cover, 0 none.
    """

    name: str
    top: str
    top_rgb: Rgb
    trim_rgb: Rgb
    inner_rgb: Rgb
    sleeve: float
    sleeve_loose: float
    sleeve_flare: float
    collar: str
    open_front: bool
    untucked: float
    bottom: str
    bottom_rgb: Rgb
    bottom_length: float
    flare: float
    pleats: int
    legwear_top: float
    legwear_rgb: Rgb
    shoe: str
    shoe_rgb: Rgb
    boot_top: float
    glove: float
    glove_rgb: Rgb
    top_pattern: Pattern | None
    bottom_pattern: Pattern | None
    belt: Rgb | None
    bow: Rgb | None
    necktie: Rgb | None
    apron: Rgb | None
    cape: Rgb | None
    cape_length: float
    scarf: Rgb | None
    buttons: bool
    loose: float


#: name: (girl weight, boy weight)
TEMPLATES: dict[str, tuple[float, float]] = {
    "casual": (3, 5),
    "shirt": (2, 3),
    "sweater": (2, 1.5),
    "hoodie": (1.5, 2),
    "jacket": (1.5, 3),
    "coat": (1.3, 2),
    "serafuku": (3, 0),
    "blazer": (2.5, 1.5),
    "suit": (0.5, 2),
    "dress": (3.5, 0),
    "gown": (1.5, 0),
    "robe": (1, 1.5),
    "kimono": (1.5, 0.8),
    "armor": (1, 1.6),
    "maid": (1.5, 0),
    "tank": (1, 1),
    "overalls": (0.7, 0.6),
    "tunic": (1, 1.8),
    "gym": (0.8, 0.6),
    "pajamas": (0.5, 0.4),
    "miko": (0.7, 0),
    "gakuran": (0, 1.2),
    "bodysuit": (0.6, 0.5),
    "cardigan": (1, 0.4),
}


def _pattern(rng: np.random.Generator, rgb: Rgb, chance: float) -> Pattern | None:
    if rng.random() >= chance:
        return None
    kind = str(rng.choice(["stripes", "plaid", "dots", "pinstripes"], p=[0.45, 0.25, 0.2, 0.1]))
    other = pick(rng, CLOTH)[1]
    if sum(abs(a - b) for a, b in zip(other, rgb, strict=True)) < 120:
        other = mix(rgb, (255, 255, 255) if sum(rgb) < 380 else (40, 40, 60), 0.6)
    return Pattern(kind, other, float(rng.uniform(0.016, 0.045)))


def sample_outfit(rng: np.random.Generator, build: str, style: str, wardrobe: Mix) -> Outfit:
    """Samples an outfit for a "girl", "boy" or "child" in the given rendering style."""
    photo = style == "photo"
    column = 1 if build == "boy" or (build == "child" and rng.random() < 0.5) else 0
    weights = [w[column] for w in TEMPLATES.values()]
    more = wardrobe.adornments
    names = list(TEMPLATES)
    if photo or style == "emoji":
        everyday = {
            "casual",
            "shirt",
            "sweater",
            "hoodie",
            "jacket",
            "coat",
            "suit",
            "dress",
            "tank",
            "tunic",
            "gym",
            "cardigan",
        }
        weights = [w if n in everyday else 0.05 * w for n, w in zip(names, weights, strict=True)]
    name = names[int(rng.choice(len(names), p=shares(names, weights, wardrobe.outfits)))]
    top = pick(rng, CLOTH)[1]
    bottom = pick(rng, CLOTH)[1]
    if photo:
        top, bottom = mix(top, (120, 116, 112), 0.25), mix(bottom, (70, 76, 92), 0.4)
    trim = pick(rng, CLOTH)[1]
    girl = column == 0
    skirt = girl and rng.random() < 0.66
    legs = (
        float(rng.choice([0.0, 0.18, 0.42, 0.66, 1.0], p=[0.3, 0.2, 0.15, 0.25, 0.1]))
        if girl
        else float(rng.choice([0.0, 0.15], p=[0.6, 0.4]))
    )
    boots = float(rng.choice([0.0, 0.25, 0.42, 0.62], p=[0.6, 0.15, 0.18, 0.07]))
    base = Outfit(
        name=name,
        top="tshirt",
        top_rgb=top,
        trim_rgb=trim,
        inner_rgb=pick(rng, CLOTH)[1],
        sleeve=0.4,
        sleeve_loose=float(rng.uniform(1.06, 1.25)),
        sleeve_flare=0.0,
        collar="crew",
        open_front=False,
        untucked=0.25,
        bottom="skirt" if skirt else ("shorts" if rng.random() < 0.25 else "pants"),
        bottom_rgb=bottom,
        bottom_length=float(rng.uniform(0.22, 0.45)) if skirt else 0.9,
        flare=float(rng.uniform(0.5, 1.4)),
        pleats=int(rng.integers(6, 13)) if rng.random() < 0.5 else 0,
        legwear_top=legs,
        legwear_rgb=pick(rng, CLOTH)[1],
        shoe="boots"
        if boots
        else str(
            rng.choice(
                ["shoes", "shoes", "heels", "sandals", "bare"]
                if girl
                else ["shoes", "shoes", "shoes", "sandals", "bare"]
            )
        ),
        shoe_rgb=pick(rng, CLOTH)[1],
        boot_top=boots,
        glove=float(rng.choice([0.0, 0.12, 0.45], p=[1 - 0.1 * more, 0.06 * more, 0.04 * more])),
        glove_rgb=pick(rng, CLOTH)[1],
        top_pattern=None,
        bottom_pattern=None,
        belt=pick(rng, CLOTH)[1] if rng.random() < 0.2 * more else None,
        bow=None,
        necktie=None,
        apron=None,
        cape=None,
        cape_length=0.0,
        scarf=pick(rng, CLOTH)[1] if rng.random() < 0.05 * more else None,
        buttons=False,
        loose=float(rng.uniform(1.03, 1.2)),
    )
    outfit = cut(rng, base, girl)
    cape = (
        float(rng.uniform(0.5, 0.95))
        if rng.random() < more * (0.03 if name not in ("armor", "robe", "tunic") else 0.35) and not photo
        else 0.0
    )
    top_pattern = _pattern(rng, outfit.top_rgb, 0.18 * more if outfit.top != "armor" else 0.0)
    bottom_pattern = _pattern(rng, outfit.bottom_rgb, 0.18 * more)
    outfit = replace(
        outfit,
        cape=pick(rng, CLOTH)[1] if cape else None,
        cape_length=cape,
        top_pattern=top_pattern,
        bottom_pattern=bottom_pattern,
        bottom_length=float(rng.uniform(0.2, 0.42)) if outfit.bottom == "shorts" else outfit.bottom_length,
    )
    return outfit
