"""kohya's captions and plain tables."""

from __future__ import annotations

from pathlib import Path, PurePath

import pytest

from shared.errors import DataError
from shared.readers.captions import read_caption, repeats_of_folder, tags_of_caption
from shared.readers.tag_csv import TaggedFile, read_tag_csv


def test_tags_of_a_caption() -> None:
    line = r"1girl, Long Hair , >_<, |_|, rem \(re zero\), long hair,, :d, fate (series)"
    assert tags_of_caption(line) == ("1girl", "long_hair", ">_<", "|_|", "rem_(re_zero)", ":d", "fate_(series)")


def test_captions_beside_pictures(tmp_path: Path) -> None:
    picture = tmp_path / "a.b.png"
    assert read_caption(picture) is None
    (tmp_path / "a.b.caption").write_text("caption")
    assert read_caption(picture) == ("caption",)
    (tmp_path / "a.b.txt").write_text("\ufefftxt, x\nsecond line", "utf-8")
    assert read_caption(picture) == ("txt", "x")
    (tmp_path / "a.b.txt").write_text("")
    assert read_caption(picture) == ()
    (tmp_path / "a.b.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match=r"a\.b\.txt: cannot be read .*UTF-8"):
        read_caption(picture)


def test_repeats_of_folders() -> None:
    assert repeats_of_folder(PurePath("10_alice/x/1.png")) == 10
    assert repeats_of_folder(PurePath("10_alice/3_close/1.png")) == 3
    assert repeats_of_folder(PurePath("alice_10/7_1.png")) == 1


def test_table(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        'tags,file,id,split,rating,repeats,other\n"1girl, long hair",a/1.png,7,val,safe,2,x\n1girl solo,b.png,,,,,\n'
    )
    rows = list(read_tag_csv(path))
    assert rows == [
        (2, TaggedFile("a/1.png", ("1girl", "long_hair"), 7, "val", "safe", 2)),
        (3, TaggedFile("b.png", ("1girl", "solo"), None, None, None, None)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,tags\na,b\n", "1: no column 'file'"),
        ("file,tags\n../a.png,b\n", "2: path '../a.png' leads out"),
        ("file,tags\n/a.png,b\n", "2: path '/a.png' leads out"),
        ("file,tags,split\na.png,b,dev\n", "2: split 'dev' is unknown"),
        ("file,tags,rating\na.png,b,s\n", "2: rating 's' is unknown"),
        ("file,tags,id\na.png,b,-4\n", "2: id '-4' is not a whole number"),
        ("file,tags\na.png,b,c\n", "2: not as many fields"),
        ("file,tags\na.png\n", "2: not as many fields"),
        ('file,tags\na.png,"b\n', "cannot be read as CSV"),
    ],
)
def test_bad_tables_name_the_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        list(read_tag_csv(path))
    assert str(caught.value).startswith(f"{path}:")
    assert message in str(caught.value)
