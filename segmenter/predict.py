"""From a finished checkpoint to character masks of any picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segmenter.color_model import weigh_colors
from segmenter.edge_cut import cut_along_edges
from segmenter.logits import logit, sigmoid
from segmenter.net import SegmenterNet
from segmenter.owners import OwnerMap, Place, owner_map
from segmenter.paper_input import paper_mask, paper_resized
from segmenter.refine import Float32Array, enlarge, refine, resize
from segmenter.saved import Preprocessing, read_saved
from segmenter.views import View, closer_views, join, paste, whole_views
from shared.batches import to_float
from shared.errors import BAD_RECORD, DataError
from shared.precision import has_fast_bfloat16

#: Settings of a predictor that looks at each picture once and makes no cut: several times as fast, less exact.
ONE_LOOK: dict[str, Any] = {
    "flip_test": False, "closer_look": False, "sharper_look": False, "edge_cut": False,
}  # fmt: skip


class SegmenterPredictor:
    """A trained network and the road from a picture to its mask and back.

    Args:
        net: maps RGB [0, 1] ``(B, 3, H, W)`` to logits ``(B, 2, H, W)``.
        image_size: pictures are fitted into a square of this side, white around them, as in training; with
            ``preprocessing="paper"`` it is the short side.
        device: where the network runs.
        batch_size: pictures of one forward pass.
        refined: whether masks follow the picture's edges at full size (guided filter) or are only enlarged.
        bf16: half precision in the network; None takes it where the device has it in hardware.
        flip_test: average each picture's answer with that of its mirror image: twice the work, fewer errors.
        closer_look: look at small characters again, each in a window of its own.
        sharper_look: look at large pictures a second time with more pixels, see :func:`sharper_side`.
        colors: ask how common each pixel's colour is in the character and outside (:mod:`segmenter.color_model`).
        edge_cut: move what is in doubt to the picture's edges by a graph cut (:mod:`segmenter.edge_cut`).
        apart: tell characters that touch apart, if the network has an instance head.
        preprocessing: ``letterbox`` (as our training), or ``paper``: sizes and bicubic mask of the paper's release,
            where ``refined``, ``flip_test``, ``closer_look``, ``sharper_look``, ``colors`` and ``edge_cut`` have no
            part.
    """

    def __init__(
        self,
        net: SegmenterNet,
        image_size: int,
        device: str = "cpu",
        batch_size: int = 8,
        refined: bool = True,
        bf16: bool | None = None,
        flip_test: bool = True,
        closer_look: bool = True,
        sharper_look: bool = True,
        colors: bool = True,
        edge_cut: bool = True,
        apart: bool = True,
        preprocessing: Preprocessing = "letterbox",
    ) -> None:
        self.net = net.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self.image_size = image_size
        self.device = torch.device(device)
        self.batch_size = batch_size
        self.refined = refined
        self.flip_test = flip_test
        self.closer_look = closer_look
        self.sharper_look = sharper_look
        self.colors = colors
        self.edge_cut = edge_cut
        self.apart = apart and getattr(net, "instance_head", None) is not None
        self.preprocessing: Preprocessing = preprocessing
        self.bf16 = has_fast_bfloat16(self.device) if bf16 is None else bf16

    def predict(self, images: Sequence[NDArray[np.uint8]]) -> list[Float32Array]:
        """Returns the probability of "character" of every pixel, ``(H, W)`` float32 in [0, 1], one map a picture.

        Args:
            images: uint8 RGB ``(H, W, 3)``, of any sizes.

        Raises:
            ValueError: an array of another kind.
        """
        _check(images)
        if self.preprocessing == "paper":
            return self._as_the_release(images)
        plans = [whole_views(image.shape[1], image.shape[0]) for image in images]
        answers = self._seen([(image, view) for image, views in zip(images, plans, strict=True) for view in views])
        results = []
        for image, views in zip(images, plans, strict=True):
            results.append(join(views, islice(answers, len(views)), image.shape[1], image.shape[0]))
        if self.closer_look:
            again = [(index, view) for index, result in enumerate(results) for view in closer_views(result)]
            closer = self._seen([(images[index], view) for index, view in again])
            for (index, view), answer in zip(again, closer, strict=True):
                paste(results[index], view, answer)
        if self.colors:
            results = [weigh_colors(image, result) for image, result in zip(images, results, strict=True)]
        if self.edge_cut:
            results = [cut_along_edges(image, result) for image, result in zip(images, results, strict=True)]
        return results

    def owners(self, images: Sequence[NDArray[np.uint8]]) -> list[OwnerMap | None]:
        """Returns which of several characters each pixel belongs to, should it belong to one: ``(H, W)`` from 1 on.

        None stands for a picture where at most one was found, or nobody can tell: the network has no instance head, or
        the picture is a strip (which is seen in windows).

        Args:
            images: as for :meth:`predict`.

        Raises:
            ValueError: an array of another kind.
        """
        _check(images)
        results: list[OwnerMap | None] = [None] * len(images)
        sizes = [(image.shape[1], image.shape[0]) for image in images]
        told = [number for number, size in enumerate(sizes) if self.apart and len(whole_views(*size)) == 1]
        for start in range(0, len(told), self.batch_size):
            some = told[start : start + self.batch_size]
            batch, places = self._squares([images[number] for number in some], self.image_size)
            for number, maps, place in zip(some, self._instances(batch), places, strict=True):
                results[number] = owner_map(maps, self.image_size, place, sizes[number])
        return results

    def _seen(self, views: list[tuple[NDArray[np.uint8], View]]) -> Iterator[Float32Array]:
        """Yields the map of each window, of the window's size."""
        for start in range(0, len(views), self.batch_size):
            crops = [image[y1:y2, x1:x2] for image, (x1, y1, x2, y2) in views[start : start + self.batch_size]]
            for crop, coarse in zip(crops, self._coarse(crops), strict=True):
                yield refine(crop, coarse) if self.refined else enlarge(coarse, (crop.shape[1], crop.shape[0]))

    def _coarse(self, images: Sequence[NDArray[np.uint8]]) -> list[Float32Array]:
        """Returns each picture's map without the padding, at the network's size, or at that of the sharper look."""
        maps = self._at(images, self.image_size)
        if not self.sharper_look:
            return maps
        sides = [sharper_side(image.shape[1], image.shape[0], self.image_size) for image in images]
        for side in set(sides) - {self.image_size}:
            again = [number for number, wanted in enumerate(sides) if wanted == side]
            for number, sharper in zip(again, self._at([images[i] for i in again], side), strict=True):
                maps[number] = sigmoid(
                    (logit(resize(maps[number], sharper.shape[::-1])) + logit(sharper)) * np.float32(0.5)
                )
        return maps

    def _at(self, images: Sequence[NDArray[np.uint8]], side: int) -> list[Float32Array]:
        """Returns each picture's map when fitted into a square of ``side``, without the padding."""
        batch, places = self._squares(images, side)
        maps = self._foreground(batch, self.flip_test)
        return [
            np.ascontiguousarray(values[y : y + height, x : x + width])
            for values, (x, y, width, height) in zip(maps, places, strict=True)
        ]

    def _squares(self, images: Sequence[NDArray[np.uint8]], side: int) -> tuple[Tensor, list[Place]]:
        """Returns uint8 RGB ``(B, 3, side, side)`` of pictures fitted into squares on white, and where they lie."""
        places = [fitted(image.shape[1], image.shape[0], side) for image in images]
        canvas = np.full((len(images), side, side, 3), 255, np.uint8)
        for slot, image, (x, y, width, height) in zip(canvas, images, places, strict=True):
            slot[y : y + height, x : x + width] = resize(image, (width, height))
        return torch.from_numpy(canvas).permute(0, 3, 1, 2), places

    def _as_the_release(self, images: Sequence[NDArray[np.uint8]]) -> list[Float32Array]:
        small = [paper_resized(image, self.image_size) for image in images]
        results: list[Float32Array] = []
        start = 0
        while start < len(small):
            # Pictures are not padded here, so only neighbours of one size make a batch.
            end = start + 1
            while end < len(small) and end - start < self.batch_size and small[end].shape == small[start].shape:
                end += 1
            batch = torch.from_numpy(np.stack(small[start:end])).permute(0, 3, 1, 2)
            maps = self._foreground(batch, flip_test=False)
            sizes = [(image.shape[1], image.shape[0]) for image in images[start:end]]
            results += [paper_mask(values, size_wh) for values, size_wh in zip(maps, sizes, strict=True)]
            start = end
        return results

    @torch.inference_mode()
    def _foreground(self, batch_uint8: Tensor, flip_test: bool) -> Float32Array:
        """Returns the foreground probability ``(B, H, W)`` of uint8 RGB ``(B, 3, H, W)``."""
        batch = to_float(batch_uint8.to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.net(batch).float()
            if flip_test:
                logits = (logits + self.net(batch.flip(-1)).float().flip(-1)) / 2
        maps: Float32Array = logits.softmax(dim=1)[:, 1].cpu().numpy()
        return maps

    @torch.inference_mode()
    def _instances(self, batch_uint8: Tensor) -> Float32Array:
        """Returns ``(B, 3, h, w)``: probability of a character's middle, and offset x, y to it in cells."""
        batch = to_float(batch_uint8.to(self.device))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            maps = self.net.instance_maps(batch).float()
            if self.flip_test:
                mirrored = self.net.instance_maps(batch.flip(-1)).float().flip(-1)
                mirrored[:, 1] *= -1
                maps = (maps + mirrored) / 2
        maps[:, 0] = maps[:, 0].sigmoid()
        values: Float32Array = maps.cpu().numpy()
        return values


def sharper_side(width: int, height: int, side_px: int) -> int:
    """Returns the side of the second look at a picture: 1.5 or 2 times the first's, or the first's for none.

    Never more than half of the picture's long side: trainings see pictures of twice the network's size, and lines
    that are softer than theirs mislead the net.
    """
    long = max(width, height)
    return next((round(side_px * f) for f in (2.0, 1.5) if long >= 2 * round(side_px * f)), side_px)


def fitted(width: int, height: int, side_px: int) -> Place:
    """Returns where a picture lands in the square, in whole pixels: centred, aspect kept."""
    scale = side_px / max(width, height)
    small_w, small_h = max(1, round(width * scale)), max(1, round(height * scale))
    return Place((side_px - small_w) // 2, (side_px - small_h) // 2, small_w, small_h)


def _check(images: Sequence[NDArray[np.uint8]]) -> None:
    for image in images:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise ValueError(f"image is {image.dtype} {image.shape}; must be uint8 RGB (H, W, 3) with H, W ≥ 1")


def load(path: Path | str, device: str = "cpu", **settings: Any) -> SegmenterPredictor:
    """Returns the predictor of a finished segmenter; no code in the file is run.

    Args:
        path: a ``.ckpt`` file that the training or ``inkpose import segmenter`` wrote, or a folder of
            ``inkpose export segmenter``.
        device: where the network runs.
        settings: ``batch_size``, ``refined``, ``bf16``, ``flip_test``, ``closer_look``, ``sharper_look``, ``colors``,
            ``edge_cut``, ``apart``, ``image_size``, ``preprocessing`` of :class:`SegmenterPredictor`; what is not given
            is the checkpoint's own or the default.

    Raises:
        DataError: no such file, damaged, or of another subsystem.
    """
    saved = read_saved(Path(path))
    try:
        net = saved.build()
    except (RuntimeError, ArithmeticError, AssertionError, *BAD_RECORD) as error:
        raise DataError(
            f"{path}: weights and settings do not fit together ({type(error).__name__}); train again"
        ) from error
    own = {"image_size": saved.image_size, "preprocessing": saved.preprocessing}
    return SegmenterPredictor(net, device=device, **(own | settings))
