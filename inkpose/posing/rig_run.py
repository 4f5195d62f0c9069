"""Rigs of all characters in files and folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from inkpose.filenames import one_line, result_names
from inkpose.pipeline import Box
from inkpose.posing.figures import Finder
from inkpose.posing.rig import make_rig, write_rig
from inkpose.posing.run import largest
from inkpose.reading import read_batches
from inkpose.seen import Image
from inkpose.writing import prepare_folder
from shared.errors import DataError
from shared.images import PIXEL_LIMIT, composite_on_white, find_images


class Locator(Protocol):
    """What is needed of ``pose.predict.PosePredictor``."""

    @property
    def gate(self) -> NDArray[Any]:
        """``(25,)``: a joint whose score is lower counts as absent."""

    def locate(self, images: Sequence[Image], boxes_xyxy: Sequence[Sequence[Box]]) -> list[NDArray[np.float64]]:
        """Returns for each picture ``(n, 25, 3)``: x, y and score of every joint, absent or not."""


@dataclass
class Outcome:
    """What a run gave: folders written, a line a picture or character refused, and lines to look at."""

    folders: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def rig_to_folder(
    pose: Locator,
    finder: Finder,
    inputs: Sequence[Path],
    out: Path,
    *,
    largest_only: bool = False,
    pixel_limit: int = PIXEL_LIMIT,
    on_start: Callable[[int], None] | None = None,
    on_picture: Callable[[], None] | None = None,
) -> Outcome:
    """Writes a folder ``NAME.0``, ``NAME.1`` … below ``out`` for each character of ``inputs``, the largest first.

    Args:
        pose: the net.
        finder: where characters come from.
        inputs: files and folders.
        out: result folder; made when missing.
        largest_only: only the largest character of each picture.
        pixel_limit: pictures with more pixels are refused.
        on_start: is told the number of pictures.
        on_picture: is called after each picture.

    Raises:
        UsageError: ``out`` is a file.
        DataError: an input is missing, or a result cannot be written.
    """
    inside = Path(os.path.abspath(out))
    found = [item for item in find_images(inputs) if inside not in Path(os.path.abspath(item.path)).parents]
    if not found:
        raise DataError(f"{inputs[0]}: holds no pictures but earlier rigs; name another folder")
    prepare_folder(out)
    names = result_names(found)
    if on_start is not None:
        on_start(len(found))
    outcome = Outcome()
    with ThreadPoolExecutor(2, thread_name_prefix="pictures") as pool:
        for batch in read_batches([item.path for item in found], pool, 8, pixel_limit):
            for read in batch:
                item, name = found[read.index], names[read.index]
                if read.image is None:
                    outcome.failures.append(one_line(read.error or f"{read.path}: not readable"))
                else:
                    (answer,) = finder.find([item], [read.image])
                    if isinstance(answer, str):
                        outcome.failures.append(one_line(answer))
                    elif not answer:
                        outcome.failures.append(one_line(f"{item.path}: no character found"))
                    else:
                        figures = largest(answer) if largest_only else answer
                        plain = composite_on_white(read.image) if read.image.shape[2] == 4 else read.image
                        (located,) = pose.locate([plain], [[figure.box_xyxy for figure in figures]])
                        for number, (figure, rows) in enumerate(zip(figures, located, strict=True)):
                            folder = out / f"{name.as_posix()}.{number}"
                            try:
                                rig = make_rig(read.image, figure.character, rows, pose.gate)
                            except DataError as error:
                                outcome.failures.append(one_line(f"{item.path}, character {number}: {error}"))
                                continue
                            write_rig(folder, rig)
                            outcome.folders.append(folder)
                            if told := _notes(rig.guessed, rig.moved):
                                outcome.notes.append(one_line(f"{folder}: {told}"))
                if on_picture is not None:
                    on_picture()
    return outcome


def _notes(guessed: Sequence[str], moved: Sequence[str]) -> str:
    parts = []
    if guessed:
        parts.append(f"guessed {', '.join(guessed)}")
    if moved:
        parts.append(f"moved onto the drawing {', '.join(moved)}")
    return "; ".join(parts)
