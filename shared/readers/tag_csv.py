"""A plain table of pictures and tags: a CSV with the columns ``file`` and ``tags``, and some that may be left out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shared.errors import DataError, UsageError
from shared.readers.captions import tags_of_caption
from shared.readers.places import checked_path
from shared.readers.ratings import Rating, as_ratings
from shared.readers.splits import SPLITS, Split

_NEEDED, _KNOWN = ("file", "tags"), ("file", "tags", "id", "split", "rating", "repeats")


class TaggedFile(NamedTuple):
    """One row. ``path``: below the image folder; None where the table has no such column or an empty field."""

    path: str
    tags: tuple[str, ...]
    id: int | None
    split: Split | None
    rating: Rating | None
    repeats: int | None


def read_tag_csv(path: Path) -> Iterator[tuple[int, TaggedFile]]:
    """Yields ``(line number, row)``.

    Tags are separated by commas (spaces inside become underscores), or, where a field has no comma, by spaces.
    Columns of other names are passed over.

    Raises:
        DataError: no such file, not UTF-8, a column missing, a value that is not what its column holds; names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path}:1: no column {missing[0]!r}; the header names file, tags and, if wanted, "
                                f"{', '.join(_KNOWN[2:])}")  # fmt: skip
            for row in reader:
                yield reader.line_num, _row(row, f"{path}:{reader.line_num}")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check --csv") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{path}: cannot be read as CSV ({error}); save it as UTF-8, fields in double quotes"
        ) from error


def _row(row: dict[str, str | None], where: str) -> TaggedFile:
    if None in row or row["file"] is None or row["tags"] is None:
        raise DataError(f"{where}: not as many fields as the header has; put tags with commas in double quotes")
    text, split = row["tags"], row.get("split") or None
    if split not in (None, *SPLITS):
        raise DataError(f"{where}: split {split!r} is unknown; use {', '.join(SPLITS)}")
    return TaggedFile(
        checked_path(row["file"], where).replace("\\", "/"),
        tags_of_caption(text if "," in text else ",".join(text.split())),
        _whole(row, "id", where),
        next((known for known in SPLITS if known == split), None),
        _rating(row.get("rating"), where),
        _whole(row, "repeats", where),
    )


def _rating(name: str | None, where: str) -> Rating | None:
    try:
        return as_ratings([name])[0] if name else None
    except UsageError as error:
        raise DataError(f"{where}: {error}") from None


def _whole(row: dict[str, str | None], column: str, where: str) -> int | None:
    text = row.get(column)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise DataError(f"{where}: {column} {text!r} is not a whole number of at most nine digits; correct it")
    return int(text)
