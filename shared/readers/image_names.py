"""Names of millions of picture files in little memory: sorted bytes, found by their stem."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

#: Names by which a post can be found: its number or its MD5, then one picture suffix (in any case).
NAME = re.compile(rb"([0-9]{1,18}|[0-9a-f]{32})\.(jpe?g|png|webp|gif|bmp|avif|tiff?)", re.IGNORECASE)
MD5 = re.compile(r"[0-9a-f]{32}")


class NameIndex:
    """Picture names ``<stem>.<suffix>``, some 12 bytes each.

    Args:
        names: file names as bytes; those that are not :data:`NAME` are left out.
    """

    def __init__(self, names: Sequence[bytes]) -> None:
        kept = [index for index, name in enumerate(names) if NAME.fullmatch(name)]
        names_array = np.array([names[index] for index in kept], dtype=np.bytes_)
        order = np.argsort(names_array, kind="stable")
        self._names = names_array[order]
        self.positions = np.array(kept, np.int64)[order]
        """Where each sorted name stands in the names given."""

    def __len__(self) -> int:
        return len(self._names)

    def name(self, number: int) -> str:
        """Returns sorted name ``number``."""
        return bytes(self._names[number]).decode("ascii")

    def find(self, stem: str, suffix: str) -> int | None:
        """Returns the number of ``<stem>.<suffix>``, else of that stem with another suffix, else None.

        (512-pixel versions of a dump are all .jpg, whatever the metadata say.)
        """
        start = f"{stem}.".encode()
        if len(start) >= self._names.itemsize:  # a longer key would make numpy copy all names
            return None
        first = number = int(np.searchsorted(self._names, start))
        wanted = start + suffix.encode()
        while number < len(self._names) and (name := self._names[number]).startswith(start):
            if name == wanted:
                return number
            number += 1
        return first if number > first else None
