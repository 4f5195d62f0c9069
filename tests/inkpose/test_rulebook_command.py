"""`inkpose rulebook`: what it prints, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from inkpose.commands.rulebook import app
from shared.errors import DataError, UsageError


def run(*args: str) -> str:
    result = CliRunner().invoke(app, list(args), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_check_prints_the_sum_and_the_frequencies() -> None:
    output = run("check")
    assert "314 body + 545 clothing + 203 misc = 1062 classes" in output
    assert "median class 0." in output
    assert "rarest class" in output
    told = json.loads(run("check", "--json"))
    assert told["groups"] == {"body": 314, "clothing": 545, "misc": 203}
    assert len(told["posts_2021"]) == 1062
    assert len(run("check", "--classes").splitlines()) > 1062


def test_the_page_shows_what_the_command_prints() -> None:
    page = (Path(__file__).parents[2] / "docs/rulebook.md").read_text("utf-8")
    assert run("check") in page
    assert run("apply", "1girl solo silver_hair serafuku black_thighhighs") in page


def test_explain() -> None:
    output = run("explain", "black_legwear")
    assert "black_thighhighs -> class:black_legwear" in output
    assert "gone; posts 2021: 397457" in output
    told = json.loads(run("explain", "grey_hair", "--json"))
    assert told["group"] == "body"
    assert "silver_hair" in told["raw_tags"]
    with pytest.raises(UsageError, match="silver_hair: the rulebook has no such class; as a tag it gives grey_hair"):
        run("explain", "silver_hair")


def test_apply() -> None:
    output = run("apply", "1girl solo 2girls witch_hat brand_new_tag")
    assert "witch_hat -> hat -> class:hat" in output
    assert "forbidden solo: 2girls -> multiple_girls" in output
    assert "not in the vocabulary: brand_new_tag" in output
    told = json.loads(run("apply", "1girl smile", "--json"))
    assert [each["name"] for each in told["true"]] == ["smile", "1girl"]


def test_stats(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    row = {
        "id": 1,
        "rating": "g",
        "tag_string_general": "1girl smile",
        "image_width": 1,
        "image_height": 1,
        "file_ext": "jpg",
    }
    path.write_text(json.dumps(row) + "\n", "utf-8")
    output = run("stats", str(path), "--csv", str(tmp_path / "counts.csv"))
    assert "1 posts counted; left out: none" in output
    assert (tmp_path / "counts.csv").is_file()
    assert json.loads(run("stats", str(path), "--json"))["classes"]["smile"] == 1
    with pytest.raises(DataError, match="no post with rating explicit"):
        run("stats", str(path), "--rating", "explicit")
    with pytest.raises(UsageError, match="rating 'e' is unknown; use safe, general"):
        run("stats", str(path), "--rating", "e")
    with pytest.raises(UsageError, match="rating scheme 'old' is unknown; use auto, before_2022"):
        run("stats", str(path), "--rating-scheme", "old")


def test_a_broken_rulebook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "body.yaml").write_text("group: body\nclasses:\n- {name: a, any: [no_such_tag_at_all]}\n", "utf-8")
    for command in (["check"], ["apply", "smile"], ["explain", "a"]):
        with pytest.raises(DataError, match=r"body\.yaml: class 'a': tag 'no_such_tag_at_all' in any is unknown"):
            run(*command, "--rulebook", str(tmp_path))
