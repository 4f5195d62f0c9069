"""How often the segmenter's fresh composites are made harder, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TypedDict

import numpy as np

from shared.compositing.scatter import Scatter
from shared.errors import DataError


class Placement(TypedDict, total=False):
    """How characters are strewn over a background: any of the settings of :class:`Scatter`.

    ``count_weights``: relative weights of 1, 2, 3, … characters; ``scale_range``: smallest and largest, the longer side
    over the scene's; ``rotation_degrees``; ``edge_probability``: share at the lower edge; ``min_visible``: what those
    in front must leave free of each.
    """

    count_weights: list[float]
    scale_range: list[float]
    rotation_degrees: float
    edge_probability: float
    min_visible: float


@dataclass(frozen=True)
class Effects:
    """Shares of the fresh composites, each 0 to 1. The numbers are ours.

    Attributes:
        plain: one flat colour for a background, white in half of them.
        empty: no character.
        line_art: turned into grey line art after compositing (composed pictures too).
        own_colors: the background is clutter in a character's own colours.
        distractors: shapes in a character's colours and texture lie on the background.
        background_tone: other light and colours for the background alone.
        foreground_tone: the same for a character alone.
        cut_off: a character ends in the scene, below the chest, the hips or the knees, as portraits and sprites do.
        restyle: a character in another way of drawing (grey, lines, few colours, large pixels, outlined).
        match_colors: a character's colours are moved towards the background's (histogram matching).
        quantize: the whole scene in 8 to 32 colours.
        linear_light: mixed as light, not as sRGB values.
        islands: the background only inside a ragged patch, white outside.
        occluders: things in front, which are no character.
        bubbles: speech bubbles, which are no character.
        text: writing; a character under it stays one.
        frames: bars of one colour on some sides, which are no character.
        letterbox: white bars on two sides, as prediction puts them around pictures that are not square.
    """

    plain: float = 0.15
    empty: float = 0.08
    line_art: float = 0.05
    own_colors: float = 0.0
    distractors: float = 0.0
    background_tone: float = 0.0
    foreground_tone: float = 0.0
    cut_off: float = 0.0
    restyle: float = 0.0
    match_colors: float = 0.0
    quantize: float = 0.0
    linear_light: float = 0.0
    islands: float = 0.0
    occluders: float = 0.0
    bubbles: float = 0.0
    text: float = 0.0
    frames: float = 0.0
    letterbox: float = 0.0


def effects_from(settings: Mapping[str, float] | None) -> Effects:
    """Returns the effects that a setting changes from their defaults.

    Raises:
        DataError: an unknown name, or a share outside [0, 1].
    """
    known = [field.name for field in fields(Effects)]
    for name, share in (settings or {}).items():
        if name not in known:
            raise DataError(f"data.effects: no effect {name!r}; there are {', '.join(known)}")
        if not 0 <= share <= 1:
            raise DataError(f"data.effects.{name}: {share} is not a share; use a number from 0 to 1")
    return Effects(**dict(settings or {}))


def scatter_from(placement: Placement | None, effects: Effects) -> Scatter:
    """Returns how characters are placed; ``effects.empty`` is the share of scenes without one.

    Raises:
        DataError: a setting is out of range.
    """
    settings = dict(placement or {})
    known = [field.name for field in fields(Scatter)]
    for name in settings:
        if name not in known:
            raise DataError(f"data.placement: no setting {name!r}; there are {', '.join(known)}")
    settings |= {key: tuple(value) for key, value in settings.items() if isinstance(value, list)}
    if "count_weights" in settings:  # the weight of none is a share of its own
        settings["count_weights"] = (0.0, *settings["count_weights"])  # type: ignore[misc]
    try:
        return Scatter(**settings).with_empty(effects.empty)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise DataError(f"data.placement: {error}") from None


def happens(rng: np.random.Generator, share: float) -> bool:
    """Returns True in ``share`` of the cases; a share of 0 does not draw, so that adding an effect moves no stream."""
    return share > 0 and bool(rng.random() < share)
