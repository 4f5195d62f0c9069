"""Caption files beside pictures, as trainers of image models read them: one line of tags, never empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from shared.errors import DataError
from shared.files import write_text
from shared.readers.captions import tag_of_caption

Mode = Literal["skip", "append", "overwrite"]


def has_caption(path: Path) -> bool:
    """Returns whether a caption file is there and says something (trainers stop at an empty one)."""
    return path.is_file() and path.stat().st_size > 0 and bool(path.read_bytes().strip())


def merged(existing: str, tags: Sequence[str], separator: str = ", ") -> str:
    """Returns the text of a caption file with ``tags`` added to its first line.

    Tags that the line has already, in whatever spelling, are not repeated; further lines stay as they are (kohya's
    trainer reads the first line only, unless told otherwise).
    """
    first, *rest = existing.splitlines() or [""]
    old = [part.strip() for part in first.split(separator.strip() or separator) if part.strip()]
    known = {tag_of_caption(tag) for tag in old}
    line = separator.join(old + [tag for tag in tags if tag_of_caption(tag) not in known])
    return "\n".join([line, *rest]) + "\n"


def write_caption(path: Path, tags: Sequence[str], mode: Mode = "overwrite", separator: str = ", ") -> bool:
    """Writes a caption file, whole or not at all; returns whether it was written.

    Without tags nothing is written, and a caption that is there stays: an empty file stops a trainer.

    Raises:
        DataError: the file cannot be written, or (append) what is there is not UTF-8 text.
    """
    if not tags or (mode == "skip" and has_caption(path)):
        return False
    text = ""
    if mode == "append" and path.is_file():
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read as UTF-8 text ({error}); it is left as it is") from error
    write_text(path, merged(text, tags, separator))
    return True
