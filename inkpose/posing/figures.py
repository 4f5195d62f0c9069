"""Where the characters of a picture come from: the segmenter, the user's own boxes, or the user's own masks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple, Protocol

import numpy as np

from inkpose.pipeline import Box, Segmenter
from inkpose.seen import Character, Image, characters_of
from inkpose.segmenting.run import see_characters
from shared.errors import DataError
from shared.files import digest
from shared.image_files import IMAGE_SUFFIXES, FoundImage
from shared.images import read_mask


class Figure(NamedTuple):
    """A character without joints, and the exact box that the pose net looks at."""

    character: Character
    box_xyxy: Box


class Finder(Protocol):
    """Finds the characters of pictures."""

    def mark(self, item: FoundImage) -> str:
        """Returns a digest of all that decides the answer for a picture."""

    def find(self, items: Sequence[FoundImage], images: Sequence[Image]) -> list[list[Figure] | str]:
        """Returns the characters of each picture, or what is wrong with it."""


@dataclass(frozen=True)
class SegmentedFigures:
    """The segmenter's own.

    Attributes:
        settings: what else decides its answers (weights, options).
    """

    segmenter: Segmenter
    threshold: float
    settings: str

    def mark(self, item: FoundImage) -> str:
        """See :class:`Finder`."""
        return digest("segmenter", self.threshold, self.settings)

    def find(self, items: Sequence[FoundImage], images: Sequence[Image]) -> list[list[Figure] | str]:
        """See :class:`Finder`."""
        return [_figures(characters) for characters in see_characters(self.segmenter, images, self.threshold)]


@dataclass(frozen=True)
class BoxedFigures:
    """The user's boxes: x, y, width, height by the picture's path or name (see ``read_boxes``)."""

    boxes_xywh: Mapping[str, Sequence[tuple[float, float, float, float]]]

    def of(self, item: FoundImage) -> Sequence[tuple[float, float, float, float]] | None:
        """Returns the boxes of a picture: by its path below the folder given, its path, or its name."""
        names = (item.relative.as_posix(), item.path.as_posix(), item.path.name, item.path.stem)
        return next((self.boxes_xywh[name] for name in names if name in self.boxes_xywh), None)

    def mark(self, item: FoundImage) -> str:
        """See :class:`Finder`."""
        return digest("boxes", [list(box) for box in self.of(item) or []])

    def find(self, items: Sequence[FoundImage], images: Sequence[Image]) -> list[list[Figure] | str]:
        """See :class:`Finder`. A box is cut to the picture for display; one that does not touch it is an error."""
        return [self._one(item, image) for item, image in zip(items, images, strict=True)]

    def _one(self, item: FoundImage, image: Image) -> list[Figure] | str:
        boxes = self.of(item)
        if boxes is None:
            return f"{item.path}: no box is given for it; add one, or leave the picture out"
        height, width = image.shape[:2]
        figures = []
        for x, y, w, h in boxes:
            x1, y1 = max(0, math.floor(x)), max(0, math.floor(y))
            x2, y2 = min(width, math.ceil(x + w)), min(height, math.ceil(y + h))
            if x2 <= x1 or y2 <= y1:
                return f"{item.path}: box {[x, y, w, h]} lies outside its {width} × {height} pixels; correct it"
            inside = np.ones((y2 - y1, x2 - x1), np.bool_)
            whole = (x1, y1, x2, y2)
            nothing = np.full((17, 3), np.nan, np.float32)
            character = Character(whole, 1.0, inside, whole, inside * np.uint8(255), nothing)
            figures.append(Figure(character, (x, y, x + w, y + h)))
        return figures


@dataclass(frozen=True)
class MaskedFigures:
    """The user's masks in a folder: ``NAME.png`` (connected pieces are characters) or ``NAME.0.png``, ``NAME.1.png`` …

    ``NAME`` is the picture's path below the folder given, with or without its suffix. Above half is character.
    """

    folder: Path

    def of(self, item: FoundImage) -> list[Path]:
        """Returns the masks of a picture."""
        for name in (item.relative.with_suffix(""), item.relative, PurePath(item.path.stem), PurePath(item.path.name)):
            for suffix in ("", *IMAGE_SUFFIXES):
                path = self.folder / f"{name}{suffix}"
                # The pictures' own folder may hold the masks under other names; a picture is not its mask.
                if path.is_file() and not path.samefile(item.path):
                    return [path]
            parts: list[Path] = []
            while (path := self.folder / f"{name}.{len(parts)}.png").is_file():
                parts.append(path)
            if parts:
                return parts
        return []

    def mark(self, item: FoundImage) -> str:
        """See :class:`Finder`."""
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in self.of(item)]
        return digest("masks", str(self.folder), stats)

    def find(self, items: Sequence[FoundImage], images: Sequence[Image]) -> list[list[Figure] | str]:
        """See :class:`Finder`."""
        answers: list[list[Figure] | str] = []
        for item, image in zip(items, images, strict=True):
            try:
                answers.append(self._one(item, image))
            except DataError as error:
                answers.append(str(error))
        return answers

    def _one(self, item: FoundImage, image: Image) -> list[Figure]:
        paths = self.of(item)
        if not paths:
            raise DataError(f"{item.path}: no mask below {self.folder}; add one, or leave the picture out")
        characters: list[Character] = []
        for path in paths:
            mask = read_mask(path)
            if mask.shape != image.shape[:2]:
                told = f"{mask.shape[1]} × {mask.shape[0]}, its picture {image.shape[1]} × {image.shape[0]}"
                raise DataError(f"{path}: the mask has {told} pixels; make it again")
            scale = 255.0 if mask.max() > 1 else 1.0
            found = characters_of(mask.astype(np.float32) / np.float32(scale), 0.5)
            # A mask of its own is one character, even in pieces: the box of all of them.
            characters += found if len(paths) == 1 else found[:1]
        return _figures(characters)


def _figures(characters: Sequence[Character]) -> list[Figure]:
    return [Figure(character, character.box_xyxy) for character in characters]
