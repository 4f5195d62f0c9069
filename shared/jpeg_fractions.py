"""JPEGs decoded at a half, a quarter or an eighth of their size: pixels that would be averaged away are never made."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.image_headers import PlainHeader

#: OpenCV's names for a JPEG decoded at a fraction of its size: colour (BGR) and grey.
_REDUCED = {
    2: (cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_GRAYSCALE_2),
    4: (cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_GRAYSCALE_4),
    8: (cv2.IMREAD_REDUCED_COLOR_8, cv2.IMREAD_REDUCED_GRAYSCALE_8),
}
FACTORS = tuple(_REDUCED)


class Shrinking(NamedTuple):
    """How a decoded picture lies in its file: each of its pixels covers ``factor × factor`` of the file's."""

    factor: int
    size_wh: tuple[int, int]  #: of the file


def decode_jpeg_smaller(data: bytes, header: PlainHeader, factor: int) -> NDArray[np.uint8] | None:
    """Returns a JPEG, ``(H, W)`` or RGB, at 1/``factor`` of its size, rounded up; None where it must be decoded whole.

    Args:
        data: the file.
        header: of the file.
        factor: one of ``FACTORS``.
    """
    if not data.startswith(b"\xff\xd8"):
        return None
    color, grey = _REDUCED[factor]
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), color if header.channels == 3 else grey)
    except cv2.error:
        return None
    expected = (-(-header.height // factor), -(-header.width // factor))
    if array is None or array.shape[:2] != expected:
        return None
    return np.asarray(cv2.cvtColor(array, cv2.COLOR_BGR2RGB) if header.channels == 3 else array, np.uint8)
