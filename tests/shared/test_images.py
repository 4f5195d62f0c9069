import io
import os
import struct
import warnings
import zlib
from pathlib import Path, PurePath

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import DataError
from shared.images import (
    composite_on_white,
    encode_jpeg,
    encode_png,
    find_images,
    read_mask,
    read_rgb,
    read_rgba,
    write_png,
)
from shared.pixel_modes import turn_upright

RED, GREEN = (200, 40, 30), (20, 180, 60)


def _file(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _smooth(height: int, width: int) -> np.ndarray:
    ys, xs = np.mgrid[:height, :width]
    return np.dstack([xs * 255 // max(1, width - 1), ys * 255 // max(1, height - 1), (xs + ys) * 2 % 256]).astype(
        np.uint8
    )


def _two_colors(mode: str = "RGB") -> Image.Image:
    """A 6 × 4 picture, left half red, right half green."""
    array = np.zeros((4, 6, 3), np.uint8)
    array[:, :3], array[:, 3:] = RED, GREEN
    return Image.fromarray(array).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "1", "P"])
def test_png_modes_equal_pillow(mode: str) -> None:
    image = _two_colors(mode)
    expected = np.array(image.convert("RGBA"))
    np.testing.assert_array_equal(read_rgba(_file(image)), expected)
    np.testing.assert_array_equal(read_rgb(_file(image)), expected[..., :3])


@pytest.mark.parametrize(
    ("mode", "kind", "tolerance"),
    [("CMYK", "JPEG", 4), ("CMYK", "TIFF", 1), ("YCbCr", "TIFF", 4), ("LAB", "TIFF", 10), ("RGBX", "TIFF", 0)],
)
def test_other_color_modes_keep_colors(mode: str, kind: str, tolerance: int) -> None:
    if mode == "LAB":
        from PIL import ImageCms

        lab = ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(_two_colors(), ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    else:
        image = _two_colors(mode)
    data = _file(image, kind, **({"quality": 100, "subsampling": 0} if kind == "JPEG" else {}))
    rgba = read_rgba(data)
    assert rgba.shape == (4, 6, 4)
    assert (rgba[..., 3] == 255).all()
    np.testing.assert_allclose(rgba[2, 0, :3].astype(int), RED, atol=tolerance)
    np.testing.assert_allclose(rgba[2, 5, :3].astype(int), GREEN, atol=tolerance)


def test_16_bit_grey_is_divided_by_257() -> None:
    values = np.array([[0, 257, 128 * 257], [32768, 65535, 256]], np.uint16)
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(
            read_rgb(_file(Image.fromarray(values), kind))[..., 1], [[0, 1, 128], [128, 255, 1]]
        )


def test_16_bit_grey_with_transparent_value() -> None:
    values = np.array([[0, 30000], [65535, 30000]], np.uint16)
    rgba = read_rgba(_file(Image.fromarray(values), transparency=30000))
    np.testing.assert_array_equal(rgba[..., 3], [[255, 0], [255, 0]])


def test_16_bit_color_png() -> None:

    rgb = np.array([[[65535, 32768, 0], [257, 514, 771]]], np.uint16)
    data = cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()
    np.testing.assert_allclose(read_rgb(data).astype(int), [[[255, 128, 0], [1, 2, 3]]], atol=1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 32768, 65535]], np.int32), [0, 128, 255]),
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[np.nan, -3.0, 255.0]], np.float32), [0, 0, 255]),
    ],
)
def test_int_and_float_tiff(values: np.ndarray, expected: list[int]) -> None:
    np.testing.assert_array_equal(read_rgb(_file(Image.fromarray(values), "TIFF"))[0, :, 0], expected)


def test_palette_with_transparency_becomes_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    one_key = _file(image, transparency=0)
    soft = _file(image, transparency=bytes([255, 51]))  # 20 % of (200, 100, 50) over white
    np.testing.assert_array_equal(read_rgb(one_key), [[[255, 255, 255], [200, 100, 50]]])
    np.testing.assert_array_equal(read_rgb(soft), [[[10, 20, 30], [244, 224, 214]]])


