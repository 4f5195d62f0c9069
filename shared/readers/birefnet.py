"""BiRefNet's layout: pictures in ``im``, masks of equal names in ``gt``, at any depth, with any suffix.

ToonOut uses it too, as ``{train,val,test}/<generation>/{im,gt,an}``; its masks are soft, and are kept so.
"""

from __future__ import annotations

from pathlib import Path

from shared.errors import DataError
from shared.readers.mask_pairs import PairListing, merged, pairs_by_name


def read_birefnet(root: Path) -> PairListing:
    """Returns the pairs of every ``im`` and ``gt`` that lie side by side in or below ``root``.

    Raises:
        DataError: there is none, or one of them is empty.
    """
    folders = birefnet_folders(root)
    if not folders:
        raise DataError(f"{root}: no folders im/ and gt/ side by side; check the path or name another layout")
    return merged(pairs_by_name(folder / "im", folder / "gt") for folder in folders)


def birefnet_folders(root: Path) -> list[Path]:
    """Returns the folders, ``root`` or below it, that hold ``im`` and ``gt``, in order of their paths."""
    return sorted(path.parent for path in root.glob("**/im") if (path.parent / "gt").is_dir())
