"""The files of a metadata dump as a stream of rows: JSON lines or a JSON array, plain or gzipped, file or folder."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from shared.errors import DataError
from shared.readers.old_tags import take_tags

#: Tables that lie beside the posts in a dump.
_OTHER_TABLES = re.compile(
    r"^(tags?|tag_aliases|tag_implications|artists?|artist_\w+|notes?|note_\w+|pools?|comments?|wiki_pages?|readme|"
    r"manifest|dataset)[\d_.-]*\.",
    re.IGNORECASE,
)
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
#: The users who like a post: megabytes in old dumps, and of no use here.
_FAVOURITES = re.compile(rb'"favs"\s*:\s*\[[^\]]*\]')
LINE_LIMIT = 64 * 1024 * 1024
"""A longer line (in bytes) is no post; without a limit a small gzip file could fill the memory."""
ARRAY_LIMIT = 512 * 1024 * 1024
"""A JSON array is read whole: a larger file (in bytes) is refused. API pages are far smaller."""

Row = dict[str, Any]
# What json.loads calls in the end, without its questions about encodings.
_decode = json.JSONDecoder().decode


def dump_files(inputs: Sequence[Path]) -> list[Path]:
    """Returns the post files among ``inputs``: files as given; folders searched, in natural order of their names.

    In a folder, files that are not JSON and the tables of tags, artists, notes and pools are passed over.
    The extensionless ``2018000000000012`` files of the first dumps count as JSON.

    Raises:
        DataError: an input is missing, or a folder holds no post file.
    """
    found: list[Path] = []
    for source in inputs:
        if source.is_file():
            found.append(source)
        elif source.is_dir():
            files = [path for path in source.rglob("*") if path.is_file() and _is_post_file(path.name)]
            if not files:
                raise DataError(f"{source}: holds no post files (.json, .jsonl, .json.gz); check the folder")
            found.extend(sorted(files, key=_natural))
        else:
            raise DataError(f"{source}: no such file or folder; check the path")
    return found


def read_rows(path: Path, skip: int = 0) -> Iterator[tuple[int, Row]]:
    """Yields ``(line number, row)`` of one file; of a JSON array, the number of the element, from 1.

    In a line of 2018–2020 the field ``tags`` is an ``OldTags`` where it has the usual form.

    Memory: one line, or the whole file where it is an array.

    Args:
        path: plain or gzipped.
        skip: lines (elements) passed over without a look at them.

    Raises:
        DataError: unreadable, truncated or not JSON objects; names the line.
    """
    try:
        with _open(path) as stream:
            first = _first_character(stream, path)
            if first == b"[":
                yield from islice(_array(stream, path), skip, None)
            else:
                lines = iter(partial(stream.readline, LINE_LIMIT), b"")
                for number, line in islice(enumerate(lines, start=1), skip, None):
                    if len(line) == LINE_LIMIT:
                        raise DataError(
                            f"{path}:{number}: a line of {LINE_LIMIT >> 20} MiB or more; expected one post a line"
                        )
                    if not line.isspace():
                        if b'"favs"' in line and b'"favs": []' not in line:
                            line = _FAVOURITES.sub(b'"favs":[]', line)
                        yield number, _object(line, path, number)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: the gzip file is damaged or cut off ({error}); download it again") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error}); check the file") from error


def _is_post_file(name: str) -> bool:
    if name.startswith(".") or _OTHER_TABLES.match(name):
        return False
    return name.lower().endswith(_SUFFIXES) or (name.isascii() and name.isdigit())


def _natural(path: Path) -> tuple[list[tuple[bool, int, str]], str]:
    parts = re.split(r"(\d+)", str(path))
    return [(index % 2 == 1, int(part) if index % 2 else 0, part) for index, part in enumerate(parts)], str(path)


def _open(path: Path) -> IO[bytes]:
    # A dump is often gzipped without saying so in its name.
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if zipped else path.open("rb")


def _first_character(stream: IO[bytes], path: Path) -> bytes:
    start = stream.read(4096).lstrip()
    if start.startswith(b"\xef\xbb\xbf"):
        raise DataError(f"{path}:1: begins with a byte-order mark; save the file as plain UTF-8")
    stream.seek(0)
    return start[:1]


def _array(stream: IO[bytes], path: Path) -> Iterator[tuple[int, Row]]:
    text = stream.read(ARRAY_LIMIT + 1)
    if len(text) > ARRAY_LIMIT:
        raise DataError(f"{path}: one JSON array of more than {ARRAY_LIMIT >> 20} MiB; convert it to one post a line")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); download the file again") from None
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(f"{path}: element {number} is not a post; expected a list of posts")
        yield number, row


def _object(line: bytes, path: Path, number: int) -> Row:
    try:
        text = line.decode()
        taken = take_tags(text)
        row = _decode(text) if taken is None else _decode(taken[0])
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path}:{number}: not valid JSON ({error}); the file may be cut off, download it again"
        ) from None
    if not isinstance(row, dict):
        raise DataError(f"{path}:{number}: not a JSON object; expected one post a line")
    if taken is not None:
        row["tags"] = taken[1]
    return row
