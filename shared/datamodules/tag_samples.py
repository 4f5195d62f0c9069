"""Which pictures the tagger has, with their labels, and how one sample is made."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shared.augment import ColorAugment, GeometryAugment
from shared.datamodules.loaders import Sample
from shared.datamodules.pose_samples import PosedCharacters
from shared.errors import DataError
from shared.geometry import FloatArray
from shared.keypoints.close_looks import LOOKS, look_squares, moved_squares
from shared.keypoints.schema import is_placed
from shared.manifest.build import PART_POSTS
from shared.manifest.danbooru import DanbooruSource
from shared.manifest.schema import SCHEMA, Header, RowBuffer
from shared.manifest.table import Manifest, open_manifest
from shared.readers.places import read_place
from shared.readers.ratings import Rating
from shared.readers.selection import Selection
from shared.rulebook.rulebook import Rulebook
from shared.shards.location import ShardLocation
from shared.warped_reading import Warped, read_warped

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


class Foremost:
    """The largest character of each picture, whose parts close looks are taken at.

    Args:
        characters: of the pictures.
    """

    def __init__(self, characters: PosedCharacters) -> None:
        areas = characters.boxes_xywh[:, 2] * characters.boxes_xywh[:, 3]
        # Of several in one picture the last one stays: the largest.
        self.row_of = {int(characters.image_ids[row]): int(row) for row in np.argsort(areas, kind="stable")}
        self.points_xy, self.placed = characters.points_xy, is_placed(characters.state)

    def squares(self, picture: int, size_wh: tuple[int, int], affine: FloatArray, side: int) -> NDArray[np.float32]:
        """Returns the squares of the looks ``(looks, 3)`` in sides of the sample; NaN where nobody is known.

        Args:
            picture: its id.
            size_wh: of the picture.
            affine: from the picture to the sample.
            side: of the sample, pixels.
        """
        row = self.row_of.get(picture)
        if row is None:
            return np.full((len(LOOKS), 3), np.nan, np.float32)
        squares = look_squares(self.points_xy[row], self.placed[row], size_wh)
        return (moved_squares(squares, affine) / side).astype(np.float32)


class TagSource:
    """Makes tagger samples: the whole picture letterboxed on white, its labels, its id.

    With ``foremost`` also ``squares`` (looks, 3), where close looks are taken; see :meth:`Foremost.squares`.
    """

    def __init__(
        self,
        images: Path | ShardLocation,
        pictures: TaggedPictures,
        image_size: int,
        foremost: Foremost | None = None,
    ) -> None:
        self.images, self.pictures, self.image_size, self.foremost = images, pictures, image_size, foremost
        self.shards = None if isinstance(images, Path) else pictures.manifest.path_numbers(pictures.rows)
        self.geometry = GeometryAugment(10.0, (0.85, 1.15), 0.06, 0.5)
        self.color = ColorAugment(1.0, keep_colors=True)

    def __len__(self) -> int:
        return len(self.pictures)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns ``image`` (S, S, 3), ``labels`` (C,) float32, ``id``."""
        manifest, row, side = self.pictures.manifest, int(self.pictures.rows[index]), self.image_size
        affine_of = self.geometry.letterbox(rng, side)

        def read(source: Path | bytes) -> Warped:
            return read_warped(source, affine_of, (side, side), exact=rng is None)

        place = manifest.place(row)
        folder = self.images if isinstance(self.images, Path) else self.images.having(place.path)
        warped = read_place(folder, place, read)
        image = warped.image if rng is None else self.color(warped.image, rng)
        number = manifest.id(row)
        sample = {"image": image, "labels": manifest.labels(row).astype(np.float32), "id": np.int64(number)}
        if self.foremost is not None:
            sample["squares"] = self.foremost.squares(number, warped.size_wh, warped.affine, side)
        return sample


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
