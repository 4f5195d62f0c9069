"""The foregrounds of ``character_bg_seg`` (Chen & Zwicker 2022): a CSV of post ids, and a copy of the pictures.

The release names its cut-outs by post id; the pictures come from any copy of the site. The columns were not published,
so the column's name is a setting; without one, ``id`` is taken, or the only column there is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from shared.errors import DataError
from shared.readers.image_trees import ImageTree


@dataclass
class ListedPictures:
    """Which pictures of a list are there: their paths below the tree, and the ids of those that are not."""

    paths: list[str] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)


def read_ids(path: Path, column: str | None = None) -> Iterator[int]:
    """Yields the post ids of a CSV, each once, in the file's order. A file of bare numbers needs no header.

    Raises:
        DataError: no such file, no such column, or a value that is no id; names the line.
    """
    seen: set[int] = set()
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = next((row for row in rows if row), None)
            if header is None:
                raise DataError(f"{path}: the file is empty; give a CSV of post ids")
            place, first = _column(header, column, path)
            for row in [*([header] if first else []), *rows]:
                if not row:
                    continue
                text = row[place].strip() if place < len(row) else ""
                if not (text.isascii() and text.isdigit() and len(text) <= 18):
                    raise DataError(f"{path}:{rows.line_num}: {text!r} is no post id; correct the line")
                if int(text) not in seen:
                    seen.add(int(text))
                    yield int(text)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path of the list") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as CSV ({error}); save it as UTF-8") from error


def locate(ids: Iterator[int], tree: ImageTree) -> ListedPictures:
    """Returns which of the pictures are in an image tree; those inside tars are not files, and count as missing."""
    found = ListedPictures()
    for image_id in ids:
        place = tree.locate(image_id, None, "png")
        if place is None or place.offset is not None:
            found.missing.append(image_id)
        else:
            found.paths.append(place.path)
    return found


def _column(header: list[str], column: str | None, path: Path) -> tuple[int, bool]:
    """Returns the column's place, and whether the first line is data already."""
    names = [name.strip() for name in header]
    if column is None and names[0].isascii() and names[0].isdigit():
        return 0, True
    wanted = column or ("id" if "id" in names or len(names) > 1 else names[0])
    if wanted not in names:
        raise DataError(f"{path}:1: no column {wanted!r} among {', '.join(names)}; name it with --id-column")
    return names.index(wanted), False
