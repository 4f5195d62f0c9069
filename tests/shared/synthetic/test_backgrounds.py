"""Backgrounds: every kind, any size, determined by the seed, with tags that agree with the pixels."""

from __future__ import annotations

import numpy as np
import pytest

from shared.synthetic import backgrounds, backgrounds_flat, texture
from shared.synthetic.backgrounds import DRAWN_MIX, PHOTO_MIX, draw_background
from shared.synthetic.brush import Brush
from shared.synthetic.chance import pick
from shared.synthetic.scene_props import INDOOR, OUTDOOR
from shared.synthetic.scene_tags import SCENE_TAGS


@pytest.mark.parametrize("kind", [*DRAWN_MIX, "board"])
def test_every_kind_fills_a_wide_picture_and_follows_its_seed(kind: str) -> None:
    for seed in range(4):
        drawn = draw_background(np.random.default_rng(seed), (100, 72), "drawn", kind)
        assert drawn.image.shape == (72, 100, 3)
        assert drawn.image.dtype == np.uint8
        assert drawn.image.flags["C_CONTIGUOUS"]
        again = draw_background(np.random.default_rng(seed), (100, 72), "drawn", kind)
        assert np.array_equal(drawn.image, again.image)
        assert drawn.tags == again.tags
        assert drawn.tags <= SCENE_TAGS, drawn.tags - SCENE_TAGS
        assert drawn.ground is None or 0 < drawn.ground < 1


def test_seeds_differ() -> None:
    pictures = [draw_background(np.random.default_rng(seed), (64, 64), "photo", "photo").image for seed in range(4)]
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind 'jungle'"):
        draw_background(np.random.default_rng(0), (64, 64), "drawn", "jungle")


def test_white_is_white() -> None:
    drawn = draw_background(np.random.default_rng(0), (30, 20), "drawn", "white")
    assert (drawn.image == 255).all()
    assert drawn.tags == {"white_background", "simple_background"}


@pytest.mark.parametrize(
    ("colour", "tag"),
    [
        ((255, 255, 255), "white_background"), ((0, 0, 0), "black_background"), ((128, 128, 128), "grey_background"),
        ((220, 30, 30), "red_background"), ((30, 60, 220), "blue_background"), ((40, 180, 60), "green_background"),
        ((250, 230, 40), "yellow_background"), ((255, 180, 200), "pink_background"),
        ((110, 70, 30), "brown_background"),
        ((150, 60, 200), "purple_background"), ((235, 230, 225), None),
    ],
)  # fmt: skip
def test_colour_names(colour: tuple[int, int, int], tag: str | None) -> None:
    assert backgrounds_flat.background_tag(colour) == tag


def test_mixes_and_pick() -> None:
    assert set(PHOTO_MIX) <= set(DRAWN_MIX) == set(backgrounds._PLAIN) - {"board"} | set(backgrounds._PLACES)
    rng = np.random.default_rng(0)
    counts = dict.fromkeys("abc", 0)
    for _ in range(3000):
        counts[pick(rng, {"a": 2.0, "b": 1.0, "c": 0.0})] += 1
    assert counts["c"] == 0
    # binomial, sd 26
    assert abs(counts["a"] - 2000) < 130


@pytest.mark.parametrize("prop", [paint for paint, _, _ in (*OUTDOOR, *INDOOR)])
def test_props_note_where_they_are_opaque(prop: object) -> None:
    image, covered = np.zeros((80, 90, 3), np.uint8), np.zeros((80, 90), np.uint8)
    prop(Brush(image, covered, ((250, 0, 250), 1.0)), np.random.default_rng(3), 45.0, 70.0, 50.0)  # type: ignore[operator]
    changed = image.any(axis=2)
    assert changed.sum() > 100
    # What was changed but not covered can only be a translucent highlight or an anti-aliased rim.
    assert (changed & (covered == 0)).sum() <= 0.02 * changed.sum()


def test_gradient_ends_and_blend_are_exact() -> None:
    ramp = texture.ramp((8, 101), [(10, 20, 30), (210, 120, 30)])
    assert np.abs(ramp[0, 0].astype(int) - [10, 20, 30]).max() <= 2
    assert np.abs(ramp[-1, 0].astype(int) - [210, 120, 30]).max() <= 2
    assert (np.diff(ramp[:, 0, 0].astype(int)) >= 0).all()
    base, top = np.full((2, 3, 3), 40, np.uint8), np.full((2, 3, 3), 240, np.uint8)
    weight = np.array([[0, 255, 128], [0, 255, 128]], np.uint8)
    mixed = texture.blend(base, top, weight)
    assert mixed[0, :2, 0].tolist() == [40, 240]
    assert abs(int(mixed[0, 2, 0]) - round(40 + 200 * 128 / 255)) <= 1


def test_polygon_has_its_area_in_continuous_pixels() -> None:
    image, covered = np.zeros((20, 30, 3), np.uint8), np.zeros((20, 30), np.uint8)
    Brush(image, covered).rectangle(5, 4, 15, 12, (200, 100, 50))
    # OpenCV draws the boundary too: at most one pixel more on each side.
    inside = covered >= 128
    assert inside[4:12, 5:15].all()
    assert inside.sum() <= 12 * 10
    assert (image[6, 8] == (200, 100, 50)).all()
