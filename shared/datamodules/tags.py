"""Pictures and their classes for the tagger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from shared.datamodules.drawn import DrawnPictures, DrawnTags, drawn_plan
from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
from shared.datamodules.mounts import Mounts, Shards
from shared.datamodules.pose_reading import read_characters
from shared.datamodules.tag_samples import Foremost, TaggedPictures, TagSource, manifest_of
from shared.errors import DataError
from shared.manifest.table import Manifest
from shared.readers.ratings import Rating
from shared.readers.splits import Split
from shared.rulebook.rulebook import Rulebook, load_rulebook

#: What the letters of today's metadata stand for; "s" was "safe" in older ones.
_RATINGS: dict[str, tuple[Rating, ...]] = {
    "g": ("general",),
    "s": ("safe", "sensitive"),
    "q": ("questionable",),
    "e": ("explicit",),
}


class TagDataModule(LightningDataModule):
    """Batches ``{"image": uint8 (B, 3, S, S), "labels": float32 (B, C), "id": int64 (B,)}``.

    Args:
        root: a manifest (``.parquet``, made by ``inkpose data``), or a folder with ``metadata/posts.jsonl`` and
            ``images/<id % 1000>/<id>.<ext>``; or ``synth:count=…,seed=…`` for pictures drawn while the training runs
            (see :func:`shared.datamodules.drawn.drawn_plan`).
        rulebook: "default", or a folder of rules.
        image_size: side S of the square input, pixels.
        batch_size: samples of one process's batch.
        num_workers: reading processes; 0 reads in the training process.
        seed: of order and augmentation.
        augment: False trains on clean pictures.
        samples_per_epoch: over all processes; None is the size of the training split.
        rating: ratings used; the default leaves out what is explicit. Pictures without a rating are always used.
        images: image folder of a manifest that was made with it in another place; None takes the manifest's own.
        shards: folder or address of shards (made by ``inkpose data shards``) that are read in the place of ``root``.
        close_looks: give also ``squares`` float32 ``(B, looks, 3)``, where close looks are taken at the largest
            character (:func:`shared.keypoints.close_looks.look_squares`): middle x, y and side in sides of the sample,
            NaN where nobody is known. Read from the keypoint files of the folder ``root``.
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
        images: str | None = None,
        shards: Shards = None,
        close_looks: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.root = Path(root)
        self.drawn = drawn_plan(root)
        self.rating = ["g", "s"] if rating is None else list(rating)
        if unknown := [value for value in self.rating if value not in _RATINGS]:
            raise DataError(f"rating {unknown[0]!r}: not a rating; use some of {', '.join(_RATINGS)}")
        self.images = None if images is None else Path(images)
        self.rulebook_source, self.image_size = rulebook, image_size
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.augment, self.samples_per_epoch, self.close_looks = augment, samples_per_epoch, close_looks
        self.mounts = Mounts(shards, self.root)
        self._manifest: Manifest | None = None
        self._splits: dict[Split, TaggedPictures] = {}

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
        """Reads the metadata, once, and checks that the image folder is there."""
        self.dataset("train")

    def pictures(self, split: Split) -> TaggedPictures:
        """Returns the pictures of a split that have a wanted rating and whose file existed when they were listed."""
        if split not in self._splits:
            ratings = tuple(rating for letter in self.rating for rating in _RATINGS[letter])
            if self._manifest is None:
                mounted = self.mounts.find(self.root)
                root = self.root if mounted is None else mounted.shards.manifest()
                self._manifest = manifest_of(root, self.rulebook, ratings)
            self._splits[split] = TaggedPictures(self._manifest, self._manifest.rows(split, ratings))
        return self._splits[split]

    def positive_counts(self) -> tuple[NDArray[np.int64], int]:
        """Returns how many training pictures each class has ``(C,)``, and how many training pictures there are."""
        if self.drawn is not None:
            return self._drawn("train").positive_counts()
        pictures = self.pictures("train")
        return pictures.manifest.positive_counts(pictures.rows), len(pictures)

    def dataset(self, split: Split) -> SampleDataset:
        """Returns the samples of a split; keys that are plain indices give clean samples."""
        if self.drawn is not None:
            return SampleDataset(self._drawn(split), self.seed, self.augment)
        pictures = self.pictures(split)
        foremost = Foremost(read_characters(self.root, split, self.mounts)) if self.close_looks else None
        if (mounted := self.mounts.find(self.root)) is not None:
            source = TagSource(mounted.shards.location, pictures, self.image_size, foremost)
            return SampleDataset(source, self.seed, self.augment)
        images = self.images or Path(pictures.manifest.header.images)
        if not images.is_dir():
            raise DataError(f"{images}: no such image folder; where are the pictures of {self.root}? (--data.images)")
        return SampleDataset(TagSource(images, pictures, self.image_size, foremost), self.seed, self.augment)

    def _drawn(self, split: Split) -> DrawnTags:
        assert self.drawn is not None, "asked for only where pictures are drawn"
        return DrawnTags(DrawnPictures(self.drawn, split), self.rulebook, self.image_size, self.close_looks)

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
