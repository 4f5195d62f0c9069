"""The tags of a post of 2018–2020, taken out of its line before it is parsed: they are most of the line.

Thirty small objects a post cost the JSON parser more than all else together; their form never changes, so a search
finds the names in half the time. Whatever does not look exactly so is left to the parser.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_KEYS = ('"tags": [', '"tags":[')
# No escapes and no brackets in a name: those lines go to the parser.
_GENERAL = re.compile(r'"name": ?"([^"\\\x00-\x1f]+)", ?"category": ?"0"\}')
_ANY = re.compile(r'\{"id": ?"[0-9]+", ?"name": ?"([^"\\\x00-\x1f]+)", ?"category": ?"([0-9])"\}')


class OldTags(NamedTuple):
    """General names in the line's order, and (category, name) of the others."""

    general: list[str]
    others: list[tuple[str, str]]


def take_tags(line: str) -> tuple[str, OldTags] | None:
    """Returns a line of JSON without its tags, and them; None where the line must be parsed as it is."""
    start = line.find(_KEYS[0])
    if start < 0:
        start = line.find(_KEYS[1])
        if start < 0:
            return None
    start = line.index("[", start) + 1
    end = line.find("]", start)
    part = line[start:end]
    if part[-1:] not in ("}", ""):  # a list that does not end here is broken; the parser says where
        return None
    count = part.count("{")
    general: list[str] = _GENERAL.findall(part)
    others: list[tuple[str, str]] = []
    if len(general) != count:
        found = _ANY.findall(part)
        if len(found) != count:
            return None
        general = [name for name, category in found if category == "0"]
        others = [(category, name) for name, category in found if category != "0"]
    return line[:start] + line[end:], OldTags(general, others)
