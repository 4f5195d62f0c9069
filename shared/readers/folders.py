"""Plain folders of pictures (foregrounds with alpha, backgrounds), each file in a split."""

from __future__ import annotations

import zlib
from pathlib import Path

from shared.errors import DataError
from shared.image_files import PictureFile, find_images
from shared.readers.splits import Split, split_of


def id_of_stem(path: PictureFile) -> int:
    """Returns a number for a file: its stem where that is one (``123.png``), else a checksum of the stem.

    Files of equal stem (a picture and its mask) get equal numbers, hence the same split.
    """
    stem = path.stem
    return int(stem) if stem.isascii() and stem.isdigit() else zlib.crc32(stem.encode("utf-8", "surrogateescape"))


def pictures_of_split(folder: Path, split: Split) -> list[Path]:
    """Returns the folder's pictures (searched to its leaves, natural order) that belong to ``split``.

    Args:
        folder: a folder, or a ``.txt`` file that lists pictures (see :func:`read_picture_list`).
        split: which of them.

    Raises:
        DataError: the folder is missing, or holds no picture of that split.
    """
    listed = folder.suffix == ".txt" and not folder.is_dir()
    files = read_picture_list(folder) if listed else [found.path for found in find_images([folder])]
    paths = [path for path in files if split_of(id_of_stem(path)) == split]
    if not paths:
        raise DataError(f"{folder}: no pictures of the {split} split (by id % 1000); add pictures")
    return paths


def read_picture_list(path: Path) -> list[Path]:
    """Returns the files that a text file names, one a line, relative to its own folder; empty lines are passed over.

    Raises:
        DataError: no such file, or not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file or folder; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as a list of files ({error}); write one path a line, UTF-8") from None
    return [path.parent / line.strip() for line in lines if line.strip()]
