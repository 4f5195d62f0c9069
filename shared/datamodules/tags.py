"""Pictures and their classes for the tagger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
from shared.datamodules.tag_samples import TaggedPictures, TagSource, read_tagged_pictures
from shared.errors import DataError
from shared.readers.danbooru import RATINGS
from shared.readers.splits import Split
from shared.rulebook.rulebook import Rulebook, load_rulebook


class TagDataModule(LightningDataModule):
    """Batches ``{"image": uint8 (B, 3, S, S), "labels": float32 (B, C), "id": int64 (B,)}``.

    Args:
        root: folder with ``metadata/posts.jsonl`` and ``images/<id % 1000>/<id>.<ext>``.
        rulebook: "default", or a folder of rules.
        image_size: side S of the square input, pixels.
        batch_size: samples of one process's batch.
        num_workers: reading processes; 0 reads in the training process.
        seed: of order and augmentation.
        augment: False trains on clean pictures.
        samples_per_epoch: over all processes; None is the size of the training split.
        rating: ratings used; the default leaves out what is explicit.
    """

    def __init__(
        self,
        root: str,
        rulebook: str = "default",
        image_size: int = 96,
        batch_size: int = 64,
        num_workers: int = 2,
        seed: int = 0,
        augment: bool = True,
        samples_per_epoch: int | None = None,
        rating: list[str] | None = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.root = Path(root)
        self.rating = ["g", "s"] if rating is None else list(rating)
        if unknown := [value for value in self.rating if value not in RATINGS]:
            raise DataError(f"rating {unknown[0]!r}: not a rating; use some of {', '.join(RATINGS)}")
        self.rulebook_source, self.image_size = rulebook, image_size
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.augment, self.samples_per_epoch = augment, samples_per_epoch
        self._splits: dict[Split, TaggedPictures] | None = None

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook that makes labels of tags."""
        return load_rulebook(self.rulebook_source)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the C classes, in the order of the labels."""
        return tuple(self.rulebook.class_names)

    @property
    def class_groups(self) -> tuple[str, ...]:
        """Group of each class."""
        return tuple(self.rulebook.class_groups)

    def setup(self, stage: str | None = None) -> None:
        """Reads the metadata, once."""
        self.pictures("train")

    def pictures(self, split: Split) -> TaggedPictures:
        """Returns the pictures of a split that have a wanted rating and whose file exists."""
        if self._splits is None:
            self._splits = read_tagged_pictures(self.root, self.rulebook, self.rating)
        return self._splits[split]

    def positive_counts(self) -> tuple[NDArray[np.int64], int]:
        """Returns how many training pictures each class has ``(C,)``, and how many training pictures there are."""
        pictures = self.pictures("train")
        counts = np.zeros(pictures.class_count, np.int64)
        for start in range(0, len(pictures), 100_000):
            block = np.unpackbits(pictures.packed_labels[start : start + 100_000], axis=1, count=pictures.class_count)
            counts += block.sum(axis=0, dtype=np.int64)
        return counts, len(pictures)

    def dataset(self, split: Split) -> SampleDataset:
        """Returns the samples of a split; keys that are plain indices give clean samples."""
        return SampleDataset(TagSource(self.root, self.pictures(split), self.image_size), self.seed, self.augment)

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
