"""The tag names a rulebook may use: what became of each name, how often it occurs, and what it implies."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, cast

from shared.errors import DataError

COLUMNS = ("name", "status", "posts_2021", "posts_2025", "successor", "implies")
SHIPPED_PATH = Path(__file__).with_name("vocabulary.csv")

Status = Literal["live", "renamed", "gone"]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag name of any era.

    ``status``: ``live`` in 2025; ``renamed`` (``successor`` is the name of today); ``gone`` (dropped, no heir).
    ``posts_2021`` and ``posts_2025``: posts that carried the name, None where it was not counted.
    ``implies``: names the site adds whenever this one is given.
    """

    name: str
    status: Status = "live"
    posts_2021: int | None = None
    posts_2025: int | None = None
    successor: str | None = None
    implies: tuple[str, ...] = ()

    @property
    def next_names(self) -> tuple[str, ...]:
        """The names that are true wherever this one is: its successor, then what it implies."""
        return (self.successor, *self.implies) if self.successor else self.implies


@dataclass(frozen=True)
class Vocabulary:
    """Tag names of every era, by name."""

    tags: Mapping[str, Tag]
    _completions: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    def __contains__(self, name: str) -> bool:
        return name in self.tags

    def __iter__(self) -> Iterator[str]:
        return iter(self.tags)

    def complete(self, name: str) -> frozenset[str]:
        """Returns ``name`` and every name that is true with it: successors and implied tags, to the end."""
        known = self._completions.get(name)
        if known is None:
            seen, todo = {name}, [name]
            while todo:
                tag = self.tags.get(todo.pop())
                new = [other for other in (tag.next_names if tag else ()) if other not in seen]
                seen.update(new)
                todo.extend(new)
            known = self._completions[name] = frozenset(seen)
        return known

    def path(self, start: str, goals: Iterable[str]) -> tuple[str, ...] | None:
        """Returns the shortest chain of names from ``start`` to one of ``goals`` (both included), or None."""
        goals = frozenset(goals)
        came_from: dict[str, str | None] = {start: None}
        queue = [start]
        for name in queue:
            if name in goals:
                chain: list[str] = []
                step: str | None = name
                while step is not None:
                    chain.append(step)
                    step = came_from[step]
                return tuple(reversed(chain))
            tag = self.tags.get(name)
            for other in tag.next_names if tag else ():
                if other not in came_from:
                    came_from[other] = name
                    queue.append(other)
        return None

    def extended(self, other: Vocabulary) -> Vocabulary:
        """Returns both vocabularies as one; where both know a name, ``other`` speaks."""
        return Vocabulary({**self.tags, **other.tags})


@cache
def shipped_vocabulary() -> Vocabulary:
    """Returns the vocabulary that ships with the rulebook (read once a process)."""
    return read_vocabulary(SHIPPED_PATH)


def read_vocabulary(path: Path) -> Vocabulary:
    """Reads a vocabulary CSV with the header ``name,status,posts_2021,posts_2025,successor,implies``.

    ``implies`` holds names separated by spaces; counts and successor may be empty.

    Raises:
        DataError: missing or unreadable file, wrong header, a row that is not as above, a name twice.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; a rulebook needs its vocabulary") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); re-create the file") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    tags: dict[str, Tag] = {}
    try:
        if tuple(next(reader, ())) != COLUMNS:
            raise DataError(f"{path}:1: the header must be {','.join(COLUMNS)}; correct it")
        for row in reader:
            tag = _tag(row, f"{path}:{reader.line_num}")
            if tag.name in tags:
                raise DataError(f"{path}:{reader.line_num}: tag {tag.name!r} has a row already; remove one")
            tags[tag.name] = tag
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not valid CSV ({error}); correct the line") from error
    return Vocabulary(tags)


def _tag(row: list[str], where: str) -> Tag:
    if len(row) != len(COLUMNS):
        raise DataError(f"{where}: {len(row)} columns where {len(COLUMNS)} are expected; correct the row")
    name, status, posts_2021, posts_2025, successor, implies = row
    if not name or name.split() != [name]:
        raise DataError(f"{where}: {name!r} is not a tag name (one word, underscores for spaces); correct it")
    if status not in ("live", "renamed", "gone"):
        raise DataError(f"{where}: status {status!r} is unknown; use live, renamed or gone")
    if (status == "renamed") != bool(successor):
        raise DataError(f"{where}: {name!r} is {status} and has successor {successor!r}; only a renamed tag has one")
    counts = (_count(posts_2021, where), _count(posts_2025, where))
    return Tag(name, cast(Status, status), *counts, successor or None, tuple(implies.split()))


def _count(text: str, where: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise DataError(f"{where}: {text!r} is not a count; write a whole number or leave it empty")
    return int(text)
