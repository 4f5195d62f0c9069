from collections.abc import Callable

import numpy as np
import pytest

from shared.compositing.clutter import clutter, lay, turned
from shared.compositing.distractors import add_distractors, shuffled_pieces
from shared.compositing.noise import noise
from shared.compositing.palettes import palette_of, ramp, random_palette, recolor
from shared.compositing.restyle import _STYLES, restyle
from shared.compositing.shapes import _DRAWERS, random_shape
from shared.compositing.textures import _MAKERS
from shared.compositing.tones import change_tone

SIZES = (48, 128, 200)


def _cutout(seed: int = 0) -> np.ndarray:
    """A red and blue figure with a soft rim on nothing; garish green hides under the transparent pixels."""
    rgba = np.zeros((60, 40, 4), np.uint8)
    rgba[..., 1] = 255
    rgba[10:50, 10:30] = (200, 30, 40, 255)
    rgba[25:50, 10:30] = (30, 40, 200, 255)
    rgba[9, 10:30] = (200, 30, 40, 100)
    return rgba


@pytest.mark.parametrize("side", SIZES)
def test_clutter_is_a_function_of_the_generator(side: int) -> None:
    pieces = [np.full((side, side, 3), 90, np.uint8)]
    first, again = (clutter(np.random.default_rng([1, side]), side, pieces) for _ in range(2))
    assert first.shape == (side, side, 3)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (pieces[0] == 90).all()  # a texture given is read, never drawn on


def test_clutter_is_varied() -> None:
    scenes = [clutter(np.random.default_rng([2, i]), 64) for i in range(60)]
    means = np.array([scene.mean(axis=(0, 1)) for scene in scenes])
    assert (means.std(axis=0) > 25).all()  # colours differ between scenes
    edges = np.array([np.abs(np.diff(scene.astype(int), axis=1)).mean() for scene in scenes])
    assert edges.max() > 5 * edges.min()  # from calm to wild
    assert np.mean([scene.std() > 10 for scene in scenes]) > 0.9  # hardly any is one flat area


def test_clutter_keeps_to_a_palette() -> None:
    red = np.array([[200, 0, 0]], np.uint8)
    scenes = np.concatenate([clutter(np.random.default_rng([3, i]), 48, (), red).reshape(-1, 3) for i in range(20)])
    assert scenes[:, 0].mean() > 3 * scenes[:, 1:].mean()


def test_noise_fills_the_range_and_has_a_falling_spectrum() -> None:
    fields = [noise(np.random.default_rng([4, i]), 128) for i in range(40)]
    assert min(field.min() for field in fields) <= 5
    assert max(field.max() for field in fields) >= 250
    power = np.mean([np.abs(np.fft.rfft2(field - field.mean())) ** 2 for field in fields], axis=0)
    assert power[1:4, 1:4].mean() > 20 * power[10:20, 10:20].mean() > 20 * power[40:60, 40:60].mean() > 0


@pytest.mark.parametrize("drawer", _DRAWERS, ids=lambda d: d.__name__)
def test_every_shape_leaves_a_soft_edged_mark(drawer: Callable[..., None]) -> None:
    soft = 0
    for seed in range(20):
        mask = np.zeros((67, 67), np.uint8)
        drawer(np.random.default_rng(seed), mask, 50.0)
        assert 8 < (mask > 127).sum() < 67 * 67 * 0.95, seed
        soft += int(((mask > 0) & (mask < 255)).any())
    assert soft > 10


def test_shapes_of_every_size() -> None:
    for seed, size in enumerate(np.geomspace(2, 300, 40)):
        mask = random_shape(np.random.default_rng(seed), float(size))
        assert mask.shape[0] == mask.shape[1] >= 6


