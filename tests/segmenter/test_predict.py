"""Prediction: any size, in bounded memory, the same in a batch as alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from segmenter.net import SegmenterNet
from segmenter.predict import SegmenterPredictor, fitted, load, sharper_side
from shared.errors import DataError


class _Dark(SegmenterNet):
    """Says "character" where the picture is dark: an answer that is known without training."""

    def __init__(self) -> None:
        torch.nn.Module.__init__(self)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        grey = image.mean(dim=1, keepdim=True)
        return torch.cat([(grey - 0.5) * 20, (0.5 - grey) * 20], dim=1)


@pytest.fixture(scope="module")
def dark() -> SegmenterPredictor:
    return SegmenterPredictor(_Dark(), 64, bf16=False)


def _scene(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    truth = np.zeros((height, width), np.bool_)
    truth[height // 5 : height * 3 // 5, width // 4 : width // 2] = True
    image = np.full((height, width, 3), 230, np.uint8)
    image[truth] = (30, 40, 60)
    return image, truth


@pytest.mark.parametrize("size", [(300, 500), (500, 300), (64, 64), (40, 20)])
def test_the_mask_lies_where_the_character_is(dark: SegmenterPredictor, size: tuple[int, int]) -> None:
    image, truth = _scene(*size)
    (got,) = dark.predict([image])
    assert got.shape == size
    assert got.dtype == np.float32
    answer = got > 0.5
    assert (answer & truth).sum() / (answer | truth).sum() > 0.97


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (2, 3), (7, 1)])
def test_odd_sizes(dark: SegmenterPredictor, size: tuple[int, int]) -> None:
    (black,) = dark.predict([np.zeros((*size, 3), np.uint8)])
    (white,) = dark.predict([np.full((*size, 3), 255, np.uint8)])
    assert black.shape == white.shape == size
    assert (black > 0.99).all()
    assert (white < 0.01).all()


def test_a_batch_is_the_same_as_one_by_one() -> None:
    torch.manual_seed(0)
    predictor = SegmenterPredictor(SegmenterNet("mobilenet_v3_large", 16, (2, 4)), 64, batch_size=3, bf16=False)
    images = [np.random.default_rng(i).integers(0, 256, (50 + 9 * i, 70, 3), dtype=np.uint8) for i in range(5)]
    together = predictor.predict(images)
    for image, expected in zip(images, together, strict=True):
        (alone,) = predictor.predict([image])
        # Different convolution algorithms for different batch sizes round differently.
        np.testing.assert_allclose(alone, expected, atol=1e-4)


def test_no_pictures_no_masks(dark: SegmenterPredictor) -> None:
    assert dark.predict([]) == []


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)]
)
def test_another_kind_of_array_is_named(dark: SegmenterPredictor, image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be uint8 RGB"):
        dark.predict([image])


def test_fitting_keeps_the_aspect_and_centres() -> None:
    assert fitted(200, 100, 64) == (0, 16, 64, 32)
    assert fitted(100, 200, 64) == (16, 0, 32, 64)
    assert fitted(1, 4000, 64) == (31, 0, 1, 64)
    assert fitted(8, 8, 64) == (0, 0, 64, 64)


def test_the_second_look_is_never_softer_than_training() -> None:
    sizes = (256, 200), (383, 9), (384, 300), (100, 511), (512, 512), (4000, 9)
    assert [sharper_side(*size, 128) for size in sizes] == [128, 128, 192, 192, 256, 256]


def test_a_large_picture_is_looked_at_twice() -> None:
    image, _ = _scene(300, 500)
    image[100:104, 300:480] = 20  # a line as thin as a pixel at 128, and as half of one at 64
    answers = {}
    for sharper in (False, True):
        predictor = SegmenterPredictor(
            _Dark(), 64, bf16=False, refined=False, closer_look=False, colors=False, sharper_look=sharper
        )
        (answers[sharper],) = predictor.predict([image])
    assert answers[True][102, 400] > answers[False][102, 400] + 0.05
    large = answers[False] > 0.9
    assert (answers[True][large] > 0.5).mean() > 0.97


@pytest.mark.slow
def test_a_picture_of_100_megapixels(dark: SegmenterPredictor) -> None:
    import resource

    image = np.full((4000, 25_000, 3), 230, np.uint8)
    image[1000:3000, 5000:9000] = 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (got,) = dark.predict([image])
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert got.shape == (4000, 25_000)
    assert got[2000, 7000] > 0.9
    assert got[2000, 20_000] < 0.1
    assert grown_mb < 1200  # the result alone is 400 MB


def test_missing_and_foreign_checkpoints_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such checkpoint"):
        load(tmp_path / "absent.ckpt")
    foreign = tmp_path / "tagger.ckpt"
    torch.save({"inkpose": {"kind": "tagger", "format": 1}, "state_dict": {}, "hyper_parameters": {}}, foreign)
    with pytest.raises(DataError, match="not of segmenter"):
        load(foreign)
    empty = tmp_path / "empty.ckpt"
    torch.save({"inkpose": {"kind": "segmenter", "format": 1}, "state_dict": {}, "hyper_parameters": {}}, empty)
    with pytest.raises(DataError, match="do not fit"):
        load(empty)
