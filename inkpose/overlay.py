"""Pictures with what was seen drawn on them: character outlines, boxes, skeletons, and the best tags below."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inkpose.caption import caption_strip
from inkpose.seen import Character, Seen
from shared.images import composite_on_white
from shared.keypoints.schema import COCO_17

Image = NDArray[np.uint8]
Color = tuple[int, int, int]

#: The character's own left, its right, and the middle (colours that colour-blind eyes tell apart).
LEFT: Color = (255, 138, 31)
RIGHT: Color = (38, 132, 255)
MIDDLE: Color = (46, 196, 132)
_WHITE: Color = (255, 255, 255)
_INK: Color = (24, 26, 36)

#: Overlays are shown, not measured: their long side is brought into this range of pixels.
LONG_SIDE = (640, 2048)

_SHIFT = 4  # OpenCV draws at 1/16 pixel


def overlay_size(width: int, height: int) -> tuple[int, int]:
    """Returns width and height at which a picture is shown (without the strip of tags)."""
    scale = min(max(LONG_SIDE[0] / max(height, width), 1.0), LONG_SIDE[1] / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def draw_overlay(image: Image, seen: Seen, caption: bool = True) -> Image:
    """Returns an RGB picture of ``image`` with the results drawn in.

    Left limbs are orange, right limbs blue, the middle green; what is not a character is dimmed.

    Args:
        image: the picture, uint8 RGB or RGBA ``(H, W, C)``.
        seen: its results.
        caption: put a strip with the most probable tags below.
    """
    plain = composite_on_white(image) if image.shape[2] == 4 else image
    height, width = plain.shape[:2]
    size = overlay_size(width, height)
    method = cv2.INTER_AREA if size[0] < width else cv2.INTER_CUBIC
    canvas = np.array(cv2.resize(plain, size, interpolation=method) if size != (width, height) else plain, np.uint8)
    scales = np.array([size[0] / width, size[1] / height])
    unit = max(size) / 320  # every stroke is a multiple of it
    if seen.characters:
        _dim_background(canvas, seen.characters, scales, unit)
    for character in seen.characters:
        _draw_box(canvas, np.array(character.box_xyxy) * np.tile(scales, 2), unit)
    for character in seen.characters:
        points = character.keypoints.astype(np.float64)
        points[:, :2] *= scales
        draw_skeleton(canvas, points, _figure_unit(character, scales, unit))
    if caption:
        tags = [(tag.name, tag.score) for tag in seen.tags[:14]]
        canvas = np.vstack([canvas, caption_strip(size[0], tags, characters=len(seen.characters), unit=unit)])
    return canvas


def _figure_unit(character: Character, scales: NDArray[np.float64], unit: float) -> float:
    """Stroke unit of one figure: small figures get thinner limbs."""
    x1, y1, x2, y2 = character.box_xyxy
    long_side = max((x2 - x1) * scales[0], (y2 - y1) * scales[1])
    return float(min(unit, max(long_side / 160, unit * 0.45)))


def _dim_background(canvas: Image, characters: list[Character], scales: NDArray[np.float64], unit: float) -> None:
    height, width = canvas.shape[:2]
    coverage = np.zeros((height, width), np.uint8)
    for character in characters:
        x1, y1, x2, y2 = character.rim_xyxy
        left, top = int(x1 * scales[0]), int(y1 * scales[1])
        right, bottom = min(width, math.ceil(x2 * scales[0])), min(height, math.ceil(y2 * scales[1]))
        method = cv2.INTER_AREA if scales.max() < 1 else cv2.INTER_LINEAR
        small = cv2.resize(character.opacity_in_rim, (right - left, bottom - top), interpolation=method)
        np.maximum(coverage[top:bottom, left:right], small, out=coverage[top:bottom, left:right])
    # Towards a cool grey, so that both dark and white backgrounds step back.
    behind = cv2.addWeighted(canvas, 0.58, np.full_like(canvas, (112, 116, 132)), 0.3, 0)
    share = coverage[:, :, None].astype(np.float32) / 255
    canvas[:] = np.rint(canvas * share + behind * (1 - share)).astype(np.uint8)
    outlines, _ = cv2.findContours((coverage >= 128).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    # Specks get no outline: a white ring would be all that is seen of them.
    outlines = [outline for outline in outlines if cv2.contourArea(outline) > 30 * unit**2]
    cv2.drawContours(canvas, outlines, -1, _WHITE, max(1, round(unit * 1.2)), cv2.LINE_AA)


def _draw_box(canvas: Image, box_xyxy: NDArray[np.float64], unit: float) -> None:
    """A thin frame with strong corners: it shows the box and hides little of the drawing."""
    # A box that fills the picture is drawn just inside, where it can be seen.
    height, width = canvas.shape[:2]
    x1, y1 = np.maximum(box_xyxy[:2], unit * 1.5)
    x2, y2 = np.minimum(box_xyxy[2:], (width - unit * 1.5, height - unit * 1.5))
    length = max(0.0, min(x2 - x1, y2 - y1)) * 0.18
    for color, extra in ((_INK, max(1.0, unit * 0.9)), (_WHITE, 0.0)):
        _line(canvas, *((x1, y1), (x2, y1)), color, unit * 0.5 + extra)
        _line(canvas, *((x2, y1), (x2, y2)), color, unit * 0.5 + extra)
        _line(canvas, *((x2, y2), (x1, y2)), color, unit * 0.5 + extra)
        _line(canvas, *((x1, y2), (x1, y1)), color, unit * 0.5 + extra)
        for x, y, dx, dy in ((x1, y1, 1, 1), (x2, y1, -1, 1), (x1, y2, 1, -1), (x2, y2, -1, -1)):
            _line(canvas, (x, y), (x + dx * length, y), color, unit * 1.8 + extra)
            _line(canvas, (x, y), (x, y + dy * length), color, unit * 1.8 + extra)


def draw_skeleton(canvas: Image, points: NDArray[np.float64], unit: float) -> None:
    """Draws COCO joints ``(17, 3)`` (x, y, score; NaN = absent) into ``canvas`` in place; ``unit`` sets the strokes."""
    there = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
    bones = [(a, b) for a, b in COCO_17.edge_indices if there[a] and there[b]]
    for rim in (True, False):
        for a, b in bones:
            color = _INK if rim else _bone_color(a, b)
            face = min(a, b) < 5
            thickness = unit * (1.1 if face else 2.4) + (unit * 1.3 if rim else 0)
            _line(canvas, tuple(points[a, :2]), tuple(points[b, :2]), color, thickness)
    for index in np.flatnonzero(there):
        x, y, score = points[index]
        radius = unit * ((1.5 if index < 5 else 2.3) * (0.75 + 0.25 * float(score)))
        _dot(canvas, x, y, radius + unit * 1.3, _INK)
        _dot(canvas, x, y, radius + unit * 0.8, _WHITE)
        _dot(canvas, x, y, radius, joint_color(int(index)))


def joint_color(index: int) -> Color:
    """Returns the colour of COCO joint ``index``: by the character's own side."""
    name = COCO_17.names[index]
    return LEFT if name.startswith("left") else RIGHT if name.startswith("right") else MIDDLE


def _bone_color(a: int, b: int) -> Color:
    first, second = joint_color(a), joint_color(b)
    if first == second:
        return first
    # The nose's bones take the eye's side; left to right is the middle.
    return second if first == MIDDLE else first if second == MIDDLE else MIDDLE


def _fixed(value: float) -> int:
    # OpenCV counts pixel centres at integers, this project at halves.
    return round((min(max(value, -8000.0), 8000.0) - 0.5) * (1 << _SHIFT))


def _line(canvas: Image, start: tuple[float, ...], end: tuple[float, ...], color: Color, thickness: float) -> None:
    first, last = (_fixed(start[0]), _fixed(start[1])), (_fixed(end[0]), _fixed(end[1]))
    cv2.line(canvas, first, last, color, max(1, round(thickness)), cv2.LINE_AA, _SHIFT)


def _dot(canvas: Image, x: float, y: float, radius: float, color: Color) -> None:
    cv2.circle(canvas, (_fixed(x), _fixed(y)), max(1, round(radius * (1 << _SHIFT))), color, -1, cv2.LINE_AA, _SHIFT)