def test_grey_and_rgb_transparency_keys() -> None:
    grey = Image.fromarray(np.array([[7, 9]], np.uint8))
    np.testing.assert_array_equal(read_rgba(_file(grey, transparency=9))[..., 3], [[255, 0]])
    np.testing.assert_array_equal(read_rgba(_file(_two_colors(), transparency=RED))[1, :, 3], [0, 0, 0, 255, 255, 255])


def test_alpha_over_white_is_rounded_exactly() -> None:
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (37, 21, 4), dtype=np.uint8)
    alpha = rgba[..., 3:] / 255.0
    expected = rgba[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(read_rgb(encode_png(rgba)) - expected).max() <= 0.5 + 1e-6
    np.testing.assert_array_equal(read_rgba(encode_png(rgba)), rgba)
    assert (composite_on_white(np.zeros((3, 5, 4), np.uint8)) == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(kind: str, orientation: int) -> None:
    upright = np.zeros((24, 40, 3), np.uint8)
    upright[:12, :20], upright[12:, 20:] = (255, 0, 0), (0, 0, 255)
    # What a camera stores so that turning it by the tag gives ``upright``: the inverse turn (5–8 swap 6 and 8).
    stored = turn_upright(upright, {6: 8, 8: 6}.get(orientation, orientation))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    data = _file(Image.fromarray(stored), kind, exif=exif, **options)
    read = read_rgb(data)
    assert read.shape == upright.shape
    assert np.abs(read.astype(int) - upright).mean() < 6


def test_turn_upright_equals_pillow() -> None:
    from PIL import ImageOps

    stored = Image.fromarray(_smooth(5, 7))
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        reopened = Image.open(io.BytesIO(_file(stored, exif=exif)))
        np.testing.assert_array_equal(
            turn_upright(np.array(stored), orientation), np.array(ImageOps.exif_transpose(reopened))
        )


def test_broken_exif_is_ignored() -> None:
    assert read_rgb(_file(_two_colors(), "JPEG", exif=b"Exif\0\0garbage!")).shape == (4, 6, 3)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animation_gives_first_frame(kind: str) -> None:
    frames = [Image.new("RGB", (9, 5), color) for color in (RED, GREEN, (0, 0, 255))]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = _file(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **options)
    assert Image.open(io.BytesIO(data)).n_frames == 3
    np.testing.assert_array_equal(read_rgb(data), np.broadcast_to(np.array(RED), (5, 9, 3)))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 4000), (4000, 1)])
def test_extreme_shapes(width: int, height: int) -> None:
    for kind in ("PNG", "JPEG", "WEBP", "BMP"):
        assert read_rgb(_file(Image.new("RGB", (width, height), RED), kind)).shape == (height, width, 3)


@pytest.mark.parametrize(("subsampling", "progressive"), [(0, False), (2, False), (2, True)])
def test_opencv_and_pillow_agree_on_jpeg(subsampling: int, progressive: bool) -> None:
    data = _file(Image.fromarray(_smooth(101, 67)), "JPEG", subsampling=subsampling, progressive=progressive)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.array(image.convert("RGB")).astype(int)
    assert np.abs(read_rgb(data) - expected).max() <= 2


def test_grey_jpeg_and_jpeg_with_text_after_the_end() -> None:
    data = _file(Image.fromarray(_smooth(20, 30)[..., 0]), "JPEG")
    assert (np.ptp(read_rgb(data), axis=2) == 0).all()
    np.testing.assert_array_equal(read_rgb(data + b"trailing bytes"), read_rgb(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9])
