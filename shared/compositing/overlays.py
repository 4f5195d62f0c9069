"""What lies over a finished scene: props in front, writing, speech bubbles, frames; and what each does to the truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.compositing.clutter import lay
from shared.compositing.palettes import color_of, random_palette
from shared.compositing.shapes import random_shape
from shared.compositing.textures import random_texture

ByteArray = NDArray[np.uint8]
Color = tuple[int, int, int]

_SHIFT = 4


def add_occluders(rng: np.random.Generator, scene: ByteArray, alpha: ByteArray) -> tuple[ByteArray, ByteArray]:
    """Returns scene ``(S, S, 3)`` and alpha ``(S, S)`` with one to three things in front, which are no character."""
    side, palette = scene.shape[0], random_palette(rng)
    scene, hidden = scene.copy(), np.zeros((side, side, 3), np.uint8)
    texture = random_texture(rng, side, palette)
    for size in (side * rng.uniform(0.08, 0.4, int(rng.integers(1, 4)))).tolist():
        mask = random_shape(rng, size)
        place = tuple(int(v) - mask.shape[0] // 2 for v in rng.uniform(0, side, 2))
        filling = texture if rng.random() < 0.5 else np.full((1, 1, 3), color_of(rng, palette), np.uint8)
        lay(scene, filling, mask, (place[0], place[1]))
        lay(hidden, np.full((1, 1, 3), 255, np.uint8), mask, (place[0], place[1]))
    return scene, _without(alpha, hidden[..., 0])


def add_bubbles(rng: np.random.Generator, scene: ByteArray, alpha: ByteArray) -> tuple[ByteArray, ByteArray]:
    """Returns scene and alpha with one or two speech bubbles, mostly in the upper half; they are no character."""
    side, scene = scene.shape[0], scene.copy()
    hidden = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(1, 3))):
        centre = rng.uniform((0.1, 0.05), (0.9, 0.6)) * side
        axes = rng.uniform(0.08, 0.22, 2) * side
        tail = centre + rng.normal(0, 0.5, 2) * axes + (0, axes[1] * 1.8)
        angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        outline = centre + np.stack([np.cos(angles), np.sin(angles)], axis=-1) * axes
        if rng.random() < 0.3:  # a shout
            outline[::2] = centre + (outline[::2] - centre) * rng.uniform(1.15, 1.4)
        outline[10] = tail  # straight below the middle
        points = [np.rint(outline * 2**_SHIFT).astype(np.int32)]
        paper = (255, 255, 255) if rng.random() < 0.8 else color_of(rng, random_palette(rng))
        thick = 1 + side // 200
        cv2.fillPoly(scene, points, paper, cv2.LINE_AA, _SHIFT)
        cv2.polylines(scene, points, True, (20, 20, 20), thick, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(hidden, points, 255, cv2.LINE_AA, _SHIFT)
        cv2.polylines(hidden, points, True, 255, thick, cv2.LINE_AA, _SHIFT)
        low, high = centre - axes * 0.6, centre + axes * 0.6
        _write(rng, scene, (float(low[0]), float(low[1]), float(high[0]), float(high[1])), (20, 20, 20))
    return scene, _without(alpha, hidden)


def add_text(rng: np.random.Generator, scene: ByteArray) -> ByteArray:
    """Returns the scene with one to three blocks of made-up writing; a character under thin letters stays one."""
    side, scene = scene.shape[0], scene.copy()
    for _ in range(int(rng.integers(1, 4))):
        left, top = rng.uniform(0, 0.8, 2) * side
        width, height = rng.uniform(0.08, 0.5, 2) * side
        _write(rng, scene, (left, top, left + width, top + height), color_of(rng, random_palette(rng)))
    return scene


def add_frame(rng: np.random.Generator, scene: ByteArray, alpha: ByteArray) -> tuple[ByteArray, ByteArray]:
    """Returns scene and alpha inside a frame: bars of one colour on some sides, half of them with a line."""
    side, scene, alpha = scene.shape[0], scene.copy(), alpha.copy()
    color = ((255, 255, 255), (0, 0, 0), color_of(rng, random_palette(rng)))[int(rng.integers(3))]
    left, top, right, bottom = (int(side * rng.uniform(0.01, 0.15)) if rng.random() < 0.7 else 0 for _ in range(4))
    inside = (slice(top, side - bottom), slice(left, side - right))
    framed, kept = np.full_like(scene, color), np.zeros_like(alpha)
    framed[inside], kept[inside] = scene[inside], alpha[inside]
    if rng.random() < 0.5:
        corner, thick = (side - right - 1, side - bottom - 1), 1 + side // 128
        cv2.rectangle(framed, (left, top), corner, (15, 15, 15), thick)
        cv2.rectangle(kept, (left, top), corner, 0, thick)
    return framed, kept


def letterboxed(rng: np.random.Generator, scene: ByteArray, alpha: ByteArray) -> tuple[ByteArray, ByteArray, ByteArray]:
    """Returns scene, alpha and weight as of a picture up to 1:2 wide or tall: white bars, which do not count."""
    side = scene.shape[0]
    bar = int(side * rng.uniform(0.02, 0.25))
    bars = np.zeros((side, side), bool)
    bars[:bar] = bars[side - bar :] = True
    if rng.random() < 0.5:
        bars = bars.T
    scene, alpha = scene.copy(), alpha.copy()
    scene[bars], alpha[bars] = 255, 0
    return scene, alpha, (~bars).astype(np.uint8)


def island(rng: np.random.Generator, background: ByteArray) -> ByteArray:
    """Returns the background ``(S, S, 3)`` only inside a ragged patch, white outside, as behind many web drawings."""
    side = background.shape[0]
    angles = np.linspace(0, 2 * np.pi, 50, endpoint=False)
    radii = side * rng.uniform(0.2, 0.6) * (1 + rng.uniform(0, 0.25) * rng.standard_normal(50))
    points = rng.uniform(0.35, 0.65, 2) * side + np.stack([np.cos(angles), np.sin(angles)], axis=-1) * radii[:, None]
    mask, result = np.zeros((side, side), np.uint8), np.full_like(background, 255)
    cv2.fillPoly(mask, [np.rint(points * 2**_SHIFT).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    lay(result, background, mask, (0, 0))
    return result


def _without(alpha: ByteArray, hidden: ByteArray) -> ByteArray:
    return np.asarray(cv2.multiply(alpha, cv2.bitwise_not(hidden), scale=1 / 255), np.uint8)


def _write(rng: np.random.Generator, scene: ByteArray, box: tuple[float, float, float, float], color: Color) -> None:
    """Fills a box with signs of two to four strokes each: a script that nobody reads, in no font."""
    left, top, right, bottom = box
    cell = max(4.0, scene.shape[0] * rng.uniform(0.03, 0.08))
    columns, rows = max(1, int((right - left) / cell)), max(1, int((bottom - top) / cell))
    signs = min(60, columns * rows)
    places = np.stack([np.arange(signs) % columns, np.arange(signs) // columns], axis=-1) * cell + (left, top)
    strokes = rng.uniform(0.05, 0.85, (signs, 3, 3, 2)) * cell + places[:, None, None]
    lines = np.rint(strokes.reshape(-1, 3, 2) * 2**_SHIFT).astype(np.int32)
    cv2.polylines(scene, list(lines), False, color, max(1, int(cell / 9)), cv2.LINE_AA, _SHIFT)
