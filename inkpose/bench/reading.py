"""Reading and augmenting, against a torchvision-v2 pipeline that does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2

from inkpose.bench import reading_tasks
from inkpose.bench.row import Row, compare
from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.geometry import FloatArray
from shared.images import read_mask, write_jpeg, write_png
from shared.synthetic.dataset import Plan
from shared.synthetic.writer import write_dataset
from shared.warped_reading import read_warped

_SOURCE_PX, _SIDE_PX, _COUNT = 512, 256, 24


def rows(folder: Path) -> Iterator[Row]:
    """Yields samples per core-second, one thread: 512 px JPEG, PNG mask and 25 points to 256 px; then every task's."""
    pairs = _write_pictures(folder)
    write_dataset(folder / "drawn", Plan(seed=3, count=_COUNT, size=_SOURCE_PX, style="drawn", characters=(1, 1)))
    points = np.random.default_rng(0).uniform(0, _SOURCE_PX, (25, 2))
    threads = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    try:
        for color, resize_first in ((False, True), (False, False), (True, True)):
            yield compare(
                f"reading: picture, mask and points{' with colour' if color else ''}"
                f"{'' if resize_first else '; v2 resizes last'}",
                "samples/s on one core",
                partial(_ours, pairs, points, color),
                _baseline(pairs, points, color, resize_first),
                "torchvision v2" if resize_first else "torchvision v2, moved at full size",
                cpu_time=True,
            )
        yield from reading_tasks.rows(folder / "drawn")
    finally:
        torch.set_num_threads(threads[0])
        cv2.setNumThreads(threads[1])


def _write_pictures(folder: Path) -> list[tuple[Path, Path]]:
    rng = np.random.default_rng(0)
    pairs = []
    for number in range(_COUNT):
        # Smooth noise: as many bytes a pixel as a drawing has, where white noise would have ten times as many.
        noise = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
        picture = np.asarray(cv2.resize(noise, (_SOURCE_PX, _SOURCE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)
        mask = np.zeros((_SOURCE_PX, _SOURCE_PX), np.uint8)
        cv2.circle(mask, (256, 256), 100 + number, (255,), -1, cv2.LINE_AA)
        pair = folder / f"{number}.jpg", folder / f"{number}.png"
        write_jpeg(pair[0], picture)
        write_png(pair[1], mask)
        pairs.append(pair)
    return pairs


def _ours(pairs: list[tuple[Path, Path]], points: np.ndarray, color: bool) -> int:
    rng = np.random.default_rng(1)
    augment, recolor = GeometryAugment(30.0, (0.8, 1.25), 0.06, 0.5), ColorAugment(1.0)
    size = (_SIDE_PX, _SIDE_PX)
    for picture_path, mask_path in pairs:
        change, _ = augment.sample(rng, size)
        affine = geometry.compose(geometry.letterbox(_SOURCE_PX, _SOURCE_PX, _SIDE_PX), change)
        picture = read_warped(picture_path, _always(affine), size).image
        geometry.warp(read_mask(mask_path), affine, size, fill=(0,))
        geometry.apply_to_points(affine, points)
        torch.from_numpy(recolor(picture, rng) if color else picture).permute(2, 0, 1)
    return len(pairs)


def _always(affine: FloatArray) -> Callable[[int, int], FloatArray]:
    return lambda width, height: affine


class _baseline:
    """A user's usual pipeline on tv_tensors: decode, affine, flip, resize (first, which is faster, or last), jitter."""

    def __init__(
        self, pairs: list[tuple[Path, Path]], points: np.ndarray, color: bool, resize_first: bool = True
    ) -> None:
        self.pairs, self.points = pairs, torch.from_numpy(points)
        resize: list[v2.Transform] = [v2.Resize((_SIDE_PX, _SIDE_PX), antialias=True)]
        move: list[v2.Transform] = [
            v2.RandomAffine(30, translate=(0.06, 0.06), scale=(0.8, 1.25), interpolation=v2.InterpolationMode.BILINEAR),
            v2.RandomHorizontalFlip(),
        ]
        steps = resize + move if resize_first else move + resize
        if color:
            steps.append(v2.ColorJitter(0.2, 0.2, 0.2, 0.05))
        self.transform = v2.Compose(steps)

    def __call__(self) -> int:
        for picture_path, mask_path in self.pairs:
            picture = tv_tensors.Image(decode_image(str(picture_path), ImageReadMode.RGB))
            mask = tv_tensors.Mask(decode_image(str(mask_path), ImageReadMode.GRAY))
            # Boxes of no size stand for points: torchvision 0.26 has no point type.
            boxes = tv_tensors.BoundingBoxes(
                torch.cat([self.points, self.points + 1], dim=1), format="XYXY", canvas_size=(_SOURCE_PX, _SOURCE_PX)
            )
            self.transform(picture, mask, boxes)
        return len(self.pairs)
