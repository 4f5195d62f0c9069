"""Who is in the picture, in which manner it is drawn, and where everybody stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from shared.synthetic.backgrounds import Style
from shared.synthetic.chance import pick
from shared.synthetic.character import (
    CharacterSpec,
    DrawnCharacter,
    draw_character,
    figure_box,
    figure_points,
    sample_character,
)
from shared.synthetic.effects import LOOK_MIX, LOOKS
from shared.synthetic.framing import place, slots
from shared.synthetic.mixes import RICH, Mix
from shared.synthetic.rendering import Rendering
from shared.synthetic.texture import SizeWH

#: Drawing manners of a figure that ask for a certain look of the whole picture (weights; "" leaves it to chance).
_LOOK_OF: Mapping[str, Mapping[str, float]] = {
    "pencil": {"on_paper": 0.6, "plain": 0.3, "": 0.1},
    "line_art": {"on_paper": 0.12, "plain": 0.38, "": 0.5},
    "monochrome": {"greyscale": 0.7, "screentone": 0.2, "": 0.1},
    "chalk": {"blackboard": 1.0},
}
#: … and for a certain background.
_BACKGROUND_OF: Mapping[str, Mapping[str, float]] = {
    "pencil": {"white": 0.6, "paper": 0.4},
    "line_art": {"white": 0.6, "paper": 0.1, "": 0.3},
    "emoji": {"white": 0.5, "": 0.5},
}


@dataclass(frozen=True)
class Cast:
    """The characters of a picture and its manner.

    Attributes:
        specs: characters, front to back.
        framing: a key of :data:`FRAMING_MIX`, the same for all.
        look: a key of :data:`LOOKS`.
        background: a key of the background mix, or None for any.
    """

    specs: tuple[CharacterSpec, ...]
    framing: str
    look: str
    background: str | None


def sample_cast(rng: np.random.Generator, count: int, style: Style, mix: Mix = RICH) -> Cast:
    """Samples ``count`` characters drawn in one manner, and the look and background that go with it."""
    specs = [sample_character(rng, style, mix) for _ in range(count)]
    # One hand draws a picture: all its figures share the manner of the first.
    specs = [specs[0], *(replace(spec, rendering=specs[0].rendering) for spec in specs[1:])] if specs else []
    manner = specs[0].rendering.style if specs else ""
    look = pick(rng, _LOOK_OF[manner]) if manner in _LOOK_OF else ""
    look = look or pick(rng, mix.looks if style == "drawn" else LOOK_MIX[style])
    background = pick(rng, _BACKGROUND_OF[manner]) if manner in _BACKGROUND_OF else ""
    background = LOOKS[look].ground or background
    if LOOKS[look].from_lines:
        specs = [replace(spec, rendering=_outlined(spec.rendering)) for spec in specs]
    framing = pick(rng, mix.framings)
    if framing == "far" and (LOOKS[look].ground is not None or look == "pixelated"):
        framing = "full"  # strokes of a few pixels would leave nothing of a small figure
    if count > 2 and framing in ("portrait", "detail"):
        framing = "full"
    return Cast(tuple(specs), framing, look, background or None)


def _outlined(rendering: Rendering) -> Rendering:
    """Returns the manner with an outline wide enough to be found again when the picture becomes line work."""
    return replace(rendering, outline=rendering.outline or (40, 36, 40), line=max(rendering.line, 0.004))


def draw_cast(
    rng: np.random.Generator, cast: Cast, size_wh: SizeWH, ground: float | None, apart: bool = False
) -> list[DrawnCharacter]:
    """Places and draws the characters, front to back; ``apart`` keeps them whole and side by side."""
    places = slots(rng, len(cast.specs), apart)
    drawn = []
    for spec, slot in zip(cast.specs, places, strict=True):
        framing = "full" if apart else cast.framing
        affine = place(rng, framing, figure_box(spec), figure_points(spec), size_wh, slot, ground)
        drawn.append(draw_character(spec, size_wh, affine))
    return drawn
