"""Names of results: they keep the tree and the names of the inputs, and no two of them are equal."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Protocol

#: Longest file-name part in UTF-8 bytes; file systems end at 255, and ``.12.png`` and a temporary name are added.
_LONGEST_PART = 180


class Found(Protocol):
    """A picture to process: where it is, and its path below the folder that was asked for."""

    @property
    def path(self) -> Path:
        """Where the picture is."""

    @property
    def relative(self) -> PurePath:
        """Path below the folder given, or the file name."""


def one_line(text: str) -> str:
    """Returns ``text`` fit for one line of a terminal or a UTF-8 file: controls and lone surrogates are escaped."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", lambda m: f"\\x{ord(m[0]):02x}" if m[0] != "\n" else " ", text)


def result_names(found: Sequence[Found]) -> list[PurePath]:
    """Returns one name per picture, without suffix, to be joined below ``masks/`` and the like.

    A picture ``a/b.png`` below the folder given is named ``a/b``; pictures that share this name keep their full
    name (``a/b.png``, ``a/b.jpg``). Inputs that share a name across several folders given are told apart by the
    folder's own name (and its parent's, as far as needed). Equality ignores case, as some file systems do.
    """
    relatives = _told_apart(found)
    stems = [relative.with_suffix("") for relative in relatives]
    stem_count = Counter(_key(stem) for stem in stems)
    # Where a stem is taken more than once, or equals the full name or a folder of another, the full name is used.
    full_keys = {_key(relative) for relative in relatives}
    names = [
        relative if stem_count[_key(stem)] > 1 or (_key(stem) in full_keys and stem != relative) else stem
        for relative, stem in zip(relatives, stems, strict=True)
    ]
    taken: set[str] = _reserved(names)
    unique = []
    for name in names:
        name = PurePath(*(_safe_part(part) for part in name.parts))
        candidate, number = name, 2
        while _key(candidate) in taken:
            candidate, number = name.with_name(f"{name.name}~{number}"), number + 1
        taken.add(_key(candidate))
        unique.append(candidate)
    return unique


def _reserved(names: Sequence[PurePath]) -> set[str]:
    """Names whose result files would have the name of a folder: a folder may be called ``a.png``, too."""
    folders = {_key(folder) for name in names for folder in name.parents if folder.name.casefold().endswith(".png")}
    return {re.sub(pattern, "", folder) for folder in folders for pattern in (r"\.png$", r"\.\d+\.png$")}


def _told_apart(found: Sequence[Found]) -> list[PurePath]:
    """Relative paths, with as many parts of the folder given in front as tell equal ones apart."""
    roots = [Path(os.path.abspath(item.path)).parents[len(item.relative.parts) - 1] for item in found]
    owners: dict[str, set[Path]] = defaultdict(set)
    for item, root in zip(found, roots, strict=True):
        owners[_key(item.relative.with_suffix(""))].add(root)
    clashing = {root for group in owners.values() if len(group) > 1 for root in group}
    depth = 1
    while clashing and len({_key(_tail(root, depth)) for root in clashing}) < len(clashing) and depth < 64:
        depth += 1
    return [
        _tail(root, depth) / item.relative if root in clashing else item.relative
        for item, root in zip(found, roots, strict=True)
    ]


def _tail(root: Path, depth: int) -> PurePath:
    return PurePath(*[part for part in root.parts if part != root.anchor][-depth:])


def _key(path: PurePath) -> str:
    return path.as_posix().casefold()


def _safe_part(part: str) -> str:
    """Shortens a part that leaves no room for our endings; the digest keeps shortened names apart."""
    raw = part.encode("utf-8", "surrogateescape")
    if len(raw) <= _LONGEST_PART:
        return part
    mark = hashlib.sha256(raw).hexdigest()[:8]
    return f"{raw[: _LONGEST_PART - 9].decode('utf-8', 'ignore')}-{mark}"
