"""The layout of SkyTNT's anime-segmentation data: ``fg`` (RGBA), ``bg``, and real pictures ``imgs`` with ``masks``.

The masks are JPEG: their greys are artefacts, so they are thresholded when they are read. The cut-outs and backgrounds
are plain folders (see ``folders``).
"""

from __future__ import annotations

from pathlib import Path

from shared.readers.mask_pairs import PairListing, pairs_by_name


def is_skytnt(root: Path) -> bool:
    """Returns whether a folder holds ``imgs`` and ``masks``."""
    return (root / "imgs").is_dir() and (root / "masks").is_dir()


def read_skytnt(root: Path) -> PairListing:
    """Returns the pairs of ``imgs`` and ``masks``.

    Raises:
        DataError: one of them is missing or empty.
    """
    return pairs_by_name(root / "imgs", root / "masks")
