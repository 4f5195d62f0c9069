"""Danbooru post metadata: one JSON object a line, as the yearly dumps have it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import DataError

#: General, sensitive, questionable, explicit. Before 2022 ``s`` meant "safe", which is today's ``g`` and ``s``.
RATINGS = ("g", "s", "q", "e")


@dataclass(frozen=True, slots=True)
class Post:
    """One post: what a tagger needs of it. ``tags`` are the general tags, raw, in the file's order."""

    id: int
    rating: str
    tags: tuple[str, ...]
    width: int
    height: int
    file_ext: str


def read_posts(path: Path) -> Iterator[Post]:
    """Yields the posts of a metadata file (2021 and later: ``tag_string_general``; earlier: a list ``tags``).

    Blank lines are passed over.

    Raises:
        DataError: the file cannot be read, or a line is not a usable post; names the line.
    """
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _post(line, f"{path}:{number}")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the data folder") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path and permissions") from error


def image_path(root: Path, image_id: int, file_ext: str) -> Path:
    """Returns where a post's picture lies: ``root/images/<id % 1000, four digits>/<id>.<ext>``."""
    return root / "images" / f"{image_id % 1000:04d}" / f"{image_id}.{file_ext}"


def _post(line: bytes, where: str) -> Post:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not valid JSON ({error}); expected one post a line") from None
    if not isinstance(row, dict):
        raise DataError(f"{where}: not a JSON object; expected one post a line")
    try:
        post = Post(
            id=int(row["id"]),
            rating=row["rating"],
            tags=_general_tags(row),
            width=int(row["image_width"]),
            height=int(row["image_height"]),
            file_ext=str(row["file_ext"]),
        )
    except KeyError as error:
        raise DataError(f"{where}: no field {error}; expected a post as in the public metadata dumps") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{where}: a field has the wrong type ({error}); expected a post as in the dumps") from None
    if post.id < 0 or post.rating not in RATINGS:
        raise DataError(f"{where}: id {post.id}, rating {post.rating!r}; expected an id ≥ 0 and a rating of g, s, q, e")
    return post


def _general_tags(row: dict[str, Any]) -> tuple[str, ...]:
    if "tag_string_general" in row:
        return tuple(row["tag_string_general"].split())
    # 2017–2020 dumps: [{"id": "540830", "name": "1boy", "category": "0"}, …]
    return tuple(tag["name"] for tag in row["tags"] if str(tag["category"]) == "0")
