"""The release's prediction, step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from segmenter.net import SegmenterNet
from segmenter.paper_input import paper_mask, paper_resized
from segmenter.predict import SegmenterPredictor


@pytest.mark.parametrize(
    ("size", "expected"), [((512, 512), (256, 256)), ((100, 333), (256, 852)), ((1000, 700), (365, 256))]
)
def test_the_short_side_becomes_256_and_the_long_one_is_cut(size: tuple[int, int], expected: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    small = paper_resized(image)
    assert small.shape == (expected[1], expected[0], 3)


def test_the_mask_is_cut_to_bytes_and_enlarged_bicubically() -> None:
    probability = np.zeros((8, 8), np.float32)
    probability[:, 4:] = 0.9999  # 254.97: cut to 254
    got = paper_mask(probability, (32, 16))
    assert got.shape == (16, 32)
    by_hand = Image.fromarray(np.where(probability > 0, 254, 0).astype(np.uint8)).resize((32, 16), Image.BICUBIC)
    np.testing.assert_array_equal(got, np.asarray(by_hand, np.float32) / 255)
    assert got.max() > 254 / 255  # bicubic overshoots, bilinear would not


class _Dark(SegmenterNet):
    def __init__(self) -> None:
        torch.nn.Module.__init__(self)
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(image.shape))
        grey = image.mean(dim=1, keepdim=True)
        return torch.cat([(grey - 0.5) * 20, (0.5 - grey) * 20], dim=1)


def test_paper_preprocessing_pads_nothing_and_batches_neighbours_of_one_size() -> None:
    net = _Dark()
    predictor = SegmenterPredictor(net, 256, bf16=False, preprocessing="paper")
    sizes = [(300, 200), (300, 200), (100, 120)]
    images = [np.full((*size, 3), 250, np.uint8) for size in sizes]
    for image in images:
        image[20:60, 30:90] = 10
    maps = predictor.predict(images)
    assert net.shapes == [(2, 3, 384, 256), (1, 3, 256, 307)]
    for image, answer in zip(images, maps, strict=True):
        assert answer.shape == image.shape[:2]
        truth = image[..., 0] < 100
        assert ((answer > 0.5) & truth).sum() / ((answer > 0.5) | truth).sum() > 0.95
        np.testing.assert_allclose(answer * 255, np.round(answer * 255), atol=1e-3)
