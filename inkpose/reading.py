"""Reads pictures ahead in threads, in batches that are bounded in number and in pixels."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from shared.errors import DataError
from shared.images import PIXEL_LIMIT, read_rgba

log = logging.getLogger(__name__)

#: A batch ends at this many pixels; a larger picture is a batch of its own.
BATCH_PIXELS = 24_000_000


@dataclass(frozen=True)
class Read:
    """One picture of a batch: ``image`` RGB or RGBA ``(H, W, C)``, or the error that stands for it."""

    index: int
    path: Path
    image: NDArray[np.uint8] | None
    error: str | None = None


def read_batches(
    paths: Sequence[Path],
    pool: ThreadPoolExecutor,
    batch_size: int,
    pixel_limit: int = PIXEL_LIMIT,
    batch_pixels: int = BATCH_PIXELS,
    read: Callable[[Path, int], NDArray[np.uint8]] | None = None,
) -> Iterator[list[Read]]:
    """Yields the pictures of ``paths`` in order; the next batch is decoded while the caller works on this one.

    A picture that cannot be read is yielded with its error and stops nothing. At most two batches are in
    memory, and one only while a batch is over ``batch_pixels``.

    Args:
        paths: pictures.
        pool: decodes.
        batch_size: most pictures a batch.
        pixel_limit: pictures with more pixels are refused.
        batch_pixels: most pixels a batch of more than one picture.
        read: from path and pixel limit to an array, in the pool, e.g. one shrunk already; None takes the whole
            picture, RGB, or RGBA where it is transparent.
    """
    reader = read_opaque if read is None else read

    def submit(batch: list[tuple[int, Path]]) -> list[Future[Read]]:
        return [pool.submit(_read, index, path, pixel_limit, reader) for index, path in batch]

    ahead: list[Future[Read]] | None = None
    plan = _planned(paths, batch_size, batch_pixels, pixel_limit)
    following = next(plan, None)
    while following is not None:
        batch, pixels = following
        futures = ahead if ahead is not None else submit(batch)
        ahead = None
        following = next(plan, None)
        if following is not None and max(pixels, following[1]) <= batch_pixels:
            ahead = submit(following[0])
        reads = [future.result() for future in futures]
        futures.clear()
        yield reads
        del reads  # or the last batch would lie in memory while the next is decoded


def _planned(
    paths: Sequence[Path], batch_size: int, batch_pixels: int, pixel_limit: int
) -> Iterator[tuple[list[tuple[int, Path]], int]]:
    batch: list[tuple[int, Path]] = []
    pixels = 0
    for index, path in enumerate(paths):
        size = _pixels(path, pixel_limit)
        if batch and (len(batch) == batch_size or pixels + size > batch_pixels):
            yield batch, pixels
            batch, pixels = [], 0
        batch.append((index, path))
        pixels += size
    if batch:
        yield batch, pixels


def _pixels(path: Path, pixel_limit: int) -> int:
    """Size from the header; 0 where the reader will refuse the file anyway."""
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return 0
        with PillowImage.open(path) as header:
            size = header.width * header.height
    except Exception:  # whatever is wrong with the file, the reader says it
        return 0
    return size if size <= pixel_limit else 0


def read_opaque(path: Path, pixel_limit: int = PIXEL_LIMIT) -> NDArray[np.uint8]:
    """Returns a picture as RGB ``(H, W, 3)``, or as straight RGBA where it is not opaque.

    Raises:
        DataError: not a picture that can be read.
    """
    image = read_rgba(path, pixel_limit)
    return np.ascontiguousarray(image[:, :, :3]) if (image[:, :, 3] == 255).all() else image


def _read(index: int, path: Path, pixel_limit: int, read: Callable[[Path, int], NDArray[np.uint8]]) -> Read:
    try:
        image = read(path, pixel_limit)
    except DataError as error:
        return Read(index, path, None, str(error))
    except MemoryError:
        return Read(index, path, None, f"{path}: not enough memory to decode it; shrink the picture")
    return Read(index, path, image)
