"""Pictures and the alpha of their characters for the segmenter."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from shared.datamodules.drawn import DrawnMasks, DrawnPictures, drawn_plan
from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
from shared.datamodules.mask_effects import Effects, Placement, effects_from, scatter_from
from shared.datamodules.mask_folders import (
    BackgroundShare,
    FolderShare,
    PairShare,
    Weighted,
    background_files,
    foreground_files,
    pairs_of_split,
)
from shared.datamodules.mask_samples import MaskedPictures, MaskKind, MaskSource
from shared.datamodules.mounts import Mounts, Shards
from shared.errors import DataError
from shared.image_files import PictureFile
from shared.readers.splits import Split

logger = logging.getLogger(__name__)

EvaluateOn = Literal["auto", "composed", "real", "composites"]


class MaskDataModule(LightningDataModule):
    """Batches ``{"image": uint8 (B, 3, S, S), "alpha": uint8 (B, 1, S, S), "weight": uint8 (B, 1, S, S), "id": (B,)}``.

    With ``instances`` also ``"instances"``: uint8 ``(B, 1, S, S)``, the number of the character, from 1 on, that a
    pixel belongs to.

    Training mixes composed pictures with fresh composites of cut-outs over a crop of a background or a generated one,
    and with real pictures. Validation and test letterbox whole pictures, or make composites that are always the same.

    Args:
        root: folder with ``images`` and ``masks`` (equal stems); or ``synth:count=…,seed=…`` for composed pictures
            drawn while the training runs, and nothing else (see :func:`shared.datamodules.drawn.drawn_plan`).
        image_size: side S, pixels.
        batch_size: samples of one process's batch.
        num_workers: reading processes; 0 reads in the training process.
        seed: of order and augmentation.
        augment: False trains on the clean composed pictures.
        samples_per_epoch: over all processes; None is one per cut-out or composed picture, whichever are more.
        composite: make fresh composites.
        composed_ratio: share of composed pictures among the training samples that are not real.
        masks: "instances" (any value above 0 is character) or "alpha" (the value is the alpha).
        foregrounds: folders of cut-outs, ``[{path: DIR, weight: 1}, …]``; None is ``fg`` of the root.
        backgrounds: folders of backgrounds and generated ones, ``[{path: DIR, weight: 1}, {procedural: clutter, weight:
            2}]``; None is ``bg`` of the root.
        effects: shares of the fresh composites, by name; see :class:`Effects`.
        placement: how characters are placed in fresh composites; see :class:`Placement`.
        real_pairs: folders of pictures with masks, ``[{path: DIR, layout: auto, weight: 1}]``.
        real_ratio: share of real pictures among the training samples.
        evaluate_on: what validation and test see: "composed" pictures of the root, "real" pairs, "composites" of the
            cut-outs of their split, or "auto": composed pictures if the root has ``images``, else composites.
        instances: tell whose each pixel is; for ``masks: instances`` and no real pictures.
        shards: folder or address of shards (made by ``inkpose data shards``) that are read in the place of ``root`` and
            of what is below it, or one for each data folder, ``{data/drawn: DIR, data/photo: DIR}``.

    Raises:
        DataError: a setting is out of range.
    """

    def __init__(
        self,
        root: str,
        image_size: int = 128,
        batch_size: int = 32,
        num_workers: int = 2,
        seed: int = 0,
        augment: bool = True,
        samples_per_epoch: int | None = None,
        composite: bool = True,
        composed_ratio: float = 0.3,
        masks: MaskKind = "instances",
        foregrounds: list[FolderShare] | None = None,
        backgrounds: list[BackgroundShare] | None = None,
        effects: dict[str, float] | None = None,
        placement: Placement | None = None,
        real_pairs: list[PairShare] | None = None,
        real_ratio: float = 0.0,
        evaluate_on: EvaluateOn = "auto",
        instances: bool = False,
        shards: Shards = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        for name, ratio in (("composed_ratio", composed_ratio), ("real_ratio", real_ratio)):
            if not 0 <= ratio <= 1:
                raise DataError(f"{name} {ratio}: not a share; use a number from 0 to 1")
        if real_ratio > 0 and not real_pairs:
            raise DataError(f"real_ratio {real_ratio}: there are no real_pairs; name a folder, or use 0")
        if instances and (masks == "alpha" or real_pairs):
            told = "masks: alpha" if masks == "alpha" else "real_pairs"
            raise DataError(f"instances: {told} cannot say whose a pixel is; use numbered masks alone")
        self.instances = instances
        self.root, self.image_size = Path(root), image_size
        self.drawn = drawn_plan(root)
        if self.drawn is not None and (foregrounds or backgrounds or real_pairs):
            raise DataError(f"{root}: foregrounds, backgrounds and real_pairs need a data folder as root")
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.augment, self.samples_per_epoch = augment, samples_per_epoch
        self.composite, self.composed_ratio, self.masks = composite and augment, composed_ratio, masks
        self.foregrounds, self.backgrounds, self.effects = foregrounds, backgrounds, effects_from(effects)
        self.scatter = scatter_from(placement, self.effects)
        self.real_pairs, self.real_ratio = real_pairs, real_ratio if augment else 0.0
        named = [entry.get("path") for entry in (*(foregrounds or []), *(backgrounds or []), *(real_pairs or []))]
        self.mounts = Mounts(shards, self.root, [Path(path) for path in named if path is not None])
        self.evaluate_on: EvaluateOn = evaluate_on
        if evaluate_on == "auto":
            composed = not self.composite or self.mounts.has_folder(self.root / "images")
            self.evaluate_on = "composed" if composed else "composites"

    def dataset(self, split: Split) -> SampleDataset:
        """Returns the samples of a split; keys that are plain indices give clean ones."""
        if self.drawn is not None:
            drawn = DrawnMasks(DrawnPictures(self.drawn, split), self.image_size, self.instances)
            return SampleDataset(drawn, self.seed, self.augment)
        if split == "train":
            loose = self.composite and self.composed_ratio < 1
            composed, real = not self.composite or self.composed_ratio > 0, self.real_ratio > 0
            effects = self.effects
        else:
            loose, composed, real = (self.evaluate_on == name for name in ("composites", "composed", "real"))
            effects = Effects(empty=self.effects.empty)
        pictures = MaskedPictures(
            _pairs(self.root, split, self.mounts) if composed else [],
            self.masks,
            foreground_files(self.foregrounds, self.root, split, self.mounts) if loose else Weighted(),
            background_files(self.backgrounds, self.root, split, self.mounts) if loose else Weighted(),
            pairs_of_split(self.real_pairs, split, self.mounts) if real else Weighted(),
        )
        source = MaskSource(
            pictures, self.image_size, self.composed_ratio, effects, self.scatter, self.real_ratio, self.instances
        )
        return SampleDataset(source, self.seed, self.augment)

    def setup(self, stage: str | None = None) -> None:
        """Does nothing: the file lists are read when a loader is asked for."""

    def train_dataloader(self) -> DataLoader[Any]:
        """Returns augmented batches of the training split."""
        return train_loader(
            self.dataset("train"), self.batch_size, self.num_workers, self.samples_per_epoch, self.trainer
        )

    def val_dataloader(self) -> DataLoader[Any]:
        """Returns clean batches of the validation split, each picture once."""
        return eval_loader(self.dataset("val"), self.batch_size, self.num_workers, self.trainer)

    def test_dataloader(self) -> DataLoader[Any]:
        """Returns clean batches of the test split, each picture once."""
        return eval_loader(self.dataset("test"), self.batch_size, self.num_workers, self.trainer)


def _pairs(root: Path, split: Split, mounts: Mounts) -> list[tuple[PictureFile, PictureFile]]:
    """Returns the composed pictures of a split with their masks (equal stems)."""
    masks, pictures = (_by_stem(root / name, split, mounts) for name in ("masks", "images"))
    pairs = [(path, masks[stem]) for stem, path in pictures.items() if stem in masks]
    if not pairs:
        raise DataError(f"{root}: no picture in images/ has a mask of its name in masks/; check the folder")
    if len(pairs) < len(pictures):
        logger.warning("%s: %d of %d pictures have no mask, left out", root, len(pictures) - len(pairs), len(pictures))
    return pairs


def _by_stem(folder: Path, split: Split, mounts: Mounts) -> dict[str, PictureFile]:
    """Returns the pictures of a split by their stem; those of one stem (``1.png``, ``1.jpg``) are all left out."""
    files = mounts.pictures_of_split(folder, split)
    counts = Counter(path.stem for path in files)
    if len(counts) < len(files):
        name = next(stem for stem, count in counts.items() if count > 1)
        logger.warning("%s: several files are called %s; left out with all others of one name", folder, name)
    return {path.stem: path for path in files if counts[path.stem] == 1}
