"""Generated scenes of lit things."""

import numpy as np
import pytest

from shared.compositing.still_life import still_life


@pytest.mark.parametrize("side", [32, 128, 200])
def test_a_scene_is_a_function_of_the_generator(side: int) -> None:
    first, again = (still_life(np.random.default_rng([1, side]), side) for _ in range(2))
    assert first.shape == (side, side, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)


def test_scenes_are_of_many_colours_and_lights() -> None:
    scenes = [still_life(np.random.default_rng([2, i]), 64) for i in range(60)]
    means = np.array([scene.mean() for scene in scenes])
    assert means.min() < 60  # a dark room
    assert means.max() > 140  # a bright one
    vivid = [(scene.max(axis=2).astype(int) - scene.min(axis=2) > 120).mean() for scene in scenes]
    assert np.mean(np.array(vivid) > 0.02) > 0.5  # most show something of a strong colour
    contrast = [np.abs(np.diff(scene.astype(int), axis=1)).max() for scene in scenes]
    assert np.median(contrast) > 100  # and hard edges
