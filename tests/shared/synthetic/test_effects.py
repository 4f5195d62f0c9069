"""Whole-picture looks and wear: they keep the frame, follow their seed, and do what their tags say."""

from __future__ import annotations

import numpy as np
import pytest

from shared.synthetic.effects import LOOK_MIX, LOOKS, WEAR, WEAR_MIX, Effect
from shared.synthetic.effects_ink import lines_of
from shared.synthetic.scene_tags import SCENE_TAGS


def _picture() -> np.ndarray:
    image = np.full((60, 90, 3), 255, np.uint8)
    image[10:50, 20:60] = (200, 60, 40)
    image[20:30, 30:40] = (30, 60, 190)
    return image


@pytest.mark.parametrize("name", [*LOOKS, *WEAR])
def test_every_effect_keeps_the_size_and_follows_its_seed(name: str) -> None:
    for seed in range(3):
        done = Effect(name, seed).apply(_picture())
        assert done.shape == (60, 90, 3)
        assert done.dtype == np.uint8
        assert np.array_equal(done, Effect(name, seed).apply(_picture()))
    if name not in ("plain", "none"):
        # A very small blur or light noise may leave a picture as it is, but not for every seed.
        assert any(not np.array_equal(Effect(name, seed).apply(_picture()), _picture()) for seed in range(8))


def test_effects_leave_their_input_alone() -> None:
    for name in (*LOOKS, *WEAR):
        image = _picture()
        Effect(name, 5).apply(image)
        assert np.array_equal(image, _picture()), name


@pytest.mark.parametrize("name", [name for name, look in LOOKS.items() if "greyscale" in look.tags])
def test_greyscale_looks_have_no_colour(name: str) -> None:
    for seed in range(5):
        done = Effect(name, seed).apply(_picture()).astype(int)
        spread = done.max(axis=2) - done.min(axis=2)
        assert spread.max() <= 3


def test_tags_and_mixes_name_what_exists() -> None:
    for treatment in (*LOOKS.values(), *WEAR.values()):
        assert treatment.tags <= SCENE_TAGS
    for mix in LOOK_MIX.values():
        assert set(mix) <= set(LOOKS)
        assert sum(mix.values()) == pytest.approx(1.0, abs=0.02)
    for mix in WEAR_MIX.values():
        assert set(mix) <= set(WEAR)


def test_line_work_is_dark_at_edges_and_paper_elsewhere() -> None:
    lines = lines_of(_picture(), 2.0, 2.0)
    assert lines.shape == (60, 90)
    assert lines[2:6, 2:10].min() >= 250, "white ground stays paper"
    assert lines[35:45, 28:50].min() >= 250, "an even area becomes paper"
    assert lines[30, 18:23].min() <= 120, "its edge is a stroke"
