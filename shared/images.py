"""The only place that opens and writes pictures: everything else sees one well-defined array.

Arrays are uint8, RGB order, ``(H, W, C)``, upright; alpha is straight (not premultiplied); transparent is white for
every model. Animated pictures give their first frame.
"""

from __future__ import annotations

import io
import math
import stat
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError, features

from shared.errors import DataError
from shared.files import write_bytes
from shared.image_files import IMAGE_SUFFIXES, FoundImage, PictureFile, find_images
from shared.image_headers import PlainHeader, plain_header
from shared.jpeg_fractions import FACTORS, Shrinking, decode_jpeg_smaller
from shared.pixel_modes import orientation_of, to_mask, to_rgba, turn_upright

__all__ = [
    "IMAGE_SUFFIXES", "PIXEL_LIMIT", "FoundImage", "PictureFile", "composite_on_white", "encode_jpeg", "encode_png",
    "find_images", "read_mask", "read_rgb", "read_rgb_shrunk", "read_rgba", "write_jpeg", "write_png",
]  # fmt: skip

ByteArray = NDArray[np.uint8]

#: Pictures with more pixels are refused unless the caller raises the limit.
PIXEL_LIMIT = 100_000_000

# Pillow only warns, and at another limit; the header's size is checked here before anything is decoded.
Image.MAX_IMAGE_PIXELS = None

# Older OpenCV cannot choose.
_ROWS_FROM_ABOVE = [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP] if hasattr(cv2, "IMWRITE_PNG_FILTER") else []

# Odd metadata is no news to the user: the picture itself is either read or refused.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

# Formats with a signature that are pictures; Pillow also runs an interpreter for EPS and guesses at others.
_FORMATS = [
    "PNG",
    "JPEG",
    "WEBP",
    "BMP",
    "DIB",
    "GIF",
    "TIFF",
    "PPM",
    "JPEG2000",
]  # a multi-picture MPO is opened as JPEG
if features.check("avif"):
    _FORMATS.append("AVIF")
_SIGNATURES = (b"\x89PNG", b"\xff\xd8", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")


def read_rgba(source: PictureFile | bytes, pixel_limit: int = PIXEL_LIMIT) -> ByteArray:
    """Returns a picture as straight RGBA ``(H, W, 4)``.

    Args:
        source: a file, one in a shard, or its bytes.
        pixel_limit: most pixels (width × height) accepted.

    Raises:
        DataError: missing, empty, truncated, not a picture, or over the limit.
    """
    data, name = _bytes_of(source, pixel_limit)
    plain = _decode_plain(data, name, pixel_limit)
    if plain is None:
        return _decode_any(data, name, pixel_limit, to_rgba)
    fast, _ = plain
    if fast.ndim == 2:
        return np.asarray(cv2.cvtColor(fast, cv2.COLOR_GRAY2RGBA), np.uint8)
    return fast if fast.shape[2] == 4 else np.asarray(cv2.cvtColor(fast, cv2.COLOR_RGB2RGBA), np.uint8)


def read_rgb(source: PictureFile | bytes, pixel_limit: int = PIXEL_LIMIT, side_px: int | None = None) -> ByteArray:
    """Returns a picture as RGB ``(H, W, 3)``, laid on white where it is transparent.

    Args:
        source: as :func:`read_rgba`.
        pixel_limit: as there.
        side_px: the long side that the caller will shrink the picture to. A JPEG may then come back at a half, a
            quarter or an eighth of its size, its long side at least twice this: it is decoded several times faster.

    Raises:
        DataError: as :func:`read_rgba`.
    """

    def factor_of(header: PlainHeader) -> int:
        # Twice the size leaves the last halving to area averaging, so that the result hardly differs from the long way.
        long = max(header.width, header.height)
        return max((f for f in FACTORS if side_px is not None and long >= 2 * side_px * f), default=1)

    return _read_rgb(source, pixel_limit, factor_of)[0]


def read_rgb_shrunk(
    source: PictureFile | bytes, scale_of: Callable[[int, int], float], pixel_limit: int = PIXEL_LIMIT
) -> tuple[ByteArray, Shrinking]:
    """Returns a picture as :func:`read_rgb` does, and how much smaller it is than the file says.

    Args:
        source: as :func:`read_rgba`.
        scale_of: given the file's width and height, the scale at which the picture will be seen. A JPEG is decoded at
            the fraction that ``geometry.warp`` would halve it to for that scale.
        pixel_limit: as there.

    Raises:
        DataError: as :func:`read_rgba`.
    """

    def factor_of(header: PlainHeader) -> int:
        scale = scale_of(header.width, header.height)
        return max((f for f in FACTORS if scale * f <= math.sqrt(2)), default=1)

    return _read_rgb(source, pixel_limit, factor_of)


def _read_rgb(
    source: PictureFile | bytes, pixel_limit: int, factor_of: Callable[[PlainHeader], int]
) -> tuple[ByteArray, Shrinking]:
    data, name = _bytes_of(source, pixel_limit)
    fast = _decode_plain(data, name, pixel_limit, factor_of)
    if fast is None:
        picture = composite_on_white(_decode_any(data, name, pixel_limit, to_rgba))
        return picture, Shrinking(1, (picture.shape[1], picture.shape[0]))
    picture, shrinking = fast
    if picture.ndim == 2:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB), np.uint8), shrinking
    return picture if picture.shape[2] == 3 else composite_on_white(picture), shrinking


