"""What a result folder holds already: a list with a line a picture, from which a stopped run goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import IO, Any

from inkpose.filenames import one_line
from shared.errors import DataError
from shared.files import replacing
from shared.images import FoundImage

Record = dict[str, Any]

#: The list's name, where nothing else is said.
SEGMENTS = "segments.jsonl"
#: What a record must agree in for its picture to count as done.
STAMP = ("source", "bytes", "mtime_ns", "settings")


@dataclass
class Journal:
    """The records of a result folder, by name of the result; each is written as soon as its files are.

    Attributes:
        out: the result folder.
        kinds: the folders in it that hold results.
        records: a record a picture.
        list_name: the list's file name.
    """

    out: Path
    kinds: Sequence[str]
    records: dict[str, Record] = field(default_factory=dict)
    list_name: str = SEGMENTS
    _lines: IO[str] | None = None

    @classmethod
    def read(cls, out: Path, kinds: Sequence[str], list_name: str = SEGMENTS) -> Journal:
        """Reads the list of ``out``, whose results lie in folders ``kinds``.

        A line cut short by a crash is left out, and its picture is done again.
        """
        try:
            lines = (out / list_name).read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return cls(out, kinds, list_name=list_name)
        except OSError as error:
            raise DataError(f"{out / list_name}: cannot be read ({error.strerror}); choose another --out") from error
        records: dict[str, Record] = {}
        for line in lines:
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict) and isinstance(record.get("name"), str) and _is_whole(record):
                records[record["name"]] = record
        return cls(out, kinds, records, list_name)

    def names(self, found: Sequence[FoundImage], wanted: Sequence[PurePath]) -> list[PurePath]:
        """Returns the name of each picture's results: that of an earlier run, or the one wanted.

        Where that name is another picture's, which still exists, a number is added: ``a~2``.
        """
        owners = {name.casefold(): str(record.get("source")) for name, record in self.records.items()}
        mine = {source: name for name, source in owners.items()}
        # Only what still exists keeps its name: a folder that was moved gets the plain names again.
        taken = {name: source for name, source in owners.items() if os.path.exists(source)}
        names = []
        for item, name in zip(found, wanted, strict=True):
            source, number = key_of(item.path), 1
            candidate = name
            while taken.get(_key(candidate), source) != source:
                number += 1
                candidate = name.with_name(f"{name.name}~{number}")
            earlier = mine.get(source, "")
            if earlier.startswith(f"{_key(name)}~") and earlier[len(_key(name)) + 1 :].isdigit():
                candidate = name.with_name(f"{name.name}~{earlier[len(_key(name)) + 1 :]}")
            taken[_key(candidate)] = source
            names.append(candidate)
        return names

    def is_done(self, name: PurePath, stamp: Record, kinds: Iterable[str]) -> bool:
        """Whether the results of ``name`` are those of the same file and settings, and are all there."""
        record = self.records.get(one_line(name.as_posix()))
        if record is None or record.get("error") is not None:
            return False
        if any(record.get(key) != value for key, value in stamp.items()):
            return False
        characters = record.get("characters") or []
        files = dict(record.get("files") or {})
        for kind in kinds:
            if kind == "crop":
                paths = [character.get("crop") for character in characters]
            else:
                paths = [] if kind == "rgba" and not characters else [files.get(kind)]
            if not all(isinstance(path, str) and os.path.isfile(self.out / path) for path in paths):
                return False
        return True

    def start(self) -> None:
        """Opens the list for adding; what a crash left of it is put in order first."""
        self._write_all()
        self._lines = (self.out / self.list_name).open("a", encoding="utf-8")

    def add(self, record: Record) -> None:
        """Adds a picture whose files are written.

        Files that an earlier run made of the same picture with the same settings stay listed; others are removed.
        """
        earlier = self.records.get(record["name"], {})
        if record["error"] is None and all(earlier.get(key) == record[key] for key in STAMP):
            record = _with_files_of(earlier, record)
        for path in _files(earlier) - _files(record):
            parts = PurePath(path).parts
            if len(parts) > 1 and parts[0] in self.kinds and ".." not in parts:
                with suppress(OSError, ValueError):  # an edited list: a name that no file can have
                    (self.out / path).unlink(missing_ok=True)
        self.records[record["name"]] = record
        if self._lines is not None:
            self._lines.write(_line(record))
            self._lines.flush()

    def finish(self) -> None:
        """Closes the list and leaves one line a picture."""
        if self._lines is not None:
            self._lines.close()
            self._lines = None
            self._write_all()

    def _write_all(self) -> None:
        with replacing(self.out / self.list_name) as temporary:
            temporary.write_text("".join(map(_line, self.records.values())), encoding="utf-8")


def _is_whole(record: Record) -> bool:
    """Whether a record, which somebody may have edited, has lists and dicts where they belong, and can be written."""
    characters, files = record.get("characters") or [], record.get("files") or {}
    if not isinstance(characters, list) or not all(isinstance(character, dict) for character in characters):
        return False
    try:
        _line(record).encode()
    except ValueError:
        return False
    return isinstance(files, dict)


def key_of(path: Path) -> str:
    """Returns what a picture is known by in the list: its absolute path."""
    return one_line(os.path.abspath(path))


def stamp_of(path: Path, settings: str) -> Record:
    """Returns the entries :data:`STAMP` of a picture: the file, its size and time, and a digest of the settings."""
    try:
        info: os.stat_result | None = path.stat()
    except OSError:  # the reader will say what is wrong with it
        info = None
    size, time = (info.st_size, info.st_mtime_ns) if info else (None, None)
    return dict(zip(STAMP, (key_of(path), size, time, settings), strict=True))


def _key(name: PurePath) -> str:
    return one_line(name.as_posix()).casefold()


def _with_files_of(earlier: Record, record: Record) -> Record:
    characters = record["characters"]
    if len(earlier.get("characters") or []) == len(characters):
        characters = [{**old, **new} for old, new in zip(earlier["characters"], characters, strict=True)]
    return {**record, "characters": characters, "files": {**(earlier.get("files") or {}), **record["files"]}}


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"


def _files(record: Record) -> set[str]:
    named = list((record.get("files") or {}).values())
    named += [character.get("crop") for character in record.get("characters") or []]
    return {name for name in named if isinstance(name, str)}
