"""Makes docs/images/readme.jpg: ``python scripts/readme_picture.py OUT`` after ``inkpose predict … --out OUT``.

A row a picture: the drawing, what the nets see in it, and its cut-outs on a checkerboard.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.compositing.over import over
from shared.images import read_rgb, read_rgba, write_jpeg

OUT = Path("docs/images/readme.jpg")
CELL_PX, GAP_PX, PAIRS_A_ROW = 300, 8, 2


def fit(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Letterboxes a picture into a white cell."""
    affine = geometry.letterbox(picture.shape[1], picture.shape[0], CELL_PX)
    return geometry.warp(picture, affine, (CELL_PX, CELL_PX))


def checkerboard(height: int, width: int) -> NDArray[np.uint8]:
    """Returns grey squares, RGB."""
    rows, columns = np.indices((height, width)) // 12
    return np.where((rows + columns) % 2 == 0, 235, 205).astype(np.uint8)[..., None].repeat(3, axis=2)


def main(folder: Path) -> None:
    """Writes the picture, of the drawings in ``folder`` in which most joints were found."""
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    rows.sort(key=lambda row: -sum(x is not None for c in row["characters"] for x, _, _ in c["keypoints"]))
    cells = []
    for row in rows:
        if not row["characters"]:
            continue
        overlay = read_rgb(folder / row["overlay"])
        board = checkerboard(row["height"], row["width"])
        for character in row["characters"]:
            board = over(read_rgba(folder / character["cutout"]), board)
        cells.append(np.hstack([fit(overlay), fit(board)]))
    used = cells[: len(cells) // PAIRS_A_ROW * PAIRS_A_ROW][:4]
    lines = [np.hstack(used[i : i + PAIRS_A_ROW]) for i in range(0, len(used), PAIRS_A_ROW)]
    write_jpeg(OUT, np.vstack(lines), 85)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
