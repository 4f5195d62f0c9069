"""Reads just enough of a PNG or JPEG to know whether OpenCV, which is quick, decodes it as Pillow would.

OpenCV returns a half-grey picture for a truncated JPEG, has its own ideas about EXIF, palettes, 16 bits and CMYK.
Whatever is not plain goes to Pillow: this file only says "plain", it never refuses.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_HARMLESS = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"pHYs",
    b"sRGB",
    b"gAMA",
    b"cHRM",
    b"iCCP",
    b"tIME",
    b"sBIT",
    b"tEXt",
}
_SUFFIXES = ((b"\x89PNG", ".png"), (b"\xff\xd8", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"))


class PlainHeader(NamedTuple):
    """Size and channels (1, 3 or 4) of a picture that needs no special care."""

    width: int
    height: int
    channels: int


def plain_header(data: bytes) -> PlainHeader | None:
    """Returns the header of a whole, plain 8-bit PNG or JPEG without rotation; None for everything else."""
    try:
        if data.startswith(_PNG_START):
            return _plain_png(data)
        if data.startswith(b"\xff\xd8\xff"):
            return _plain_jpeg(data)
    except (struct.error, IndexError):
        return None
    return None


def _plain_png(data: bytes) -> PlainHeader | None:
    width, height, depth, color_type, _, _, _ = struct.unpack_from(">IIBBBBB", data, 16)
    channels = {0: 1, 2: 3, 6: 4}.get(color_type)
    if depth != 8 or channels is None:
        return None
    position, chunk = len(_PNG_START), b""
    while position < len(data):
        length, chunk = struct.unpack_from(">I4s", data, position)
        if chunk not in _PNG_HARMLESS:  # tRNS, eXIf, acTL (animated), compressed texts, …
            return None
        if chunk == b"tEXt" and data.startswith((b"Raw profile", b"XML:"), position + 8):
            return None  # may hold an orientation
        end = position + 8 + length
        if zlib.crc32(data[position + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return None  # damaged: OpenCV would return what it got so far
        position = end + 4
        if chunk == b"IEND":
            break
    whole = chunk == b"IEND" and position <= len(data)
    return PlainHeader(width, height, channels) if whole else None


def _plain_jpeg(data: bytes) -> PlainHeader | None:
    # A cut file does not end with the end-of-image marker. Bytes after the marker are legal, but then Pillow decides.
    if not data.endswith(b"\xff\xd9"):
        return None
    position, found = 2, None
    while True:
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == 0xFFDA:  # start of scan
            return found
        if not 0xFFC0 <= marker <= 0xFFFE or marker == 0xFFE1:  # APP1: EXIF or XMP, may rotate
            return None
        if marker in (0xFFC0, 0xFFC1, 0xFFC2):
            depth, height, width, channels = struct.unpack_from(">BHHB", data, position + 4)
            if depth != 8 or channels not in (1, 3):
                return None
            found = PlainHeader(width, height, channels)
        position += length + 2


def suffix_of(data: bytes) -> str:
    """Returns the suffix of a picture's bytes; those cut out of a tar have no name."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    return next((suffix for signature, suffix in _SUFFIXES if data.startswith(signature)), ".png")
