"""Draws the thing that a figure holds."""

from __future__ import annotations

from collections.abc import Callable

from shared.synthetic import held_goods as goods
from shared.synthetic import held_sport as sport
from shared.synthetic import held_weapons as weapons
from shared.synthetic.accessories import Accessories
from shared.synthetic.drawing import Drawing
from shared.synthetic.figure import Figure
from shared.synthetic.held_grip import Grip, both_hands, one_hand

#: How each thing lies in the hand (see :func:`one_hand`), and what draws it.
_DRAW: dict[str, tuple[str, Callable[[Grip], None]]] = {
    "sword": ("rod", weapons.sword), "polearm": ("rod", weapons.polearm), "axe": ("rod", weapons.axe),
    "trident": ("rod", weapons.trident), "scythe": ("rod", weapons.scythe), "hammer": ("rod", weapons.hammer),
    "knife": ("rod", weapons.knife), "bow_(weapon)": ("rod", weapons.bow), "handgun": ("pointing", weapons.handgun),
    "shield": ("upright", weapons.shield),
    "basketball": ("palm", sport.basketball), "soccer_ball": ("palm", sport.soccer_ball),
    "beachball": ("palm", sport.beachball), "baseball_bat": ("rod", sport.baseball_bat),
    "tennis_racket": ("rod", sport.tennis_racket), "dumbbell": ("rod", sport.dumbbell),
    "barbell": ("rod", sport.barbell), "skateboard": ("rod", sport.skateboard),
    "fishing_rod": ("rod", sport.fishing_rod),
    "staff": ("rod", goods.staff), "broom": ("rod", goods.broom), "umbrella": ("upright", goods.umbrella),
    "book": ("rod", goods.book), "wand": ("rod", goods.wand), "flower": ("rod", goods.flower),
    "bouquet": ("rod", goods.bouquet), "balloon": ("upright", goods.balloon), "mug": ("upright", goods.mug),
    "bottle": ("upright", goods.bottle), "fan": ("rod", goods.fan), "microphone": ("rod", goods.microphone),
    "lollipop": ("rod", goods.lollipop), "ice_cream_cone": ("upright", goods.ice_cream_cone),
    "apple": ("palm", goods.apple), "phone": ("upright", goods.phone), "flag": ("rod", goods.flag),
    "torch": ("upright", goods.torch), "tray": ("upright", goods.tray), "lantern": ("hanging", goods.lantern),
    "sack": ("hanging", goods.sack), "basket": ("hanging", goods.basket), "suitcase": ("hanging", goods.suitcase),
    "box": ("rod", goods.box), "gift": ("rod", goods.gift), "teddy_bear": ("rod", goods.teddy_bear),
}  # fmt: skip


def draw_held(drawing: Drawing, figure: Figure, wear: Accessories) -> None:
    """Draws the held thing of ``wear``."""
    drawing.layer = "prop"
    way, draw = _DRAW[wear.held]
    if wear.held_by_both:
        grip = both_hands(drawing, figure, wear.held_rgb)
    else:
        grip = one_hand(drawing, figure, ("left", "right")[wear.held_hand], wear.held_rgb, way)
    draw(grip)
