"""Caption files beside pictures, as kohya's trainer reads them, and the tags that their words stand for."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

from shared.errors import DataError

CAPTION_SUFFIXES = (".txt", ".caption")
#: Read of a caption; the rest of a longer file (a log, a dump) is no caption.
_MOST_LETTERS = 1_000_000
_REPEATS = re.compile(r"([0-9]{1,6})_.+")


def tag_of_caption(text: str) -> str:
    r"""Returns the tag that one item of a caption stands for: ``Long Hair`` is ``long_hair``, ``a \(b\)`` is ``a_(b)``.

    Faces such as ``>_<`` and ``|_|`` have underscores of their own, which stay.
    """
    return "_".join(text.strip().replace(r"\(", "(").replace(r"\)", ")").lower().split())


def tags_of_caption(text: str) -> tuple[str, ...]:
    """Returns the tags of a line ``a, b c, d``, each once, in its order."""
    return tuple(dict.fromkeys(tag for tag in map(tag_of_caption, text.split(",")) if tag))


def read_caption(picture: Path) -> tuple[str, ...] | None:
    """Returns the tags of the caption beside a picture: same stem, ``.txt``, else ``.caption``; only its first line.

    Returns:
        None where there is no caption file; no tags where its first line is empty.

    Raises:
        DataError: the file is not UTF-8 text.
    """
    for suffix in CAPTION_SUFFIXES:
        path = picture.with_suffix(suffix)
        if not os.path.isfile(path):  # nor a pipe, which would be waited for
            continue
        try:
            with path.open(encoding="utf-8-sig") as stream:
                lines = stream.read(_MOST_LETTERS).splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error}); save it as UTF-8 text") from error
        return tags_of_caption(lines[0]) if lines else ()
    return None


def repeats_of_folder(picture: PurePath) -> int:
    """Returns how often an epoch takes a picture: the number of its nearest folder ``<repeats>_<concept>``, or 1.

    Args:
        picture: path below the folder that the user gave (whose own name is not looked at).
    """
    for name in reversed(picture.parts[:-1]):
        if found := _REPEATS.fullmatch(name):
            return int(found[1])
    return 1
