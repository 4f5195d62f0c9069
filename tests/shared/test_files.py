from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from shared.errors import DataError
from shared.files import digest, read_json, replacing, write_bytes, write_json, write_text


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_folders_are_made_and_modes_are_those_of_any_file(tmp_path: Path) -> None:
    path = tmp_path / "x" / "y" / "b.bin"
    write_bytes(path, b"\0\1")
    plain = tmp_path / "plain"
    plain.touch()
    assert path.read_bytes() == b"\0\1"
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("name", ["ア" * 80 + ".json", "x" * 250, "é" * 120])
def test_names_of_the_longest_allowed_kind(tmp_path: Path, name: str) -> None:
    write_json(tmp_path / name, {"a": 1})
    assert read_json(tmp_path / name) == {"a": 1}


def test_a_place_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=r"cannot be written.*; choose another place"):
        write_text(tmp_path / "file" / "below.txt", "x")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_damaged_json_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "damaged.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged\.json: not valid JSON"):
        read_json(path)
    with pytest.raises(DataError, match="no such file"):
        read_json(tmp_path / "none.json")


def test_nan_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "n.json", {"x": float("nan")})
    assert os.listdir(tmp_path) == []


def test_digest_depends_on_values_and_not_on_key_order() -> None:
    assert digest({"a": 1, "b": [2]}) == digest(json.loads('{"b": [2], "a": 1}'))
    assert digest({"a": 1}) != digest({"a": 2})
    assert len(digest()) == 16


def test_half_a_character_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="half a character"):
        write_json(tmp_path / "s.json", {"x": "a\ud800b"})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [b"9" * 5000, b'{"a": ' + b"1" * 6000 + b"}"])
def test_numbers_without_end_are_damaged_json(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.json").write_bytes(content)
    with pytest.raises(DataError, match=r"n\.json: not valid JSON"):
        read_json(tmp_path / "n.json")


def test_a_device_is_not_read_as_json(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a file"):
        read_json(Path("/dev/zero"))
    with pytest.raises(DataError, match="not a file"):
        read_json(tmp_path)
