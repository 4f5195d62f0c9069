"""Which pictures the tagger has, with their labels, and how one sample is made."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shared import geometry
from shared.augment import ColorAugment, GeometryAugment
from shared.datamodules.loaders import Sample
from shared.errors import DataError
from shared.manifest.build import PART_POSTS
from shared.manifest.danbooru import DanbooruSource
from shared.manifest.schema import SCHEMA, Header, RowBuffer
from shared.manifest.table import Manifest, open_manifest
from shared.readers.places import read_place
from shared.readers.ratings import Rating
from shared.readers.selection import Selection
from shared.rulebook.rulebook import Rulebook
from shared.shards.location import ShardLocation
from shared.warped_reading import read_warped

logger = logging.getLogger(__name__)


class TaggedPictures:
    """Some rows of a manifest, one sample each."""

    def __init__(self, manifest: Manifest, rows: NDArray[np.int64]) -> None:
        self.manifest, self.rows = manifest, rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def ids(self) -> NDArray[np.int64]:
        """The ids of all pictures."""
        return self.manifest.ids(self.rows)

    def labels(self, index: int) -> NDArray[np.uint8]:
        """Returns the 0/1 labels ``(C,)`` of one picture."""
        return self.manifest.labels(int(self.rows[index]))


class TagSource:
    """Makes tagger samples: the whole picture letterboxed on white, its labels, its id."""

    def __init__(self, images: Path | ShardLocation, pictures: TaggedPictures, image_size: int) -> None:
        self.images, self.pictures, self.image_size = images, pictures, image_size
        self.shards = None if isinstance(images, Path) else pictures.manifest.path_numbers(pictures.rows)
        self.geometry = GeometryAugment(10.0, (0.85, 1.15), 0.06, 0.5)
        self.color = ColorAugment(1.0, keep_colors=True)

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``labels`` (C,) float32, ``id``."""
        manifest, row, side = self.pictures.manifest, int(self.pictures.rows[index]), self.image_size
        affine_of = self.geometry.letterbox(rng, side)

        def read(source: Path | bytes) -> NDArray[np.uint8]:
            return read_warped(source, affine_of, (side, side), exact=rng is None).image

        place = manifest.place(row)
        folder = self.images if isinstance(self.images, Path) else self.images.having(place.path)
        image = read_place(folder, place, read)
        if rng is not None:
            image = self.color(image, rng)
        return {"image": image, "labels": manifest.labels(row).astype(np.float32), "id": np.int64(manifest.id(row))}


def letterboxed(
    picture: NDArray[np.uint8], side: int, moves: GeometryAugment, color: ColorAugment, rng: np.random.Generator | None
) -> NDArray[np.uint8]:
    """Returns a picture letterboxed on white to ``(side, side, 3)``, augmented where ``rng`` is given."""
    affine = moves.letterbox(rng, side)(picture.shape[1], picture.shape[0])
    image = geometry.warp(picture, affine, (side, side))
    return image if rng is None else color(image, rng)


def manifest_of(root: Path, rulebook: Rulebook, ratings: tuple[Rating, ...]) -> Manifest:
    """Returns the manifest file ``root``, or the one of a data folder ``root``, made in memory.

    Raises:
        DataError: not readable; made by another rulebook; or no picture of the folder has a wanted rating.
    """
    if not root.is_dir():
        manifest = open_manifest(root)
        if manifest.header.rulebook_digest != rulebook.digest():
            raise DataError(
                f"{root}: its classes were made by another rulebook ({len(manifest.header.class_names)} classes, "
                f"yours has {len(rulebook.class_names)}); make the manifest again or name that rulebook"
            )
        return manifest
    return _manifest_of_folder(root, rulebook, ratings)


def _manifest_of_folder(root: Path, rulebook: Rulebook, ratings: tuple[Rating, ...]) -> Manifest:
    posts = root / "metadata" / "posts.jsonl"
    # Only whether a letter is wanted matters here, and it is the same letters in both schemes.
    source = DanbooruSource([posts], root / "images", "bucketed", Selection(ratings, keep_deleted=True), "since_2022")
    dropped, tables, buffer = Counter[str](), list[pa.Table](), RowBuffer(rulebook)
    for _, _, entry in source.entries()(0, 0):
        if isinstance(entry, str):
            dropped[entry] += 1
            continue
        buffer.add(entry)
        if len(buffer.rows) == PART_POSTS:
            tables.append(buffer.take())
    tables.append(buffer.take())
    table = pa.concat_tables(tables, promote_options="none")
    why = ", ".join(f"{count} {reason}" for reason, count in dropped.most_common()) or "none"
    logger.info("%s: %d pictures; left out: %s", posts, table.num_rows, why)
    if not table.num_rows:
        raise DataError(
            f"{posts}: no post of rating {' or '.join(ratings)} has its picture below {root / 'images'} "
            f"(left out: {why}); check the folder and the rating"
        )
    return Manifest(Header.of(root / "images", rulebook), table.cast(SCHEMA))
