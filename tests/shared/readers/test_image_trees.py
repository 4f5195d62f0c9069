"""Every order of pictures on disk, and what does not fit it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from shared.errors import DataError, UsageError
from shared.images import encode_png, read_rgb
from shared.readers.image_names import NameIndex
from shared.readers.image_trees import as_layout, open_images
from shared.readers.places import Place, checked_path, read_place

MD5 = "ab0f0b2b1c9a0f0b2b1c9a0f0b2b1c00"


def picture(value: int = 7) -> bytes:
    return encode_png(np.full((4, 6, 3), value, np.uint8))


def put(path: Path, data: bytes | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture() if data is None else data)
    return path


@pytest.mark.parametrize("below", ["", "original/", "512px/", "images/"])
def test_buckets_of_id_modulo_1000(below: str, tmp_path: Path) -> None:
    put(tmp_path / f"{below}0123/4567123.jpg")
    put(tmp_path / f"{below}0123/note.txt")
    tree = open_images(tmp_path)
    assert tree.locate(4567123, None, "png") == Place(f"{below}0123/4567123.jpg")  # 512px files are all .jpg
    assert tree.locate(123, None, "jpg") is None
    assert tree.locate(4567124, None, "jpg") is None
    put(tmp_path / f"{below}0124/4567124.jpg")
    put(tmp_path / f"{below}0124/4567124.png")
    tree = open_images(tmp_path, "bucketed")
    assert tree.locate(4567124, None, "png") == Place(f"{below}0124/4567124.png")


def test_buckets_of_thousands_are_refused(tmp_path: Path) -> None:
    for image_id in (123000, 123123, 123999):
        put(tmp_path / f"0123/{image_id}.jpg")
    with pytest.raises(DataError, match=r"0123: holds picture \d+, whose bucket by id % 1000 is 0\d00|0999|0000"):
        open_images(tmp_path).locate(4567123, None, "jpg")


def test_by_md5_and_flat(tmp_path: Path) -> None:
    put(tmp_path / f"a/images/ab/{MD5}.JPG")
    tree = open_images(tmp_path / "a")
    assert tree.locate(1, MD5, "jpg") == Place(f"images/ab/{MD5}.JPG")
    assert tree.locate(1, None, "jpg") is None
    assert tree.locate(1, "../../../etc/passwd", "jpg") is None
    put(tmp_path / "b/12.webp")
    put(tmp_path / f"b/{MD5}.png")
    tree = open_images(tmp_path / "b")
    assert tree.locate(12, None, "jpg") == Place("12.webp")
    assert tree.locate(1, None, "jpg") is None
    assert tree.locate(13, MD5, "png") == Place(f"{MD5}.png")


def write_tar(path: Path, members: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def test_webdataset_shards(tmp_path: Path) -> None:
    write_tar(
        tmp_path / "a/000.tar",
        {"d.x/000000012.png": picture(1), "d.x/000000012.json": b"{}", "__note__.txt": b"x", "12.mask.png": picture(9)},
    )
    write_tar(tmp_path / "a/001.tar", {"13.jpg": picture(2), "12.png": picture(3), f"{MD5}.png": picture(4)})
    tree = open_images(tmp_path)
    first, second, third = (tree.locate(*key, "png") for key in ((12, None), (13, None), (99, MD5)))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.path, second.path) == ("a/000.tar", "a/001.tar")
    assert [int(read_place(tmp_path, place, read_rgb)[0, 0, 0]) for place in (first, second, third)] == [1, 2, 4]
    assert tree.locate(14, None, "png") is None


def test_indexed_tars_are_not_parsed(tmp_path: Path) -> None:
    data = picture(5)
    put(tmp_path / "images/0/0004.tar", b"#" * 100 + data)
    index = {
        "filesize": 100 + len(data),
        "hash": "x",
        "files": {"4138.png": {"offset": 100, "size": len(data), "sha256": "y"}},
    }
    (tmp_path / "images/0/0004.json").write_text(json.dumps(index))
    place = open_images(tmp_path, "tar").locate(4138, None, "jpg")
    assert place == Place("images/0/0004.tar", 100, len(data))
    assert read_place(tmp_path, place, read_rgb).shape == (4, 6, 3)
    put(tmp_path / "images/0/0004.tar", b"#" * 100 + data[:-9])
    with pytest.raises(DataError, match=r"0004\.json: is of a tar of"):
        open_images(tmp_path)
    with pytest.raises(DataError, match=r"0004\.tar, at byte 100"):
        read_place(tmp_path, place, read_rgb)
    for wrong in ({"offset": 1, "size": 10**9}, {"offset": -1, "size": 2}, {"offset": 1}, "x"):
        (tmp_path / "images/0/0004.json").write_text(json.dumps({"files": {"4138.png": wrong}}))
        with pytest.raises(DataError, match=r"0004\.json: (member|not an index)"):
            open_images(tmp_path)


def test_damaged_and_compressed_tars(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", {"1.png": picture() * 50})
    whole = (tmp_path / "0.tar").read_bytes()
    for data in (whole[:700], b"\x1f\x8b" + bytes(600), b"no tar at all" * 90):
        put(tmp_path / "0.tar", data)
        with pytest.raises(DataError, match=r"0\.tar: (ends inside|not a plain tar)"):
            open_images(tmp_path)


def test_trees_that_do_not_tell(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such image folder"):
        open_images(tmp_path / "x")
    put(tmp_path / "readme.txt")
    with pytest.raises(DataError, match="no picture tree found"):
        open_images(tmp_path)
    put(tmp_path / "original/0001/1.jpg")
    put(tmp_path / "512px/0001/1.jpg")
    with pytest.raises(DataError, match="several picture trees"):
        open_images(tmp_path)
    with pytest.raises(DataError, match="no md5 tree found"):
        open_images(tmp_path, "md5")
    with pytest.raises(UsageError, match="layout 'zip' is unknown"):
        as_layout("zip")


@pytest.mark.parametrize("path", ["../a.jpg", "/etc/a.jpg", "a/../../b.jpg", "", "C:\\a.jpg", "a\\..\\..\\b.jpg"])
def test_paths_that_lead_out_are_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leads out of the image folder"):
        checked_path(path, "here")
    with pytest.raises(DataError, match="leads out"):
        read_place(tmp_path, Place(path), read_rgb)


def test_name_index_against_a_plain_search() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(1, 5000, 800)
    names = [f"{n}.{['jpg', 'png', 'txt'][n % 3]}" for n in dict.fromkeys(numbers.tolist())]
    index = NameIndex([name.encode() for name in names])
    for number in range(1, 5100):
        expected = next(
            (name for name in names if name.split(".")[0] == str(number) and not name.endswith("txt")), None
        )
        found = index.find(str(number), "jpg")
        assert (None if found is None else index.name(found)) == expected
        if found is not None:
            assert names[index.positions[found]] == expected
    assert NameIndex([]).find("1", "jpg") is None
