"""Crops of single characters and their joints for the pose nets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader

from shared.datamodules.drawn import DrawnPictures, DrawnPoses, drawn_plan
from shared.datamodules.loaders import SampleDataset, eval_loader, train_loader
from shared.datamodules.mounts import Mounts, Shards
from shared.datamodules.pose_pairs import PairedPoseSource
from shared.datamodules.pose_reading import read_characters
from shared.datamodules.pose_samples import PosedCharacters, PoseSource, joined
from shared.datamodules.pose_views import FixedViews
from shared.errors import DataError, UsageError
from shared.readers.splits import Split


class PoseDataModule(LightningDataModule):
    """One sample a character. A batch holds::

        "image": uint8 (B, 3, S, S)         crop, white outside the picture
        "points_xy": float32 (B, 25, 2)     crop pixels, continuous; 0, 0 where the place is not known
        "state": int64 (B, 25)              JointState; a joint that falls off the crop is OUTSIDE
        "box_xywh": float32 (B, 4)          picture pixels, as in the file
        "affine": float32 (B, 2, 3)         picture to crop
        "area": float32 (B,)                picture pixels²
        "id", "annotation_id": int64 (B,)
        "other_image": uint8 (B, 3, S, S)   training batches, with ``other_root`` only
        "view": int64 (B,)                  training batches of fixed views only: number of the view

    Reads ``annotations/person_keypoints_<split>.json`` (also ``…_<split>2017.json``) and pictures below ``images``
    or the split's own folder, so that COCO itself can be the root. Crowds, characters without a labelled joint, and
    boxes without area are left out; their numbers are logged.

    Args:
        root: the data folder; or ``synth:count=…,seed=…`` for pictures drawn while the training runs, one character of
            each (see :func:`shared.datamodules.drawn.drawn_plan`).
        image_size: side S of the crop, pixels.
        padding: share of the box's longer side added around it, half on each side.
        batch_size: samples of one process's batch.
        num_workers: reading processes; 0 reads in the training process.
        seed: of order and augmentation.
        augment: False trains on the clean crops.
        views: each training character has this many augmented views, the same in every training whatever its seed;
            null draws a new one each time. Fixed views are what a cache of frozen features needs.
        augment_strength: 0 to 2, scales the ranges of the augmentation (see ``pose_samples.PoseSource``); a training
            of minutes learns more with less.
        other_root: a second data folder, of another look; each training sample then comes with a random crop of it.
        more_roots: further data folders whose training characters are learned from too, each as often as the root's;
            validation and test stay with ``root``.
        samples_per_epoch: over all processes; None is the number of training characters.
        shards: folder or address of shards (made by ``inkpose data shards``) that are read in the place of ``root``, or
            one for each data folder, ``{data/drawn: DIR, data/photo: DIR}``.
    """

    def __init__(
        self,
        root: str,
        image_size: int = 128,
        padding: float = 0.1,
        batch_size: int = 32,
        num_workers: int = 2,
        seed: int = 0,
        augment: bool = True,
        samples_per_epoch: int | None = None,
        augment_strength: float = 1.0,
        other_root: str | None = None,
        more_roots: list[str] | None = None,
        views: int | None = None,
        shards: Shards = None,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.root, self.image_size, self.padding = Path(root), image_size, padding
        self.drawn = drawn_plan(root)
        if self.drawn is not None and (other_root or more_roots):
            raise DataError(
                f"{root}: other_root and more_roots need a data folder as root; draw one with inkpose synth"
            )
        self.batch_size, self.num_workers, self.seed = batch_size, num_workers, seed
        self.augment, self.samples_per_epoch = augment, samples_per_epoch
        self.augment_strength = augment_strength
        self.other_root, self.more_roots, self.views = other_root, list(more_roots or []), views
        others = [*self.more_roots, *([] if other_root is None else [other_root])]
        self.mounts = Mounts(shards, self.root, map(Path, others))
        if views is not None and (views < 1 or not augment or other_root is not None or self.drawn is not None):
            raise UsageError(
                f"data.views={views}: must be at least 1, with data.augment true, without data.other_root, and with a "
                "data folder as root"
            )
        self._fixed: FixedViews | None = None
        self._characters: dict[Split, PosedCharacters] = {}

    def characters(self, split: Split) -> PosedCharacters:
        """Returns the usable characters of a split; the file is read once."""
        if split not in self._characters:
            roots = [self.root, *(map(Path, self.more_roots) if split == "train" else ())]
            self._characters[split] = joined([read_characters(root, split, self.mounts) for root in roots])
        return self._characters[split]

    def dataset(self, split: Split) -> SampleDataset:
        """Returns the samples of a split; keys that are plain indices give clean samples."""
        if self.drawn is not None:
            drawn = DrawnPoses(DrawnPictures(self.drawn, split), self.image_size, self.padding, self.augment_strength)
            return SampleDataset(drawn, self.seed, self.augment)
        source = self._source(self.characters(split))
        if split == "train" and self.other_root is not None:
            other = self._source(read_characters(Path(self.other_root), split, self.mounts))
            return SampleDataset(PairedPoseSource(source, other), self.seed, self.augment)
        return SampleDataset(source, self.seed, self.augment)

    def fixed_views(self) -> FixedViews | None:
        """Returns the training's views where they are fixed (``views``, or clean crops), else None."""
        wanted = self.views is not None or not self.augment
        if self._fixed is None and wanted and self.other_root is None and self.drawn is None:
            self._fixed = FixedViews(self._source(self.characters("train")), self.views)
        return self._fixed

    def _source(self, characters: PosedCharacters) -> PoseSource:
        return PoseSource(characters, self.image_size, self.padding, self.augment_strength)

    def setup(self, stage: str | None = None) -> None:
        """Does nothing: a file is read when its split is asked for."""

    def train_dataloader(self) -> DataLoader[Any]:
        """Returns augmented batches of the training split."""
        fixed = self.fixed_views()
        if fixed is None:
            dataset, samples = self.dataset("train"), self.samples_per_epoch
        else:
            dataset = SampleDataset(fixed, self.seed, augment=False)
            # However many views: an epoch sees as many pictures as there are.
            samples = self.samples_per_epoch or len(fixed.source)
        return train_loader(dataset, self.batch_size, self.num_workers, samples, self.trainer)

    def val_dataloader(self) -> DataLoader[Any]:
        """Returns clean batches of the validation split, each character once."""
        return eval_loader(self.dataset("val"), self.batch_size, self.num_workers, self.trainer)

    def test_dataloader(self) -> DataLoader[Any]:
        """Returns clean batches of the test split, each character once."""
        return eval_loader(self.dataset("test"), self.batch_size, self.num_workers, self.trainer)