def test_truncated_is_refused(kind: str, kept: float, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(1)
    data = _file(Image.fromarray(rng.integers(0, 256, (64, 96, 3), dtype=np.uint8)), kind)
    path = tmp_path / f"cut.{kind.lower()}"
    path.write_bytes(data[: int(len(data) * kept)])
    for read in (read_rgb, read_rgba, read_mask):
        with pytest.raises(DataError, match=r"cut\..*; ") as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_truncated_jpeg_with_a_forged_end_is_not_a_crash() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = _file(Image.fromarray(noise), "JPEG")
    cut = data[: len(data) * 3 // 4] + b"\xff\xd9"
    # Both decoders fill what is missing with grey; that is damage nobody can see from outside, but never a crash.
    assert read_rgb(cut).shape == (64, 64, 3)


def test_corrupt_png_data_is_refused() -> None:
    data = bytearray(_file(Image.fromarray(_smooth(64, 64))))
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    with pytest.raises(DataError, match="damaged or truncated"):
        read_rgb(bytes(data))


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"hello, this is text", "not a picture"), (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture")],
)
def test_not_a_picture(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"x\.png: .*{message}.*; "):
        read_rgb(path)
    with pytest.raises(DataError, match=message):
        read_rgba(content)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"absent\.png: no such file"):
        read_rgb(tmp_path / "absent.png")
    with pytest.raises(DataError, match="not a file"):
        read_rgb(tmp_path)
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(3_000_000_000)  # a hole: takes no disk
    with pytest.raises(DataError, match=r"3,000,000,000 bytes are too many"):
        read_rgb(huge)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "read_bytes", denied)  # root, who may run the tests, can read everything
    with pytest.raises(DataError, match=r"a\.png: cannot be read \(Permission denied\)"):
        read_rgb(tmp_path / "a.png")


def test_pixel_limit_is_checked_before_decoding() -> None:
    small = _file(_two_colors())
    bomb = bytearray(small)
    bomb[16:24] = struct.pack(">II", 60_000, 60_000)  # header only: decoding would need 10 GB
    bomb[29:33] = struct.pack(">I", zlib.crc32(bomb[12:29]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for data in (bytes(bomb), _file(Image.new("1", (20_000, 9_000)), "TIFF", compression="group4")):
            with pytest.raises(DataError, match=r"over the limit of 100,000,000 pixels; .*raise the limit"):
                read_rgb(data)
        assert read_rgb(small, pixel_limit=24).shape == (4, 6, 3)
        with pytest.raises(DataError, match="6 × 4 is over the limit of 23 pixels"):
            read_rgb(small, pixel_limit=23)


_SEEDS = [
    _file(Image.fromarray(_smooth(24, 31)), "JPEG"),
    _file(Image.fromarray(_smooth(24, 31)), "JPEG", progressive=True),
    _file(Image.fromarray(_smooth(24, 31))),
    _file(_two_colors("P"), transparency=1),
    _file(Image.fromarray(_smooth(24, 31)), "GIF"),
    _file(Image.fromarray(_smooth(24, 31)), "TIFF"),
    _file(Image.fromarray(_smooth(24, 31)), "BMP"),
    _file(Image.fromarray(_smooth(24, 31)), "WEBP"),
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_SEEDS), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6), st.floats(0, 1))
@pytest.mark.filterwarnings("ignore")  # Pillow warns of odd metadata; only what we raise is of interest here
def test_damaged_files_give_a_picture_or_one_clear_line(
    data: bytes, changes: list[tuple[float, int]], kept: float
) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[int(place * (len(damaged) - 1))] = value
    damaged = damaged[: max(1, int(len(damaged) * min(1.0, kept * 1.3)))]
    for read, shape in ((read_rgba, (4,)), (read_rgb, (3,)), (read_mask, ())):
        message = None
        try:
            # a damaged header may claim any size: the limit keeps it from being allocated
            array = read(bytes(damaged), pixel_limit=100_000)
        except DataError as error:
            message = str(error)
        if message is None:
            assert array.dtype == np.uint8
            assert array.shape[2:] == shape
        else:
            assert "; " in message
            assert "\n" not in message


