from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkpose.tagging.selection import Selection, Told, read_calibration, thresholds
from shared.errors import DataError, UsageError

FOUND = [
    Told("long_hair", "body", 0.9),
    Told("very_long_hair", "body", 0.6),
    Told("hat", "clothing", 0.7),
    Told("white_background", "misc", 0.95),
    Told("1girl", "misc", 0.5),
    Told("solo", "misc", 0.55),
]


def names(selection: Selection) -> list[str]:
    return [tag.name for tag in selection.choose(FOUND)]


def test_people_first_then_score() -> None:
    assert names(Selection()) == ["solo", "1girl", "white_background", "long_hair", "hat", "very_long_hair"]


def test_always_first() -> None:
    assert names(Selection(first=["hat", "1girl", "not_there"]))[:3] == ["hat", "1girl", "solo"]


def test_wildcards() -> None:
    assert names(Selection(never=["*_background", "solo"])) == ["1girl", "long_hair", "hat", "very_long_hair"]
    assert names(Selection(only=["*hair", "hat"], never=["very_*"])) == ["long_hair", "hat"]
    assert "long_hair" in names(Selection(never=["hair"])), "a name is matched whole, not in part"


def test_implied_goes_without_saying_through_a_chain() -> None:
    implied = {"very_long_hair": ["long_hair"], "hat": ["headwear"], "headwear": ["white_background"]}
    assert names(Selection(implied=implied)) == ["solo", "1girl", "hat", "very_long_hair"]


def test_replacement_is_told_once_with_the_best_score() -> None:
    chosen = Selection(replace={"very_long_hair": "long_hair", "hat": "headwear"}).choose(FOUND)
    assert {tag.name: tag.score for tag in chosen}["long_hair"] == 0.9
    assert [tag.name for tag in chosen].count("long_hair") == 1
    assert "headwear" in [tag.name for tag in chosen]


def test_top_k_keeps_the_most_probable() -> None:
    assert set(names(Selection(top_k=2))) == {"white_background", "long_hair"}


def test_thresholds_most_particular_wins() -> None:
    own = np.array([0.1, 0.2, 0.3])
    args = (own, ["long_hair", "hat", "solo"], ["body", "clothing", "misc"])
    assert thresholds(*args).tolist() == [0.1, 0.2, 0.3]
    assert thresholds(*args, common=0.5).tolist() == [0.5, 0.5, 0.5]
    assert thresholds(*args, common=0.5, by_group={"clothing": 0.7}).tolist() == [0.5, 0.7, 0.5]
    assert thresholds(*args, by_group={"body": 0.7}, by_class={"long hair": 0.9}).tolist() == [0.9, 0.2, 0.3]
    assert own.tolist() == [0.1, 0.2, 0.3]
    with pytest.raises(UsageError, match="body, clothing, misc"):
        thresholds(*args, by_group={"hats": 0.7})
    with pytest.raises(UsageError, match="boots"):
        thresholds(*args, by_class={"boots": 0.7})


def test_calibration_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"hat": 0.4}')
    (tmp_path / "a.csv").write_text("name,group,threshold\nhat,clothing,0.4\n")
    assert read_calibration(tmp_path / "a.json") == read_calibration(tmp_path / "a.csv") == {"hat": 0.4}
    for name, text in {
        "b.json": '{"hat": 4}',
        "b.csv": "name\nhat\n",
        "c.json": "[]",
        "d.json": '{"hat": null}',
    }.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(DataError, match=name):
            read_calibration(tmp_path / name)
