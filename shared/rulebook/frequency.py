"""How often a class occurs: bounds from tag counts, as it is not known which posts carry two of its tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from shared.rulebook.vocabulary import Vocabulary

if TYPE_CHECKING:
    from shared.rulebook.rulebook import Rulebook

POSTS_2021 = 4_863_782
"""Posts in the Danbooru2021 database, of which the 2021 counts are a part."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A class is true in at least ``lower`` and at most ``upper`` posts of 2021."""

    lower: int
    upper: int

    @property
    def lower_fraction(self) -> float:
        """``lower`` as a fraction of all posts, in [0, 1]."""
        return self.lower / POSTS_2021

    @property
    def upper_fraction(self) -> float:
        """``upper`` as a fraction of all posts, in [0, 1]."""
        return self.upper / POSTS_2021


def bounds(names: Iterable[str], vocabulary: Vocabulary) -> Bounds:
    """Returns the bounds of "at least one of ``names``": the largest count, and the sum of the counts.

    A name that implies another of ``names`` is left out of the sum: its posts are among the other's. Names without a
    2021 count (too rare or too young then) count as 0, and ``none`` is not taken off.
    """
    counts = {name: vocabulary.tags[name].posts_2021 or 0 for name in names}
    total = sum(count for name, count in counts.items() if not any(o in counts for o in vocabulary.tags[name].implies))
    lower = max(counts.values(), default=0)
    return Bounds(lower, min(POSTS_2021, max(total, lower)))


def class_bounds(rulebook: Rulebook) -> list[Bounds]:
    """Returns the bounds of every class, over all raw tags that make it true, in class order."""
    members: list[list[str]] = [[] for _ in rulebook.class_names]
    for name, indices in rulebook.effects():
        for index in indices:
            members[index].append(name)
    return [bounds(names, rulebook.vocabulary) for names in members]


def median_fraction(all_bounds: Iterable[Bounds]) -> tuple[float, float]:
    """Returns the median over classes of the lower and of the upper fraction."""
    pairs = [(each.lower_fraction, each.upper_fraction) for each in all_bounds]
    return median(low for low, _ in pairs), median(high for _, high in pairs)
