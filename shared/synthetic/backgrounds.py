"""Which background a picture gets, and what is true of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shared.synthetic import backgrounds_flat as flat
from shared.synthetic import scene_props as props
from shared.synthetic import texture
from shared.synthetic.backgrounds_city import street
from shared.synthetic.backgrounds_nature import falling, landscape
from shared.synthetic.backgrounds_photo import photo
from shared.synthetic.backgrounds_room import room
from shared.synthetic.brush import Brush, ImageArray
from shared.synthetic.chance import pick
from shared.synthetic.texture import SizeWH

Style = Literal["drawn", "photo"]

#: How often each kind is drawn (ours): single characters stand on white or a plain colour more often than not.
DRAWN_MIX: Mapping[str, float] = {
    "white": 0.26, "paper": 0.05, "plain": 0.1, "gradient": 0.09, "pattern": 0.1, "paint": 0.05,
    "landscape": 0.1, "street": 0.05, "room": 0.08, "props": 0.03, "photo": 0.1,
}  # fmt: skip
PHOTO_MIX: Mapping[str, float] = {"photo": 0.9, "white": 0.03, "plain": 0.04, "gradient": 0.03}


@dataclass(frozen=True)
class Background:
    """An empty scene.

    Attributes:
        image: uint8 ``(H, W, 3)`` RGB.
        kind: a key of :data:`DRAWN_MIX`.
        tags: Danbooru tags true of it.
        ground: where the ground begins, as a fraction of the height; None where there is no place to stand.
    """

    image: ImageArray
    kind: str
    tags: frozenset[str]
    ground: float | None


def _props(rng: np.random.Generator, size_wh: SizeWH) -> tuple[ImageArray, set[str]]:
    """Things on a plain ground: shapes with outlines that are not characters."""
    image, tags = (flat.white, flat.plain, flat.gradient)[int(rng.integers(0, 3))](rng, size_wh)
    line = ((30, 26, 32), max(1.0, max(size_wh) / 200)) if rng.random() < 0.7 else None
    brush = Brush(image, line=line)
    for _ in range(int(rng.integers(1, 5))):
        table = props.OUTDOOR if rng.random() < 0.5 else props.INDOOR
        paint, tag, _ = table[int(rng.integers(0, len(table)))]
        paint(
            brush,
            rng,
            size_wh[0] * rng.random(),
            size_wh[1] * rng.uniform(0.4, 1.0),
            size_wh[1] * rng.uniform(0.15, 0.6),
        )
        tags |= {tag} if tag else set()
    return image, tags


_PLAIN: Mapping[str, Callable[[np.random.Generator, SizeWH], tuple[ImageArray, set[str]]]] = {
    "white": flat.white, "paper": flat.paper, "plain": flat.plain, "gradient": flat.gradient,
    "pattern": flat.pattern, "paint": flat.paint, "props": _props, "board": flat.board,
}  # fmt: skip
_PLACES: Mapping[str, Callable[[np.random.Generator, SizeWH], tuple[ImageArray, set[str], float]]] = {
    "landscape": landscape, "street": street, "room": room, "photo": photo,
}  # fmt: skip


def draw_background(
    rng: np.random.Generator,
    size_wh: SizeWH,
    style: Style = "drawn",
    kind: str | None = None,
    drawn_mix: Mapping[str, float] = DRAWN_MIX,
) -> Background:
    """Paints an empty scene of ``size_wh`` pixels; ``kind`` (a key of :data:`DRAWN_MIX`, or "board") or by chance."""
    kind = kind or pick(rng, drawn_mix if style == "drawn" else PHOTO_MIX)
    ground: float | None = None
    if kind in _PLAIN:
        image, tags = _PLAIN[kind](rng, size_wh)
    elif kind in _PLACES:
        image, tags, ground = _PLACES[kind](rng, size_wh)
    else:
        raise ValueError(f"kind {kind!r} must be one of {', '.join(DRAWN_MIX)}")
    if style == "drawn" and ground is not None and kind != "photo":
        if "outdoors" in tags and rng.random() < 0.15:
            tags = tags | {falling(rng, image)}
        image, tags = _finish(rng, image, tags)
    return Background(np.ascontiguousarray(image), kind, frozenset(tags), ground)


def _finish(rng: np.random.Generator, image: ImageArray, tags: set[str]) -> tuple[ImageArray, set[str]]:
    """Backgrounds are often softer, paler or greyer than the characters before them."""
    height, width = image.shape[:2]
    kind = rng.random()
    if kind < 0.2:
        return texture.blurred(image, max(width, height) * rng.uniform(0.006, 0.03)), tags | {
            "blurry",
            "blurry_background",
        }
    if kind < 0.32:
        pale = texture.flat((width, height), (255, 255, 255))
        return texture.blend(image, pale, np.full((height, width), int(rng.integers(60, 150)), np.uint8)), tags
    if kind < 0.42:
        return texture.grain(rng, image, int(rng.integers(4, 16))), tags
    return image, tags
