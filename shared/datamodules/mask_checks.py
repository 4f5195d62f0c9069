"""Looks at every cut-out, or every picture with its mask, before a training does: what is usable, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shared.compositing.cutout_files import looks_premultiplied, useless_alpha
from shared.errors import DataError
from shared.images import read_rgba
from shared.readers.mask_pairs import MaskPair, PairListing, read_mask_pair


@dataclass
class Checked:
    """What was found.

    Attributes:
        usable: files of cut-outs, or pictures of pairs.
        dropped: how many are not, by reason.
        noted: how many of the usable ones are special, by what they are.
        problems: one line for each file that is not usable.
    """

    usable: list[Path] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    noted: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def drop(self, reason: str, problem: str) -> None:
        """Counts and names a file that is not usable."""
        self.dropped[reason] += 1
        self.problems.append(problem)


def check_cutouts(files: Iterable[Path], on_file: Callable[[], None] = lambda: None) -> Checked:
    """Returns which files are characters on nothing; premultiplied ones are noted (they are repaired when read)."""
    result = Checked()
    for path in files:
        try:
            rgba = read_rgba(path)
        except DataError as error:
            result.drop("cannot be read", str(error))
        else:
            if (reason := useless_alpha(rgba)) is not None:
                result.drop(reason, f"{path}: {reason}; give a character on nothing (RGBA)")
            else:
                result.usable.append(path)
                result.noted["colours multiplied with alpha (repaired when read)"] += looks_premultiplied(rgba)
        on_file()
    result.noted = +result.noted
    return result


def check_pairs(listing: PairListing, on_file: Callable[[], None] = lambda: None) -> Checked:
    """Returns which pairs can be read and have a mask of their picture's size."""
    result = Checked(dropped=Counter(listing.dropped))
    for pair in listing.pairs:
        _check_pair(pair, result)
        on_file()
    return result


def _check_pair(pair: MaskPair, result: Checked) -> None:
    try:
        _, alpha = read_mask_pair(pair)
    except DataError as error:
        result.drop("other size" if "make them equal" in str(error) else "cannot be read", str(error))
        return
    result.usable.append(Path(str(pair.image)))
    cover = float((alpha > 127).mean())
    if cover == 0:
        result.noted["no character"] += 1
    elif cover > 0.98:
        result.noted["character everywhere (is the mask inverted?)"] += 1
    if np.count_nonzero((alpha > 8) & (alpha < 247)) > 0.002 * alpha.size:
        result.noted["soft mask"] += 1
