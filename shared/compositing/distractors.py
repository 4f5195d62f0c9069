"""Hard negatives: things that are no character, in a character's own colours and texture.

From them a net learns that a colour, a piece of cloth, a strand of hair alone does not make a character.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.clutter import lay
from shared.compositing.palettes import color_of, palette_of
from shared.compositing.shapes import random_shape

ByteArray = NDArray[np.uint8]


def add_distractors(rng: np.random.Generator, scene: ByteArray, cutouts: Sequence[ByteArray]) -> ByteArray:
    """Returns the background ``(S, S, 3)`` with one to eight shapes filled from one of the cut-outs.

    A filling is one of the cut-out's colours, or a mosaic of small shuffled pieces of it.
    """
    if not cutouts:
        return scene
    cutout = cutouts[int(rng.integers(len(cutouts)))]
    palette = palette_of(rng, cutout)
    if palette is None:
        return scene
    side, canvas = scene.shape[0], scene.copy()
    mosaic = shuffled_pieces(rng, cutout, side)
    sizes = side * np.exp(rng.uniform(np.log(0.08), np.log(0.6), int(rng.integers(1, 9))))
    for size in sizes.tolist():
        mask = random_shape(rng, size)
        x, y = (int(v) - mask.shape[0] // 2 for v in rng.uniform(0, side, 2))
        plain = mosaic is None or rng.random() < 0.4
        filling = np.full((1, 1, 3), color_of(rng, palette), np.uint8) if plain else mosaic
        assert filling is not None
        lay(canvas, filling, mask, (x, y))
    return canvas


def shuffled_pieces(rng: np.random.Generator, cutout_rgba: ByteArray, side_px: int) -> ByteArray | None:
    """Returns RGB ``(S, S, 3)`` made of small pieces from opaque places of a cut-out; None when nothing is opaque.

    A piece is at most a sixth of the cut-out's longer side, so that no face or limb survives whole.
    """
    height, width = cutout_rgba.shape[:2]
    cells = int(rng.integers(5, 11))
    cell = -(-side_px // cells)
    reach = max(2, int(max(height, width) * rng.uniform(0.04, 1 / 6)))
    tries = 4 * cells * cells
    tops, lefts = rng.integers(0, max(1, height - reach), tries), rng.integers(0, max(1, width - reach), tries)
    middles = cutout_rgba[np.minimum(tops + reach // 2, height - 1), np.minimum(lefts + reach // 2, width - 1), 3]
    found = np.flatnonzero(middles > 200)[: cells * cells]
    if len(found) == 0:
        return None
    ground = int(cutout_rgba[..., :3][tops[found[0]], lefts[found[0]]].mean())
    mosaic = np.full((cells * cell, cells * cell, 3), ground, np.uint8)
    # A few dozen different pieces are enough; the rest of the cells repeat them, turned.
    kept = found[:24]
    pieces = []
    for number in kept.tolist():
        piece = cutout_rgba[tops[number] : tops[number] + reach, lefts[number] : lefts[number] + reach]
        solid = np.where(piece[..., 3:] > 0, piece[..., :3], np.uint8(ground))
        pieces.append(np.asarray(cv2.resize(solid, (cell, cell), interpolation=cv2.INTER_AREA), np.uint8))
    choice, turns = rng.integers(0, len(pieces), cells * cells), rng.integers(0, 4, cells * cells)
    for place in range(cells * cells):
        y, x = divmod(place, cells)
        mosaic[y * cell : (y + 1) * cell, x * cell : (x + 1) * cell] = np.rot90(pieces[choice[place]], turns[place])
    return np.ascontiguousarray(mosaic[:side_px, :side_px])
