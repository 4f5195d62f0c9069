"""Damaged, odd and hostile pictures through every way to read one."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, features

from shared.errors import DataError
from shared.images import read_mask, read_rgb, read_rgba
from tests.battery.faults import cut_and_flipped, watched

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning:PIL")]

_RNG = np.random.default_rng(0)
_RGBA = _RNG.integers(0, 256, (20, 28, 4), np.uint8)


def encoded(mode: str, kind: str, **options) -> bytes:
    if mode in ("F", "I"):
        image = Image.fromarray(_RGBA[..., 0].astype(np.float32 if mode == "F" else np.int32))
    elif mode == "I;16":
        image = Image.fromarray(_RGBA[..., 0].astype(np.uint16) * 257)
    else:
        image = Image.fromarray(_RGBA).convert("RGB" if mode in ("CMYK", "YCbCr", "LAB", "P") else mode)
        image = image if image.mode == mode else image.convert(mode)
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def base_pictures() -> dict[str, bytes]:
    found = {f"png {mode}": encoded(mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")}
    found |= {f"jpg {mode}": encoded(mode, "JPEG") for mode in ("L", "RGB", "CMYK")}
    found["jpg progressive"] = encoded("RGB", "JPEG", progressive=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    found["jpg turned"] = encoded("RGB", "JPEG", exif=exif.tobytes())
    found |= {f"gif {mode}": encoded(mode, "GIF") for mode in ("L", "P")}
    frames = [Image.fromarray(_RGBA[..., i]) for i in range(3)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    found["gif animated"] = file.getvalue()
    found |= {f"bmp {mode}": encoded(mode, "BMP") for mode in ("1", "L", "P", "RGB", "RGBA")}
    found |= {f"tiff {mode}": encoded(mode, "TIFF") for mode in ("1", "L", "RGB", "RGBA", "CMYK", "LAB", "F", "I;16")}
    for pressed in ("tiff_deflate", "tiff_lzw", "packbits", "jpeg"):
        found[f"tiff {pressed}"] = encoded("RGB", "TIFF", compression=pressed)
    found["ppm"] = encoded("RGB", "PPM")
    if features.check("webp"):
        found |= {f"webp {mode}": encoded(mode, "WEBP", lossless=mode == "RGBA") for mode in ("RGB", "RGBA")}
    return found


def fault(source: Path | bytes, must_fail: bool = False, pixel_limit: int = 1_000_000) -> str | None:
    """Reads a picture in every way; returns what went wrong: anything but an array as promised, or DataError."""
    readers = {
        "rgba": (lambda: read_rgba(source, pixel_limit), 4),
        "rgb": (lambda: read_rgb(source, pixel_limit), 3),
        "small rgb": (lambda: read_rgb(source, pixel_limit, side_px=2), 3),
        "mask": (lambda: read_mask(source, pixel_limit), None),
    }
    with watched(10, 1 << 30):
        for name, (read, channels) in readers.items():
            try:
                array = read()
            except DataError as error:
                if "\n" in str(error) or len(str(error)) > 1000:
                    return f"{name}: an error of many lines"
                continue
            if must_fail:
                return f"{name}: was read"
            shape = array.shape[2:] == (() if channels is None else (channels,))
            if array.dtype != np.uint8 or not shape or not 1 <= array.shape[0] * array.shape[1] <= pixel_limit:
                return f"{name}: gave {array.dtype} {array.shape}"
    return None


def test_cut_and_flipped(battery) -> None:
    for number, (name, data) in enumerate(base_pictures().items()):
        battery.check(f"{name} whole", lambda data=data: fault(data))
        for how, wrong in cut_and_flipped(data, number):
            battery.check(f"{name}, {how}", lambda wrong=wrong: fault(wrong))


def _png(width: int, height: int, depth: int = 8, color: int = 2, extra: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def bombs() -> dict[str, bytes]:
    """Small files that claim to be enormous, or nothing."""
    found = {}
    for width, height in ((60000, 60000), (2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (0, 5), (5, 0), (1, 2**31 - 1)):
        for color in (0, 2, 3, 6):
            found[f"png {width}x{height} of colour {color}"] = _png(width, height, color=color)
        gif = bytearray(encoded("P", "GIF"))
        gif[6:10] = struct.pack("<HH", width & 65535, height & 65535)
        found[f"gif {width}x{height}"] = bytes(gif) if (width & 65535) * (height & 65535) > 10**6 else _png(0, 0)
        bmp = bytearray(encoded("RGB", "BMP"))
        bmp[18:26] = struct.pack("<II", width, height)
        found[f"bmp {width}x{height}"] = bytes(bmp)
        found[f"ppm {width}x{height}"] = f"P6 {width} {height} 255\n".encode() + bytes(300)
    jpg = encoded("RGB", "JPEG")
    place = jpg.index(b"\xff\xc0") + 5
    found["jpg 65535x65535"] = jpg[:place] + b"\xff\xff\xff\xff" + jpg[place + 4 :]
    found["jpg 0x0"] = jpg[:place] + bytes(4) + jpg[place + 4 :]
    text = zlib.compress(bytes(50_000_000))
    packed = b"zTXt" + b"Comment\0\0" + text
    found["png with 50 MB of text"] = _png(
        5, 5, extra=struct.pack(">I", len(packed) - 4) + packed + struct.pack(">I", zlib.crc32(packed))
    )
    return found


def test_bombs_and_nothings(battery) -> None:
    for name, data in bombs().items():
        battery.check(name, lambda data=data: fault(data, must_fail=True))
    for name, data in base_pictures().items():
        battery.check(f"{name} over the limit", lambda data=data: fault(data, must_fail=True, pixel_limit=500))


def test_what_is_no_picture(battery, tmp_path) -> None:
    for name, data in {
        "empty": b"",
        "one byte": b"\0",
        "text": b"hello",
        "page": b"<html>" * 50,
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "svg": b"<svg/>",
    }.items():
        battery.check(name, lambda data=data: fault(data, must_fail=True))
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "ring.png").symlink_to(tmp_path / "ring.png")
    places = [tmp_path / name for name in ("pipe.png", "folder.png", "dangling.png", "ring.png", "none.png")]
    places += [tmp_path / ("x" * 300), tmp_path / "\ud800.png", tmp_path / "a\0b.png", Path("/dev/zero"), Path("/")]
    for place in places:
        battery.check(f"{str(place)[-20:]!a}", lambda place=place: fault(place, must_fail=True))


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    start=st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"RIFF\x40\0\0\0WEBPVP8 ",
            b"GIF89a",
            b"BM",
            b"II*\0",
            b"MM\0*",
            b"P6 ",
            b"P5\n",
            b"P7\n",
            b"\0\0\0\x0cjP  \r\n\x87\n",
            b"\0\0\0\x1cftypavif",
        ]
    ),
    rest=st.binary(max_size=400),
)
def test_any_bytes_after_a_signature(battery, start, rest) -> None:
    battery.check(f"{start!r} + {rest[:20]!r}", lambda: fault(start + rest))
