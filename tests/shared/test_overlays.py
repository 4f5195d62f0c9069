import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from shared import geometry
from shared.compositing.harmony import match_colors, quantized
from shared.compositing.over import over, place, stack_alpha
from shared.compositing.overlays import add_bubbles, add_frame, add_occluders, add_text, island, letterboxed
from shared.compositing.scatter import Scatter

layers = arrays(np.uint8, (3, 4, 4))
grounds = arrays(np.uint8, (3, 4, 3))


def _scene(seed: int = 0, side: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    scene = rng.integers(0, 256, (side, side, 3), np.uint8)
    alpha = np.zeros((side, side), np.uint8)
    alpha[8:56, 16:48] = 255
    return scene, alpha


@given(layers, layers, grounds)
def test_over_is_associative(above: np.ndarray, below: np.ndarray, ground: np.ndarray) -> None:
    """Two layers laid one after the other equal their union, computed here in floating point, laid at once."""
    alpha_a, alpha_b = above[..., 3:] / 255, below[..., 3:] / 255
    alpha = alpha_a + alpha_b * (1 - alpha_a)
    union = alpha_a * above[..., :3] + (1 - alpha_a) * alpha_b * below[..., :3]
    at_once = union + (1 - alpha) * ground
    assert np.abs(over(above, over(below, ground)) - at_once).max() <= 1.01  # two roundings
    assert np.abs(stack_alpha(below[..., 3], above[..., 3]) - 255 * alpha[..., 0]).max() <= 1.01


@given(layers, grounds)
def test_a_layer_is_found_again_from_any_two_grounds(layer: np.ndarray, ground: np.ndarray) -> None:
    """Round trip: black and white give alpha and colour back, and those give the picture on any ground."""
    black, white = (over(layer, np.full((3, 4, 3), v, np.uint8)).astype(float) for v in (0, 255))
    alpha = 1 - (white - black).mean(axis=2, keepdims=True) / 255
    assert np.abs(over(layer, ground) - (black + (1 - alpha) * ground)).max() <= 2.01  # three roundings


def test_half_transparent_colors_stay() -> None:
    cutout = np.full((9, 7, 4), (200, 100, 50, 128), np.uint8)
    for affine in (geometry.identity(), geometry.translation(2, 1), geometry.scaling(1.5)):
        moved = place(cutout, affine, (7, 9))
        inside = moved[moved[..., 3] == 128]
        assert len(inside) > 20
        assert np.abs(inside[:, :3].astype(int) - (200, 100, 50)).max() <= 1  # through 8-bit premultiplied colours
    ground = np.full((9, 7, 3), (10, 20, 30), np.uint8)
    np.testing.assert_array_equal(over(cutout, ground)[0, 0], [105, 60, 40])


@given(layers, grounds)
def test_linear_light_mixes_light(layer: np.ndarray, ground: np.ndarray) -> None:
    def light(values: np.ndarray) -> np.ndarray:
        unit = values / 255
        return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)

    alpha = layer[..., 3:] / 255
    wanted = alpha * light(layer[..., :3]) + (1 - alpha) * light(ground)
    mixed = over(layer, ground, linear_light=True)
    assert (light(np.maximum(mixed - 0.6, 0)) <= wanted + 1e-5).all()
    assert (light(mixed + 0.6) >= wanted - 1e-5).all()


def test_linear_light_known_value() -> None:
    half = np.full((1, 1, 4), (255, 255, 255, 128), np.uint8)
    black = np.zeros((1, 1, 3), np.uint8)
    assert over(half, black, linear_light=True)[0, 0, 0] == 188  # half the light of white
    assert over(half, black)[0, 0, 0] == 128
    for value in range(256):
        layer, ground = np.full((1, 1, 4), (*[value] * 3, 77), np.uint8), np.full((1, 1, 3), value, np.uint8)
        np.testing.assert_array_equal(over(layer, ground, linear_light=True), ground)


def test_overlap_limit() -> None:
    cutout, background = np.full((40, 30, 4), 255, np.uint8), np.zeros((64, 64, 3), np.uint8)
    free, limited = Scatter(scale_range=(0.4, 0.6)), Scatter(scale_range=(0.4, 0.6), min_visible=0.8)

    def union(scatter: Scatter, seed: int) -> float:
        return float((scatter.compose(np.random.default_rng(seed), [cutout] * 3, background)[1] > 127).mean())

    assert sum(union(limited, s) for s in range(30)) > sum(union(free, s) for s in range(30))
    tops = []
    for seed in range(30):  # brute force: what the second hides of the first
        rng, probe = np.random.default_rng(seed), np.random.default_rng(seed)
        first = place(cutout, limited.sample_place(probe, (30, 40), 64), (64, 64))[..., 3] / 255
        _, alpha, _ = limited.compose(rng, [cutout, cutout], background)
        tops.append(alpha.sum() / 255 >= first.sum() - 1)
    assert all(tops)
    huge = Scatter(scale_range=(4.0, 4.0), min_visible=0.9, edge_probability=0.0)
    scene, _, _ = huge.compose(np.random.default_rng(1), [cutout, cutout], background)
    assert scene.shape == background.shape  # a second giant finds no place, and that is no error


