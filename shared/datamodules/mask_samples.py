"""How one sample of the segmenter is made: a composed picture, or a fresh composite of loose cut-outs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.compositing.clutter import clutter
from shared.compositing.distractors import add_distractors
from shared.compositing.line_art import to_line_art
from shared.compositing.restyle import restyle
from shared.compositing.scatter import Scatter, random_crop
from shared.compositing.tones import change_tone
from shared.datamodules.loaders import Sample
from shared.datamodules.mask_effects import Effects, happens
from shared.datamodules.mask_folders import WeightedFolders
from shared.errors import DataError
from shared.geometry import FloatArray
from shared.images import read_mask, read_rgb, read_rgba
from shared.readers.folders import id_of_stem

ByteArray = NDArray[np.uint8]
MaskKind = Literal["instances", "alpha"]


@dataclass(frozen=True)
class MaskedPictures:
    """Composed pictures with their mask files, and loose cut-outs and backgrounds (none in evaluation)."""

    pairs: list[tuple[Path, Path]]
    mask_kind: MaskKind
    foregrounds: WeightedFolders = field(default_factory=WeightedFolders)
    backgrounds: WeightedFolders = field(default_factory=WeightedFolders)


class MaskSource:
    """Makes segmenter samples: composed pictures, and in training mostly fresh composites of loose cut-outs.

    Args:
        pictures: the files.
        image_size: side S, pixels.
        composed_ratio: share of training samples that are composed pictures.
        effects: how often fresh composites are made harder, and how.
    """

    def __init__(
        self,
        pictures: MaskedPictures,
        image_size: int,
        composed_ratio: float = 0.3,
        effects: Effects = Effects(),  # noqa: B008 (frozen)
    ) -> None:
        self.pictures, self.image_size, self.composed_ratio = pictures, image_size, composed_ratio
        self.effects = effects
        self.scatter = Scatter().with_empty(effects.empty)
        self.geometry = GeometryAugment(20.0, (0.7, 1.6), 0.15, 0.5)
        self.color = ColorAugment(1.2)

    def __len__(self) -> int:
        return max(len(self.pictures.pairs), len(self.pictures.foregrounds))

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``alpha`` (S, S), ``weight`` (S, S) 1 in the picture, 0 in padding, ``id``."""
        if rng is None:
            return self._composed(index, None)
        pairs = len(self.pictures.pairs)
        fresh = len(self.pictures.foregrounds) > 0 and (not pairs or rng.random() >= self.composed_ratio)
        sample = self._fresh(index, rng) if fresh else self._composed(index % pairs, rng)
        if happens(rng, self.effects.line_art):
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
        side, effects = self.image_size, self.effects
        files = self.pictures.foregrounds.choose(rng)
        # The first cut-out is the sample's own, so that an epoch shows every cut-out of a folder equally often.
        first = files[index % len(files)]
        count = self.scatter.sample_count(rng)
        chosen = [first, *(files[int(i)] for i in rng.integers(len(files), size=max(0, count - 1)))][:count]
        cutouts = [self._cutout(path, rng) for path in chosen]
        background = self._background(rng)
        if happens(rng, effects.background_tone):
            background = change_tone(rng, background)
        if happens(rng, effects.distractors):
            background = add_distractors(rng, background, cutouts or [self._cutout(first, rng)])
        scene, alpha = self.scatter.compose(rng, cutouts, background)
        return {
            "image": scene,
            "alpha": alpha,
            "weight": np.ones((side, side), np.uint8),
            "id": np.int64(id_of_stem(first)),
        }

    def _cutout(self, path: Path, rng: np.random.Generator) -> ByteArray:
        cutout = read_rgba(path)
        if happens(rng, self.effects.restyle):
            cutout = restyle(rng, cutout)
        return change_tone(rng, cutout) if happens(rng, self.effects.foreground_tone) else cutout

    def _background(self, rng: np.random.Generator) -> ByteArray:
        backgrounds, side = self.pictures.backgrounds, self.image_size
        if rng.random() < self.effects.plain:
            color = (255, 255, 255) if rng.random() < 0.5 else tuple(int(v) for v in rng.integers(0, 256, 3))
            return np.full((side, side, 3), color, np.uint8)
        files = backgrounds.choose(rng)
        if files:
            return self._crop(files, rng)
        # Clutter may take a real picture for one of its textures.
        pieces = [self._crop(backgrounds.largest, rng)] if backgrounds.largest and rng.random() < 0.25 else []
        return clutter(rng, side, pieces)

    def _crop(self, files: Sequence[Path], rng: np.random.Generator) -> ByteArray:
        picture, side = read_rgb(files[int(rng.integers(len(files)))]), self.image_size
        return geometry.warp(
            picture, random_crop(rng, (picture.shape[1], picture.shape[0]), side), (side, side), fill=(255,)
        )


def inside_picture(affine: FloatArray, size_wh: tuple[int, int], side_px: int) -> ByteArray:
    """Returns ``(S, S)``: 1 where the pixel's centre shows the picture of ``size_wh``, 0 where it shows padding."""
    centres = np.arange(side_px) + 0.5
    cells = np.stack(np.meshgrid(centres, centres), axis=-1)
    source = geometry.apply_to_points(geometry.invert(affine), cells)
    return np.asarray(((source >= 0) & (source < size_wh)).all(axis=-1), np.uint8)
