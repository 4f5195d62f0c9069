"""A picture file seen through an affine, without decoding pixels that the affine would average away."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.geometry import FloatArray
from shared.images import PictureFile, read_rgb, read_rgb_shrunk


class Warped(NamedTuple):
    """What was made of a file."""

    image: NDArray[np.uint8]  #: RGB, of the size that was asked for
    affine: FloatArray  #: from the file's pixels to the image's
    size_wh: tuple[int, int]  #: of the file


def read_warped(
    source: PictureFile | bytes,
    affine_of: Callable[[int, int], FloatArray],
    size_wh: tuple[int, int],
    fill: tuple[int, ...] = (255, 255, 255),
    exact: bool = False,
) -> Warped:
    """Returns ``geometry.warp`` of a picture file, for training: JPEGs are decoded at a fraction where that is enough.

    Args:
        source: a file, or its bytes.
        affine_of: given the file's width and height, the affine to apply; called once.
        size_wh: of the result.
        fill: as for ``geometry.warp``.
        exact: decode whole, as ``read_rgb`` does; the difference is a few grey levels.

    Raises:
        DataError: not a picture that can be read.
    """
    if exact:
        picture = read_rgb(source)
        file_wh = picture.shape[1], picture.shape[0]
        affine = affine_of(*file_wh)
        return Warped(geometry.warp(picture, affine, size_wh, fill), affine, file_wh)
    found: list[FloatArray] = []

    def scale_of(width: int, height: int) -> float:
        found.append(affine_of(width, height))
        return geometry.scale_of(found[0])

    picture, (factor, file_wh) = read_rgb_shrunk(source, scale_of)
    affine = found[0] if found else affine_of(*file_wh)
    grown = affine if factor == 1 else geometry.compose(geometry.scaling(float(factor)), affine)
    return Warped(geometry.warp(picture, grown, size_wh, fill), affine, file_wh)
