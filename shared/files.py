"""Files that are either whole or absent: written under a temporary name, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shared.errors import DataError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside ``path``; renames it onto ``path`` when the block ends well.

    The parent folder is made. When the block raises (Ctrl-C too), the temporary file is removed and
    ``path`` is untouched.

    Raises:
        DataError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{_short(path.name)}.", suffix=".part")
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _short(name: str) -> str:
    # File systems count bytes (255 at most), and a character of Japanese has three.
    return os.fsencode(name)[:100].decode("utf-8", errors="ignore")


def _umask() -> int:
    # mkstemp makes files for the owner only; a result should be readable as any other file is.
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_bytes(path: Path, data: bytes) -> None:
    """Writes ``data`` to ``path`` whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 ``text`` to ``path`` whole or not at all.

    Raises:
        DataError: ``path`` cannot be written, or the text has half a character (a lone surrogate) in it.
    """
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = text[error.start]
        raise DataError(f"{path}: the text to write has half a character ({half!a}) in it; correct the input") from None
    write_bytes(path, data)


def write_json(path: Path, value: Any, indent: int | None = 2) -> None:
    """Writes ``value`` as UTF-8 JSON to ``path`` whole or not at all; NaN is refused with ValueError."""
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Reads a JSON file.

    Raises:
        DataError: the file is missing, no regular file, unreadable or not JSON.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a device has no end
            raise DataError(f"{path}: not a file; give the path of a JSON file")
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except (ValueError, RecursionError) as error:  # ValueError also of a number of thousands of digits
        raise DataError(f"{path}: not valid JSON ({error}); re-create the file") from error


def digest(*values: Any) -> str:
    """Returns 16 hex digits that depend on JSON-able ``values`` and nothing else (keys are sorted)."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, allow_nan=False, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
