"""Tag queries as people write them, and as the table understands them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from shared.errors import UsageError


@dataclass(frozen=True)
class TagQuery:
    """Tags a picture must have, and tags it must not have."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def where(self) -> str:
        """Returns the condition on a table of characters; empty when everything is allowed."""
        parts = []
        if self.wanted:
            parts.append(f"array_has_all(tags, {sql_list(self.wanted, '[]')})")
        if self.unwanted:
            parts.append(f"NOT array_has_any(tags, {sql_list(self.unwanted, '[]')})")
        return " AND ".join(parts)


def parse_tags(text: str) -> TagQuery:
    """Reads ``"kimono -hat"``: tags apart by spaces or commas, a minus in front of what must not be there.

    Raises:
        UsageError: a minus without a tag, or a tag both wanted and not.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for word in re.split(r"[\s,]+", text.strip().lower()):
        if not word:
            continue
        tag = word[1:] if word.startswith("-") else word
        if not tag:
            raise UsageError(f"tags {text!r}: a minus stands alone; write it in front of a tag, e.g. -hat")
        (unwanted if word.startswith("-") else wanted).append(tag)
    both = sorted(set(wanted) & set(unwanted))
    if both:
        raise UsageError(f"tags {text!r}: {both[0]} is both asked for and ruled out; drop one")
    return TagQuery(tuple(dict.fromkeys(wanted)), tuple(dict.fromkeys(unwanted)))


def sql_list(values: Collection[str], brackets: str = "()") -> str:
    """Returns values as a quoted SQL list."""
    return brackets[0] + ", ".join("'" + value.replace("'", "''") + "'" for value in values) + brackets[1]


def all_of(*conditions: str) -> str:
    """Returns the conditions that are not empty, all to hold."""
    return " AND ".join(f"({condition})" for condition in conditions if condition)
