"""Cluttered backgrounds from nothing: many edges, colours and textures, and never a character.

A net that has only seen tidy drawn backgrounds takes any busy region for a character. These scenes look like nothing
in particular, but they have what photographs and paintings have: ground and wall of different texture, things of every
size in front of each other, with shadows and outlines, uneven light, blur by distance, writing.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.palettes import color_of, random_palette
from shared.compositing.shapes import random_shape
from shared.compositing.textures import random_texture, shaded

ByteArray = NDArray[np.uint8]


def clutter(
    rng: np.random.Generator, side_px: int, pieces: Sequence[ByteArray] = (), palette: ByteArray | None = None
) -> ByteArray:
    """Returns a cluttered scene, RGB ``(S, S, 3)``.

    Args:
        rng: decides everything.
        side_px: S.
        pieces: pictures ``(S, S, 3)`` used as textures besides its own, each turned and mirrored.
        palette: colours ``(N, 3)`` to draw with (those of a character, to make it hard); None chooses some.
    """
    colors = random_palette(rng) if palette is None else palette
    textures = [random_texture(rng, side_px, colors) for _ in range(int(rng.integers(2, 5)))]
    textures += [turned(rng, piece) for piece in pieces]
    canvas = textures[int(rng.integers(len(textures)))].copy()
    if rng.random() < 0.5:
        _add_ground(rng, canvas, textures)
    for size in _sizes(rng, side_px, far=True):
        _add_thing(rng, canvas, textures, colors, size)
    if rng.random() < 0.35:  # out of focus
        canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.5, 0.02 * side_px + 0.6)), np.uint8)
    for size in _sizes(rng, side_px, far=False):
        _add_thing(rng, canvas, textures, colors, size)
    return shaded(rng, canvas, 0.8) if rng.random() < 0.5 else canvas


def turned(rng: np.random.Generator, image: ByteArray) -> ByteArray:
    """Returns a square picture turned by a random number of right angles, mirrored half of the time."""
    turns = int(rng.integers(8))
    upright = image.transpose(1, 0, 2) if turns & 1 else image
    return np.ascontiguousarray(upright[:: 1 - (turns & 2), :: 1 - (turns & 4) // 2])


def _sizes(rng: np.random.Generator, side: int, far: bool) -> list[float]:
    """Returns sizes of things in pixels, large ones first: as many twice as small, as things in pictures are."""
    count = int(np.exp(rng.uniform(np.log(2), np.log(26)))) if far else int(rng.integers(0, 7))
    smallest, largest = (0.06, 1.1) if far else (0.08, 0.6)
    sizes = side * np.exp(rng.uniform(np.log(smallest), np.log(largest), count))
    return sorted(sizes.tolist(), reverse=True)


def _add_ground(rng: np.random.Generator, canvas: ByteArray, textures: Sequence[ByteArray]) -> None:
    """Fills what lies below a slanted line with another texture."""
    side = canvas.shape[0]
    left, right = rng.uniform(0.25, 0.9) * side + rng.normal(0, 0.06, 2) * side
    ground = np.array([[0, left], [side, right], [side, side], [0, side]], np.int32)
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [ground], 255, cv2.LINE_AA)
    cv2.copyTo(textures[int(rng.integers(len(textures)))], mask, canvas)


def _add_thing(
    rng: np.random.Generator, canvas: ByteArray, textures: Sequence[ByteArray], colors: ByteArray, size: float
) -> None:
    """Puts one shape on the canvas, plain, in a gradient or textured, some with a shadow or an outline."""
    x, y = rng.uniform(-0.05, 1.05, 2) * canvas.shape[0]
    mask = random_shape(rng, size)
    left, top = int(x) - mask.shape[0] // 2, int(y) - mask.shape[0] // 2
    if rng.random() < 0.25:
        away = int(size * 0.05) + 1
        lay(canvas, np.zeros((1, 1, 3), np.uint8), mask // 2, (left + away, top + away))
    filling: ByteArray
    kind = rng.random()
    if kind < 0.3:
        filling = np.full((1, 1, 3), color_of(rng, colors, 20.0), np.uint8)
    elif kind < 0.5:
        ends = np.array([color_of(rng, colors, 20.0), color_of(rng, colors, 20.0)], np.uint8)
        ends = ends[None] if rng.random() < 0.5 else ends[:, None]
        filling = np.asarray(cv2.resize(ends, mask.shape), np.uint8)
    else:
        texture = textures[int(rng.integers(len(textures)))]
        shrunk = rng.random() < 0.3 and mask.shape[0] < texture.shape[0]
        filling = np.asarray(cv2.resize(texture, mask.shape), np.uint8) if shrunk else texture
    lay(canvas, filling, mask, (left, top))
    if rng.random() < 0.3:
        outlines, _ = cv2.findContours(cv2.threshold(mask, 127, 255, 0)[1], cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        ink = color_of(rng, colors // 5) if rng.random() < 0.8 else color_of(rng, colors)
        cv2.drawContours(canvas, outlines, -1, ink, 1 + int(rng.random() < 0.3), cv2.LINE_AA, offset=(left, top))


def lay(canvas: ByteArray, filling: ByteArray, mask: ByteArray, left_top: tuple[int, int]) -> None:
    """Lays ``filling`` through ``mask`` ``(h, w)`` 0–255 on ``canvas`` ``(H, W, 3)`` at ``left_top``, in place.

    The filling is one colour ``(1, 1, 3)``, as large as the mask, or as large as the canvas (then the part of it that
    lies there is taken). What reaches off the canvas is cut off.
    """
    (left, top), (height, width) = left_top, canvas.shape[:2]
    x1, y1, x2, y2 = max(0, left), max(0, top), min(width, left + mask.shape[1]), min(height, top + mask.shape[0])
    if x2 <= x1 or y2 <= y1:
        return
    part = mask[y1 - top : y2 - top, x1 - left : x2 - left]
    if filling.shape[:2] == (1, 1):
        source = np.broadcast_to(filling, (y2 - y1, x2 - x1, 3))
    elif filling.shape[:2] == mask.shape:
        source = filling[y1 - top : y2 - top, x1 - left : x2 - left]
    else:
        source = filling[y1:y2, x1:x2]
    view, weight = canvas[y1:y2, x1:x2], cv2.merge([part, part, part])
    shown = cv2.multiply(np.ascontiguousarray(source), weight, scale=1 / 255)
    view[...] = cv2.add(shown, cv2.multiply(view, cv2.bitwise_not(weight), scale=1 / 255))
