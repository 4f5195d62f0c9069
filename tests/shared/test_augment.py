import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment, seed_worker


def _picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def test_geometry_ranges_and_flip() -> None:
    augment, rng = GeometryAugment(30, (0.8, 1.25), 0.1, 0.5), np.random.default_rng(0)
    angles, scales, flips = [], [], 0
    for _ in range(500):
        affine, flipped = augment.sample(rng, (100, 60))
        assert flipped == (np.linalg.det(affine[:, :2]) < 0)
        shift = geometry.apply_to_points(affine, np.array([50.0, 30.0])) - (50, 30)
        assert (np.abs(shift) <= np.array([10, 6]) + 1e-9).all()
        upright = geometry.compose(affine, geometry.horizontal_flip(100)) if flipped else affine
        angles.append(np.degrees(np.arctan2(upright[1, 0], upright[0, 0])))
        scales.append(geometry.scale_of(affine))
        flips += flipped
    assert 25 < max(np.abs(angles)) <= 30
    assert 0.8 <= min(scales) < 0.83
    assert 1.2 < max(scales) <= 1.25
    assert 200 < flips < 300
    nothing, flipped = GeometryAugment(0, (1, 1), 0, 0).sample(rng, (100, 60))
    np.testing.assert_allclose(nothing, geometry.identity(), atol=1e-9)
    assert not flipped
    with pytest.raises(ValueError, match="scale"):
        GeometryAugment(scale_range=(0.0, 1.0))


def test_color_depends_on_the_generator_alone() -> None:
    first, second = ColorAugment(1.5), ColorAugment(1.5)
    for _ in range(7):
        second(_picture(), np.random.default_rng(99))  # a history of its own
    results = []
    for seed in range(12):
        one, other = (augment(_picture(), np.random.default_rng(seed)) for augment in (first, second))
        assert one.dtype == np.uint8
        assert one.shape == (24, 32, 3)
        np.testing.assert_array_equal(one, other)
        results.append(one.tobytes())
    assert len(set(results)) > 8  # some seeds leave the picture alone


def test_color_strength_and_input_kept() -> None:
    picture = _picture()
    np.testing.assert_array_equal(ColorAugment(0)(picture, np.random.default_rng(0)), _picture())
    for seed in range(20):
        ColorAugment(2)(picture, np.random.default_rng(seed))
    np.testing.assert_array_equal(picture, _picture())
    with pytest.raises(ValueError, match="strength"):
        ColorAugment(3)
    with pytest.raises(ValueError, match="must be uint8"):
        ColorAugment(1)(picture[..., 0])


def test_keep_colors_keeps_hues() -> None:
    red, grey = np.full((16, 16, 3), (200, 40, 40), np.uint8), 0
    augment = ColorAugment(1.0, keep_colors=True)
    for seed in range(300):
        r, g, b = augment(red, np.random.default_rng(seed)).reshape(-1, 3).mean(axis=0)
        grey += abs(r - g) < 5
        if abs(r - g) >= 5:
            assert r > 1.5 * max(g, b)
            assert abs(g - b) < 25
    assert grey < 20  # 2 % of 300


class _Colored(Dataset[tuple[int, bytes]]):
    """Each item is the same picture, coloured by the worker's stream."""

    def __init__(self) -> None:
        self.color = ColorAugment(1.0)

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> tuple[int, bytes]:
        info = torch.utils.data.get_worker_info()
        return (-1 if info is None else info.id), self.color(_picture()).tobytes()


def _epochs(seed: int, persistent: bool) -> list[list[tuple[int, bytes]]]:
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(
        _Colored(), batch_size=None, num_workers=2, worker_init_fn=seed_worker, generator=generator,
        persistent_workers=persistent,
    )  # fmt: skip
    return [list(loader) for _ in range(2)]


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_and_epochs_have_different_streams(persistent: bool) -> None:
    epochs = _epochs(0, persistent)
    streams = [tuple(pixels for worker, pixels in epoch if worker == w) for epoch in epochs for w in (0, 1)]
    assert all(len(stream) == 6 for stream in streams)
    assert len(set(streams)) == 4
    assert epochs == _epochs(0, persistent)
    assert epochs != _epochs(1, persistent)


def test_ranks_have_different_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    first = _epochs(0, False)
    monkeypatch.setenv("RANK", "1")
    assert _epochs(0, False) != first
