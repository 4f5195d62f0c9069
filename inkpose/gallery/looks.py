"""The last pictures that were looked at: kept so that a slider needs no second look."""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.pipeline import Look, Pipeline
from inkpose.seen import Image, Seen
from shared.errors import DataError
from shared.images import read_rgba

#: Pixels of all pictures kept together; each costs nine bytes at most.
KEPT_PIXELS = 48_000_000

#: Tags below this probability are not sent to the page.
FAINTEST_TAG = 0.05

#: Interpretations kept of one picture.
_KEPT_SEEN = 6


@dataclass
class Looked:
    """One picture, what the nets answered, and what was made of it at the thresholds asked for so far."""

    key: str
    name: str
    image: Image
    look: Look
    seen: OrderedDict[float, Seen] = field(default_factory=OrderedDict)


class Looks:
    """The pictures looked at, the oldest forgotten first."""

    def __init__(self, pixels: int = KEPT_PIXELS) -> None:
        self._pixels = pixels
        self._kept: OrderedDict[str, Looked] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, pipeline: Pipeline, data: bytes, name: str, pixel_limit: int) -> Looked:
        """Decodes a picture, shows it to the nets and keeps the answers.

        Raises:
            DataError: it is no picture, damaged, or over ``pixel_limit``; the message begins with ``name``.
        """
        image = decode(data, name, pixel_limit)
        looked = Looked(secrets.token_urlsafe(12), name, image, pipeline.look([image])[0])
        with self._lock:
            self._kept[looked.key] = looked
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._pixels:
                self._kept.popitem(last=False)
        return looked

    def get(self, key: str) -> Looked | None:
        """Returns a picture that is still kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)


def decode(data: bytes, name: str, pixel_limit: int) -> Image:
    """Returns RGB, or straight RGBA where something is transparent.

    Raises:
        DataError: see :meth:`Looks.add`.
    """
    try:
        image = read_rgba(data, pixel_limit)
    except DataError as error:
        raise DataError(f"{name}: {str(error).partition(': ')[2] or error}") from None
    if (image[:, :, 3] == 255).all():
        return np.ascontiguousarray(image[:, :, :3])
    return image


def interpret(pipeline: Pipeline, looked: Looked, mask_threshold: float, tag_threshold: float | None = None) -> Seen:
    """Returns what is seen at these thresholds; a mask threshold asked for before costs nothing.

    Args:
        pipeline: the nets.
        looked: the picture.
        mask_threshold: (0, 1).
        tag_threshold: None takes each tag's own.
    """
    limit = round(mask_threshold, 3)
    known = looked.seen.get(limit)
    if known is None:
        [known] = replace(pipeline, mask_threshold=limit).interpret([looked.image], [looked.look])
        looked.seen[limit] = known
        while len(looked.seen) > _KEPT_SEEN:
            looked.seen.popitem(last=False)
    return replace(known, tags=replace(pipeline, tag_threshold=tag_threshold).tags_of(looked.look))


def cutout_of(looked: Looked, seen: Seen, number: int | None) -> Image:
    """Returns the cut-out of character ``number``, or of all together, straight RGBA of the picture's size.

    Raises:
        IndexError: there is no such character.
    """
    if number is not None:
        return seen.characters[number].cutout(looked.image)
    canvas = np.zeros((seen.height, seen.width, 4), np.uint8)
    for character in seen.characters:
        figure = character.cutout(looked.image)
        inside = figure[:, :, 3] > canvas[:, :, 3]
        canvas[inside] = figure[inside]
    return canvas


def look_json(pipeline: Pipeline, looked: Looked, seen: Seen) -> dict[str, Any]:
    """Returns what the page shows of a picture: every tag that is not faint with its own threshold, all characters."""
    chance, tagger = looked.look.tag_prob, pipeline.tagger
    shown = np.flatnonzero((chance >= FAINTEST_TAG) & np.asarray(tagger.supported, dtype=bool))
    limits = np.asarray(tagger.limits(pipeline.min_precision), dtype=np.float64)
    return {
        "key": looked.key,
        "name": looked.name,
        "width": seen.width,
        "height": seen.height,
        "tags": [
            {"name": tagger.class_names[i], "group": tagger.class_groups[i], "score": round(float(chance[i]), 4),
             "threshold": round(float(limits[i]), 4)}
            for i in sorted(map(int, shown), key=lambda i: -chance[i])
        ],
        "characters": [
            {"box_xyxy": list(character.box_xyxy), "score": round(character.score, 4),
             "keypoints": keypoints_json(character.keypoints)}
            for character in seen.characters
        ],
    }  # fmt: skip


def keypoints_json(keypoints: NDArray[np.float32]) -> list[list[float] | None]:
    """Returns rows ``[x, y, score]``; None for a joint that is not in the picture."""
    return [
        None if math.isnan(x) or math.isnan(y) else [round(float(x), 2), round(float(y), 2), round(float(score), 3)]
        for x, y, score in keypoints
    ]


def _size(looked: Looked) -> int:
    height, width = looked.image.shape[:2]
    return int(height) * int(width)