@pytest.mark.parametrize(
    "settings",
    [{"scale_range": (0.0, 1.0)}, {"scale_range": (2.0, 1.0)}, {"min_visible": 1.0}, {"count_weights": (0.0, 0.0)},
     {"edge_probability": 1.5}],
)  # fmt: skip
def test_scatter_refuses_nonsense(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="need"):
        Scatter(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("add", [add_occluders, add_bubbles, add_frame])
def test_what_lies_in_front_is_no_character(add: object) -> None:
    scene, alpha = _scene()
    alpha[:] = 255  # the character fills the picture: whatever is drawn hides a part of it
    before = scene.copy(), alpha.copy()
    covered = 0
    for seed in range(30):
        changed, truth = add(np.random.default_rng(seed), scene, alpha)  # type: ignore[operator]
        assert truth.shape == alpha.shape
        assert (truth <= alpha).all()
        same = (changed == scene).all(axis=2)
        # Where the truth went away something was drawn, and where something was drawn the truth went away. (A drawn
        # colour may equal the one below by chance.)
        assert ((truth < 100) & same).mean() <= 0.01
        assert ((truth > 200) & ~same).mean() <= 0.05
        covered += int((truth < 100).any())
    assert covered >= 25
    np.testing.assert_array_equal(scene, before[0])
    np.testing.assert_array_equal(alpha, before[1])


def test_text_and_islands() -> None:
    scene, _ = _scene()
    drawn = [(add_text(np.random.default_rng(s), scene) != scene).any(axis=2).mean() for s in range(20)]
    assert 0.01 < np.mean(drawn) < 0.5  # thin: a character under it is still one
    white = [(island(np.random.default_rng(s), scene) == 255).all(axis=2).mean() for s in range(20)]
    assert 0.1 < min(white) < max(white) < 0.95


def test_matched_colors_come_near_and_alpha_stays() -> None:
    rng = np.random.default_rng(0)
    cutout = np.dstack([rng.normal((220, 40, 40), 20, (30, 20, 3)).clip(0, 255).astype(np.uint8), _alpha(30, 20)])
    sea = rng.normal((20, 90, 200), 40, (32, 32, 3)).clip(0, 255).astype(np.uint8)
    matched = match_colors(np.random.default_rng(1), cutout, sea)
    np.testing.assert_array_equal(matched[..., 3], cutout[..., 3])
    opaque = cutout[..., 3] > 127
    before, after = (np.abs(image[opaque][:, :3].mean(axis=0) - sea.mean(axis=(0, 1))) for image in (cutout, matched))
    assert (after < 0.6 * before).all()
    flat = np.full((32, 32, 3), 255, np.uint8)
    assert match_colors(rng, cutout, flat) is cutout  # else it would vanish
    assert match_colors(rng, cutout * np.array([1, 1, 1, 0], np.uint8), sea) is not None


def _alpha(height: int, width: int) -> np.ndarray:
    alpha = np.zeros((height, width), np.uint8)
    alpha[5:-5, 4:-4] = 255
    return alpha


def test_quantized_has_few_colors_near_the_old_ones() -> None:
    scene = np.random.default_rng(0).normal(128, 40, (48, 48, 3)).clip(0, 255).astype(np.uint8)
    for seed in range(5):
        few = quantized(np.random.default_rng(seed), scene)
        assert len(np.unique(few.reshape(-1, 3), axis=0)) <= 32
        assert np.abs(few.astype(int) - scene).mean() < 35


def test_letterbox_bars_are_white_empty_and_do_not_count() -> None:
    scene, alpha = np.full((64, 64, 3), 90, np.uint8), np.full((64, 64), 255, np.uint8)
    wide = 0
    for seed in range(30):
        framed, kept, weight = letterboxed(np.random.default_rng(seed), scene, alpha)
        bars = weight == 0
        assert (framed[bars] == 255).all()
        assert (kept[bars] == 0).all()
        assert (framed[~bars] == 90).all()
        assert (kept[~bars] == 255).all()
        assert 0.5 <= (~bars).mean() < 1
        # Two bars of equal size on opposite sides.
        assert (bars == bars[::-1]).all()
        assert (bars == bars[:, ::-1]).all()
        wide += bool(bars[0].all())
    assert 5 < wide < 25
    assert (scene == 90).all()
