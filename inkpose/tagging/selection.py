"""Which tags of a prediction are told, and in which order."""

from __future__ import annotations

import csv
import fnmatch
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import DataError, UsageError
from shared.files import read_json
from shared.readers.captions import tag_of_caption

_PEOPLE = re.compile(r"(\d\+?(girl|boy|other)s?|multiple_(girls|boys|others)|solo|no_humans)")


@dataclass(frozen=True)
class Told:
    """A tag that is told of a picture; ``score`` is its probability."""

    name: str
    group: str
    score: float


@dataclass(frozen=True)
class Selection:
    """The user's wishes. Names and patterns are as ``tag_of_caption`` spells them; patterns may hold ``*`` and ``?``.

    Attributes:
        only: if not empty, tags that match none of these patterns are not told.
        never: tags that match one of these patterns are not told.
        first: names that come first, in this order; then people counts, then falling score.
        replace: name → name; tags that become equal are told once.
        implied: name → names that go without saying when it is told.
        top_k: most tags a picture, None for all.
    """

    only: Sequence[str] = ()
    never: Sequence[str] = ()
    first: Sequence[str] = ()
    replace: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, Sequence[str]] = field(default_factory=dict)
    top_k: int | None = None

    def choose(self, found: Sequence[Told]) -> list[Told]:
        """Returns the tags to tell out of those over their thresholds."""
        names = {tag.name for tag in found}
        unneeded = {other for name in names for other in self._all_implied(name)}
        kept: dict[str, Told] = {}
        for tag in sorted(found, key=lambda tag: -tag.score):
            if tag.name in unneeded or not self._wanted(tag.name):
                continue
            name = self.replace.get(tag_of_caption(tag.name), tag.name)
            kept.setdefault(tag_of_caption(name), Told(name, tag.group, tag.score))
        told = sorted(kept.values(), key=lambda tag: -tag.score)[: self.top_k]
        return sorted(told, key=self._rank)

    def _wanted(self, name: str) -> bool:
        name = tag_of_caption(name)
        if self.only and not any(fnmatch.fnmatchcase(name, pattern) for pattern in self.only):
            return False
        return not any(fnmatch.fnmatchcase(name, pattern) for pattern in self.never)

    def _all_implied(self, name: str) -> set[str]:
        seen: set[str] = set()
        todo = list(self.implied.get(name, ()))
        while todo:
            other = todo.pop()
            if other not in seen and other != name:
                seen.add(other)
                todo.extend(self.implied.get(other, ()))
        return seen

    def _rank(self, tag: Told) -> tuple[int, int, float]:
        name = tag_of_caption(tag.name)
        if name in self.first:
            return 0, list(self.first).index(name), 0.0
        return (1 if _PEOPLE.fullmatch(name) else 2), 0, -tag.score


def thresholds(
    own: NDArray[np.float64],
    names: Sequence[str],
    groups: Sequence[str],
    common: float | None = None,
    by_group: Mapping[str, float] | None = None,
    by_class: Mapping[str, float] | None = None,
) -> NDArray[np.float64]:
    """Returns a threshold a class ``(C,)``: the class's own wish, else its group's, else the common, else ``own``.

    Raises:
        UsageError: a group or class that the tagger does not have.
    """
    by_group, by_class = dict(by_group or {}), {tag_of_caption(name): value for name, value in (by_class or {}).items()}
    if unknown := sorted(set(by_group) - set(groups)):
        raise UsageError(f"{unknown[0]}: not a group of this tagger; it has {', '.join(sorted(set(groups)))}")
    if unknown := sorted(set(by_class) - {tag_of_caption(name) for name in names}):
        raise UsageError(f"{unknown[0]}: not a class of this tagger; `inkpose rulebook explain` knows the names")
    result = own.copy() if common is None else np.full(len(names), common)
    for index, (name, group) in enumerate(zip(names, groups, strict=True)):
        result[index] = by_class.get(tag_of_caption(name), by_group.get(group, result[index]))
    return result


def read_calibration(path: Path) -> dict[str, float]:
    """Reads thresholds of single classes: a JSON object name → threshold, or a CSV with columns name and threshold.

    Raises:
        DataError: not such a file, or a threshold outside 0 … 1.
    """
    if path.suffix.lower() == ".json":
        content = read_json(path)
        rows = list(content.items()) if isinstance(content, dict) else []
    else:
        try:
            lines = path.read_text("utf-8-sig").splitlines()
            rows = [(row.get("name"), row.get("threshold")) for row in csv.DictReader(lines)]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{path}: cannot be read ({error}); give a JSON or CSV of thresholds") from error
    if not rows:
        raise DataError(f"{path}: no thresholds in it; give name and threshold of each class")
    result: dict[str, float] = {}
    for number, (name, value) in enumerate(rows, 1):
        try:
            threshold = float(value)
        except (TypeError, ValueError, OverflowError):
            threshold = float("nan")
        if not name or not 0.0 <= threshold <= 1.0:
            raise DataError(f"{path}: entry {number} ({name}: {value}) is no name with a threshold from 0 to 1")
        result[str(name)] = threshold
    return result
