"""A contact sheet of the segmenter's training samples: to look at what a config makes before training on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.datamodules.masks import MaskDataModule
from shared.datamodules.sampling import Draw
from shared.errors import DataError, UsageError
from shared.images import write_jpeg, write_png
from shared.yaml_files import read_yaml

#: Most samples of a sheet, and the colour of outlines.
MOST, OUTLINE = 600, (255, 0, 255)
_GAP, _GREY = 4, 225


def data_of_config(path: Path, **changes: Any) -> MaskDataModule:
    """Returns the data module that a segmenter's YAML describes.

    Args:
        path: the YAML.
        changes: settings of the ``data`` section to replace.

    Raises:
        DataError: no such file, not a segmenter's config, or a setting is wrong.
    """
    document = read_yaml(path)
    settings = document.get("data") if isinstance(document, dict) else None
    if not isinstance(settings, dict):
        raise DataError(f"{path}: no section 'data'; give a segmenter's config")
    try:
        return MaskDataModule(**{**settings, **changes})
    except TypeError as error:
        raise DataError(f"{path}: {error}; give a segmenter's config") from None


def draw_sheet(data: MaskDataModule, count: int, columns: int = 12, outline: bool = False) -> NDArray[np.uint8]:
    """Returns ``count`` training samples in rows of ``columns``, with the true masks' outlines on request."""
    dataset, side = data.dataset("train"), data.image_size
    columns = min(columns, count)
    rows, step = -(-count // columns), side + _GAP
    sheet = np.full((rows * step + _GAP, columns * step + _GAP, 3), _GREY, np.uint8)
    for place in range(count):
        # As far apart in the list of files as they are in a training, where the order is shuffled.
        sample = dataset[Draw(place * len(dataset) // count, place)]
        image = sample["image"].copy()
        if outline:
            mask = cv2.threshold(sample["alpha"], 127, 255, cv2.THRESH_BINARY)[1]
            lines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(image, lines, -1, OUTLINE, 1)
        top, left = _GAP + place // columns * step, _GAP + place % columns * step
        sheet[top : top + side, left : left + side] = image
    return sheet


def write_sheet(path: Path, data: MaskDataModule, count: int, columns: int = 12, outline: bool = False) -> None:
    """Writes :func:`draw_sheet` as PNG or JPEG, by the name's ending.

    Raises:
        UsageError: another ending, or too many samples.
        DataError: the data are not usable, or the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (".png", ".jpg", ".jpeg"):
        raise UsageError(f"--out {path}: must end in .png or .jpg")
    if not 1 <= count <= MOST or columns < 1:
        raise UsageError(f"--count {count} in {columns} columns: a sheet holds 1 to {MOST} samples")
    sheet = draw_sheet(data, count, columns, outline)
    if ending == ".png":
        write_png(path, sheet)
    else:
        write_jpeg(path, sheet, 80)
