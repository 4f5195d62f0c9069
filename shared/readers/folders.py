"""Plain folders of pictures (foregrounds with alpha, backgrounds), each file in a split."""

from __future__ import annotations

import zlib
from pathlib import Path

from shared.errors import DataError
from shared.image_files import find_images
from shared.readers.splits import Split, split_of


def id_of_stem(path: Path) -> int:
    """Returns a number for a file: its stem where that is one (``123.png``), else a checksum of the stem.

    Files of equal stem (a picture and its mask) get equal numbers, hence the same split.
    """
    stem = path.stem
    return int(stem) if stem.isascii() and stem.isdigit() else zlib.crc32(stem.encode("utf-8", "surrogateescape"))


def pictures_of_split(folder: Path, split: Split) -> list[Path]:
    """Returns the folder's pictures (searched to its leaves, natural order) that belong to ``split``.

    Raises:
        DataError: the folder is missing, or holds no picture of that split.
    """
    paths = [found.path for found in find_images([folder]) if split_of(id_of_stem(found.path)) == split]
    if not paths:
        raise DataError(f"{folder}: no pictures of the {split} split (by id % 1000); add pictures")
    return paths
