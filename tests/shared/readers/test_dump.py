"""Metadata dumps of every era: small samples in their real formats, and every trap they are known for."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.errors import DataError
from shared.readers.dump import DumpPost, read_dump
from shared.readers.dump_files import dump_files, read_rows
from shared.readers.ratings import find_scheme, meaning

#: 2018–2020: all numbers are strings, "none" is "0", the tags are records.
OLD: dict[str, Any] = {
    "id": "263162", "created_at": "2008-06-10 03:08:07.34205 UTC", "uploader_id": "65792", "score": "1", "source": "",
    "md5": "9a0f0b2b1c9a0f0b2b1c9a0f0b2b1c00", "last_commented_at": "1970-01-01 00:00:00 UTC", "rating": "s",
    "image_width": "797", "image_height": "794", "is_note_locked": False, "file_ext": "jpg", "is_rating_locked": False,
    "parent_id": "0", "has_children": False, "file_size": "110256", "is_pending": False, "is_flagged": False,
    "is_deleted": False, "updated_at": "2018-06-07 21:33:03.2375 UTC", "is_banned": False, "pixiv_id": "0",
    "tags": [
        {"id": "540830", "name": "1boy", "category": "0"},
        {"id": "470575", "name": "1girl", "category": "0"},
        {"id": "7", "name": "some_artist", "category": "1"},
        {"id": "8", "name": "some_series", "category": "3"},
        {"id": "9", "name": "some_one", "category": "4"},
        {"id": "10", "name": "highres", "category": "5"},
        {"id": "470575", "name": "1girl", "category": "0"},
        {"id": "11", "name": "?", "category": "0"},
    ],
    "pools": ["10152", "4162", "series", "collection"], "favs": ["1", "22", "333"],
}  # fmt: skip
#: 2021: numbers are numbers, the tags are strings by category.
Y2021: dict[str, Any] = {
    "id": 263162, "created_at": "2008-06-10T03:08:07.342-04:00", "updated_at": "2021-11-19T21:33:03.237-05:00",
    "score": 1, "md5": "9a0f0b2b1c9a0f0b2b1c9a0f0b2b1c00", "rating": "s", "image_width": 797, "image_height": 794,
    "file_ext": "jpg", "is_deleted": False, "is_banned": False, "pixiv_id": None,
    "tag_string": "1boy 1girl ? highres some_artist some_one some_series", "tag_string_general": "1boy 1girl ?",
    "tag_string_character": "some_one", "tag_string_copyright": "some_series", "tag_string_artist": "some_artist",
    "tag_string_meta": "highres",
}  # fmt: skip
#: An API page of today.
API = {
    **Y2021, "rating": "g", "updated_at": "2024-05-01T08:00:00.000-04:00", "bit_flags": 0, "has_large": False,
    "media_asset": {"id": 1, "file_ext": "jpg", "variants": [{"type": "180x180"}]},
}  # fmt: skip
POST = DumpPost(
    263162, "safe", ("1boy", "1girl", "?"), 797, 794, "jpg", "9a0f0b2b1c9a0f0b2b1c9a0f0b2b1c00", False, ("highres",)
)


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def without(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


def test_all_eras_give_the_same_post(tmp_path: Path) -> None:
    assert list(read_dump([lines(tmp_path / "old.json", OLD)])) == [POST]
    assert list(read_dump([lines(tmp_path / "2021.json", Y2021)])) == [POST]
    (new,) = read_dump([lines(tmp_path / "api.json", API)])
    assert new.rating == "general"
    assert new.tags == POST.tags
    assert (new.id, new.width, new.height, new.md5) == (POST.id, POST.width, POST.height, POST.md5)


def test_a_raw_export_has_one_string(tmp_path: Path) -> None:
    row = without(API, *(key for key in API if key.startswith("tag_string_")))
    (post,) = read_dump([lines(tmp_path / "a.ndjson", row)])
    assert set(post.tags) == {"1boy", "1girl", "?", "highres", "some_artist", "some_one", "some_series"}


def test_what_is_dropped_is_counted_by_reason(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "posts.jsonl",
        API,
        without(API, "id", "md5"),  # gold-only and banned posts
        {**API, "id": None},
        {**API, "is_banned": True},
        {**API, "file_ext": "swf"},
        {**API, "file_ext": "zip"},
        {**API, "file_ext": "webm"},
        without(API, "file_ext"),
        {**API, "tag_string_general": "1girl loli"},
        {**API, "rating": "q"},
        {**API, "rating": "e"},
        {**API, "id": 2, "rating": "s"},
        {**API, "id": 3, "is_deleted": True, "md5": ""},
        {**API, "id": 4, "file_ext": "PNG", "image_width": None},
    )
    dropped: Counter[str] = Counter()
    posts = list(read_dump([path], dropped=dropped))
    assert [(post.id, post.rating) for post in posts] == [
        (263162, "general"),
        (2, "sensitive"),
        (3, "general"),
        (4, "general"),
    ]
    assert (posts[2].is_deleted, posts[2].md5) == (True, None)
    assert (posts[3].file_ext, posts[3].width) == ("png", 0)
    assert dropped == {
        "no id": 2,
        "banned": 1,
        "not a picture": 3,
        "no file": 1,
        "restricted tag": 1,
        "rating questionable": 1,
        "rating explicit": 1,
    }


def test_restricted_tags_of_the_old_format_too(tmp_path: Path) -> None:
    row = {**OLD, "tags": [*OLD["tags"], {"id": "1", "name": "shota", "category": "0"}]}
    dropped: Counter[str] = Counter()
    assert list(read_dump([lines(tmp_path / "a.json", row)], dropped=dropped)) == []
    assert dropped == {"restricted tag": 1}


def test_ratings_kept_are_a_choice(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.json", API, {**API, "rating": "s"}, {**API, "rating": "q"})
    assert [post.rating for post in read_dump([path], ratings=["general"])] == ["general"]
    assert [post.rating for post in read_dump([path], ratings=["questionable"])] == ["questionable"]


def test_the_letter_s_has_two_meanings(tmp_path: Path) -> None:
    old, new = {"rating": "s", "updated_at": "2021-12-31"}, {"rating": "s", "updated_at": "2023-05-01"}
    assert find_scheme([old], "f") == "before_2022"
    assert find_scheme([new, {"rating": "g"}], "f") == "since_2022"
    assert find_scheme([{**new, "tags": []}], "f") == "before_2022"
    with pytest.raises(DataError, match=r"f: the meaning of rating 's' cannot be told \(changed 2023-05-01"):
        find_scheme([old, new], "f")
    with pytest.raises(DataError, match="no dates"):
        find_scheme([{"rating": "s"}], "f")
    path = lines(tmp_path / "a.json", {**API, "rating": "s"})
    with pytest.raises(DataError, match="say --rating-scheme before_2022"):
        list(read_dump([path]))
    assert [post.rating for post in read_dump([path], scheme="since_2022")] == ["sensitive"]
    assert [post.rating for post in read_dump([path], scheme="before_2022")] == ["safe"]


@pytest.mark.parametrize(
    ("letter", "scheme"), [(0, "since_2022"), ("g", "before_2022"), ("safe", "since_2022"), (None, "since_2022")]
)
def test_unknown_ratings_are_refused(letter: Any, scheme: Any) -> None:
    with pytest.raises(DataError, match=r"where: rating .* is unknown"):
        meaning(letter, scheme, "where")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"id": 1, "rating"', "not valid JSON"),
        ("[1]x", "not valid JSON"),
        ('"text"', "not a JSON object"),
        ({**API, "rating": 2}, "rating 2 is unknown"),
        ({**API, "id": "12a"}, "a field has the wrong type"),
        ({**API, "id": 1.5}, "1.5 is not a whole number"),
        ({**API, "image_width": True}, "True is not a whole number"),
        ({**API, "tag_string_general": None}, "a field has the wrong type"),
        ({**OLD, "tags": [{"name": "1girl", "category": "2"}]}, "tag category '2' is unknown"),
        ({**OLD, "tags": [{"category": "0"}]}, "no field 'name'"),
        (without(API, "rating"), "no field 'rating'"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: Any, message: str) -> None:
    path = lines(tmp_path / "posts.jsonl", API, "", row)
    with pytest.raises(DataError) as raised:
        list(read_dump([path], scheme="since_2022"))
    assert str(raised.value).startswith(f"{path}:3: ")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_gzip_arrays_and_empty_files(tmp_path: Path) -> None:
    zipped = tmp_path / "posts.json.gz"
    zipped.write_bytes(gzip.compress((json.dumps(API) + "\n").encode()))
    page = tmp_path / "page.json"
    page.write_text(json.dumps([API, API]), "utf-8")
    (tmp_path / "empty.json").write_bytes(b"")
    assert len(list(read_dump([zipped, page, tmp_path / "empty.json"]))) == 3
    zipped.write_bytes(zipped.read_bytes()[:-12])
    with pytest.raises(DataError, match="damaged or cut off"):
        list(read_dump([zipped]))
    page.write_text("[1]", "utf-8")
    with pytest.raises(DataError, match="element 1 is not a post"):
        list(read_dump([page]))
    page.write_text("[{", "utf-8")
    with pytest.raises(DataError, match="not valid JSON"):
        list(read_dump([page]))
    page.write_bytes(b"\xef\xbb\xbf{}")
    with pytest.raises(DataError, match="byte-order mark"):
        list(read_dump([page]))


def test_favourites_are_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({**OLD, "favs": [str(number) for number in range(5000)]}) + "\n", "utf-8")
    ((number, row),) = read_rows(path)
    assert (number, row["favs"], row["pools"]) == (1, [], OLD["pools"])


def test_files_of_a_dump(tmp_path: Path) -> None:
    names = [
        "posts000000000010.json", "posts000000000002.json", "tags000000000000.json", "artists000000000000.json",
        "tag_aliases000000000000.json", "notes000000000000.json", "readme.txt", ".hidden.json",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).write_bytes(b"")
    sub = tmp_path / "2018"
    sub.mkdir()
    (sub / "2018000000000012").write_bytes(b"")
    assert [path.name for path in dump_files([tmp_path])] == [
        "2018000000000012",
        "posts000000000002.json",
        "posts000000000010.json",
    ]
    assert dump_files([tmp_path / "readme.txt"]) == [tmp_path / "readme.txt"]
    with pytest.raises(DataError, match="no such file or folder"):
        dump_files([tmp_path / "absent"])
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no post files"):
        dump_files([tmp_path / "none"])
