"""The vocabulary file, and what is true together with a tag."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.errors import DataError
from shared.rulebook.vocabulary import Tag, Vocabulary, read_vocabulary, shipped_vocabulary

HEADER = "name,status,posts_2021,posts_2025,successor,implies\n"


def test_rows(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.csv"
    path.write_text(
        HEADER
        + 'cat_ears,live,10,20,,animal_ears ears\n":,d",live,,3,,\nsilver_hair,gone,7,,,\nbunny,renamed,,,rabbit,\n',
        "utf-8",
    )
    tags = read_vocabulary(path).tags
    assert tags["cat_ears"] == Tag("cat_ears", "live", 10, 20, None, ("animal_ears", "ears"))
    assert tags[":,d"] == Tag(":,d", "live", None, 3)
    assert tags["silver_hair"] == Tag("silver_hair", "gone", 7, None)
    assert tags["bunny"].next_names == ("rabbit",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,count\n", ":1: the header must be name,status,"),
        ("", ":1: the header must be"),
        (HEADER + "a,live,,\n", ":2: 4 columns where 6 are expected"),
        (HEADER + "a,live,,,,\na,live,,,,\n", ":3: tag 'a' has a row already"),
        (HEADER + "a b,live,,,,\n", ":2: 'a b' is not a tag name"),
        (HEADER + "a,dead,,,,\n", ":2: status 'dead' is unknown"),
        (HEADER + "a,live,many,,,\n", ":2: 'many' is not a count"),
        (HEADER + "a,live,-1,,,\n", ":2: '-1' is not a count"),
        (HEADER + "a,renamed,,,,\n", ":2: 'a' is renamed and has successor ''"),
        (HEADER + "a,live,,,b,\n", ":2: 'a' is live and has successor 'b'"),
        (HEADER + '"a,live,,,,\n', "not valid CSV"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "vocabulary.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DataError) as raised:
        read_vocabulary(path)
    assert message in str(raised.value)
    assert str(raised.value).startswith(str(path))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_vocabulary(tmp_path / "absent.csv")


VOCABULARY = Vocabulary(
    {
        tag.name: tag
        for tag in (
            Tag("serafuku", implies=("school_uniform", "sailor_collar")),
            Tag("sailor_suit", "renamed", successor="serafuku"),
            Tag("school_uniform", implies=("uniform",)),
            Tag("sailor_collar"),
            Tag("loop_a", implies=("loop_b",)),
            Tag("loop_b", implies=("loop_a",)),
        )
    }
)


def test_complete_follows_heirs_and_implications_to_the_end() -> None:
    assert VOCABULARY.complete("sailor_suit") == {
        "sailor_suit",
        "serafuku",
        "school_uniform",
        "sailor_collar",
        "uniform",
    }
    assert VOCABULARY.complete("never_seen") == {"never_seen"}
    assert VOCABULARY.complete("loop_a") == {"loop_a", "loop_b"}


def test_path_is_the_shortest_chain() -> None:
    assert VOCABULARY.path("sailor_suit", ["uniform"]) == ("sailor_suit", "serafuku", "school_uniform", "uniform")
    assert VOCABULARY.path("serafuku", ["serafuku", "uniform"]) == ("serafuku",)
    assert VOCABULARY.path("sailor_collar", ["uniform"]) is None
    assert VOCABULARY.path("loop_a", ["absent"]) is None


def test_extended_prefers_the_other() -> None:
    both = VOCABULARY.extended(Vocabulary({"sailor_collar": Tag("sailor_collar", posts_2025=5), "new": Tag("new")}))
    assert both.tags["sailor_collar"].posts_2025 == 5
    assert "new" in both
    assert "serafuku" in both


def test_shipped_vocabulary_is_closed() -> None:
    vocabulary = shipped_vocabulary()
    for tag in vocabulary.tags.values():
        assert all(name in vocabulary for name in tag.next_names), tag.name
    assert (Path(__file__).parents[3] / "shared/rulebook/vocabulary.csv").stat().st_size < 600_000
