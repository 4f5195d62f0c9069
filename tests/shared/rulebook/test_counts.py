"""Counting classes over metadata files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.errors import DataError
from shared.rulebook.counts import count_classes, write_counts
from shared.rulebook.rulebook import load_rulebook


def write_posts(path: Path, posts: list[tuple[str, str]]) -> Path:
    rows = [
        {
            "id": number,
            "rating": rating,
            "tag_string_general": tags,
            "image_width": 9,
            "image_height": 7,
            "file_ext": "jpg",
        }
        for number, (rating, tags) in enumerate(posts, start=1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_counts_by_hand(tmp_path: Path) -> None:
    book = load_rulebook()
    first = write_posts(tmp_path / "a.jsonl", [("g", "1girl smile"), ("s", "1girl grin"), ("q", "1girl")])
    second = write_posts(tmp_path / "b.jsonl", [("g", "nothing_known")])
    counts = count_classes(book, [first, second])
    by_name = counts.by_name(book)
    assert counts.posts == 3
    assert counts.dropped == {"rating questionable": 1}
    assert {name: count for name, count in by_name.items() if count} == {"1girl": 2, "smile": 2, "grin": 1}
    assert counts.present == 3
    assert counts.labels_per_post == pytest.approx(5 / 3)
    assert counts.most_frequent(book, 3) == [("smile", 2), ("1girl", 2), ("grin", 1)]  # class order where equal
    assert count_classes(book, [first], ratings=["questionable"]).posts == 1
    write_counts(tmp_path / "counts.csv", book, counts)
    lines = (tmp_path / "counts.csv").read_text("utf-8").splitlines()
    assert lines[0] == "class,group,posts,fraction"
    assert len(lines) == 1063
    assert "grin,body,1,0.333333" in lines


def test_no_post_of_the_rating_is_an_error(tmp_path: Path) -> None:
    path = write_posts(tmp_path / "a.jsonl", [("q", "1girl")])
    with pytest.raises(DataError, match=r"a\.jsonl: no post with rating safe or .* \(1 rating questionable\)"):
        count_classes(load_rulebook(), [path], scheme="since_2022")
