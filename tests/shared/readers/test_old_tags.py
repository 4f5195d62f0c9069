from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DataError
from shared.readers.dump import read_dump_file
from shared.readers.old_tags import take_tags

NAMES = st.text('ab_()?!:^><=@ß人"\\[]{},\x7f', min_size=1, max_size=6)
TAGS = st.lists(st.tuples(NAMES, st.sampled_from("013450000")), max_size=6)


def post(tags: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    records = [{"id": str(number), "name": name, "category": category} for number, (name, category) in enumerate(tags)]
    return {"id": "7", "rating": "s", "file_ext": "jpg", "source": '"tags": [', **more, "tags": records, "favs": ["1"]}


@given(TAGS, st.booleans(), st.booleans())
def test_the_short_way_finds_what_the_parser_finds(tags: list[tuple[str, str]], spaces: bool, ascii_only: bool) -> None:
    separators = (", ", ": ") if spaces else (",", ":")
    line = json.dumps(post(tags), ensure_ascii=ascii_only, separators=separators)
    taken = take_tags(line)
    plain = all(character not in '"\\[]{}' for name, _ in tags for character in name)
    if plain and not ascii_only:
        assert taken is not None
    if taken is not None:
        rest, found = taken
        assert json.loads(rest) == {**post(tags), "tags": []}
        assert found.general == [name for name, category in tags if category == "0"]
        assert found.others == [(category, name) for name, category in tags if category != "0"]


def test_posts_are_the_same_either_way(tmp_path: Path) -> None:
    rows = [
        [("long_hair", "0"), ("hat", "0"), ("hat", "0"), ("someone", "4"), ("highres", "5")],
        [(":]", "0"), ("hat", "0")],
        [(r"\m/", "0"), ("highres", "5")],
        [],
    ]
    (tmp_path / "lines.json").write_text("".join(json.dumps(post(row)) + "\n" for row in rows))
    (tmp_path / "array.json").write_text(json.dumps([post(row) for row in rows]))
    short, long = (
        [found for _, found in read_dump_file(tmp_path / name, "before_2022")] for name in ("lines.json", "array.json")
    )
    assert short == long
    assert short[0].tags == ("long_hair", "hat")  # type: ignore[union-attr]
    assert short[0].meta_tags == ("highres",)  # type: ignore[union-attr]


@pytest.mark.parametrize("change", [('"category": "4"', '"category": "2"'), ('"s"', '"s'), ('}], "favs"', '}, "favs"')])
def test_what_is_wrong_is_still_said(change: tuple[str, str], tmp_path: Path) -> None:
    line = json.dumps(post([("hat", "0"), ("someone", "4")]))
    assert change[0] in line
    (tmp_path / "a.json").write_text(line.replace(*change) + "\n")
    with pytest.raises(DataError, match=r"a\.json:1: "):
        list(read_dump_file(tmp_path / "a.json", "before_2022"))
