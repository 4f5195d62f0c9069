"""Which layout a folder of pictures and masks has, and its pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from shared.errors import DataError
from shared.readers.birefnet import birefnet_folders, read_birefnet
from shared.readers.coco_masks import coco_files, read_coco_masks
from shared.readers.mask_pairs import PairListing, merged, pairs_by_name
from shared.readers.skytnt import is_skytnt, read_skytnt
from shared.readers.texture_masks import read_texture_masks

MaskLayout = Literal["auto", "folders", "skytnt", "birefnet", "coco", "textures"]
MASK_LAYOUTS: tuple[MaskLayout, ...] = get_args(MaskLayout)


def read_mask_pairs(root: Path, layout: MaskLayout = "auto") -> PairListing:
    """Returns the pictures with masks below ``root``.

    Args:
        root: folder, or a COCO file.
        layout: ``folders`` (``images/`` and ``masks/``), ``skytnt`` (``imgs/``, ``masks/``), ``birefnet`` (``im/``,
            ``gt/`` at any depth), ``coco``, ``textures`` (AnimatedDrawings), or ``auto``, which looks.

    Raises:
        DataError: no such folder, or none of the layouts is in it.
    """
    if not root.exists():
        raise DataError(f"{root}: no such file or folder; check the path")
    if layout == "auto":
        layout = _layout_of(root)
    if layout == "folders":
        return pairs_by_name(root / "images", root / "masks")
    if layout == "skytnt":
        return read_skytnt(root)
    if layout == "birefnet":
        return read_birefnet(root)
    if layout == "textures":
        return read_texture_masks(root)
    files = coco_files(root)
    if not files:
        raise DataError(f"{root}: no .json file in it or in annotations/; name the COCO file")
    return merged(read_coco_masks(file) for file in files)


def _layout_of(root: Path) -> MaskLayout:
    if root.is_file():
        return "coco"
    if is_skytnt(root):
        return "skytnt"
    if (root / "images").is_dir() and (root / "masks").is_dir():
        return "folders"
    if birefnet_folders(root):
        return "birefnet"
    if next(root.rglob("mask.png"), None) is not None:
        return "textures"
    if coco_files(root):
        return "coco"
    raise DataError(
        f"{root}: no pictures with masks found; expected images/ and masks/, imgs/ and masks/, im/ and gt/, folders "
        "with texture.png and mask.png, or a COCO file in annotations/"
    )
