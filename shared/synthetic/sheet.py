"""A contact sheet: the first pictures of a data set in one file, to look at before drawing thousands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import UsageError
from shared.images import write_jpeg, write_png
from shared.synthetic.dataset import Plan
from shared.synthetic.marks import stamp, text_mask
from shared.synthetic.variety import draw_variety, names_of
from shared.synthetic.writer import draw_sample

#: Most pictures of a sheet.
MOST = 400
_GAP, _GREY = 4, 225


def draw_sheet(plan: Plan, columns: int = 8) -> NDArray[np.uint8]:
    """Returns the pictures 1…count of ``plan`` in rows of ``columns``, each centred in its square."""
    columns = min(columns, plan.count)
    rows = -(-plan.count // columns)
    step = plan.size + _GAP
    sheet = np.full((rows * step + _GAP, columns * step + _GAP, 3), _GREY, np.uint8)
    for index in range(plan.count):
        picture = draw_sample(plan, index + 1).image
        height, width = picture.shape[:2]
        top = _GAP + index // columns * step + (plan.size - height) // 2
        left = _GAP + index % columns * step + (plan.size - width) // 2
        sheet[top : top + height, left : left + width] = picture
    return sheet


def draw_variety_sheet(kind: str, seed: int, side_px: int, columns: int = 8) -> NDArray[np.uint8]:
    """Returns one labelled picture of everything there is of a kind (see :mod:`shared.synthetic.variety`)."""
    names = names_of(kind)
    columns = min(columns, len(names))
    rows = -(-len(names) // columns)
    text_px = max(11, round(side_px * 0.085))
    wide, high = side_px + _GAP, side_px + text_px + 3 * _GAP
    sheet = np.full((rows * high + _GAP, columns * wide + _GAP, 3), _GREY, np.uint8)
    for index, name in enumerate(names):
        top, left = _GAP + index // columns * high, _GAP + index % columns * wide
        sheet[top : top + side_px, left : left + side_px] = draw_variety(kind, name, seed, side_px).image
        label = text_mask(name.replace("_", " "), text_px)
        place = sheet[top + side_px + _GAP : top + high - _GAP, left : left + side_px]
        stamp(place, label[:, : place.shape[1]], 0, max(0, place.shape[0] - label.shape[0]) / 2, (40, 40, 44))
    return sheet


def write_sheet(path: Path, plan: Plan, vary: str | None = None) -> None:
    """Writes the contact sheet of ``plan``, or of one kind of things, as PNG or JPEG, by the name's ending.

    Raises:
        UsageError: another ending, no such kind, or more pictures than a sheet holds.
        DataError: the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (".png", ".jpg", ".jpeg"):
        raise UsageError(f"--sheet {path}: must end in .png or .jpg")
    if vary is None and plan.count > MOST:
        raise UsageError(f"--count {plan.count}: a contact sheet holds at most {MOST} pictures")
    sheet = draw_sheet(plan) if vary is None else draw_variety_sheet(vary, plan.seed, plan.size)
    if ending == ".png":
        write_png(path, sheet)
    else:
        write_jpeg(path, sheet, 80)
