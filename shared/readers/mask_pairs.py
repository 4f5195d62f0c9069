"""Pictures with their masks, from whatever data set: one record, and the ways real masks go wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.image_files import find_images
from shared.images import PictureFile, read_mask, read_rgb

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CocoSegments:
    """The segmentations of one picture in a COCO file: polygons or RLE, as they stand there.

    Attributes:
        size_hw: the picture's size by the file.
        segments: one entry an annotation.
    """

    size_hw: tuple[int, int]
    segments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class MaskPair:
    """A picture, and where its mask is: a file, or the segmentations of a COCO record."""

    image: PictureFile
    mask: PictureFile | CocoSegments


@dataclass
class PairListing:
    """What a folder holds: usable pairs, and how many files were passed over, by reason."""

    pairs: list[MaskPair] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def read_mask_pair(pair: MaskPair, instances: bool = False) -> tuple[ByteArray, ByteArray]:
    """Returns RGB ``(H, W, 3)`` and alpha ``(H, W)`` 0–255 of a pair.

    Args:
        pair: where they are.
        instances: the mask's values are numbers of characters, so that any above 0 means opaque.

    Raises:
        DataError: a file that cannot be read, a mask of another size than its picture, or wrong segmentations.
    """
    image = read_rgb(pair.image)
    return image, read_alpha(pair, image.shape[:2], instances)


def read_alpha(pair: MaskPair, size_hw: tuple[int, ...], instances: bool = False) -> ByteArray:
    """Returns the alpha of :func:`read_mask_pair` alone, of a picture that is ``size_hw`` large.

    Raises:
        DataError: as there.
    """
    if not isinstance(pair.mask, CocoSegments):
        alpha, where = alpha_of_mask(read_mask(pair.mask), is_lossy(pair.mask), instances), str(pair.mask)
    else:
        where = f"{pair.image} (in its COCO file)"
        # Not before the sizes agree: a record may claim any number of pixels.
        if pair.mask.size_hw != size_hw:
            raise _other_size(where, pair.mask.size_hw, size_hw)
        alpha = alpha_of_segments(pair.mask, str(pair.image))
    if alpha.shape != size_hw:
        raise _other_size(where, alpha.shape, size_hw)
    return alpha


def read_numbers(pair: MaskPair, size_hw: tuple[int, ...]) -> ByteArray:
    """Returns whose each pixel is, ``(H, W)`` from 1 on, of a mask file whose values are numbers of characters.

    Raises:
        DataError: it cannot be read, has another size than its picture, or cannot hold numbers (JPEG, a COCO record).
    """
    if isinstance(pair.mask, CocoSegments) or is_lossy(pair.mask):
        raise DataError(f"{pair.image}: its mask holds no numbers of characters; give a PNG, 0 background, 1, 2, …")
    numbers = read_mask(pair.mask)
    if numbers.shape != size_hw:
        raise _other_size(str(pair.mask), numbers.shape, size_hw)
    return numbers


def _other_size(where: str, mask_hw: Sequence[int], picture_hw: Sequence[int]) -> DataError:
    return DataError(
        f"{where}: mask of {mask_hw[1]} × {mask_hw[0]} for a picture of {picture_hw[1]} × {picture_hw[0]}; "
        "make them equal"
    )


def is_lossy(path: PictureFile) -> bool:
    """Returns whether a mask is stored as JPEG, whose greys at the edges are artefacts."""
    return path.suffix.lower() in (".jpg", ".jpeg")


def alpha_of_mask(raw: ByteArray, lossy: bool = False, instances: bool = False) -> ByteArray:
    """Returns the alpha 0–255 that the raw values ``(H, W)`` of a mask mean.

    Values of a lossy file are thresholded at ½. Of instances any value above 0 means 255. Otherwise values 0 and 1 mean
    0 and 255, and anything else is taken as it is.
    """
    if lossy or instances:
        return np.where(raw > (127 if lossy else 0), np.uint8(255), np.uint8(0))
    return raw * np.uint8(255) if raw.max(initial=0) == 1 else raw


def alpha_of_segments(record: CocoSegments, where: str) -> ByteArray:
    """Returns the union ``(H, W)``, 0 or 255, of a picture's segmentations.

    Raises:
        DataError: a segmentation that is neither polygons nor RLE, or of another size.
    """
    height, width = record.size_hw
    union = np.zeros((height, width), np.uint8)
    for segment in record.segments:
        try:
            union |= np.asarray(rle.decode(_code_of(segment, height, width)), np.uint8)
        except BAD_RECORD as error:
            raise DataError(
                f"{where}: a segmentation is not usable ({reason_of(error)}); fix or remove the record"
            ) from None
    return union * np.uint8(255)


def _code_of(segment: Any, height: int, width: int) -> Any:
    """Returns a segmentation as the compressed RLE of pycocotools, which itself raises bare exceptions at nonsense."""
    if isinstance(segment, list):
        if not segment or not all(isinstance(ring, list) and len(ring) >= 6 for ring in segment):
            raise ValueError("a polygon needs three points or more")
        # pycocotools walks along every edge: a far point would take it hours.
        reach = 10 * max(height, width)
        if not all(abs(float(value)) <= reach for ring in segment for value in ring):
            raise ValueError("a polygon has a point far off its picture, or none that is a number")
        return rle.merge(rle.frPyObjects(segment, height, width))
    counts, size = segment["counts"], [int(value) for value in segment["size"]]
    if size != [height, width]:
        raise ValueError(f"it is of {size[1]} × {size[0]} pixels, its picture of {width} × {height}")
    if isinstance(counts, list):
        if not all(isinstance(count, int) and count >= 0 for count in counts):
            raise ValueError("a run is no whole number from 0 on")
        if sum(counts) != size[0] * size[1]:
            raise ValueError(f"its runs cover {sum(counts)} pixels of {size[0] * size[1]}")
        return rle.frPyObjects(segment, *size)
    if not isinstance(counts, (str, bytes)):
        raise TypeError("counts are neither text nor a list")
    return segment


def pairs_by_name(images: Path, masks: Path) -> PairListing:
    """Returns the pairs of two folders whose files are called alike but for the suffix, and what was passed over.

    Folders are searched to their leaves; ``a/1.png`` and ``b/1.jpg`` are called alike only if their folders are too.

    Raises:
        DataError: a folder is missing or holds no pictures.
    """
    listed = ([(file.relative.as_posix(), file.path) for file in find_images([folder])] for folder in (images, masks))
    return pairs_called_alike(*listed)


def pairs_called_alike(
    images: Iterable[tuple[str, PictureFile]], masks: Iterable[tuple[str, PictureFile]]
) -> PairListing:
    """Returns the pairs of two listings, each of paths below a folder and where they are; as :func:`pairs_by_name`."""
    listing = PairListing()
    pictures = _by_name(images, listing, "two pictures of one name")
    found = _by_name(masks, listing, "two masks of one name")
    listing.pairs = [MaskPair(pictures[name], found[name]) for name in pictures if name in found]
    listing.dropped["picture without a mask"] = sum(name not in found for name in pictures)
    listing.dropped["mask without a picture"] = sum(name not in pictures for name in found)
    listing.dropped = +listing.dropped
    return listing


def _by_name(files: Iterable[tuple[str, PictureFile]], listing: PairListing, twice: str) -> dict[str, PictureFile]:
    """Returns files by their path without suffix; those of one name are all passed over."""
    groups: dict[str, list[PictureFile]] = {}
    for path, file in files:
        groups.setdefault(PurePosixPath(path).with_suffix("").as_posix(), []).append(file)
    listing.dropped[twice] += sum(len(paths) for paths in groups.values() if len(paths) > 1)
    return {name: paths[0] for name, paths in groups.items() if len(paths) == 1}


def merged(listings: Iterable[PairListing]) -> PairListing:
    """Returns several listings as one."""
    total = PairListing()
    for listing in listings:
        total.pairs += listing.pairs
        total.dropped += listing.dropped
    return total