def read_mask(source: PictureFile | bytes, pixel_limit: int = PIXEL_LIMIT) -> ByteArray:
    """Returns the raw values of a mask ``(H, W)``: grey, the first channel, or palette indices, never interpreted.

    Raises:
        DataError: as :func:`read_rgba`.
    """
    data, name = _bytes_of(source, pixel_limit)
    plain = _decode_plain(data, name, pixel_limit)
    if plain is None:
        return _decode_any(data, name, pixel_limit, to_mask)
    fast, _ = plain
    return fast if fast.ndim == 2 else np.ascontiguousarray(fast[..., 0])


def composite_on_white(rgba: ByteArray) -> ByteArray:
    """Returns straight RGBA ``(H, W, 4)`` laid on white, ``(H, W, 3)``, rounded to the nearest grey level."""
    height, width = rgba.shape[:2]
    if (rgba[..., 3] == 255).all():
        return np.ascontiguousarray(rgba[..., :3])
    result = np.empty((height, width, 3), np.uint8)
    rows = max(1, 4_000_000 // width)  # strips, so that a 100-megapixel picture needs no gigabytes
    for top in range(0, height, rows):
        strip = rgba[top : top + rows]
        alpha = strip[..., 3:].astype(np.uint16)
        result[top : top + rows] = (strip[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return result


def encode_png(array: ByteArray) -> bytes:
    """Returns the PNG file of ``(H, W)`` grey, ``(H, W, 3)`` RGB or ``(H, W, 4)`` straight RGBA.

    Raises:
        ValueError: another dtype or shape.
    """
    # Flat masks and cut-outs: half the bytes, and decoded twice as fast, with each row stored as its change from the
    # one above. Pictures keep OpenCV's default.
    flat = array.ndim != 3 or array.shape[2] == 4
    return _encode(".png", array, (1, 3, 4), _ROWS_FROM_ABOVE if flat else [])


def encode_jpeg(array: ByteArray, quality: int = 92) -> bytes:
    """Returns the JPEG file of ``(H, W)`` grey or ``(H, W, 3)`` RGB; ``quality`` 0–100.

    Raises:
        ValueError: another dtype or shape, or a side above 65535.
    """
    return _encode(".jpg", array, (1, 3), [cv2.IMWRITE_JPEG_QUALITY, quality])


def write_png(path: Path, array: ByteArray) -> None:
    """Writes :func:`encode_png` of ``array``, whole or not at all."""
    write_bytes(path, encode_png(array))


def write_jpeg(path: Path, array: ByteArray, quality: int = 92) -> None:
    """Writes :func:`encode_jpeg` of ``array``, whole or not at all."""
    write_bytes(path, encode_jpeg(array, quality))


def _bytes_of(source: PictureFile | bytes, pixel_limit: int) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data, name = source, "picture in memory"
    elif not isinstance(source, Path):
        data, name = source.read_bytes(), str(source)
    else:
        name = str(source)
        try:
            info = source.stat()
            if not stat.S_ISREG(info.st_mode):
                raise DataError(f"{name}: not a file; give the path of a picture")
            if info.st_size > 16 * pixel_limit + 1_000_000:  # four floats a pixel are the most a picture has
                raise DataError(f"{name}: {info.st_size:,} bytes are too many for a picture; check the path")
            data = source.read_bytes()
        except (FileNotFoundError, ValueError):  # ValueError: a name that no file can have
            raise DataError(f"{name}: no such file; check the path") from None
        except OSError as error:
            raise DataError(f"{name}: cannot be read ({error.strerror}); check the path and permissions") from error
    if not data:
        raise DataError(f"{name}: the file is empty; copy or download it again")
    return data, name


def _check_size(width: int, height: int, name: str, pixel_limit: int) -> None:
    if width < 1 or height < 1:
        raise DataError(f"{name}: {width} × {height} pixels are no picture; copy or download it again")
    if width * height > pixel_limit:
        raise DataError(
            f"{name}: {width} × {height} is over the limit of {pixel_limit:,} pixels; shrink it or raise the limit"
        )


def _decode_plain(
    data: bytes, name: str, pixel_limit: int, factor_of: Callable[[PlainHeader], int] | None = None
) -> tuple[ByteArray, Shrinking] | None:
    """Decodes a plain picture with OpenCV: ``(H, W)``, RGB or straight RGBA; None where Pillow must look."""
    header = plain_header(data)
    if header is None:
        return None
    _check_size(header.width, header.height, name, pixel_limit)
    size_wh = header.width, header.height
    if factor_of is not None and (factor := factor_of(header)) > 1:
        small = decode_jpeg_smaller(data, header, factor)
        if small is not None:
            return small, Shrinking(factor, size_wh)
    try:
        flags = {1: cv2.IMREAD_GRAYSCALE, 3: cv2.IMREAD_COLOR_RGB, 4: cv2.IMREAD_UNCHANGED}[header.channels]
        array = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    expected = (header.height, header.width) + ((header.channels,) if header.channels > 1 else ())
    if array is None or array.shape != expected or array.dtype != np.uint8:
        return None
    picture = np.asarray(cv2.cvtColor(array, cv2.COLOR_BGRA2RGBA) if header.channels == 4 else array, np.uint8)
    return picture, Shrinking(1, size_wh)


def _decode_any(data: bytes, name: str, pixel_limit: int, convert: Callable[[Image.Image], ByteArray]) -> ByteArray:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_size(image.width, image.height, name, pixel_limit)
            if image.format == "PNG":  # loading alone overlooks wrong checksums
                with Image.open(io.BytesIO(data), formats=["PNG"]) as probe:
                    probe.verify()
            image.load()
            return turn_upright(convert(image), orientation_of(image))
    except DataError:
        raise
    except UnidentifiedImageError:
        if data.startswith(_SIGNATURES):
            raise DataError(f"{name}: the picture is damaged or truncated; copy or download it again") from None
        raise DataError(f"{name}: not a picture that can be read; give PNG, JPEG, WebP, BMP, GIF or TIFF") from None
    except MemoryError:
        raise DataError(f"{name}: not enough memory to decode it; shrink the picture") from None
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, zlib.error, …
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise DataError(f"{name}: the picture is damaged or truncated ({reason}); copy or download it again") from error


def _encode(suffix: str, array: ByteArray, channels: tuple[int, ...], options: list[int]) -> bytes:
    count = array.shape[2] if array.ndim == 3 else 1
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or count not in channels or array.size == 0:
        raise ValueError(
            f"array has dtype {array.dtype}, shape {array.shape}; must be uint8 (H, W) or (H, W, C), C in {channels}"
        )
    code = {1: None, 3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}[count]
    try:
        done, buffer = cv2.imencode(suffix, array if code is None else cv2.cvtColor(array, code), options)
    except cv2.error as error:
        raise ValueError(f"array of shape {array.shape} cannot be encoded as {suffix[1:]} ({error})") from None
    if not done:
        raise ValueError(f"array of shape {array.shape} cannot be encoded as {suffix[1:]}")
    return buffer.tobytes()
