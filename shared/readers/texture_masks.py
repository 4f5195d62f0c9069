"""AnimatedDrawings' layout: a folder a character, with ``texture.png`` and ``mask.png`` of one size.

The alpha of the texture says nothing (it is opaque, or missing); the mask is 0 or 255.
"""

from __future__ import annotations

from pathlib import Path

from shared.errors import DataError
from shared.readers.mask_pairs import MaskPair, PairListing


def read_texture_masks(root: Path) -> PairListing:
    """Returns the pairs of all folders in or below ``root``, in order of their paths.

    Raises:
        DataError: there is none.
    """
    listing = PairListing()
    for mask in sorted(root.rglob("mask.png")):
        texture = mask.with_name("texture.png")
        if texture.is_file():
            listing.pairs.append(MaskPair(texture, mask))
        else:
            listing.dropped["mask without a picture"] += 1
    if not listing.pairs:
        raise DataError(f"{root}: no folder with texture.png and mask.png; check the path or name another layout")
    return listing