@pytest.mark.parametrize("maker", _MAKERS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("side", SIZES)
def test_textures_have_the_side_asked_for(maker: Callable[..., np.ndarray], side: int) -> None:
    for seed in range(10):
        rng = np.random.default_rng([side, seed])
        texture = maker(rng, side, random_palette(rng))
        assert texture.shape == (side, side, 3)
        assert texture.dtype == np.uint8
        assert texture.flags.c_contiguous


@pytest.mark.parametrize("filling", [(1, 1), (5, 7), (20, 30)])
@pytest.mark.parametrize("place", [(3, 4), (-2, -3), (27, 17), (40, 4), (-7, 0)])
def test_lay_equals_the_formula(filling: tuple[int, int], place: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    canvas, mask = rng.integers(0, 256, (20, 30, 3), np.uint8), rng.integers(0, 256, (5, 7), np.uint8)
    source, before = rng.integers(0, 256, (*filling, 3), np.uint8), canvas.copy()
    lay(canvas, source, mask, place)
    for y in range(20):
        for x in range(30):
            row, column = y - place[1], x - place[0]
            if not (0 <= row < 5 and 0 <= column < 7):
                np.testing.assert_array_equal(canvas[y, x], before[y, x])
                continue
            color = source[0, 0] if filling == (1, 1) else source[row, column] if filling == (5, 7) else source[y, x]
            alpha = mask[row, column] / 255
            assert np.abs(canvas[y, x] - (alpha * color + (1 - alpha) * before[y, x])).max() <= 1.01


def test_turned_gives_all_eight_views() -> None:
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert len({turned(np.random.default_rng(i), image).tobytes() for i in range(200)}) == 8


def test_palettes_come_from_opaque_places() -> None:
    rng = np.random.default_rng(0)
    palette = palette_of(rng, _cutout(), 50)
    assert palette is not None
    assert {tuple(color) for color in palette.tolist()} == {(200, 30, 40), (30, 40, 200)}
    assert palette_of(rng, np.zeros((5, 4, 4), np.uint8)) is None
    field = np.arange(256, dtype=np.uint8).reshape(16, 16)
    table = ramp(rng, palette)
    np.testing.assert_array_equal(recolor(field, table).reshape(256, 3), table[:, 0])


def test_distractors_wear_the_characters_colors() -> None:
    background = np.full((64, 64, 3), 128, np.uint8)
    for seed in range(20):
        rng = np.random.default_rng(seed)
        scene = add_distractors(rng, background, [_cutout()])
        changed = scene[(scene != 128).any(axis=2)].astype(int)
        assert len(changed) > 10
        # Mixtures of the figure's two colours and the ground; never the green under its transparent pixels.
        assert (changed[:, 1] <= 140).all()
    assert (background == 128).all()
    assert add_distractors(rng, background, []) is background
    assert add_distractors(rng, background, [np.zeros((9, 9, 4), np.uint8)]) is background


def test_shuffled_pieces_are_opaque_ones() -> None:
    for seed in range(10):
        mosaic = shuffled_pieces(np.random.default_rng(seed), _cutout(), 70)
        assert mosaic is not None
        assert mosaic.shape == (70, 70, 3)
        assert (mosaic[..., 1] < 140).mean() > 0.8
    assert shuffled_pieces(np.random.default_rng(0), np.zeros((9, 9, 4), np.uint8), 32) is None
    assert shuffled_pieces(np.random.default_rng(0), np.full((1, 1, 4), 255, np.uint8), 32) is not None


def test_tone_keeps_alpha_and_order_of_brightness() -> None:
    cutout, grey = _cutout(), np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    results = set()
    for seed in range(20):
        changed = change_tone(np.random.default_rng(seed), cutout)
        np.testing.assert_array_equal(changed[..., 3], cutout[..., 3])
        results.add(changed.tobytes())
        assert (np.diff(change_tone(np.random.default_rng(seed), grey).astype(int), axis=1) >= 0).all()
    assert len(results) == 20
    np.testing.assert_allclose(change_tone(np.random.default_rng(0), cutout, 0.0), cutout, atol=1)


@pytest.mark.parametrize("style", _STYLES, ids=lambda s: s.__name__)
def test_styles_keep_the_figure_where_it_is(style: Callable[..., np.ndarray]) -> None:
    cutout = _cutout()
    for seed in range(5):
        styled = style(np.random.default_rng(seed), cutout)
        assert styled.shape == cutout.shape
        assert styled.dtype == np.uint8
        assert ((styled[..., 3] > 127) != (cutout[..., 3] > 127)).mean() < 0.06
        seen = styled[12:48, 12:28, :3].astype(int)
        assert (seen[..., 1] <= seen.max(axis=2)).all()
        assert not ((seen[..., 1] > 200) & (seen[..., 0] < 100)).any()  # hidden green never comes in
    np.testing.assert_array_equal(cutout, _cutout())


def test_restyle_uses_all_styles() -> None:
    assert len({restyle(np.random.default_rng(i), _cutout()).tobytes() for i in range(60)}) >= len(_STYLES)
