"""Posts of public Danbooru metadata dumps of every era, one record type, with what was dropped and why.

- 2018–2020: one object a line, numbers as strings, ``tags: [{"id", "name", "category"}]``;
- 2021: numbers, ``tag_string_general`` and its kin, separated by spaces;
- since 2022, API pages and table exports: the same and more; banned posts lack ``id``, ``md5`` or ``file_url``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from shared.errors import DataError
from shared.readers.dump_files import Row, dump_files, read_rows
from shared.readers.image_names import MD5
from shared.readers.old_tags import OldTags
from shared.readers.ratings import LETTERS, SAFE_FOR_WORK, Rating, Scheme, find_scheme, meaning

PICTURE_SUFFIXES = frozenset(("jpg", "jpeg", "png", "webp", "gif", "bmp", "avif"))
#: The site hides posts with these from most users; they are never used.
RESTRICTED_TAGS = frozenset(("loli", "shota", "toddlercon"))
_CATEGORIES = {"0": "general", "1": "artist", "3": "copyright", "4": "character", "5": "meta"}
_GENERAL = ("0", 0)
_SAMPLE = 1000


class DumpPost(NamedTuple):
    """One usable post. ``tags``: general tags, each once, in the file's order; sizes in pixels, 0 where not known."""

    id: int
    rating: Rating
    tags: tuple[str, ...]
    width: int
    height: int
    file_ext: str
    md5: str | None
    is_deleted: bool
    meta_tags: tuple[str, ...] = ()


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
        DataError: as ``read_dump_file``.
    """
    dropped = Counter() if dropped is None else dropped
    for path in dump_files(inputs):
        for _, post in read_dump_file(path, scheme):
            if isinstance(post, str):
                dropped[post] += 1
            elif post.rating in ratings:
                yield post
            else:
                dropped[f"rating {post.rating}"] += 1


def read_dump_file(
    path: Path, scheme: Scheme | Literal["auto"] = "auto", skip: int = 0
) -> Iterator[tuple[int, DumpPost | str]]:
    """Yields ``(line number, post)`` of one file; for a post that cannot be used, the reason stands in its place.

    Args:
        path: one file of a dump.
        scheme: what the rating letters mean; ``auto`` finds out from the first posts of the file.
        skip: lines passed over unread (they were read before).

    Raises:
        DataError: the file cannot be read; a line is not a post; a rating or category letter is unknown; the scheme
            cannot be found out. Names the file and the line.
    """
    if scheme == "auto":
        sample = [row for _, row in islice(read_rows(path), _SAMPLE)]
        if not sample:
            return
        scheme = find_scheme(sample, str(path))
    letters = LETTERS[scheme]
    for number, row in read_rows(path, skip):
        try:
            rating = letters.get(row["rating"]) or meaning(row["rating"], scheme, f"{path}:{number}")
            yield number, _post(row, rating)
        except KeyError as error:
            raise DataError(f"{path}:{number}: no field {error}; expected a post as in the metadata dumps") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise DataError(
                f"{path}:{number}: a field has the wrong type ({error}); expected a post as in the metadata dumps"
            ) from None


def _post(row: Row, rating: Rating) -> DumpPost | str:
    """Returns the post, or why it cannot be used."""
    if row.get("id") in (None, ""):
        return "no id"
    if row.get("is_banned", False) is True:
        return "banned"
    suffix = row.get("file_ext")
    if suffix is None:
        return "no file"
    suffix = str(suffix).lower()
    if suffix not in PICTURE_SUFFIXES:
        return "not a picture"
    general, meta = _tags(row)
    if not RESTRICTED_TAGS.isdisjoint(general):
        return "restricted tag"
    return DumpPost(
        _whole(row["id"]),
        rating,
        tuple(general),
        _whole(row.get("image_width") or 0),
        _whole(row.get("image_height") or 0),
        suffix,
        _md5(row.get("md5")),
        bool(row.get("is_deleted", False)),
        meta,
    )


def _tags(row: Row) -> tuple[dict[str, None], tuple[str, ...]]:
    """Returns the general tags, each once (as the keys of a dict), and the meta tags."""
    if "tag_string_general" in row:
        text, meta = row["tag_string_general"], row.get("tag_string_meta")
        text.encode()  # raises ValueError for half a character, which no file can hold
        return dict.fromkeys(text.split()), tuple(meta.split()) if meta else ()
    if "tags" in row:
        tags = row["tags"]
        if isinstance(tags, OldTags):
            return dict.fromkeys(tags.general), _meta(tags.others)
        names = dict.fromkeys([tag["name"] for tag in tags if tag["category"] in _GENERAL])
        " ".join(names).encode()  # as above, and TypeError for a name that is no text
        others = [(str(tag["category"]), tag["name"]) for tag in tags if tag["category"] not in _GENERAL]
        return names, _meta(others)
    # Raw exports have one string for all categories: names of artists and characters are in no class.
    return dict.fromkeys(row["tag_string"].split()), ()


def _meta(others: list[tuple[str, str]]) -> tuple[str, ...]:
    for category, _ in others:
        if category not in _CATEGORIES:
            raise ValueError(f"tag category {category!r} is unknown: this set numbers them in its own way")
    return tuple(name for category, name in others if category == "5")


def _whole(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if type(number) is not int or not 0 <= number < 2**31:
        raise ValueError(f"{value!r} is not a whole number from 0 to {2**31 - 1}")
    return number


def _md5(value: Any) -> str | None:
    return value if isinstance(value, str) and MD5.fullmatch(value) else None
