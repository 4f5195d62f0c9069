"""How one sample of the segmenter is made: a composed picture, or a fresh composite of loose cut-outs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.compositing.line_art import to_line_art
from shared.compositing.scatter import Scatter
from shared.datamodules.loaders import Sample
from shared.datamodules.mask_composites import CompositeMaker
from shared.datamodules.mask_effects import Effects, happens
from shared.datamodules.mask_folders import Weighted
from shared.datamodules.shard_sampling import shards_of
from shared.geometry import FloatArray
from shared.image_files import PictureFile
from shared.readers.folders import id_of_stem
from shared.readers.mask_pairs import MaskPair, read_alpha, read_numbers
from shared.warped_reading import read_warped

ByteArray = NDArray[np.uint8]
MaskKind = Literal["instances", "alpha"]


#: Seed of the composites that evaluation uses: the same ones whatever the training's seed.
EVALUATION_SEED = 2022


@dataclass(frozen=True)
class MaskedPictures:
    """Composed pictures with their mask files, real ones with theirs, and loose cut-outs and backgrounds."""

    pairs: list[tuple[PictureFile, PictureFile]] = field(default_factory=list)
    mask_kind: MaskKind = "instances"
    foregrounds: Weighted[PictureFile] = field(default_factory=Weighted)
    backgrounds: Weighted[PictureFile] = field(default_factory=Weighted)
    real: Weighted[MaskPair] = field(default_factory=Weighted)


class MaskSource:
    """Makes segmenter samples: composed pictures, real ones, and in training mostly fresh composites of cut-outs.

    Without a generator (in evaluation) the samples are the composed pictures as they are; where there are none, the
    real ones; where there are none either, one composite of each cut-out, always the same.

    Args:
        pictures: the files.
        image_size: side S, pixels.
        composed_ratio: share of composed pictures among the training samples that are not real.
        effects: how often fresh composites are made harder, and how.
        scatter: how characters are placed in fresh composites.
        real_ratio: share of training samples that are real pictures.
        instances: samples tell whose each pixel is; not for real pictures, nor for masks that are alpha.
    """

    def __init__(
        self,
        pictures: MaskedPictures,
        image_size: int,
        composed_ratio: float = 0.3,
        effects: Effects = Effects(),  # noqa: B008 (frozen)
        scatter: Scatter = Scatter(),  # noqa: B008 (frozen)
        real_ratio: float = 0.0,
        instances: bool = False,
    ) -> None:
        self.instances = instances
        self.pictures, self.image_size, self.composed_ratio = pictures, image_size, composed_ratio
        self.effects, self.real_ratio = effects, real_ratio
        self.composites = CompositeMaker(pictures.foregrounds, pictures.backgrounds, image_size, effects, scatter)
        self.geometry = GeometryAugment(20.0, (0.7, 1.6), 0.15, 0.5)
        self.color = ColorAugment(1.2)
        self.shards = shards_of(self._own_pictures())

    def _own_pictures(self) -> list[PictureFile]:
        """Returns the picture that each sample is surely made of, were it a composed one or a composite."""
        pictures = self.pictures
        if len(pictures.pairs) >= len(pictures.foregrounds) and pictures.pairs:
            return [picture for picture, _ in pictures.pairs]
        cutouts = [path for group in pictures.foregrounds.groups for path in group]
        return cutouts or [pair.image for group in pictures.real.groups for pair in group]

    def __len__(self) -> int:
        pictures = self.pictures
        return max(len(pictures.pairs), len(pictures.foregrounds)) or len(pictures.real)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``alpha`` (S, S), ``weight`` (S, S) 1 in the picture, 0 in padding, ``id``.

        With ``instances`` also ``instances`` (S, S): the number of the character, from 1 on, that a pixel belongs to.
        """
        sample = self._sample(index, rng)
        if not self.instances:
            sample.pop("instances", None)
        return sample

    def _sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        pictures = self.pictures
        pairs = len(pictures.pairs)
        if rng is None:
            if pairs:
                return self._composed(index, None)
            if len(pictures.real):
                return self._real(pictures.real.largest[index], None)
            return self.composites.make(index, np.random.default_rng([EVALUATION_SEED, index]))
        if happens(rng, self.real_ratio):
            group = pictures.real.choose(rng)
            sample = self._real(group[int(rng.integers(len(group)))], rng)
        elif len(pictures.foregrounds) > 0 and (not pairs or rng.random() >= self.composed_ratio):
            sample = self.composites.make(index, rng)
        else:
            sample = self._composed(index % pairs, rng)
        if happens(rng, self.effects.line_art):
            sample["image"] = to_line_art(sample["image"])
        sample["image"] = self.color(sample["image"], rng)
        return sample

    def _composed(self, index: int, rng: np.random.Generator | None) -> Sample:
        return self._whole(MaskPair(*self.pictures.pairs[index]), self.pictures.mask_kind == "instances", rng)

    def _real(self, pair: MaskPair, rng: np.random.Generator | None) -> Sample:
        return self._whole(pair, False, rng)

    def _whole(self, pair: MaskPair, instances: bool, rng: np.random.Generator | None) -> Sample:
        """Returns a whole picture with its mask, letterboxed, and moved about where ``rng`` is given."""
        side = self.image_size
        affine_of = self.geometry.letterbox(rng, side)
        image, affine, size_wh = read_warped(pair.image, affine_of, (side, side), exact=rng is None)
        sample = {
            "image": image,
            "weight": inside_picture(affine, size_wh, side),
            "id": np.int64(id_of_stem(pair.image)),
        }
        if self.instances:
            numbers = read_numbers(pair, size_wh[::-1])
            sample["instances"] = geometry.warp_labels(numbers, affine, (side, side))
            alpha = np.where(numbers > 0, np.uint8(255), np.uint8(0))
        else:
            alpha = read_alpha(pair, size_wh[::-1], instances)
        return {**sample, "alpha": geometry.warp(alpha, affine, (side, side), fill=(0,))}


def letterboxed_pair(
    picture: ByteArray, numbers: ByteArray, side: int, moves: GeometryAugment, rng: np.random.Generator | None
) -> Sample:
    """Returns ``image``, ``alpha``, ``instances`` and ``weight`` of a picture letterboxed to ``side``.

    Args:
        picture: ``(H, W, 3)``.
        numbers: ``(H, W)``, whose each pixel is, from 1 on; 0 is nobody's.
        side: of the result, pixels.
        moves: it is moved about by them if ``rng`` is given.
        rng: None for a clean sample.
    """
    size_wh = picture.shape[1], picture.shape[0]
    affine = moves.letterbox(rng, side)(*size_wh)
    alpha = np.where(numbers > 0, np.uint8(255), np.uint8(0))
    return {
        "image": geometry.warp(picture, affine, (side, side)),
        "alpha": geometry.warp(alpha, affine, (side, side), fill=(0,)),
        "instances": geometry.warp_labels(numbers, affine, (side, side)),
        "weight": inside_picture(affine, size_wh, side),
    }


def inside_picture(affine: FloatArray, size_wh: tuple[int, int], side_px: int) -> ByteArray:
    """Returns ``(S, S)``: 1 where the pixel's centre shows the picture of ``size_wh``, 0 where it shows padding."""
    centres = np.arange(side_px) + 0.5
    inverse = geometry.invert(affine)
    inside = np.ones((side_px, side_px), bool)
    for (across, down, shift), size in zip(inverse, size_wh, strict=True):
        source = (across * centres + shift)[None] + (down * centres)[:, None]
        inside &= (source >= 0) & (source < size)
    return inside.astype(np.uint8)
