"""Pictures and the alpha of their characters for the segmenter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
from shared.datamodules.mask_effects import effects_from
from shared.datamodules.mask_folders import BackgroundShare, FolderShare, weighted_folders
from shared.datamodules.mask_samples import MaskedPictures, MaskKind, MaskSource
from shared.errors import DataError
from shared.readers.folders import pictures_of_split
from shared.readers.splits import Split


class MaskDataModule(LightningDataModule):
    """Batches ``{"image": uint8 (B, 3, S, S), "alpha": uint8 (B, 1, S, S), "weight": uint8 (B, 1, S, S), "id": (B,)}``.

    Training mixes composed pictures (``composed_ratio`` of the samples) with fresh composites of 0–3 cut-outs over
    a crop of a background or a generated one; validation and test letterbox the composed pictures.

    Args:
        root: folder with ``images`` and ``masks`` (equal stems).
        image_size: side S, pixels.
        batch_size: samples of one process's batch.
        num_workers: reading processes; 0 reads in the training process.
        seed: of order and augmentation.
        augment: False trains on the clean composed pictures.
        samples_per_epoch: over all processes; None is one per cut-out or composed picture, whichever are more.
        composite: make fresh composites.
        composed_ratio: share of composed pictures among the training samples.
        masks: "instances" (any value above 0 is character) or "alpha" (the value is the alpha).
        foregrounds: folders of cut-outs, ``[{path: DIR, weight: 1}, …]``; None is ``fg`` of the root.
        backgrounds: folders of backgrounds and generated ones, ``[{path: DIR, weight: 1}, {procedural: clutter, weight:
            2}]``; None is ``bg`` of the root.
        effects: shares of the fresh composites, by name; see :class:`Effects`.

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
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        if not 0 <= composed_ratio <= 1:
            raise DataError(f"composed_ratio {composed_ratio}: not a share; use a number from 0 to 1")
        self.root, self.image_size = Path(root), image_size
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.augment, self.samples_per_epoch = augment, samples_per_epoch
        self.composite, self.composed_ratio, self.masks = composite and augment, composed_ratio, masks
        self.foregrounds, self.backgrounds, self.effects = foregrounds, backgrounds, effects_from(effects)

    def dataset(self, split: Split) -> SampleDataset:
        """Returns the samples of a split; keys that are plain indices give clean composed pictures."""
        loose = self.composite and split == "train"
        pairs = _pairs(self.root, split) if not loose or self.composed_ratio > 0 else []
        pictures = MaskedPictures(pairs, self.masks)
        if loose and self.composed_ratio < 1:
            pictures = MaskedPictures(
                pairs,
                self.masks,
                weighted_folders(self.foregrounds, self.root / "fg", split, "foregrounds"),
                weighted_folders(self.backgrounds, self.root / "bg", split, "backgrounds"),
            )
        source = MaskSource(pictures, self.image_size, self.composed_ratio, self.effects)
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


def _pairs(root: Path, split: Split) -> list[tuple[Path, Path]]:
    """Returns the composed pictures of a split with their masks (equal stems)."""
    masks = {path.stem: path for path in pictures_of_split(root / "masks", split)}
    pairs = [(path, masks[path.stem]) for path in pictures_of_split(root / "images", split) if path.stem in masks]
    if not pairs:
        raise DataError(f"{root}: no picture in images/ has a mask of its name in masks/; check the folder")
    return pairs
