"""Posts of public Danbooru metadata dumps of every era, one record type, with what was dropped and why.

- 2018–2020: one object a line, numbers as strings, ``tags: [{"id", "name", "category"}]``;
- 2021: numbers, ``tag_string_general`` and its kin, separated by spaces;
- since 2022, API pages and table exports: the same and more; banned posts lack ``id``, ``md5`` or ``file_url``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from shared.errors import DataError
from shared.readers.dump_files import Row, dump_files, read_rows
from shared.readers.ratings import SAFE_FOR_WORK, Rating, Scheme, find_scheme, meaning

PICTURE_SUFFIXES = frozenset(("jpg", "jpeg", "png", "webp", "gif", "bmp", "avif"))
#: The site hides posts with these from most users; they are never used.
RESTRICTED_TAGS = frozenset(("loli", "shota", "toddlercon"))
_CATEGORIES = {"0": "general", "1": "artist", "3": "copyright", "4": "character", "5": "meta"}
_SAMPLE = 1000


@dataclass(frozen=True, slots=True)
class DumpPost:
    """One usable post. ``tags``: general tags, each once, in the file's order; sizes in pixels, 0 where not known."""

    id: int
    rating: Rating
    tags: tuple[str, ...]
    width: int
    height: int
    file_ext: str
    md5: str | None
    is_deleted: bool


def read_dump(
    inputs: Sequence[Path],
    ratings: Collection[Rating] = SAFE_FOR_WORK,
    scheme: Scheme | Literal["auto"] = "auto",
    dropped: Counter[str] | None = None,
) -> Iterator[DumpPost]:
    """Yields the usable posts of files and folders, in the files' order; memory does not grow with the dump.

    Args:
        inputs: files, or folders of them (see ``dump_files``).
        ratings: what to keep, by meaning.
        scheme: what the letters mean; ``auto`` finds out for each file by itself.
        dropped: counts here, by reason, the posts that were left out.

    Raises:
        DataError: a file cannot be read; a line is not a post; a rating or category letter is unknown; the scheme
            cannot be found out. Names the file and the line.
    """
    dropped = Counter() if dropped is None else dropped
    for path in dump_files(inputs):
        rows = read_rows(path)
        sample = list(islice(rows, _SAMPLE))
        if not sample:
            continue
        its_scheme = find_scheme((row for _, row in sample), str(path)) if scheme == "auto" else scheme
        for number, row in chain(sample, rows):
            post = _post(row, its_scheme, f"{path}:{number}", dropped)
            if post is None:
                continue
            if post.rating in ratings:
                yield post
            else:
                dropped[f"rating {post.rating}"] += 1


def _post(row: Row, scheme: Scheme, where: str, dropped: Counter[str]) -> DumpPost | None:
    try:
        reason = _unusable(row)
        if reason is None:
            tags = _tags(row, where)
            if not RESTRICTED_TAGS.isdisjoint(tags):
                reason = "restricted tag"
        if reason is not None:
            dropped[reason] += 1
            return None
        return DumpPost(
            id=_whole(row["id"]),
            rating=meaning(row["rating"], scheme, where),
            tags=tags,
            width=_whole(row.get("image_width") or 0),
            height=_whole(row.get("image_height") or 0),
            file_ext=row["file_ext"].lower(),
            md5=row.get("md5") or None,
            is_deleted=bool(row.get("is_deleted", False)),
        )
    except KeyError as error:
        raise DataError(f"{where}: no field {error}; expected a post as in the public metadata dumps") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{where}: a field has the wrong type ({error}); expected a post as in the dumps") from None


def _unusable(row: Row) -> str | None:
    if row.get("id") in (None, ""):
        return "no id"
    if row.get("is_banned", False) is True:
        return "banned"
    suffix = row.get("file_ext")
    if suffix is None:
        return "no file"
    if str(suffix).lower() not in PICTURE_SUFFIXES:
        return "not a picture"
    return None


def _tags(row: Row, where: str) -> tuple[str, ...]:
    if "tag_string_general" in row:
        return tuple(dict.fromkeys(row["tag_string_general"].split()))
    if "tags" in row:
        names: dict[str, None] = {}
        for tag in row["tags"]:
            category = str(tag["category"])
            if category == "0":
                names[tag["name"]] = None
            elif category not in _CATEGORIES:
                raise DataError(f"{where}: tag category {category!r} is unknown; this set numbers them in its own way")
        return tuple(names)
    # Raw exports have one string for all categories: names of artists and characters are in no class.
    return tuple(dict.fromkeys(row["tag_string"].split()))


def _whole(value: Any) -> int:
    if isinstance(value, (bool, float)) or (isinstance(value, str) and not value.isdigit()):
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)
