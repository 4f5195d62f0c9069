"""A contact sheet: the first pictures of a data set in one file, to look at before drawing thousands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared.errors import UsageError
from shared.images import write_jpeg, write_png
from shared.synthetic.dataset import Plan
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


def write_sheet(path: Path, plan: Plan) -> None:
    """Writes the contact sheet of ``plan`` as PNG or JPEG, by the name's ending.

    Raises:
        UsageError: another ending, or more pictures than a sheet holds.
        DataError: the file cannot be written.
    """
    ending = path.suffix.lower()
    if ending not in (".png", ".jpg", ".jpeg"):
        raise UsageError(f"--sheet {path}: must end in .png or .jpg")
    if plan.count > MOST:
        raise UsageError(f"--count {plan.count}: a contact sheet holds at most {MOST} pictures")
    sheet = draw_sheet(plan)
    if ending == ".png":
        write_png(path, sheet)
    else:
        write_jpeg(path, sheet, 80)
