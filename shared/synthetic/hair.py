"""Hair: the styles, sampled as plain data, and the skull they lie on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from shared.synthetic.chance import shares
from shared.synthetic.drawing import Drawing
from shared.synthetic.head import Head
from shared.synthetic.palette import HAIR, NATURAL_HAIR, Rgb, mix, pick

if TYPE_CHECKING:
    from shared.synthetic.mixes import Mix

Points = NDArray[np.float64]
STYLES = (
    "short",
    "bob",
    "long",
    "twintails",
    "low_twintails",
    "ponytail",
    "side_ponytail",
    "drills",
    "spiky",
    "bun",
    "double_bun",
    "twin_braids",
    "braid",
    "curly",
    "very_short",
    "bald",
    "medium",
)
FRINGES = ("straight", "swept", "parted", "jagged")
_GIRL = (2, 4, 8, 4, 1.5, 3, 1, 1.2, 0.5, 1.2, 1.2, 1.2, 1, 1, 0.6, 0.02, 4)
_BOY = (7, 0.5, 1, 0, 0, 0.7, 0, 0, 5, 0.15, 0, 0, 0.2, 1, 3, 0.5, 1.2)
#: style: (girl weight, boy weight)
WORN_BY = {style: (girl, boy) for style, girl, boy in zip(STYLES, _GIRL, _BOY, strict=True)}


@dataclass(frozen=True)
class Hair:
    """A hair style, sampled once; lengths in head heights.

    Attributes:
        style: one of `STYLES`.
        rgb: colour.
        color: its colour word.
        length: how far the back hair hangs below the head's middle.
        volume: puffiness, about 1.
        fringe: "straight", "swept", "parted", "jagged", "none".
        fringe_y: height of the fringe's tips on the head (head heights; eyes are at about −0.1).
        sidelocks: length of the locks before the ears, 0 for none.
        ahoge: whether a lock stands up.
        wave: waviness of hanging hair.
        tips: colour of the ends, or None.
        seed: for strands.
    """

    style: str
    rgb: Rgb
    color: str
    length: float
    volume: float
    fringe: str
    fringe_y: float
    sidelocks: float
    ahoge: bool
    wave: float
    tips: Rgb | None
    seed: int


def sample_hair(rng: np.random.Generator, style: str, boy: bool, short_body: float, wardrobe: Mix) -> Hair:
    """Samples hair; ``style`` is the rendering style, ``short_body`` the body's height in heads."""
    kind = STYLES[int(rng.choice(len(STYLES), p=shares(STYLES, _BOY if boy else _GIRL, wardrobe.hair)))]
    natural = style == "photo" or rng.random() < 0.25
    color, rgb = pick(rng, NATURAL_HAIR if natural else HAIR, words=wardrobe.hair_colors)
    if style == "emoji" and rng.random() < 0.7:
        color, rgb = (
            ("black", (36, 32, 34)),
            ("brown", (106, 70, 50)),
            ("blonde", (255, 200, 60)),
            ("red", (190, 90, 40)),
        )[int(rng.integers(4))]
    reach = min(short_body, 7.0)
    length = {
        "long": float(rng.uniform(1.3, max(1.6, 0.62 * reach))),
        "drills": 1.3,
        "medium": float(rng.uniform(0.75, 1.15)),
        "bob": float(rng.uniform(0.5, 0.68)),
        "twintails": float(rng.uniform(1.0, max(1.2, 0.5 * reach))),
        "low_twintails": float(rng.uniform(0.9, 1.8)),
        "ponytail": float(rng.uniform(0.8, 2.0)),
        "side_ponytail": float(rng.uniform(0.7, 1.6)),
        "twin_braids": float(rng.uniform(1.0, 2.0)),
        "braid": float(rng.uniform(1.2, 2.2)),
        "curly": float(rng.uniform(0.6, 1.3)),
    }.get(kind, 0.42)
    fringe = str(rng.choice(FRINGES, p=shares(FRINGES, (0.2, 0.25, 0.2, 0.35), wardrobe.fringes)))
    if kind == "very_short" or (boy and rng.random() < 0.12):
        fringe = "none"
    girl_locks = 0.0 if boy else float(rng.choice([0.0, 0.35, 0.6, 0.9]))
    tips = mix(rgb, pick(rng, HAIR)[1], 0.8) if rng.random() < 0.06 * wardrobe.adornments and not natural else None
    return Hair(
        kind,
        rgb,
        color,
        length,
        float(rng.uniform(0.95, 1.2)),
        fringe,
        float(rng.uniform(0.02, 0.16)),
        girl_locks,
        bool(rng.random() < 0.15 * wardrobe.adornments) and kind not in ("bald", "very_short"),
        float(rng.uniform(0.0, 1.0)),
        tips,
        int(rng.integers(2**31)),
    )


#: Skull that hair lies on: centre and growth over the head's half axes.
CENTRE_Y, RADIUS_Y = 0.09, 0.42


def skull_of(head: Head, hair: Hair, grow: float = 1.0) -> tuple[Points, Points]:
    """Returns centre and half axes (head heights) of the ellipsoid on which the hair lies."""
    a, b = head.half
    puff = (0.06 if hair.style != "very_short" else 0.025) * hair.volume * grow
    return np.array([0.0, CENTRE_Y, -0.02]), np.array([a + puff, RADIUS_Y + puff, b + puff])


def round_ramp(drawing: Drawing, at: Points, r: float) -> tuple[Points, Points]:
    """Returns the ends of the soft shading of a ball."""
    light = np.array(drawing.rendering.light)
    return at - light * r, at + light * r
