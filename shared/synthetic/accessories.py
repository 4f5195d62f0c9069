"""What a figure carries besides clothes: sampled here, drawn by `hats`, `headgear`, `bags_wings` and `held_drawing`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.synthetic.held import BOTH_HANDS, HELD
from shared.synthetic.palette import CLOTH, Rgb, pick
from shared.synthetic.poses import SampledPose

HATS = (
    "witch_hat",
    "baseball_cap",
    "sun_hat",
    "beret",
    "beanie",
    "top_hat",
    "crown",
    "helmet",
    "santa_hat",
    "peaked_cap",
    "maid_headdress",
    "tiara",
)
EARS = ("cat_ears", "fox_ears", "rabbit_ears", "dog_ears", "mouse_ears")
HELD_IN_PHOTOGRAPHS = (
    "book", "umbrella", "mug", "bouquet", "flower", "phone", "bottle", "basketball", "soccer_ball", "suitcase",
    "tennis_racket", "baseball_bat",
)  # fmt: skip
HORNS = ("demon_horns", "curled_horns")
GLASSES = ("round_eyewear", "rectangular_eyewear", "sunglasses")
RIBBONS = ("hair_bow", "hairband", "hair_ribbon", "hairclip")
BAGS = ("shoulder_bag", "backpack", "handbag")
#: What is there or not, and its field of `Accessories`.
SWITCHES = {
    "halo": "halo", "hair_flower": "flower", "headphones": "headphones", "earrings": "earrings",
    "eyepatch": "eyepatch", "mask": "mask",
}  # fmt: skip
WINGS = ("feathered_wings", "bat_wings", "fairy_wings")
TAILS = ("cat_tail", "fox_tail", "dragon_tail", "demon_tail")


@dataclass(frozen=True)
class Accessories:
    """Names of what is worn or held ("" for none) and their colours."""

    hat: str = ""
    hat_rgb: Rgb = (0, 0, 0)
    band_rgb: Rgb = (0, 0, 0)
    ears: str = ""
    horns: str = ""
    halo: bool = False
    glasses: str = ""
    glasses_rgb: Rgb = (0, 0, 0)
    ribbon: str = ""
    ribbon_rgb: Rgb = (0, 0, 0)
    flower: bool = False
    headphones: bool = False
    earrings: bool = False
    eyepatch: bool = False
    mask: bool = False
    wings: str = ""
    wing_rgb: Rgb = (0, 0, 0)
    tail: str = ""
    bag: str = ""
    bag_rgb: Rgb = (0, 0, 0)
    held: str = ""
    held_hand: int = -1
    held_by_both: bool = False
    held_rgb: Rgb = (0, 0, 0)


def sample_accessories(
    rng: np.random.Generator, style: str, sex: str, outfit: str, pose: SampledPose, often: float = 1.0
) -> Accessories:
    """Samples accessories for a rendering style, sex and outfit, and things to hold where the pose has hands for them.

    ``often`` is a factor on the chances of all but the headwear that belongs to an outfit.
    """
    photo = style == "photo"
    fancy = 0.0 if photo or style == "emoji" else 1.0
    girl = sex == "girl"

    def chance(p: float) -> bool:
        return bool(rng.random() < p * often)

    def one(names: tuple[str, ...]) -> str:
        return names[int(rng.integers(len(names)))]

    hat = ""
    if chance(0.14):
        plain = ("baseball_cap", "sun_hat", "beret", "beanie")
        hat = one(plain if photo or style == "emoji" else HATS[:10])
    if outfit == "maid" and rng.random() < 0.8:
        hat = "maid_headdress"
    elif outfit == "gown" and chance(0.4):
        hat = one(("tiara", "crown"))
    elif outfit == "robe" and chance(0.4):
        hat = "witch_hat"
    elif outfit == "armor" and hat:
        hat = "helmet"
    ears = one(EARS) if not hat and chance(0.1 * fancy) else ""
    tail = ""
    if ears in ("cat_ears", "fox_ears", "dog_ears") and chance(0.6):
        tail = "fox_tail" if ears == "fox_ears" else "cat_tail"
    horns = one(HORNS) if not hat and not ears and chance(0.04 * fancy) else ""
    if horns and chance(0.6):
        tail = one(("demon_tail", "dragon_tail"))
    held, hand, by_both = _sample_held(rng, photo, outfit, pose, often)
    return Accessories(
        hat=hat,
        hat_rgb=pick(rng, CLOTH)[1],
        band_rgb=pick(rng, CLOTH)[1],
        ears=ears,
        horns=horns,
        halo=chance(0.02 * fancy),
        glasses=one(GLASSES) if chance(0.1) else "",
        glasses_rgb=pick(rng, CLOTH)[1],
        ribbon=one(RIBBONS) if girl and not hat and chance(0.3) else "",
        ribbon_rgb=pick(rng, CLOTH)[1],
        flower=girl and not hat and chance(0.05),
        headphones=not hat and not ears and chance(0.03 * fancy),
        earrings=girl and chance(0.08),
        eyepatch=chance(0.015 * fancy),
        mask=chance(0.015),
        wings=one(WINGS) if chance(0.04 * fancy) else "",
        wing_rgb=one_color(rng),
        tail=tail,
        bag=one(BAGS) if chance(0.07) else "",
        bag_rgb=pick(rng, CLOTH)[1],
        held=held,
        held_hand=hand if held else -1,
        held_by_both=by_both,
        held_rgb=pick(rng, CLOTH)[1],
    )


def _sample_held(
    rng: np.random.Generator, photo: bool, outfit: str, pose: SampledPose, often: float
) -> tuple[str, int, bool]:
    """Returns what is held ("" for nothing), by which hand, and whether by both."""
    hand = pose.free_hand if pose.free_hand >= 0 else int(rng.integers(2))
    for tag, things in BOTH_HANDS.items():
        if tag in pose.tags and rng.random() < 0.45 * often:
            return tuple(things)[int(rng.integers(len(things)))], hand, True
    if rng.random() >= (0.4 if pose.free_hand >= 0 else 0.04) * often:
        return "", hand, False
    choice = HELD_IN_PHOTOGRAPHS if photo else HELD
    if outfit == "armor" and rng.random() < 0.7 * often:
        choice = ("sword", "polearm", "axe", "shield", "hammer")
    return choice[int(rng.integers(len(choice)))], hand, False


def one_color(rng: np.random.Generator) -> Rgb:
    """Returns a wing colour: mostly white or black."""
    if rng.random() < 0.5:
        return (248, 248, 252)
    return pick(rng, CLOTH)[1]
