"""Which pictures the tagger has, with their labels, and how one sample is made."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.datamodules.loaders import Sample
from shared.errors import DataError
from shared.image_files import IMAGE_SUFFIXES
from shared.images import read_rgb
from shared.readers.danbooru import Post, image_path, read_posts
from shared.readers.splits import SPLITS, Split, split_of
from shared.rulebook.rulebook import Rulebook

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TaggedPictures:
    """A split in memory: ids, suffixes, and labels packed eight to a byte (four million posts fit in half a GB)."""

    ids: NDArray[np.int64]
    suffixes: list[str]
    packed_labels: NDArray[np.uint8]
    class_count: int

    def __len__(self) -> int:
        return len(self.ids)

    def labels(self, index: int) -> NDArray[np.uint8]:
        """Returns the 0/1 labels ``(C,)`` of one picture."""
        return np.unpackbits(self.packed_labels[index], count=self.class_count)


class TagSource:
    """Makes tagger samples: the whole picture letterboxed on white, its labels, its id."""

    def __init__(self, root: Path, pictures: TaggedPictures, image_size: int) -> None:
        self.root, self.pictures, self.image_size = root, pictures, image_size
        self.geometry = GeometryAugment(10.0, (0.85, 1.15), 0.06, 0.5)
        self.color = ColorAugment(1.0, keep_colors=True)

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``labels`` (C,) float32, ``id``."""
        image_id, side = int(self.pictures.ids[index]), self.image_size
        picture = read_rgb(image_path(self.root, image_id, self.pictures.suffixes[index]))
        affine = geometry.letterbox(picture.shape[1], picture.shape[0], side)
        if rng is not None:
            affine = geometry.compose(affine, self.geometry.sample(rng, (side, side))[0])
        image = geometry.warp(picture, affine, (side, side))
        if rng is not None:
            image = self.color(image, rng)
        return {"image": image, "labels": self.pictures.labels(index).astype(np.float32), "id": np.int64(image_id)}


def read_tagged_pictures(root: Path, rulebook: Rulebook, rating: list[str]) -> dict[Split, TaggedPictures]:
    """Returns each split's pictures that have a wanted rating and whose file exists; logs how many were left out.

    Raises:
        DataError: the metadata is not readable, or no picture remains.
    """
    buckets: dict[int, list[Post]] = defaultdict(list)
    other_rating, posts = 0, root / "metadata" / "posts.jsonl"
    for post in read_posts(posts):
        if post.rating in rating:
            buckets[post.id % 1000].append(post)
        else:
            other_rating += 1
    rows: dict[Split, list[tuple[int, str, NDArray[np.uint8]]]] = {split: [] for split in SPLITS}
    missing = 0
    for bucket in sorted(buckets):
        suffix_of = _suffixes(root / "images" / f"{bucket:04d}")
        for post in buckets[bucket]:
            # 512-pixel versions of a dump are all .jpg, whatever the metadata says.
            suffix = post.file_ext if post.file_ext in suffix_of[post.id] else next(iter(suffix_of[post.id]), None)
            if suffix is None:
                missing += 1
            else:
                rows[split_of(post.id)].append((post.id, suffix, np.packbits(rulebook.label(post.tags))))
    total = sum(len(chosen) for chosen in rows.values())
    logger.info("%s: %d pictures; left out %d of other ratings, %d without a file", posts, total, other_rating, missing)
    if not total:
        raise DataError(
            f"{posts}: no post of rating {', '.join(rating)} has its picture below {root / 'images'} "
            f"({other_rating} of other ratings, {missing} without a file); check the folder and the rating"
        )
    width = (len(rulebook.class_names) + 7) // 8
    return {
        split: TaggedPictures(
            np.array([row[0] for row in chosen], np.int64),
            [row[1] for row in chosen],
            np.array([row[2] for row in chosen], np.uint8).reshape(len(chosen), width),
            len(rulebook.class_names),
        )
        for split, chosen in rows.items()
    }


def _suffixes(folder: Path) -> defaultdict[int, set[str]]:
    """Returns the suffixes (no dot) in which each id lies in a bucket folder: one listing, not a look-up a post."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, dot, suffix = entry.name.rpartition(".")
                if stem.isascii() and stem.isdigit() and (dot + suffix).lower() in IMAGE_SUFFIXES:
                    found[int(stem)].add(suffix)
    return found