@pytest.mark.parametrize("data", _SEEDS, ids=range(len(_SEEDS)))
def test_every_cut_is_refused_or_harmless(data: bytes) -> None:
    """Cutting anywhere either is refused or loses nothing but bytes after the picture's last pixel."""
    whole = read_rgb(data)
    for kept in range(1, len(data), max(1, len(data) // 60)):
        try:
            cut = read_rgb(data[:kept])
        except DataError:
            continue
        np.testing.assert_array_equal(cut, whole)


@pytest.mark.slow
def test_100_megapixels_are_read() -> None:
    assert read_rgb(_file(Image.new("L", (10_000, 10_000), 9), "PNG")).shape == (10_000, 10_000, 3)
    assert read_rgb(_file(Image.new("RGBA", (10_000, 10_000)), "PNG")).min() == 255


def test_mask_values_are_raw() -> None:
    instances = np.array([[0, 1, 2], [3, 0, 255]], np.uint8)
    np.testing.assert_array_equal(read_mask(encode_png(instances)), instances)
    np.testing.assert_array_equal(read_mask(_file(Image.fromarray(instances.astype(np.uint16)))), instances)
    np.testing.assert_array_equal(read_mask(encode_png(np.dstack([instances, instances * 0, instances]))), instances)
    palette = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    palette.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    np.testing.assert_array_equal(read_mask(_file(palette)), [[0, 1, 2]])  # colours: instance numbers
    palette.putpalette([0, 0, 0, 255, 255, 255, 128, 128, 128])
    np.testing.assert_array_equal(read_mask(_file(palette)), [[0, 255, 128]])  # greys: a squeezed grey mask
    np.testing.assert_array_equal(read_mask(_file(Image.fromarray(instances > 1))), (instances > 1) * 255)


def test_write_round_trip_and_refusals(tmp_path: Path) -> None:
    rgb = _smooth(8, 5)
    write_png(tmp_path / "deep/er/a.png", rgb)
    np.testing.assert_array_equal(read_rgb(tmp_path / "deep/er/a.png"), rgb)
    assert sorted(os.listdir(tmp_path / "deep/er")) == ["a.png"]
    assert np.abs(read_rgb(encode_jpeg(rgb, 100)).astype(int) - rgb).mean() < 8
    for wrong in (rgb.astype(np.float32), rgb[:0], np.zeros((2, 2, 2), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match="must be uint8"):
            encode_png(wrong)
    with pytest.raises(ValueError, match="must be uint8"):
        encode_jpeg(np.zeros((2, 2, 4), np.uint8))
    with pytest.raises(ValueError, match="cannot be encoded"):
        encode_jpeg(np.zeros((1, 70_000), np.uint8))


def test_find_images_order_and_relative(tmp_path: Path) -> None:
    for name in ["b/img10.PNG", "b/img2.jpg", "a.webp", ".hidden.png", ".dot/x.png", "b/notes.txt", "c/d/e.TIFF"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "c/loop").symlink_to(tmp_path)
    found = find_images([tmp_path, tmp_path / "b/notes.txt", tmp_path / "a.webp"])
    assert [image.relative for image in found] == [
        PurePath(name) for name in ["a.webp", "b/img2.jpg", "b/img10.PNG", "c/d/e.TIFF", "notes.txt"]
    ]
    assert all(image.path.is_file() for image in found)


def test_find_images_refusals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no pictures in this folder"):
        find_images([tmp_path])
    with pytest.raises(DataError, match="nowhere: no such file or folder"):
        find_images([tmp_path / "nowhere"])

    def denied(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(DataError, match=r"cannot be listed \(Permission denied\)"):
        find_images([tmp_path])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_to_be_shrunk_is_decoded_small_and_looks_the_same(channels: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(60, 200, (9, 13, channels), dtype=np.uint8)
    path = tmp_path / "a.jpg"
    path.write_bytes(encode_jpeg(cv2.resize(noise, (801, 531), interpolation=cv2.INTER_CUBIC)))
    assert read_rgb(path, side_px=64).shape == (133, 201, 3), "a quarter: an eighth is less than 128"
    assert read_rgb(path, side_px=401).shape == (531, 801, 3)
    path.write_bytes(encode_jpeg(cv2.resize(noise, (800, 528), interpolation=cv2.INTER_CUBIC)))
    small, whole = (
        cv2.resize(image, (100, 66), interpolation=cv2.INTER_AREA).astype(int)
        for image in (read_rgb(path, side_px=64), read_rgb(path))
    )
    assert np.abs(small - whole).max() <= 3, "rounding of three averagings, and of JPEG's"
    with pytest.raises(DataError, match="over the limit"):
        read_rgb(path, 1000, side_px=64)
