"""How a fresh composite is made: cut-outs, a background, and all that makes it hard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from shared.compositing.clutter import clutter
from shared.compositing.cutout_files import read_cutout
from shared.compositing.distractors import add_distractors
from shared.compositing.harmony import match_colors, quantized
from shared.compositing.overlays import add_bubbles, add_frame, add_occluders, add_text, island, letterboxed
from shared.compositing.palettes import palette_of
from shared.compositing.portraits import cut_off
from shared.compositing.restyle import restyle
from shared.compositing.scatter import Scatter, random_crop
from shared.compositing.still_life import still_life
from shared.compositing.tones import change_tone
from shared.datamodules.loaders import Sample
from shared.datamodules.mask_effects import Effects, happens
from shared.datamodules.mask_folders import Generated, Weighted
from shared.geometry import FloatArray
from shared.image_files import PictureFile
from shared.readers.folders import id_of_stem
from shared.warped_reading import read_warped

ByteArray = NDArray[np.uint8]


class CompositeMaker:
    """Makes composites; each is a function of its cut-out's index and of the generator given.

    Args:
        foregrounds: files of cut-outs.
        backgrounds: files of backgrounds, and groups that are generated.
        image_size: side S of the composites, pixels.
        effects: how often they are made harder, and how.
        scatter: how characters are placed.
    """

    def __init__(
        self,
        foregrounds: Weighted[PictureFile],
        backgrounds: Weighted[PictureFile],
        image_size: int,
        effects: Effects,
        scatter: Scatter,
    ) -> None:
        self.foregrounds, self.backgrounds, self.image_size = foregrounds, backgrounds, image_size
        self.effects, self.scatter = effects, scatter

    def make(self, index: int, rng: np.random.Generator) -> Sample:
        """Returns composite ``index`` (which cut-out is surely in it, unless it is empty): the fields of a sample."""
        files = self.foregrounds.choose(rng)
        # The first cut-out is the sample's own, so that an epoch shows every cut-out of a folder equally often.
        first = files[index % len(files)]
        count = self.scatter.sample_count(rng)
        chosen = [first, *(files[int(i)] for i in rng.integers(len(files), size=max(0, count - 1)))][:count]
        cutouts = [self._cutout(path, rng) for path in chosen]
        background = self._background(rng, cutouts)
        if happens(rng, self.effects.distractors):
            background = add_distractors(rng, background, cutouts or [self._cutout(first, rng)])
        if happens(rng, self.effects.match_colors):
            cutouts = [match_colors(rng, cutout, background) for cutout in cutouts]
        linear_light = happens(rng, self.effects.linear_light)
        scene, alpha, numbers = self.scatter.compose(rng, cutouts, background, linear_light)
        scene, alpha = self._over_it(rng, scene, alpha)
        weight = np.ones_like(alpha)
        if happens(rng, self.effects.letterbox):
            scene, alpha, weight = letterboxed(rng, scene, alpha)
        return {
            "image": scene,
            "alpha": alpha,
            "instances": np.where(alpha > 127, numbers, np.uint8(0)),
            "weight": weight,
            "id": np.int64(id_of_stem(first)),
        }

    def _over_it(self, rng: np.random.Generator, scene: ByteArray, alpha: ByteArray) -> tuple[ByteArray, ByteArray]:
        """Adds what lies over a finished scene."""
        effects = self.effects
        if happens(rng, effects.occluders):
            scene, alpha = add_occluders(rng, scene, alpha)
        if happens(rng, effects.text):
            scene = add_text(rng, scene)
        if happens(rng, effects.bubbles):
            scene, alpha = add_bubbles(rng, scene, alpha)
        if happens(rng, effects.quantize):
            scene = quantized(rng, scene)
        return add_frame(rng, scene, alpha) if happens(rng, effects.frames) else (scene, alpha)

    def _cutout(self, path: PictureFile, rng: np.random.Generator) -> ByteArray:
        cutout = read_cutout(path)
        if happens(rng, self.effects.cut_off):
            cutout = cut_off(rng, cutout)
        if happens(rng, self.effects.restyle):
            cutout = restyle(rng, cutout)
        return change_tone(rng, cutout) if happens(rng, self.effects.foreground_tone) else cutout

    def _background(self, rng: np.random.Generator, cutouts: Sequence[ByteArray]) -> ByteArray:
        if cutouts and happens(rng, self.effects.own_colors):
            return clutter(rng, self.image_size, (), palette_of(rng, cutouts[0]))
        if rng.random() < self.effects.plain:
            color = (255, 255, 255) if rng.random() < 0.5 else tuple(int(v) for v in rng.integers(0, 256, 3))
            return np.full((self.image_size, self.image_size, 3), color, np.uint8)
        background = self._scene(rng)
        if happens(rng, self.effects.background_tone):
            background = change_tone(rng, background)
        return island(rng, background) if happens(rng, self.effects.islands) else background

    def _scene(self, rng: np.random.Generator) -> ByteArray:
        files = self.backgrounds.choose(rng)
        if not isinstance(files, Generated):
            return self._crop(files, rng)
        if files.kind == "still_life":
            return still_life(rng, self.image_size)
        # Clutter may take a real picture for one of its textures.
        pictures = self.backgrounds.largest
        pieces = [self._crop(pictures, rng)] if pictures and rng.random() < 0.25 else []
        return clutter(rng, self.image_size, pieces)

    def _crop(self, files: Sequence[PictureFile], rng: np.random.Generator) -> ByteArray:
        path, side = files[int(rng.integers(len(files)))], self.image_size

        def affine_of(width: int, height: int) -> FloatArray:
            return random_crop(rng, (width, height), side)

        return read_warped(path, affine_of, (side, side), fill=(255,)).image
