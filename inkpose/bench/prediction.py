"""Seeing a folder of pictures end to end, against a plain loop over the same nets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from inkpose.bench.row import Row, compare
from inkpose.pipeline import Pipeline
from shared import geometry
from shared.images import read_rgb, write_jpeg
from shared.synthetic.dataset import Plan
from shared.synthetic.writer import draw_sample

_COUNT, _BATCH = 32, 8


def rows(folder: Path, weights: Path) -> Iterator[Row]:
    """Yields pictures per second from file to tags, masks and joints, with all looks and with one; needs weights."""
    plan = Plan(count=_COUNT, seed=9, size=512, characters=(1, 1), style="drawn")
    paths = [folder / f"{number}.jpg" for number in range(1, _COUNT + 1)]
    for number, path in enumerate(paths, start=1):
        write_jpeg(path, draw_sample(plan, number).image)
    thorough, fast = (Pipeline.load(weights, device="cpu", fast=fast) for fast in (False, True))

    def ours(pipeline: Pipeline) -> int:
        for start in range(0, _COUNT, _BATCH):
            pipeline([read_rgb(path) for path in paths[start : start + _BATCH]])
        return _COUNT

    def plain() -> int:
        for path in paths:
            _plain_loop(path, fast)
        return _COUNT

    for pipeline, looks in ((fast, "one look, as --fast"), (thorough, "all looks")):
        name = f"prediction: 512 px file to tags, mask, joints, {looks}"
        yield compare(name, "pictures/s", partial(ours, pipeline), plain, "eager fp32, one by one, one look")


@torch.no_grad()
def _plain_loop(path: Path, pipeline: Pipeline) -> None:
    """What a script of twenty lines does: one picture at a time, fp32, plain memory layout."""
    picture = read_rgb(path)
    tagger, segmenter, pose = pipeline.tagger, pipeline.segmenter, pipeline.pose

    def tensor(image: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].float() / 255

    def letterboxed(side: int) -> np.ndarray:
        return geometry.warp(picture, geometry.letterbox(picture.shape[1], picture.shape[0], side), (side, side))

    tagger.net(tensor(letterboxed(tagger.image_size))).sigmoid()  # type: ignore[attr-defined]
    logits = segmenter.net(tensor(letterboxed(segmenter.image_size)))  # type: ignore[attr-defined]
    mask = cv2.resize(logits.softmax(1)[0, 1].numpy(), picture.shape[1::-1]) > 0.5
    box = geometry.box_of_mask(mask)
    if box is not None:
        side: int = pose.crop_side  # type: ignore[attr-defined]
        crop = geometry.warp(picture, geometry.square_crop(box, side), (side, side))
        pose.net(tensor(crop)).flatten(2).argmax(2)  # type: ignore[attr-defined]
