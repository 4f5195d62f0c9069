"""The cut of each outfit template."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shared.synthetic.garments import Outfit


def cut(rng: np.random.Generator, o: Outfit, girl: bool) -> Outfit:
    """Returns the outfit with the cut of its template."""
    white, black = (246, 246, 250), (40, 40, 48)
    name = o.name
    tucked = 0.0 if rng.random() < 0.4 else float(rng.uniform(0.15, 0.4))
    navy = ((44, 54, 98), (60, 60, 72), (110, 50, 60), (84, 110, 150))[int(rng.integers(4))]
    if name == "casual":
        return replace(o, sleeve=float(rng.uniform(0.25, 0.5)), collar=str(rng.choice(["crew", "v"])), untucked=tucked)
    if name == "shirt":
        return replace(
            o,
            top="shirt",
            sleeve=float(rng.choice([0.45, 0.97])),
            collar="shirt",
            buttons=True,
            untucked=tucked,
            necktie=o.trim_rgb if rng.random() < 0.3 else None,
        )
    if name == "sweater":
        return replace(
            o, top="sweater", sleeve=1.0, sleeve_loose=1.45, collar=str(rng.choice(["turtle", "crew", "v"])), loose=1.22
        )
    if name == "hoodie":
        return replace(o, top="hoodie", sleeve=1.0, sleeve_loose=1.5, collar="hood", loose=1.28, untucked=0.3)
    if name in ("jacket", "cardigan"):
        return replace(
            o,
            top=name,
            sleeve=0.98,
            sleeve_loose=1.4,
            collar="lapel" if name == "jacket" else "v",
            open_front=True,
            loose=1.2,
            untucked=0.3,
        )
    if name == "coat":
        return replace(
            o,
            top="coat",
            sleeve=1.0,
            sleeve_loose=1.45,
            collar="lapel",
            loose=1.25,
            untucked=float(rng.uniform(0.7, 1.5)),
            buttons=True,
            open_front=bool(rng.random() < 0.4),
            flare=0.45,
        )
    if name == "serafuku":
        return replace(
            o,
            top="serafuku",
            top_rgb=white if rng.random() < 0.7 else navy,
            trim_rgb=navy,
            sleeve=float(rng.choice([0.42, 0.97])),
            sleeve_loose=1.3,
            collar="sailor",
            bow=o.trim_rgb,
            bottom="skirt",
            bottom_rgb=navy,
            pleats=11,
            bottom_length=float(rng.uniform(0.24, 0.5)),
            flare=0.8,
            untucked=0.08,
        )
    if name == "blazer":
        return replace(
            o,
            top="blazer",
            top_rgb=navy,
            inner_rgb=white,
            sleeve=1.0,
            sleeve_loose=1.3,
            collar="lapel",
            open_front=True,
            untucked=0.22,
            bottom="skirt" if girl else "pants",
            pleats=10,
            bottom_length=0.32 if girl else 0.95,
            necktie=None if girl else o.trim_rgb,
            bow=o.trim_rgb if girl else None,
            buttons=True,
        )
    if name == "suit":
        dark = ((40, 42, 52), (60, 64, 76), (90, 84, 80))[int(rng.integers(3))]
        return replace(
            o,
            top="suit",
            top_rgb=dark,
            bottom_rgb=dark,
            inner_rgb=white,
            sleeve=1.0,
            sleeve_loose=1.3,
            collar="lapel",
            open_front=True,
            untucked=0.28,
            bottom="pants",
            bottom_length=0.97,
            necktie=o.trim_rgb,
            buttons=True,
            shoe="shoes",
            boot_top=0,
            shoe_rgb=black,
        )
    if name in ("dress", "gown", "maid"):
        long = name == "gown"
        dress = replace(
            o,
            top="dress",
            bottom="skirt",
            bottom_rgb=o.top_rgb,
            sleeve=float(rng.choice([0.0, 0.3, 0.5, 0.97])),
            sleeve_loose=1.3,
            sleeve_flare=float(rng.choice([0.0, 0.5])),
            collar=str(rng.choice(["crew", "v", "shirt"])),
            untucked=0.0,
            bottom_length=float(rng.uniform(0.85, 1.04)) if long else float(rng.uniform(0.28, 0.6)),
            pleats=int(rng.integers(0, 8)),
            flare=float(rng.uniform(0.9, 2.2)),
            belt=o.trim_rgb if rng.random() < 0.5 else None,
            bow=o.trim_rgb if rng.random() < 0.3 else None,
        )
        if name == "maid":
            dress = replace(
                dress,
                top_rgb=black,
                bottom_rgb=black,
                apron=white,
                sleeve=float(rng.choice([0.3, 0.97])),
                collar="shirt",
                trim_rgb=white,
                bow=None,
                bottom_length=float(rng.uniform(0.35, 0.8)),
            )
        return dress
    if name == "robe":
        return replace(
            o,
            top="robe",
            bottom="skirt",
            bottom_rgb=o.top_rgb,
            sleeve=1.0,
            sleeve_loose=1.5,
            sleeve_flare=1.1,
            collar="v",
            untucked=0.0,
            bottom_length=float(rng.uniform(0.85, 1.02)),
            flare=0.6,
            pleats=4,
            belt=o.trim_rgb,
            loose=1.25,
        )
    if name in ("kimono", "miko"):
        lower = o.top_rgb if name == "kimono" else (200, 50, 46)
        return replace(
            o,
            top="kimono",
            top_rgb=o.top_rgb if name == "kimono" else white,
            bottom="skirt",
            bottom_rgb=lower,
            sleeve=0.95,
            sleeve_loose=1.5,
            sleeve_flare=1.9,
            collar="kimono",
            untucked=0.0,
            bottom_length=float(rng.uniform(0.75, 0.97)),
            flare=0.12 if name == "kimono" else 0.7,
            pleats=0 if name == "kimono" else 8,
            belt=o.trim_rgb,
            shoe="sandals",
            boot_top=0,
            legwear_top=0.12,
            legwear_rgb=white,
        )
    if name == "armor":
        steel = ((168, 174, 186), (120, 126, 140), (196, 160, 90), (80, 84, 96))[int(rng.integers(4))]
        return replace(
            o,
            top="armor",
            top_rgb=steel,
            inner_rgb=o.bottom_rgb,
            sleeve=0.3,
            sleeve_loose=1.7,
            collar="crew",
            untucked=0.1,
            glove=0.5,
            glove_rgb=steel,
            shoe="boots",
            shoe_rgb=steel,
            boot_top=0.5,
            belt=o.trim_rgb,
            loose=1.15,
        )
    if name == "tank":
        return replace(o, top="tank", sleeve=0.0, collar="crew", untucked=tucked)
    if name == "overalls":
        return replace(o, top="overalls", sleeve=0.45, bottom="pants", bottom_length=0.9, untucked=0.0)
    if name == "tunic":
        return replace(
            o,
            top="tunic",
            sleeve=float(rng.choice([0.2, 0.95])),
            collar="v",
            untucked=float(rng.uniform(0.45, 0.7)),
            belt=o.trim_rgb,
            bottom="pants",
            bottom_length=0.95,
            shoe="boots",
            boot_top=0.42,
            loose=1.15,
        )
    if name == "gym":
        return replace(
            o,
            top="gym",
            top_rgb=white,
            bottom="shorts",
            bottom_rgb=navy,
            sleeve=0.35,
            untucked=0.0,
            shoe="shoes",
            boot_top=0,
        )
    if name == "pajamas":
        return replace(
            o,
            top="pajamas",
            sleeve=0.97,
            sleeve_loose=1.4,
            collar="shirt",
            buttons=True,
            untucked=0.35,
            bottom="pants",
            bottom_rgb=o.top_rgb,
            shoe="bare",
            boot_top=0,
            loose=1.25,
        )
    if name == "gakuran":
        return replace(
            o,
            top="gakuran",
            top_rgb=(42, 42, 52),
            bottom_rgb=(42, 42, 52),
            sleeve=1.0,
            sleeve_loose=1.3,
            collar="turtle",
            buttons=True,
            untucked=0.35,
            bottom="pants",
            bottom_length=0.97,
        )
    # bodysuit
    return replace(
        o,
        top="bodysuit",
        sleeve=1.0,
        sleeve_loose=1.04,
        collar="turtle",
        untucked=0.0,
        bottom="pants",
        bottom_rgb=o.top_rgb,
        bottom_length=1.0,
        loose=1.03,
        glove=0.1,
        belt=o.trim_rgb,
    )
