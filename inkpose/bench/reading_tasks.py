"""The training samples of each task, against torchvision-v2 pipelines that do the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.io import ImageReadMode, decode_image
from torchvision.transforms import v2

from inkpose.bench.row import Row, compare
from shared.datamodules.loaders import SampleDataset, collate
from shared.datamodules.masks import MaskDataModule
from shared.datamodules.poses import PoseDataModule
from shared.datamodules.sampling import Draw
from shared.datamodules.tags import TagDataModule

_SIDE_PX = 256
_WHITE = 255


def rows(root: Path) -> Iterator[Row]:
    """Yields samples per core-second of every task, drawn from a data set of 512 px pictures in ``root``.

    Args:
        root: a synthetic data set; its training split is read.
    """
    tags = TagDataModule(str(root), image_size=_SIDE_PX).dataset("train")
    composed = MaskDataModule(str(root), image_size=_SIDE_PX, composite=False).dataset("train")
    composites = MaskDataModule(str(root), image_size=_SIDE_PX, composed_ratio=0.0).dataset("train")
    module = PoseDataModule(str(root), image_size=_SIDE_PX)
    poses, people = module.dataset("train"), module.characters("train")
    ids = people.image_ids
    figures = [root / "fg" / f"{number}.png" for number in ids]
    grounds = [root / "bg" / f"{number}.jpg" for number in ids]
    paths = [path for path in people.image_paths if isinstance(path, Path)]  # all of them: a folder, no shards
    pairs = [(path, root / "masks" / f"{number}.png") for path, number in zip(paths, ids, strict=True)]
    boxes = [(*map(float, box),) for box in people.boxes_xywh]
    todo: list[tuple[str, SampleDataset, Callable[[], int]]] = [
        ("tags", tags, _Tags(paths)),
        ("masks", composed, _Masks(pairs)),
        ("masks, fresh composites", composites, _Composites(figures, grounds)),
        ("poses", poses, _Poses(paths, boxes, torch.from_numpy(people.points_xy))),
    ]
    for name, dataset, plain in todo:
        yield compare(
            f"reading: {name}", "samples/s on one core", _Ours(dataset, len(ids)), plain, "torchvision v2",
            rounds=3, cpu_time=True,
        )  # fmt: skip


@dataclass
class _Ours:
    dataset: SampleDataset
    count: int

    def __call__(self) -> int:
        collate([self.dataset[Draw(place % len(self.dataset), place)] for place in range(self.count)])
        return self.count


def _moving(degrees: float, scale: tuple[float, float], shift: float, fill: Any) -> list[v2.Transform]:
    """The usual pipeline: shrunk first, which is its fastest order, then turned, moved, mirrored, coloured."""
    bilinear = v2.InterpolationMode.BILINEAR
    return [
        v2.RandomAffine(degrees, translate=(shift, shift), scale=scale, interpolation=bilinear, fill=fill),
        v2.RandomHorizontalFlip(),
        v2.ColorJitter(0.25, 0.25, 0.25, 0.04),
    ]


def _letterboxed(height: int, width: int) -> list[v2.Transform]:
    scale = _SIDE_PX / max(height, width)
    small = round(height * scale), round(width * scale)
    top, left = (_SIDE_PX - small[0]) // 2, (_SIDE_PX - small[1]) // 2
    padding = [left, top, _SIDE_PX - small[1] - left, _SIDE_PX - small[0] - top]
    return [v2.Resize(small, antialias=True), v2.Pad(padding, fill={tv_tensors.Image: _WHITE, tv_tensors.Mask: 0})]


def _image(path: Path) -> tv_tensors.Image:
    return tv_tensors.Image(decode_image(str(path), ImageReadMode.RGB))


class _Tags:
    """Decode, letterbox, affine, mirror, colour."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths, self.move = paths, v2.Compose(_moving(10, (0.85, 1.15), 0.06, _WHITE))

    def __call__(self) -> int:
        pictures = [_image(path) for path in self.paths]
        torch.stack([self.move(v2.Compose(_letterboxed(*picture.shape[1:]))(picture)) for picture in pictures])
        return len(self.paths)


class _Masks:
    """The same for a picture and its mask."""

    def __init__(self, pairs: list[tuple[Path, Path]]) -> None:
        self.pairs = pairs
        self.move = v2.Compose(_moving(20, (0.7, 1.6), 0.15, {tv_tensors.Image: _WHITE, tv_tensors.Mask: 0}))

    def __call__(self) -> int:
        done = []
        for picture_path, mask_path in self.pairs:
            picture = _image(picture_path)
            mask = tv_tensors.Mask(decode_image(str(mask_path), ImageReadMode.GRAY) > 0)
            done.append(self.move(*v2.Compose(_letterboxed(*picture.shape[1:]))(picture, mask)))
        torch.stack([picture for picture, _ in done]), torch.stack([mask for _, mask in done])
        return len(done)


class _Composites:
    """A cut-out, turned and moved, over a crop of a background; nothing of our distractors, occluders and styles."""

    def __init__(self, figures: list[Path], grounds: list[Path]) -> None:
        self.pairs = list(zip(figures, grounds, strict=True))
        self.crop = v2.Compose([v2.RandomResizedCrop(_SIDE_PX, (0.25, 1.0)), v2.RandomHorizontalFlip()])
        self.figure = v2.Compose(_moving(20, (0.5, 1.0), 0.15, 0)[:2])
        self.color = v2.ColorJitter(0.25, 0.25, 0.25, 0.04)

    def __call__(self) -> int:
        done: list[tuple[Tensor, Tensor]] = []
        for figure_path, ground_path in self.pairs:
            rgba = tv_tensors.Image(decode_image(str(figure_path), ImageReadMode.RGB_ALPHA))
            scale = _SIDE_PX / max(rgba.shape[1:])
            small = v2.functional.resize(rgba, [round(side * scale) for side in rgba.shape[1:]], antialias=True)
            height, width = small.shape[1:]
            square = v2.functional.pad(small, [0, 0, _SIDE_PX - width, _SIDE_PX - height])
            moved, ground = self.figure(square), self.crop(_image(ground_path))
            alpha = moved[3:].float() / 255
            scene = (moved[:3] * alpha + ground * (1 - alpha)).round().to(torch.uint8)
            done.append((self.color(tv_tensors.Image(scene)), moved[3]))
        torch.stack([picture for picture, _ in done]), torch.stack([mask for _, mask in done])
        return len(done)


class _Poses:
    """The square round a character, with its points as boxes of no size: torchvision 0.26 has no point type."""

    def __init__(self, paths: list[Path], boxes_xywh: list[tuple[float, ...]], points_xy: Tensor) -> None:
        self.people = list(zip(paths, boxes_xywh, points_xy, strict=True))
        self.move = v2.Compose(
            [v2.Resize((_SIDE_PX, _SIDE_PX), antialias=True), *_moving(30, (0.8, 1.25), 0.06, _WHITE)]
        )

    def __call__(self) -> int:
        done = []
        for path, (x, y, width, height), points in self.people:
            picture, side = _image(path), round(1.1 * max(width, height))
            corner = round(x + width / 2 - side / 2), round(y + height / 2 - side / 2)
            size = (int(picture.shape[1]), int(picture.shape[2]))
            boxes = tv_tensors.BoundingBoxes(torch.cat([points, points + 1], dim=1), format="XYXY", canvas_size=size)
            cut = [v2.functional.crop(item, corner[1], corner[0], side, side) for item in (picture, boxes)]
            done.append(self.move(*cut))
        torch.stack([picture for picture, _ in done]), torch.stack([boxes for _, boxes in done])
        return len(done)
