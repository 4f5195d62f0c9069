"""What the texts of the command line mean: lists of names, replacements, thresholds, patterns."""

from __future__ import annotations

import glob
from pathlib import Path

from shared.errors import UsageError
from shared.image_files import FoundImage, find_images
from shared.readers.captions import tag_of_caption


def names_of(text: str) -> list[str]:
    """Returns the names of ``a, b,c``."""
    return [name.strip() for name in text.split(",") if name.strip()]


def patterns_of(text: str) -> list[str]:
    """Returns the names of ``a, b,c`` in the spelling that selections compare."""
    return [tag_of_caption(name) for name in names_of(text)]


def pictures_of(inputs: list[str], recursive: bool = True) -> list[FoundImage]:
    """Returns the pictures of files, folders and patterns; see ``find_images``.

    A name that exists is never taken for a pattern; patterns are those that the shell was kept from expanding.

    Raises:
        DataError: an input is missing, or holds no picture.
    """
    paths: list[Path] = []
    for text in inputs:
        matches = [] if Path(text).exists() else sorted(glob.glob(text, recursive=True))
        paths += [Path(match) for match in matches] or [Path(text)]
    found = find_images(paths)
    return found if recursive else [item for item in found if len(item.relative.parts) == 1]


def replacements_of(text: str) -> dict[str, str]:
    """Returns old → new of ``old,new;old,new``.

    Raises:
        UsageError: not written so.
    """
    pairs = [part.split(",") for part in text.split(";") if part.strip()]
    if any(len(pair) != 2 or not all(name.strip() for name in pair) for pair in pairs):
        raise UsageError(f"--tag_replacement {text}: write old,new;old,new")
    return {tag_of_caption(old): new.strip() for old, new in pairs}


def group_threshold_of(text: str) -> tuple[str, float]:
    """Returns group and threshold of ``clothing=0.5``.

    Raises:
        UsageError: not written so, or not from 0 to 1.
    """
    group, _, value = text.partition("=")
    try:
        threshold = float(value)
    except ValueError:
        threshold = -1.0
    if not 0.0 <= threshold <= 1.0:
        raise UsageError(f"--group-threshold {text}: write group=number, e.g. clothing=0.5")
    return group.strip(), threshold


def implications() -> dict[str, tuple[str, ...]]:
    """Returns which classes go without saying beside a class, by the rulebook that ships with inkpose."""
    from shared.rulebook.rulebook import load_rulebook

    return {rule.name: rule.implies for rule in load_rulebook().rules}
