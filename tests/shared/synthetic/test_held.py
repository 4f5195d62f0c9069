"""Things in hands: drawn where the hands are, with their tags."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shared.synthetic.accessories import HELD_IN_PHOTOGRAPHS, Accessories, sample_accessories
from shared.synthetic.character import CharacterSpec, sample_character
from shared.synthetic.clothing_tags import accessory_tags
from shared.synthetic.drawing import Drawing
from shared.synthetic.figure import Figure, make_figure
from shared.synthetic.held import BOTH_HANDS, HELD, TAGS_OF_HELD
from shared.synthetic.held_drawing import draw_held
from shared.synthetic.layers import build
from shared.synthetic.rendering import sample_rendering


def _standing(seed: int) -> tuple[CharacterSpec, Figure]:
    spec = sample_character(np.random.default_rng([3, seed]), "drawn")
    return spec, make_figure(spec.pose.pose, spec.size, spec.camera)


def _drawn(figure: Figure, wear: Accessories) -> np.ndarray:
    rng = np.random.default_rng(0)
    drawing = Drawing(sample_rendering(rng, True), rng)
    draw_held(drawing, figure, wear)
    return np.vstack([np.asarray(path[1], np.float64) for path in (shape.path for shape in drawing.shapes)])


@pytest.mark.parametrize("name", HELD)
def test_a_thing_lies_in_its_hand(name: str) -> None:
    for seed in range(4):
        _, figure = _standing(seed)
        for hand, side in enumerate(("left", "right")):
            points = _drawn(figure, Accessories(held=name, held_hand=hand, held_rgb=(200, 80, 90)))
            zoom = figure.scale(f"{side}_wrist")
            low, high = points.min(axis=0), points.max(axis=0)
            at = figure.at(f"{side}_hand")
            assert np.all(at > low - 0.05 * zoom), "the hand is in its box, or just beside"
            assert np.all(at < high + 0.05 * zoom)
            assert 0.03 * zoom < float(np.hypot(*(high - low))) < 1.2 * zoom, "of a sane size"


def test_a_barbell_passes_through_both_hands_and_ends_beyond_them() -> None:
    wear = Accessories(held="barbell", held_hand=0, held_by_both=True, held_rgb=(60, 60, 70))
    for seed in range(6):
        _, figure = _standing(seed)
        hands = [figure.at(f"{side}_wrist") * 0.45 + figure.at(f"{side}_hand") * 0.55 for side in ("left", "right")]
        points = _drawn(figure, wear)
        line = (hands[1] - hands[0]) / np.hypot(*(hands[1] - hands[0]))
        along = (points - hands[0]) @ line
        assert along.min() < -0.1
        assert along.max() > np.hypot(*(hands[1] - hands[0])) + 0.1


def test_both_hands_hold_only_where_the_pose_has_them_together() -> None:
    seen: set[str] = set()
    for seed in range(1500):
        spec = sample_character(np.random.default_rng([9, seed]), "drawn")
        wear = spec.wear
        if wear.held_by_both:
            allowed = {name for tag, things in BOTH_HANDS.items() if tag in spec.pose.tags for name in things}
            assert wear.held in allowed
            assert spec.fists == (True, True)
            seen.add(wear.held)
    assert seen == {name for things in BOTH_HANDS.values() for name in things}


def test_tags_of_what_is_held() -> None:
    spec, _ = _standing(0)
    for name, tags in TAGS_OF_HELD.items():
        worn = replace(spec, wear=Accessories(held=name, held_hand=0, held_by_both=name not in HELD))
        assert {*tags, "holding"} <= accessory_tags(worn, True)


def test_what_is_held_is_part_of_the_character() -> None:
    """Its pixels are the figure's: the drawing of one who holds a barbell is wider than without."""
    spec = next(
        spec
        for spec in (_standing(seed)[0] for seed in range(500))
        if "arms_up" in spec.pose.tags and not spec.wear.held
    )
    holding = replace(spec, wear=replace(spec.wear, held="barbell", held_hand=0, held_by_both=True))
    (x1, _, x2, _), (a1, _, a2, _) = build(spec).box, build(holding).box
    assert a2 - a1 > x2 - x1


def test_photographs_hold_what_people_carry() -> None:
    rng = np.random.default_rng(4)
    poses = [sample_character(np.random.default_rng([5, seed]), "photo").pose for seed in range(30)]
    held = {
        wear.held
        for _ in range(40)
        for wear in (sample_accessories(rng, "photo", "boy", "casual", pose) for pose in poses)
        if wear.held and not wear.held_by_both
    }
    assert held == set(HELD_IN_PHOTOGRAPHS)
