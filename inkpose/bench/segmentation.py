"""Masks at the paper's size and network, against a plain loop over the same network."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from PIL import Image

from inkpose.bench.row import Row, compare
from segmenter.net import SegmenterNet
from segmenter.predict import SegmenterPredictor

_COUNT, _SOURCE_PX, _SIDE_PX = 8, 512, 256


def rows() -> Iterator[Row]:
    """Yields pictures per second: 512 px pictures to 512 px masks by the release's rules (speed needs no training)."""
    torch.manual_seed(0)
    net = SegmenterNet().eval()
    noise = np.random.default_rng(0).integers(0, 256, (_COUNT, 24, 24, 3), dtype=np.uint8)
    images = [np.asarray(Image.fromarray(picture).resize((_SOURCE_PX, _SOURCE_PX))) for picture in noise]
    # The predictor changes the memory layout of its network in place.
    predictor = SegmenterPredictor(deepcopy(net), _SIDE_PX, batch_size=4, preprocessing="paper")

    def ours() -> int:
        return len(predictor.predict(images))

    def plain() -> int:
        for image in images:
            _plain_loop(net, image)
        return len(images)

    yield compare(
        f"segmentation: paper size{', bf16' if predictor.bf16 else ''}", "pictures/s", ours, plain,
        "eager fp32, one by one", rounds=3,
    )  # fmt: skip


@torch.no_grad()
def _plain_loop(net: SegmenterNet, image: np.ndarray) -> np.ndarray:
    small = np.asarray(Image.fromarray(image).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BILINEAR))
    batch = torch.from_numpy(small.transpose(2, 0, 1).copy())[None].float() / 255
    mask = (net(batch).softmax(1)[0, 1].numpy() * 255).astype(np.uint8)
    return np.asarray(Image.fromarray(mask).resize(image.shape[1::-1], Image.Resampling.BICUBIC))
