"""One picture of everything that the artist can draw of one kind: poses, hair, garments, manners …"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace

import numpy as np

from shared.errors import UsageError
from shared.synthetic import accessories
from shared.synthetic.cast import sample_cast
from shared.synthetic.chance import pick
from shared.synthetic.effects import LOOKS
from shared.synthetic.face import EXPRESSIONS
from shared.synthetic.framing import FRAMING_MIX
from shared.synthetic.garments import TEMPLATES
from shared.synthetic.hair import STYLES, WORN_BY
from shared.synthetic.held import TAGS_OF_HELD
from shared.synthetic.mixer import VIEWS
from shared.synthetic.mixes import RICH, Mix
from shared.synthetic.scene import Scene, draw_scene

#: What a sheet can vary.
KINDS = ("manner", "look", "pose", "view", "garment", "hair", "expression", "accessory", "background", "framing")
#: A calm picture in which what varies is seen: one whole figure in colour, standing, before white.
_CALM = replace(
    RICH,
    manners={"cel": 1.0}, poses={"standing": 1.0}, views=(0.3, 0.7, 0.0, 0.0), framings={"full": 1.0},
    backgrounds={"white": 1.0}, looks={"plain": 1.0}, wear={"none": 1.0}, extras=0.0, adornments=0.0,
    builds={"girl": 0.6, "boy": 0.4}, bodies={"tall": 1.0},
    expressions={"neutral": 1.0, "smile": 1.0},
)  # fmt: skip
_BUST = replace(_CALM, framings={"portrait": 1.0})
_TRIES = 20_000


def names_of(kind: str) -> tuple[str, ...]:
    """Returns what there is of a kind, in the order of its sheet.

    Raises:
        UsageError: no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"--vary {kind}: must be one of {', '.join(KINDS)}")
    named: Mapping[str, tuple[str, ...]] = {
        "manner": tuple(RICH.manners), "look": tuple(LOOKS), "pose": tuple(RICH.poses), "view": VIEWS,
        "garment": tuple(TEMPLATES), "hair": STYLES, "expression": EXPRESSIONS,
        "background": tuple(RICH.backgrounds), "framing": tuple(FRAMING_MIX), "accessory": tuple(_worn()),
    }  # fmt: skip
    return named[kind]


def draw_variety(kind: str, name: str, seed: int, side_px: int) -> Scene:
    """Draws the picture of one name of a kind: what else is in it is calm and the same for all names and seeds.

    Args:
        kind: one of :data:`KINDS`.
        name: one of :func:`names_of` it.
        seed: another one draws another figure.
        side_px: side of the square picture.
    """
    mix, number = _mix_of(kind, name), names_of(kind).index(name)
    for attempt in range(_TRIES if kind == "accessory" else 1):
        start = [seed, KINDS.index(kind), number, attempt]
        if kind == "accessory":
            rng = np.random.default_rng(start)
            pick(rng, {"1": 0.45})  # as draw_scene begins
            if name not in _names_in(sample_cast(rng, 1, "drawn", mix).specs[0].wear):
                continue
        return draw_scene(np.random.default_rng(start), (side_px, side_px), "drawn", (1, 1), mix)
    raise ValueError(f"{kind} {name!r} was not met in {_TRIES} tries")


def _mix_of(kind: str, name: str) -> Mix:
    one = {name: 1.0}
    if kind == "hair":
        girl, boy = WORN_BY[name]
        return replace(_BUST, hair=one, builds={"girl": girl, "boy": boy}, bodies={"tall": 1.0})
    if kind == "garment":
        girl, boy = TEMPLATES[name]
        return replace(_CALM, outfits=one, builds={"girl": girl, "boy": boy}, hair={"short": 1.0, "bob": 1.0})
    if kind == "view":
        front, three_quarter, side, back = (float(name == view) for view in VIEWS)
        return replace(_CALM, views=(front, three_quarter, side, back), poses=RICH.poses)
    if kind == "accessory":
        behind = name in (*accessories.WINGS, *accessories.TAILS, "backpack")
        return replace(_CALM, adornments=1.0, views=(0.0, 0.5, 0.2, 0.3) if behind else _CALM.views)
    changed: Mapping[str, Mix] = {
        "manner": replace(_CALM, manners=one, backgrounds=RICH.backgrounds, adornments=1.0),
        "look": replace(_CALM, looks=one, backgrounds={"landscape": 1.0, "room": 1.0, "street": 1.0}),
        "pose": replace(_CALM, poses=one, outfits={"casual": 1.0, "shirt": 1.0, "tank": 1.0, "jacket": 0.5}),
        "expression": replace(_BUST, expressions=one, views=(0.7, 0.3, 0.0, 0.0)),
        "background": replace(_CALM, backgrounds=one),
        "framing": replace(_CALM, framings=one, backgrounds={"gradient": 1.0}),
    }
    return changed[kind]


def _worn() -> Iterator[str]:
    for names in (
        accessories.HATS, accessories.EARS, accessories.HORNS, accessories.GLASSES, accessories.RIBBONS,
        accessories.SWITCHES, accessories.BAGS, accessories.WINGS, accessories.TAILS, TAGS_OF_HELD,
    ):  # fmt: skip
        yield from names


def _names_in(wear: accessories.Accessories) -> set[str]:
    found = {value for each in fields(wear) if isinstance(value := getattr(wear, each.name), str)}
    return found | {name for name, field in accessories.SWITCHES.items() if getattr(wear, field)}
