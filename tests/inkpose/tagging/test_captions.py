from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkpose.tagging.captions import has_caption, merged, write_caption
from inkpose.tagging.spelling import KAOMOJI, spell
from shared.errors import DataError
from shared.readers.captions import tag_of_caption


def read_as_kohya(path: Path) -> list[str]:
    """Tags as kohya's trainer takes them from a caption file: line 1 only, stripped, split at commas."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines, "kohya's trainer stops with an assertion at an empty caption"
    return [tag.strip() for tag in lines[0].strip().split(",")]


def test_spelling() -> None:
    assert spell("long_hair") == "long hair"
    assert spell("long_hair", underscores=True) == "long_hair"
    assert spell("^_^") == "^_^"
    assert spell("star_(sky)", escape_brackets=True) == r"star \(sky\)"
    assert spell("star_(sky)") == "star (sky)"
    assert len(KAOMOJI) == 19


@given(st.sampled_from(["long_hair", "star_(sky)", "1girl", "x-ray", "t-shirt"]), st.booleans(), st.booleans())
def test_every_spelling_means_the_name(name: str, underscores: bool, escape: bool) -> None:
    assert tag_of_caption(spell(name, underscores=underscores, escape_brackets=escape)) == name


def test_written_caption_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "deep/er/a.txt"
    assert write_caption(path, ["1girl", "long hair", "ünïcode"])
    assert path.read_bytes() == "1girl, long hair, ünïcode\n".encode()
    assert read_as_kohya(path) == ["1girl", "long hair", "ünïcode"]


def test_no_tags_no_file_and_nothing_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert not write_caption(path, [])
    assert not path.exists()
    path.write_text("by hand\n")
    assert not write_caption(path, [], "overwrite")
    assert path.read_text() == "by hand\n"


def test_modes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("mychar, long_hair\nsecond line\n")
    assert not write_caption(path, ["solo"], "skip")
    assert path.read_text().startswith("mychar")
    assert write_caption(path, ["long hair", "solo"], "append")
    assert path.read_text() == "mychar, long_hair, solo\nsecond line\n"
    assert write_caption(path, ["solo"], "overwrite")
    assert path.read_text() == "solo\n"


def test_an_empty_caption_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(" \n")
    assert not has_caption(path)
    assert write_caption(path, ["solo"], "skip")
    assert read_as_kohya(path) == ["solo"]


def test_append_knows_other_spellings_and_separators() -> None:
    assert merged(r"Long Hair,star \(sky\)", ["long_hair", "star_(sky)", "hat"]) == "Long Hair, star \\(sky\\), hat\n"
    assert merged("a; b", ["b", "c"], "; ") == "a; b; c\n"
    assert merged("\ufeffa".removeprefix("\ufeff"), ["a"]) == "a\n"
    assert merged("", ["a"]) == "a\n"


def test_a_file_that_is_not_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe\x00a")
    with pytest.raises(DataError, match="left as it is"):
        write_caption(path, ["a"], "append")
    assert path.read_bytes() == b"\xff\xfe\x00a"


def test_byte_order_mark_is_no_part_of_a_tag(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfsolo\r\n")
    write_caption(path, ["solo", "hat"], "append")
    assert path.read_bytes() == b"solo, hat\n"
