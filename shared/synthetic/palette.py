"""Colours: hair, eyes, skin and cloth, with the colour words of Danbooru tags."""

from __future__ import annotations

import colorsys
from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

from shared.synthetic.chance import shares

Rgb = tuple[int, int, int]

HAIR: dict[str, tuple[Rgb, ...]] = {
    "black": ((40, 36, 42), (52, 50, 66), (30, 28, 30)),
    "brown": ((110, 72, 50), (140, 96, 66), (86, 56, 44)),
    "blonde": ((238, 204, 116), (250, 224, 150), (222, 180, 96)),
    "red": ((176, 48, 46), (200, 66, 52), (150, 40, 50)),
    "orange": ((226, 124, 58), (240, 150, 80)),
    "pink": ((244, 164, 186), (238, 134, 170), (250, 196, 208)),
    "purple": ((132, 96, 170), (164, 128, 206), (104, 72, 140)),
    "blue": ((84, 118, 196), (60, 84, 150), (120, 160, 222)),
    "aqua": ((110, 206, 210), (140, 220, 224)),
    "green": ((92, 150, 96), (130, 184, 120), (60, 110, 80)),
    "grey": ((136, 136, 146), (160, 160, 168)),
    "white": ((238, 238, 244), (226, 230, 240), (250, 246, 244)),
}
NATURAL_HAIR: dict[str, tuple[Rgb, ...]] = {
    "black": ((28, 24, 24), (40, 34, 32), (52, 44, 40)),
    "brown": ((84, 58, 42), (66, 44, 32), (112, 80, 56)),
    "blonde": ((196, 162, 108), (170, 136, 88)),
    "grey": ((140, 138, 136),),
    "red": ((132, 64, 38),),
}
EYES: dict[str, tuple[Rgb, ...]] = {
    "blue": ((70, 120, 210), (100, 160, 230)),
    "red": ((200, 50, 60), (170, 40, 60)),
    "green": ((70, 160, 90), (100, 180, 110)),
    "brown": ((120, 76, 52), (146, 96, 60)),
    "purple": ((130, 80, 180), (160, 110, 210)),
    "yellow": ((224, 180, 60), (240, 200, 90)),
    "pink": ((230, 110, 150),),
    "orange": ((230, 130, 50),),
    "black": ((40, 38, 46),),
    "grey": ((130, 134, 144),),
    "aqua": ((80, 190, 200),),
}
SKIN: tuple[Rgb, ...] = (
    (255, 232, 216),
    (252, 224, 204),
    (250, 216, 192),
    (244, 204, 176),
    (236, 190, 158),
    (214, 162, 122),
    (178, 124, 88),
    (140, 92, 64),
    (104, 68, 50),
)
EMOJI_SKIN: tuple[Rgb, ...] = (
    (255, 204, 77),
    (255, 202, 40),
    (247, 222, 206),
    (243, 210, 162),
    (213, 171, 136),
    (175, 126, 87),
    (124, 83, 62),
)
CLOTH: dict[str, tuple[Rgb, ...]] = {
    "black": ((44, 44, 52), (30, 30, 34)),
    "white": ((248, 248, 250), (240, 236, 228)),
    "grey": ((128, 130, 138), (170, 172, 178)),
    "red": ((196, 52, 58), (150, 34, 48), (222, 84, 76)),
    "blue": ((62, 96, 170), (40, 56, 110), (110, 150, 214)),
    "green": ((70, 132, 84), (46, 90, 64), (130, 180, 120)),
    "yellow": ((240, 208, 96), (250, 222, 130)),
    "orange": ((232, 136, 62),),
    "pink": ((244, 170, 188), (236, 130, 164)),
    "purple": ((128, 88, 160), (90, 60, 120), (176, 146, 208)),
    "brown": ((124, 86, 60), (92, 62, 46), (168, 128, 92)),
    "aqua": ((120, 200, 206),),
}
#: How often each cloth colour is worn.
_CLOTH_WEIGHTS: dict[str, float] = {
    "black": 5,
    "white": 5,
    "grey": 2,
    "red": 3,
    "blue": 4,
    "green": 2,
    "yellow": 1,
    "orange": 1,
    "pink": 2,
    "purple": 2,
    "brown": 2,
    "aqua": 1,
}
_HAIR_WEIGHTS: dict[str, float] = {
    "black": 4,
    "brown": 4,
    "blonde": 4,
    "red": 2,
    "orange": 1,
    "pink": 2,
    "purple": 2,
    "blue": 2,
    "aqua": 1,
    "green": 1.5,
    "grey": 1.5,
    "white": 2,
}


_Bounds = tuple[list[str], list[float], object]
#: Names of a table, the upper bounds of their shares of 0–1, and the table: kept, for colours are picked all the time.
_BOUNDS: dict[tuple[int, object], _Bounds] = {}


def _vary(rng: np.random.Generator, rgb: Rgb, amount: float) -> Rgb:
    hue, light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in rgb))
    light = min(max(light + float(rng.normal(0, amount)), 0.03), 0.985)
    saturation = min(max(saturation + float(rng.normal(0, amount)), 0.0), 1.0)
    r, g, b = colorsys.hls_to_rgb((hue + float(rng.normal(0, 0.012))) % 1.0, light, saturation)
    return round(r * 255), round(g * 255), round(b * 255)


def _bounds(table: dict[str, tuple[Rgb, ...]], words: tuple[tuple[str, float], ...] | None) -> _Bounds:
    key = id(table), words
    if key not in _BOUNDS:
        weights = {id(CLOTH): _CLOTH_WEIGHTS, id(HAIR): _HAIR_WEIGHTS}.get(key[0]) or dict.fromkeys(table, 1.0)
        chances = shares(list(weights), list(weights.values()), None if words is None else dict(words)).cumsum()
        _BOUNDS[key] = list(weights), (chances / chances[-1]).tolist(), table
    return _BOUNDS[key]


def pick(
    rng: np.random.Generator,
    table: dict[str, tuple[Rgb, ...]],
    vary: float = 0.03,
    words: Mapping[str, float] | None = None,
) -> tuple[str, Rgb]:
    """Returns a colour word of ``table`` and one varied colour of it; ``words`` are factors on how often each comes."""
    names, bounds, _ = _bounds(table, None if words is None else tuple(words.items()))
    name = names[bisect_right(bounds, float(rng.random()))]
    choices = table[name]
    return name, _vary(rng, choices[int(rng.integers(len(choices)))], vary)


def pick_skin(rng: np.random.Generator, emoji: bool = False, drawn: bool = True) -> Rgb:
    """Returns a skin colour; drawn figures are mostly fair, as in the drawings they stand for."""
    if emoji:
        return EMOJI_SKIN[int(rng.integers(len(EMOJI_SKIN)))]
    weights = np.array([4, 5, 5, 3, 2, 1.2, 0.8, 0.6, 0.5] if drawn else [1, 1.5, 2, 2, 2, 2, 1.5, 1.5, 1], float)
    return _vary(rng, SKIN[int(rng.choice(len(SKIN), p=weights / weights.sum()))], 0.012)


def mix(a: Rgb, b: Rgb, share: float) -> Rgb:
    """Returns ``a`` moved by ``share`` (0–1) of the way to ``b``."""
    return (
        round(a[0] + (b[0] - a[0]) * share),
        round(a[1] + (b[1] - a[1]) * share),
        round(a[2] + (b[2] - a[2]) * share),
    )


def luminance(rgb: Rgb) -> float:
    """Returns perceived lightness, 0–1."""
    return (0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]) / 255
