import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.compositing.cutout_files import (
    looks_premultiplied,
    read_cutout,
    straightened,
    useless_alpha,
    with_alpha_channel,
)
from shared.errors import DataError
from shared.images import read_rgba, write_jpeg, write_png

REAL = Path(__file__).parents[3] / "shared/data/real_samples"


def _soft_disc(color: tuple[int, int, int], side: int = 60) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    alpha = np.clip((side / 3 - np.hypot(x, y)) / 4 + 0.5, 0, 1)
    return np.dstack([np.full((side, side, 3), color, np.uint8), np.rint(alpha * 255).astype(np.uint8)])


def _premultiplied(rgba: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(rgba, cv2.COLOR_RGBA2mRGBA))


@pytest.mark.parametrize("color", [(240, 200, 60), (180, 180, 180), (90, 30, 140)])
def test_premultiplied_is_found_and_repaired(color: tuple[int, int, int], tmp_path: Path) -> None:
    straight = _soft_disc(color)
    assert not looks_premultiplied(straight)
    dark = _premultiplied(straight)
    assert looks_premultiplied(dark)
    write_png(tmp_path / "dark.png", dark)
    repaired = read_cutout(tmp_path / "dark.png")
    np.testing.assert_array_equal(repaired[..., 3], straight[..., 3])
    clear = straight[..., 3] > 60
    assert np.abs(repaired[clear].astype(int) - straight[clear]).max() <= 3  # 8-bit premultiplied: 255 / (2 alpha)


def test_dark_outlines_are_no_sign_of_premultiplying() -> None:
    disc = _soft_disc((250, 220, 200))
    disc[..., :3][cv2.erode(disc[..., 3], np.ones((5, 5), np.uint8)) < 250] = (12, 8, 10)
    assert not looks_premultiplied(disc)
    assert not looks_premultiplied(_soft_disc((10, 10, 10)))
    hard = _soft_disc((200, 100, 50))
    hard[..., 3] = np.where(hard[..., 3] > 127, 255, 0)
    assert not looks_premultiplied(hard)


def test_straightened_is_the_inverse_of_multiplying() -> None:
    values = np.array([[[200, 100, 50, a] for a in (255, 200, 128, 64, 1, 0)]], np.uint8)
    product = np.rint(values[..., :3] * (values[..., 3:] / 255)).astype(np.uint8)
    back = straightened(np.dstack([product, values[..., 3]]))
    for column, alpha in enumerate((255, 200, 128, 64)):
        assert np.abs(back[0, column, :3].astype(int) - (200, 100, 50)).max() <= 0.5 + 255 / (2 * alpha)
    assert back[0, 5].tolist() == [0, 0, 0, 0]


def test_useless_alpha_is_refused(tmp_path: Path) -> None:
    disc = _soft_disc((9, 9, 9))
    assert useless_alpha(disc) is None
    opaque, empty = disc.copy(), disc.copy()
    opaque[..., 3], empty[..., 3] = 255, 0
    write_png(tmp_path / "opaque.png", opaque)
    write_png(tmp_path / "empty.png", empty)
    with pytest.raises(DataError, match=r"opaque\.png: no useful alpha, nothing in it is transparent; give a char"):
        read_cutout(tmp_path / "opaque.png")
    with pytest.raises(DataError, match=r"empty\.png: nothing in it is opaque"):
        read_cutout(tmp_path / "empty.png")


def _palette_png(transparent: bool) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0)), chunk(b"PLTE", bytes(6))]
    if transparent:
        parts.append(chunk(b"tRNS", bytes([0, 255])))
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IDAT", zlib.compress(b"\0\0\1")), chunk(b"IEND", b"")])


def test_alpha_channels_are_told_by_the_first_bytes(tmp_path: Path) -> None:
    disc = _soft_disc((9, 9, 9))
    write_png(tmp_path / "rgba.png", disc)
    write_png(tmp_path / "rgb.png", np.ascontiguousarray(disc[..., :3]))
    write_jpeg(tmp_path / "photo.jpg", np.ascontiguousarray(disc[..., :3]))
    (tmp_path / "palette.png").write_bytes(_palette_png(True))
    (tmp_path / "solid_palette.png").write_bytes(_palette_png(False))
    (tmp_path / "cut.png").write_bytes(b"\x89PNG")
    kept = {path.name for path in with_alpha_channel([*tmp_path.iterdir(), tmp_path / "gone.png"])}
    assert kept == {"rgba.png", "palette.png", "cut.png", "gone.png"}  # damaged files are named when they are read
    assert read_rgba(tmp_path / "palette.png")[0, :, 3].tolist() == [0, 255]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real samples are not here")
def test_real_cutouts_are_straight_and_useful() -> None:
    for folder in ("wesnoth", "renpy", "open_peeps", "twemoji", "noto", "talking_head"):
        files = with_alpha_channel(sorted((REAL / folder).glob("*.png")))
        assert files
        for path in files:
            rgba = read_cutout(path)
            assert not looks_premultiplied(rgba), path
            if folder in ("renpy", "twemoji", "wesnoth"):
                assert looks_premultiplied(_premultiplied(rgba)), path
    with pytest.raises(DataError, match="no useful alpha"):
        read_cutout(REAL / "anime/megumin.png")
