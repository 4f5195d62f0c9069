"""Which parts of a picture the network looks at, and how their answers are joined at full size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from segmenter.components import characters
from segmenter.refine import Float32Array, shrunk

#: A window of the picture, whole pixels, ends exclusive.
View = tuple[int, int, int, int]

#: Pictures longer than so many times their short side (comic strips) are seen in overlapping windows of this aspect.
MAX_ASPECT = 2.0
#: A character whose window is longer than this share of the picture's is large enough as it is.
CLOSER_SHARE = 0.6
#: Picture round a character in its window, as a share of the character's long side, on each side.
MARGIN_SHARE = 0.25
#: At most so many windows are looked at again.
MAX_CLOSER = 16
_FIND_SIDE_PX = 256


def whole_views(width: int, height: int) -> list[View]:
    """Returns the windows that cover a picture: itself, or for a strip windows that overlap by a third or more."""
    long, short = max(width, height), min(width, height)
    length = min(long, round(MAX_ASPECT * short))
    count = 1 if long <= length else 1 + -(-(long - length) * 3 // (2 * length))
    starts = [round(index * (long - length) / max(1, count - 1)) for index in range(count)]
    if width >= height:
        return [(start, 0, start + length, height) for start in starts]
    return [(0, start, width, start + length) for start in starts]


def closer_views(probability: Float32Array) -> list[View]:
    """Returns windows round the small characters of a map ``(H, W)``: seen again, they fill the network's input.

    Windows are square, as far as the picture reaches; those that overlap become one.
    """
    height, width = probability.shape
    small = shrunk(probability, _FIND_SIDE_PX)
    found = characters(small, min_picture_share=0.0005, min_largest_share=0.02, min_certainty=0.0)[:MAX_CLOSER]
    ratio_x, ratio_y = width / small.shape[1], height / small.shape[0]
    windows = []
    for character in found:
        x1, y1, x2, y2 = character.box_xyxy
        box = (x1 * ratio_x, y1 * ratio_y, x2 * ratio_x, y2 * ratio_y)
        windows.append(_square_round(box, width, height))
    limit = CLOSER_SHARE * min(max(width, height), MAX_ASPECT * min(width, height))
    return [view for view in _merged(windows) if max(view[2] - view[0], view[3] - view[1]) <= limit]


def paste(result: Float32Array, view: View, answer: Float32Array) -> None:
    """Lays the closer look ``answer`` (of the window's size) into ``result`` ``(H, W)``, in place.

    It fades in over the window's margin, so that no edge of a window shows; at the picture's border it counts whole.
    """
    x1, y1, x2, y2 = view
    height, width = result.shape
    columns = _fade(x2 - x1, x1 > 0, x2 < width)
    rows = _fade(y2 - y1, y1 > 0, y2 < height)
    weight = rows[:, None] * columns[None, :]
    result[y1:y2, x1:x2] += weight * (answer - result[y1:y2, x1:x2])


def join(views: Sequence[View], answers: Iterable[Float32Array], width: int, height: int) -> Float32Array:
    """Returns the map ``(height, width)`` of windows that cover a picture, blended where they overlap.

    Answers are taken one by one, so that of a large strip no two lie in memory.
    """
    if len(views) == 1:
        return next(iter(answers))
    result = np.empty((height, width), np.float32)
    # Transposed views: what follows goes along the first axis, whichever way the strip lies.
    canvas = result.T if width >= height else result
    end = 0
    for view, answer in zip(views, answers, strict=True):
        part = answer.T if width >= height else answer
        start = view[0] if width >= height else view[1]
        overlap = end - start
        fade = (np.arange(overlap, dtype=np.float32)[:, None] + 0.5) / max(1, overlap)
        canvas[start:end] += fade * (part[:overlap] - canvas[start:end])
        end = start + len(part)
        canvas[start + overlap : end] = part[overlap:]
    return result


def _square_round(box: tuple[float, float, float, float], width: int, height: int) -> View:
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1) * (1 + 2 * MARGIN_SHARE)
    left, top = (x1 + x2 - side) / 2, (y1 + y2 - side) / 2
    return (
        max(0, int(np.floor(left))), max(0, int(np.floor(top))),
        min(width, int(np.ceil(left + side))), min(height, int(np.ceil(top + side))),
    )  # fmt: skip


def _merged(windows: list[View]) -> list[View]:
    merged: list[View] = []
    for window in windows:
        joined = True
        while joined:
            joined = False
            for index, other in enumerate(merged):
                if min(window[2], other[2]) > max(window[0], other[0]) and (
                    min(window[3], other[3]) > max(window[1], other[1])
                ):
                    window = (
                        min(window[0], other[0]), min(window[1], other[1]),
                        max(window[2], other[2]), max(window[3], other[3]),
                    )  # fmt: skip
                    del merged[index]
                    joined = True
                    break
        merged.append(window)
    return merged


def _fade(length: int, from_start: bool, to_end: bool) -> Float32Array:
    """1 in the middle, rising from 0 over a sixth of the length at the ends that are asked for."""
    steps = (np.arange(length, dtype=np.float32) + 0.5) / max(1.0, length / 6)
    fade = np.ones(length, np.float32)
    if from_start:
        fade = np.minimum(fade, steps)
    if to_end:
        fade = np.minimum(fade, steps[::-1])
    return fade
