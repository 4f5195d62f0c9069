"""How often the segmenter's fresh composites are made harder, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from shared.errors import DataError


@dataclass(frozen=True)
class Effects:
    """Shares of the fresh composites, each 0 to 1. The numbers are ours.

    Attributes:
        plain: one flat colour for a background, white in half of them.
        empty: no character.
        line_art: turned into grey line art after compositing (composed pictures too).
        distractors: shapes in a character's colours and texture lie on the background.
        background_tone: other light and colours for the background alone.
        foreground_tone: the same for a character alone.
        restyle: a character in another way of drawing (grey, lines, few colours, large pixels, outlined).
    """

    plain: float = 0.15
    empty: float = 0.08
    line_art: float = 0.05
    distractors: float = 0.0
    background_tone: float = 0.0
    foreground_tone: float = 0.0
    restyle: float = 0.0


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


def happens(rng: np.random.Generator, share: float) -> bool:
    """Returns True in ``share`` of the cases; a share of 0 does not draw, so that adding an effect moves no stream."""
    return share > 0 and bool(rng.random() < share)
