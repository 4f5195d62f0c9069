"""How one sample of the segmenter is made: a composed picture, or a fresh composite of loose cut-outs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.compositing.line_art import to_line_art
from shared.compositing.scatter import Scatter, random_crop
from shared.datamodules.loaders import Sample
from shared.errors import DataError
from shared.geometry import FloatArray
from shared.images import read_mask, read_rgb, read_rgba
from shared.readers.folders import id_of_stem

ByteArray = NDArray[np.uint8]
MaskKind = Literal["instances", "alpha"]


@dataclass(frozen=True)
class MaskedPictures:
    """Composed pictures with their mask files, and loose cut-outs and backgrounds (empty in evaluation)."""

    pairs: list[tuple[Path, Path]]
    foregrounds: list[Path]
    backgrounds: list[Path]
    mask_kind: MaskKind


class MaskSource:
    """Makes segmenter samples: composed pictures, and in training mostly fresh composites of loose cut-outs.

    Args:
        pictures: the files.
        image_size: side S, pixels.
        composed_ratio: share of training samples that are composed pictures.
        line_art_probability: share of training samples turned into grey line art after compositing.
        plain_probability: share of fresh composites on one flat colour, white in half of them.
    """

    def __init__(
        self,
        pictures: MaskedPictures,
        image_size: int,
        composed_ratio: float = 0.3,
        line_art_probability: float = 0.05,
        plain_probability: float = 0.15,
    ) -> None:
        self.pictures, self.image_size, self.composed_ratio = pictures, image_size, composed_ratio
        self.line_art_probability, self.plain_probability = line_art_probability, plain_probability
        self.scatter = Scatter()
        self.geometry = GeometryAugment(20.0, (0.7, 1.6), 0.15, 0.5)
        self.color = ColorAugment(1.2)

    def __len__(self) -> int:
        return max(len(self.pictures.pairs), len(self.pictures.foregrounds))

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``alpha`` (S, S), ``weight`` (S, S) 1 in the picture, 0 in padding, ``id``."""
        if rng is None:
            return self._composed(index, None)
        pairs = len(self.pictures.pairs)
        fresh = bool(self.pictures.foregrounds) and (not pairs or rng.random() >= self.composed_ratio)
        sample = self._fresh(index, rng) if fresh else self._composed(index % pairs, rng)
        if rng.random() < self.line_art_probability:
            sample["image"] = to_line_art(sample["image"])
        sample["image"] = self.color(sample["image"], rng)
        return sample

    def _composed(self, index: int, rng: np.random.Generator | None) -> Sample:
        picture_path, mask_path = self.pictures.pairs[index]
        picture, mask, side = read_rgb(picture_path), read_mask(mask_path), self.image_size
        if mask.shape != picture.shape[:2]:
            raise DataError(
                f"{mask_path}: mask of {mask.shape[1]} × {mask.shape[0]} for a picture of {picture.shape[1]} × "
                f"{picture.shape[0]}; make them equal"
            )
        if self.pictures.mask_kind == "instances":
            mask = np.where(mask > 0, np.uint8(255), np.uint8(0))
        affine = geometry.letterbox(picture.shape[1], picture.shape[0], side)
        if rng is not None:
            affine = geometry.compose(affine, self.geometry.sample(rng, (side, side))[0])
        return {
            "image": geometry.warp(picture, affine, (side, side)),
            "alpha": geometry.warp(mask, affine, (side, side), fill=(0,)),
            "weight": inside_picture(affine, (picture.shape[1], picture.shape[0]), side),
            "id": np.int64(id_of_stem(picture_path)),
        }

    def _fresh(self, index: int, rng: np.random.Generator) -> Sample:
        foregrounds, side = self.pictures.foregrounds, self.image_size
        # The first cut-out is the sample's own, so that an epoch shows every cut-out equally often.
        first = index % len(foregrounds)
        count = self.scatter.sample_count(rng)
        chosen = [first, *(int(i) for i in rng.integers(len(foregrounds), size=max(0, count - 1)))][:count]
        cutouts = [read_rgba(foregrounds[i]) for i in chosen]
        scene, alpha = self.scatter.compose(rng, cutouts, self._background(rng))
        weight = np.ones((side, side), np.uint8)
        return {"image": scene, "alpha": alpha, "weight": weight, "id": np.int64(id_of_stem(foregrounds[first]))}

    def _background(self, rng: np.random.Generator) -> ByteArray:
        backgrounds, side = self.pictures.backgrounds, self.image_size
        if not backgrounds or rng.random() < self.plain_probability:
            color = (255, 255, 255) if rng.random() < 0.5 else tuple(int(v) for v in rng.integers(0, 256, 3))
            return np.full((side, side, 3), color, np.uint8)
        picture = read_rgb(backgrounds[int(rng.integers(len(backgrounds)))])
        return geometry.warp(
            picture, random_crop(rng, (picture.shape[1], picture.shape[0]), side), (side, side), fill=(255,)
        )


def inside_picture(affine: FloatArray, size_wh: tuple[int, int], side_px: int) -> ByteArray:
    """Returns ``(S, S)``: 1 where the pixel's centre shows the picture of ``size_wh``, 0 where it shows padding."""
    centres = np.arange(side_px) + 0.5
    cells = np.stack(np.meshgrid(centres, centres), axis=-1)
    source = geometry.apply_to_points(geometry.invert(affine), cells)
    return np.asarray(((source >= 0) & (source < size_wh)).all(axis=-1), np.uint8)
