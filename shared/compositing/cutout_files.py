"""Cut-out characters as they lie in real folders: some without an alpha, some with colours darkened by their alpha."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.errors import DataError
from shared.images import PictureFile, read_rgba

ByteArray = NDArray[np.uint8]

#: A cut-out must show at least, and at most, this share of its pixels (alpha above ½).
LEAST_SHOWN, MOST_SHOWN = 0.001, 0.995
_SAMPLES = 600
#: Opaque colours are looked for this many pixels around a place at the rim.
_REACH = 3


def read_cutout(path: PictureFile) -> ByteArray:
    """Returns a cut-out as straight RGBA ``(H, W, 4)``; premultiplied colours are repaired.

    Raises:
        DataError: not readable, or its alpha cuts nothing out.
    """
    rgba = read_rgba(path)
    if (reason := useless_alpha(rgba)) is not None:
        raise DataError(f"{path}: {reason}; give a character on nothing (RGBA)")
    return straightened(rgba) if looks_premultiplied(rgba) else rgba


def with_alpha_channel(paths: Iterable[PictureFile]) -> list[PictureFile]:
    """Returns the files that can hold an alpha, by their first bytes; damaged ones stay in, to be named later."""
    return [path for path in paths if _file_may_have_alpha(path)]


def may_have_alpha(name: str, data: bytes) -> bool:
    """Returns whether a file of this name and content can hold an alpha; only its header is looked at."""
    return not _is_jpeg(name) and _header_allows_alpha(io.BytesIO(data))


def _file_may_have_alpha(path: PictureFile) -> bool:
    if _is_jpeg(path.suffix):
        return False
    if not isinstance(path, Path):
        return path.may_have_alpha
    try:
        with path.open("rb") as stream:
            return _header_allows_alpha(stream)
    except OSError:
        return True


def _is_jpeg(name: str) -> bool:
    return name.lower().endswith((".jpg", ".jpeg"))


def _header_allows_alpha(stream: IO[bytes]) -> bool:
    head = stream.read(33)
    if not head.startswith(b"\x89PNG") or len(head) < 33 or head[25] & 4:  # colour types 4 and 6 have alpha
        return True
    while len(chunk := stream.read(8)) == 8:  # else one colour or palette entry may be transparent
        length, kind = struct.unpack(">I4s", chunk)
        if kind in (b"tRNS", b"IDAT"):
            return bool(kind == b"tRNS")
        stream.seek(length + 4, 1)
    return True


def useless_alpha(rgba: ByteArray) -> str | None:
    """Returns why the alpha of ``(H, W, 4)`` cuts no character out, in a few words; None when it does."""
    alpha = rgba[..., 3]
    shown = cv2.countNonZero(cv2.threshold(alpha, 127, 255, cv2.THRESH_BINARY)[1]) / alpha.size
    if shown < LEAST_SHOWN:
        return "nothing in it is opaque"
    if shown > MOST_SHOWN:
        return "no useful alpha, nothing in it is transparent"
    return None


def looks_premultiplied(rgba: ByteArray) -> bool:
    """Returns whether the colours of ``(H, W, 4)`` seem to be multiplied with alpha, which shows as dark fringes.

    A premultiplied colour is never above its alpha; and at the rim of a figure, divided by alpha, it is nearer to the
    opaque colours beside it than as it stands. Both must hold; where it makes no difference (black outlines) the answer
    is no.
    """
    alpha = np.ascontiguousarray(rgba[..., 3])
    rows, columns = np.nonzero((alpha > 24) & (alpha < 216))
    if len(rows) < 8:
        return False
    if len(rows) > _SAMPLES:
        chosen = np.linspace(0, len(rows) - 1, _SAMPLES).astype(int)
        rows, columns = rows[chosen], columns[chosen]
    rim = rgba[rows, columns].astype(np.float32)
    if (rim[:, :3] > rim[:, 3:] + 2).mean() > 0.01:
        return False
    beside = _opaque_near(rgba, rows, columns)
    has_neighbour = beside[:, 0] > 0
    if has_neighbour.sum() < 8:
        return False
    rim, beside = rim[has_neighbour], beside[has_neighbour]
    expected = beside[:, 1:] / beside[:, :1]
    as_it_is = float(np.abs(rim[:, :3] - expected).mean())
    divided = float(np.abs(np.minimum(rim[:, :3] * 255 / rim[:, 3:], 255) - expected).mean())
    return as_it_is > 8 and divided < 0.9 * as_it_is


def _opaque_near(rgba: ByteArray, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
    """Returns of each place ``(n, 4)``: how many of the 7 × 7 pixels round it are opaque, and the sums of their RGB."""
    offsets = np.arange(-_REACH, _REACH + 1)
    height, width = rgba.shape[:2]
    # Beyond the border the picture is mirrored.
    ys = np.clip(height - 1 - np.abs(height - 1 - np.abs(rows[:, None] + offsets)), 0, None)
    xs = np.clip(width - 1 - np.abs(width - 1 - np.abs(columns[:, None] + offsets)), 0, None)
    around = rgba[ys[:, :, None], xs[:, None, :]].reshape(len(rows), -1, 4)
    solid = (around[..., 3] > 250).astype(np.float32)
    return np.concatenate([solid.sum(1)[:, None], np.einsum("np,npc->nc", solid, around[..., :3])], axis=1)


def straightened(premultiplied: ByteArray) -> ByteArray:
    """Returns straight RGBA ``(H, W, 4)`` of premultiplied: colours divided by alpha; black where alpha is 0."""
    alpha = np.maximum(premultiplied[..., 3:].astype(np.uint16), 1)
    color = np.minimum((premultiplied[..., :3].astype(np.uint16) * 255 + alpha // 2) // alpha, 255)
    return np.where(premultiplied[..., 3:] > 0, np.dstack([color.astype(np.uint8), premultiplied[..., 3]]), np.uint8(0))
