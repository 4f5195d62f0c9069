"""Whole pictures: characters on a background, with what is true of every one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shared.keypoints.schema import JointState
from shared.synthetic import marks, texture
from shared.synthetic.backgrounds import Background, Style, draw_background
from shared.synthetic.brush import Brush, ImageArray
from shared.synthetic.cast import draw_cast, sample_cast
from shared.synthetic.chance import pick
from shared.synthetic.effects import LOOKS, WEAR_MIX, Effect
from shared.synthetic.framing import framing_tags
from shared.synthetic.mixes import RICH, Mix
from shared.synthetic.scene_props import occluder
from shared.synthetic.scene_tags import background_tags, count_tags
from shared.synthetic.stage import SceneCharacter, Stage
from shared.synthetic.texture import SizeWH

_Painter = Callable[[Brush, set[str]], object]


@dataclass(frozen=True)
class Scene:
    """A finished picture and its truth.

    Attributes:
        image: uint8 ``(H, W, 3)`` RGB.
        background: the same scene without characters.
        foregrounds: straight RGBA ``(H, W, 4)`` of each character alone, front to back, untreated and as if nothing
            stood before it.
        instances: uint8 ``(H, W)``: 0 background, 1…n front to back.
        characters: front to back.
        tags: raw tags of the picture.
        quality: JPEG quality to store it with.
    """

    image: ImageArray
    background: ImageArray
    foregrounds: tuple[ImageArray, ...]
    instances: ImageArray
    characters: tuple[SceneCharacter, ...]
    tags: frozenset[str]
    quality: int = 92


def draw_scene(
    rng: np.random.Generator,
    size_wh: SizeWH,
    style: Style = "drawn",
    characters: tuple[int, int] = (1, 1),
    mix: Mix = RICH,
) -> Scene:
    """Draws a picture of ``size_wh`` pixels with ``characters`` (fewest, most) figures, fewer more often.

    ``mix`` says how often everything else is drawn.

    A figure of which too little would be seen is left out; that is rare, and never happens to a single one.
    """
    low, high = characters
    count = int(pick(rng, {str(n): 0.45 ** (n - max(low, 1)) if n else 0.12 for n in range(low, high + 1)}))
    cast = sample_cast(rng, count, style, mix)
    background = draw_background(rng, size_wh, style, cast.background, mix.backgrounds)
    stage = Stage(background.image, draw_cast(rng, cast, size_wh, background.ground))
    stage.settle()
    if stage.too_hidden():
        stage = Stage(background.image, draw_cast(rng, cast, size_wh, background.ground, apart=True))
        stage.drop(stage.too_hidden())
    tags = count_tags([actor.sex for actor in stage.actors])
    tags |= _paint(rng, stage, background, style, mix.extras)
    treatment = LOOKS[cast.look]
    worn = "none" if treatment.from_lines else pick(rng, mix.wear if style == "drawn" else WEAR_MIX[style])
    look, wear = (Effect(name, int(rng.integers(0, 2**31))) for name in (cast.look, worn))
    shown = stage.characters(treatment.colourless)
    keeps_colour = look.name in ("plain", "posterised", "pixelated", "pencil", "line_art", "painterly")
    tags |= background_tags(background.tags, treatment.tags, keeps_colour)
    framings = [framing_tags(c.points_xy, c.state != JointState.OUTSIDE) for c in shown]
    if framings and all(framing == framings[0] for framing in framings):
        tags |= framings[0]
    for character in shown:
        tags |= character.tags
    if background.kind not in ("white", "paper"):
        tags -= {"monochrome", "greyscale"} - treatment.tags  # true of the figure, not of the picture
    if any(actor.sex == "girl" for actor in stage.actors):
        tags.discard("male_focus")
    return Scene(
        image=wear.apply(look.apply(stage.image)),
        background=wear.apply(look.apply(background.image)),
        foregrounds=tuple(actor.rgba for actor in stage.actors),
        instances=stage.instances,
        characters=shown,
        tags=frozenset(tags),
        quality=int(rng.integers(80, 96)),
    )


def _paint(rng: np.random.Generator, stage: Stage, background: Background, style: Style, extras: float) -> set[str]:
    """Puts shadows, characters, things in front and marks on the stage's picture; returns the tags of these."""
    tags: set[str] = set()
    drawn = style == "drawn"
    if rng.random() < (0.3 if background.ground is None else 0.75):
        darkness = rng.uniform(0.12, 0.4)
        for actor in stage.actors:
            stage.cast_shadow(actor, darkness)
    if drawn and rng.random() < 0.05 * extras:
        marks.lettering(rng, stage.image, tags)
    if drawn and len(stage.actors) == 1 and background.kind != "white" and rng.random() < 0.05 * extras:
        stage.outline(stage.actors[0], max(stage.width, stage.height) * rng.uniform(0.008, 0.02))
        tags.add("white_outline")
    stage.paint_actors()
    if rng.random() < 0.07 * extras:
        outlined = drawn and rng.random() < 0.6
        tags |= _in_front(stage, lambda brush, found: _thing(rng, brush, found, not drawn), outlined)
    if not drawn:
        return tags
    if rng.random() < 0.08 * extras:
        tags |= _in_front(stage, lambda brush, found: marks.speech_bubble(rng, brush, found), False)
    if rng.random() < 0.04 * extras:
        marks.lettering(rng, stage.image, tags)
    if rng.random() < 0.1 * extras:
        marks.signature(rng, stage.image, tags)
    if rng.random() < 0.04 * extras:
        tags.add(marks.sparkles(rng, stage.image))
    if background.kind != "white" and rng.random() < 0.05 * extras:
        tags |= set(filter(None, [marks.light(rng, stage.image)]))
    if rng.random() < 0.04 * extras:
        tags |= _in_front(stage, lambda brush, found: marks.border(rng, brush, found), False)
    return tags


def _in_front(stage: Stage, paint: _Painter, outlined: bool) -> set[str]:
    """Paints something opaque before everybody where it does not hide too much; returns its tags, or none."""
    image, covered = stage.image.copy(), np.zeros_like(stage.covered)
    line = ((34, 30, 36), max(1.0, max(stage.width, stage.height) / 200)) if outlined else None
    tags: set[str] = set()
    paint(Brush(image, covered, line), tags)
    return tags if stage.try_cover(image, covered) else set()


def _thing(rng: np.random.Generator, brush: Brush, tags: set[str], textured: bool) -> None:
    tags |= set(filter(None, [occluder(brush, rng)]))
    if textured and brush.coverage is not None:
        rough = texture.multiply(brush.image, texture.smooth_noise(rng, (brush.width, brush.height), 20, 2), 1.8)
        brush.image[:] = texture.blend(brush.image, rough, brush.coverage)
