"""Tars that are not what they should be."""

from __future__ import annotations

import io
import tarfile

import pytest

from shared.errors import DataError
from shared.shards.tars import walk_tar


def tar_of(*names: str, link: bool = False) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in names:
            info = tarfile.TarInfo(name)
            info.size = 1000
            tar.addfile(info, io.BytesIO(name.encode().ljust(1000)))
        if link:
            info = tarfile.TarInfo("link.jpg")
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(info)
    return stream.getvalue()


def test_files_are_found_where_they_are() -> None:
    data = tar_of("1.jpg", "a/2.mask.png", link=True)
    found = walk_tar(io.BytesIO(data), "x.tar")
    assert [member.name for member in found] == ["1.jpg", "a/2.mask.png"]  # the link is passed over
    assert all(data[member.offset : member.offset + member.size].rstrip() == member.name.encode() for member in found)


@pytest.mark.parametrize("name", ["../1.jpg", "/etc/1.jpg", "a/../../1.jpg", "C:\\1.jpg", "..\\1.jpg"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    with pytest.raises(DataError, match=r"x\.tar: path .* leads out of"):
        walk_tar(io.BytesIO(tar_of("1.jpg", name)), "x.tar")


@pytest.mark.parametrize("length", range(600, 3400, 100))
def test_a_tar_cut_off_gives_what_is_whole(length: int, caplog: pytest.LogCaptureFixture) -> None:
    # Headers of 512 bytes, contents in whole blocks: the bytes are 512 … 1512 and 2048 … 3048.
    found = walk_tar(io.BytesIO(tar_of("1.jpg", "2.jpg")[:length]), "x.tar")
    whole = [name for name, end in (("1.jpg", 1512), ("2.jpg", 3048)) if end <= length]
    assert [member.name for member in found] == whole
    for name, start, end in (("1.jpg", 512, 1512), ("2.jpg", 2048, 3048)):
        assert (f"x.tar: ends inside of {name}; it is skipped" in caplog.text) == (start <= length < end)


@pytest.mark.parametrize("data", [b"", b"PK\3\4" + b"x" * 2000, b"\x1f\x8b" + b"x" * 3000, b"x" * 5000])
def test_no_tar_is_one_line(data: bytes) -> None:
    with pytest.raises(DataError, match=r"x\.tar: not a plain tar, or damaged"):
        walk_tar(io.BytesIO(data), "x.tar")
