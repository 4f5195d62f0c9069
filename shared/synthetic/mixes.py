"""How often everything is drawn: named mixes, from what a short training can learn to all that the artist knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.synthetic.backgrounds import DRAWN_MIX
from shared.synthetic.effects import LOOK_MIX, WEAR_MIX
from shared.synthetic.framing import FRAMING_MIX
from shared.synthetic.poses import FAMILIES
from shared.synthetic.proportions import BODY_MIX, BUILD_MIX
from shared.synthetic.rendering import MANNER_MIX

if TYPE_CHECKING:
    from shared.synthetic.motion import Motion


@dataclass(frozen=True)
class Mix:
    """Weights of the artist's choices for drawn pictures (weights need not sum to 1).

    Attributes:
        manners: drawing manners of the figures.
        poses: pose families.
        views: front, three-quarter, side, back.
        framings: how much of a figure the picture shows.
        backgrounds: kinds of empty scenes.
        looks: treatments of the whole picture.
        wear: traces of handling: low resolution, blur, noise, JPEG.
        extras: how often things, text and bubbles come in front, as a share of the rich mix's.
        hair: factors on the weights of hair styles; a style that is not named is not worn. None: all as they are.
        hair_colors: the same for the colours of hair.
        fringes: the same for cuts of the fringe.
        outfits: the same for outfits.
        expressions: the same for expressions of the face.
        adornments: how often hats, ties, gloves, glasses, things held and the like are worn, as a share of the
            rich mix's.
        builds: girl, boy, child.
        bodies: chibi (2-3.4 heads tall), short (3.4-5.4), tall (5-7.8).
        panels: share of pictures that are comic pages.
        motion: poses of motion capture, and how often they take the place of the pose families.
    """

    manners: Mapping[str, float]
    poses: Mapping[str, float]
    views: tuple[float, float, float, float]
    framings: Mapping[str, float]
    backgrounds: Mapping[str, float]
    looks: Mapping[str, float]
    wear: Mapping[str, float]
    extras: float
    hair: Mapping[str, float] | None = None
    hair_colors: Mapping[str, float] | None = None
    fringes: Mapping[str, float] | None = None
    outfits: Mapping[str, float] | None = None
    expressions: Mapping[str, float] | None = None
    adornments: float = 1.0
    builds: Mapping[str, float] = field(default_factory=lambda: BUILD_MIX)
    bodies: Mapping[str, float] = field(default_factory=lambda: BODY_MIX)
    panels: float = 0.0
    motion: Motion | None = None


RICH = Mix(
    manners=MANNER_MIX,
    poses={name: weight for name, (weight, _) in FAMILIES.items()},
    views=(0.45, 0.35, 0.12, 0.08),
    framings=FRAMING_MIX,
    backgrounds=DRAWN_MIX,
    looks=LOOK_MIX["drawn"],
    wear=WEAR_MIX["drawn"],
    extras=1.0,
    panels=0.03,
)
#: What minutes of training on two cores can learn: clear colours and outlines, upright figures seen from the front
#: and nearer more often, calm backgrounds, and a wardrobe small enough for each piece to be seen often. Everything in
#: it is of the rich mix too.
SIMPLE = Mix(
    manners={
        "flat": 0.3, "cel": 0.36, "soft": 0.16, "line_art": 0.08, "emoji": 0.05, "monochrome": 0.01, "pencil": 0.04,
    },
    poses={
        "standing": 0.5, "contrapposto": 0.05, "walking": 0.11, "running": 0.06, "jumping": 0.04, "action": 0.04,
        "one_leg": 0.02, "sitting": 0.07, "sitting_floor": 0.02, "wariza": 0.02, "seiza": 0.015, "kneeling": 0.025,
        "squatting": 0.01, "random": 0.02,
    },
    views=(0.62, 0.26, 0.07, 0.05),
    framings={"full": 0.42, "cowboy": 0.22, "upper": 0.22, "portrait": 0.12, "far": 0.02},
    backgrounds={
        "white": 0.42, "paper": 0.03, "plain": 0.2, "gradient": 0.1, "pattern": 0.04, "landscape": 0.08,
        "street": 0.03, "room": 0.05, "photo": 0.05,
    },
    looks={"plain": 0.94, "greyscale": 0.02, "cast": 0.04},
    wear={"none": 0.92, "jpeg": 0.05, "lowres": 0.03},
    extras=0.25,
    hair={"short": 1, "long": 1, "twintails": 1.4, "ponytail": 1.6, "spiky": 1.3, "double_bun": 0.5},
    hair_colors={"black": 1, "brown": 1, "blonde": 1, "red": 1.5, "pink": 1.5, "blue": 1.5, "white": 1},
    fringes={"straight": 1, "jagged": 1},
    outfits={
        "casual": 1, "shirt": 1.2, "hoodie": 1.5, "coat": 1, "serafuku": 1, "dress": 1, "maid": 1.5, "suit": 1.5,
        "kimono": 0.3, "armor": 0.3,
    },
    expressions={"neutral": 1, "smile": 1, "open_mouth": 2},
    adornments=0.2,
)  # fmt: skip


def _middle(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Returns the mean of two sets of weights, each summing to 1."""
    sums = sum(one.values()), sum(other.values())
    return {name: one.get(name, 0) / sums[0] + other.get(name, 0) / sums[1] for name in {**one, **other}}


#: Half way between the two, in all the artist's clothes and hair: what an hour or two of training can learn.
BALANCED = Mix(
    manners=_middle(SIMPLE.manners, RICH.manners),
    poses=_middle(SIMPLE.poses, RICH.poses),
    views=(0.54, 0.3, 0.095, 0.065),
    framings=_middle(SIMPLE.framings, RICH.framings),
    backgrounds=_middle(SIMPLE.backgrounds, RICH.backgrounds),
    looks=_middle(SIMPLE.looks, RICH.looks),
    wear=_middle(SIMPLE.wear, RICH.wear),
    extras=0.6,
    adornments=0.6,
    panels=0.015,
)
MIXES: Mapping[str, Mix] = {"rich": RICH, "balanced": BALANCED, "simple": SIMPLE}
