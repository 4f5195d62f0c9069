"""Any opened Pillow picture, whatever its mode, as one well-defined array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

ByteArray = NDArray[np.uint8]

_ORIENTATION_TAG = 0x0112


def to_rgba(image: Image.Image) -> ByteArray:
    """Returns straight RGBA uint8 ``(H, W, 4)`` of a loaded picture, before EXIF orientation.

    16-bit grey is divided by 257 (65535 becomes 255). Modes ``I`` and ``F`` do not say what white is: see
    :func:`scale_to_bytes`. CIELAB goes through its D50 profile to sRGB; embedded colour profiles are ignored, as
    browsers' canvases and the public data sets' loaders do.
    """
    mode = image.mode
    if mode.startswith("I;16") or mode in ("I", "F"):
        values = np.asarray(image)
        grey = scale_to_bytes(values, 65535 if mode.startswith("I;16") else None)
        opaque = np.full_like(grey, 255)
        if isinstance(key := image.info.get("transparency"), int):
            opaque[values == key] = 0
        return np.dstack([grey, grey, grey, opaque])
    if mode == "LAB":
        image = _lab_to_rgb(image)
    elif mode in ("CMYK", "YCbCr", "HSV", "RGBX"):
        image = image.convert("RGB")
    elif mode == "RGB" and isinstance(key := image.info.get("transparency"), tuple) and max(key) > 255:
        # A 16-bit colour PNG: Pillow keeps the high bytes of the pixels but the whole transparent colour.
        image.info["transparency"] = tuple(value >> 8 for value in key)
    return np.array(image.convert("RGBA"))


def to_mask(image: Image.Image) -> ByteArray:
    """Returns the raw values uint8 ``(H, W)`` of a mask: grey, the first channel, or palette indices.

    A palette of greys (a mask squeezed by an optimiser) gives its greys, a colour palette its indices (instance
    numbers). 16-bit values that all fit in a byte are taken as they are, others are scaled to a byte.
    """
    if image.mode == "P":
        palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
        indices = np.array(image)
        used = np.unique(indices)
        if used.max() < len(palette) and (palette[used] == palette[used][:, :1]).all():
            greys: ByteArray = palette[:, 0][indices]
            return greys
        return indices
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image)
        if image.mode != "F" and values.min() >= 0 and values.max() <= 255:
            return values.astype(np.uint8)
        return scale_to_bytes(values, 65535 if image.mode.startswith("I;16") else None)
    if image.mode in ("L", "1"):
        return np.array(image.convert("L"))
    return np.ascontiguousarray(to_rgba(image)[..., 0])


def scale_to_bytes(values: NDArray[Any], white: float | None) -> ByteArray:
    """Returns ``values / white`` as bytes 0–255, rounded; below 0 and NaN are black, above ``white`` is white.

    Where ``white`` is None it is the smallest of 1 (floats only), 255, 65535, 2³¹−1 that the values do not exceed:
    a guess, but the one that is right for what cameras and paint programs write.
    """
    finite = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    if white is None:
        top = float(finite.max(initial=0.0))
        steps = ([1.0] if values.dtype.kind == "f" else []) + [255.0, 65535.0, 2147483647.0]
        white = next((step for step in steps if top <= step), top)
    scaled: ByteArray = np.rint(np.clip(finite / white, 0.0, 1.0) * 255.0).astype(np.uint8)
    return scaled


def orientation_of(image: Image.Image) -> int:
    """Returns the EXIF orientation 1–8 of a *loaded* picture; 1 where there is none or it is nonsense."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a broken EXIF block raises whatever its bytes lead to; the pixels are still good
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turn_upright(array: ByteArray, orientation: int) -> ByteArray:
    """Returns ``(H, W, …)`` as it should be seen, given its EXIF orientation."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    assert converted is not None
    return converted
