from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner

import tagger.predict
from inkpose.commands.tag import tag
from inkpose.tagging.run import over_thresholds
from shared.errors import DataError, InkposeError, UsageError

NAMES = ("red_thing", "blue_thing", "dark", "never_taught")


class ColourTagger:
    """Says which channel is strong; no net, so that the command itself is tested."""

    class_names = NAMES
    class_groups = ("body", "clothing", "misc", "misc")
    thresholds = np.full(4, 0.5)

    def predict(self, images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        rows = [(i[..., 0].mean() / 255, i[..., 2].mean() / 255, float(i[..., :3].mean() < 30), 0.0) for i in images]
        return np.array(rows, np.float32).reshape(len(images), 4)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tagger.predict, "load", lambda *_: ColourTagger())
    for name, bgr in {"red.png": (0, 0, 250), "sub/blue.jpg": (240, 0, 0), "grey.png": (100, 100, 100)}.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "in" / name), np.full((20, 30, 3), bgr, np.uint8))
    (tmp_path / "best.ckpt").write_text("stands for a checkpoint")
    return tmp_path


def run(folder: Path, *args: str, inputs: str = "in") -> tuple[int, str]:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(tag)
    result = CliRunner().invoke(app, [str(folder / inputs), "--weights", str(folder / "best.ckpt"), *args])
    if isinstance(result.exception, InkposeError):
        raise result.exception
    return result.exit_code, result.output


def captions(folder: Path) -> dict[str, str]:
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted((folder / "in").rglob("*.txt"))}


def test_captions_beside_pictures_and_a_second_run_skips(folder: Path) -> None:
    code, output = run(folder)
    assert code == 0
    assert captions(folder) == {"in/red.txt": "red thing\n", "in/sub/blue.txt": "blue thing\n"}
    assert "no tags: " in output
    assert "3 pictures tagged, 2 captions written" in output
    (folder / "in/red.txt").write_text("by hand\n")
    code, output = run(folder)
    assert captions(folder)["in/red.txt"] == "by hand\n"
    assert "2 skipped" in output


def test_append_prefix_replacement_and_underscores(folder: Path) -> None:
    (folder / "in/red.txt").write_text("by hand, red thing\n")
    run(folder, "--append_tags", "--prefix", "mychar", "--underscores", "--tag_replacement", "blue thing,azure_thing")
    assert captions(folder) == {
        "in/grey.txt": "mychar\n",
        "in/red.txt": "by hand, red thing, mychar\n",
        "in/sub/blue.txt": "mychar, azure_thing\n",
    }


def test_thresholds_and_lists(folder: Path) -> None:
    run(
        folder,
        "--thresh",
        "0.2",
        "--group-threshold",
        "clothing=0.99",
        "--undesired_tags",
        "dark",
        "--mode",
        "overwrite",
    )
    assert captions(folder) == {"in/grey.txt": "red thing\n", "in/red.txt": "red thing\n"}


def test_json_counts_and_no_captions(folder: Path) -> None:
    run(
        folder, "--no-captions", "--json", str(folder / "t.jsonl"), "--counts", str(folder / "c.csv"), "--thresh", "0.3"
    )
    assert captions(folder) == {}
    records = [json.loads(line) for line in (folder / "t.jsonl").read_text().splitlines()]
    by_name = {Path(record["image"]).name: record for record in records}
    assert by_name["red.png"]["tags"] == [
        {"name": "red_thing", "group": "body", "score": pytest.approx(0.98, abs=0.01)}
    ]
    assert [tag["name"] for tag in by_name["grey.png"]["tags"]] == ["red_thing", "blue_thing"]
    rows = list(csv.DictReader((folder / "c.csv").open()))
    assert {row["name"]: row["count"] for row in rows} == {"red_thing": "2", "blue_thing": "2"}
    run(folder, "--no-captions", "--json", str(folder / "t.json"))
    assert len(json.loads((folder / "t.json").read_text())) == 3


def test_out_folder_keeps_the_tree_and_dry_run_writes_nothing(folder: Path) -> None:
    _, output = run(folder, "--dry-run", "--out", str(folder / "out"))
    assert not (folder / "out").exists()
    assert "blue.jpg: blue thing" in output
    run(folder, "--out", str(folder / "out"))
    assert (folder / "out/sub/blue.txt").read_text() == "blue thing\n"
    assert captions(folder) == {}


def test_bad_pictures_do_not_stop_the_run(folder: Path) -> None:
    (folder / "in/bad.png").write_bytes(b"no picture")
    cv2.imwrite(str(folder / "in/red.jpg"), np.zeros((9, 9, 3), np.uint8))
    code, output = run(folder)
    assert code == 0
    assert "refused: " in output
    assert "bad.png" in output
    assert "shares its caption" in output, "a.jpg and a.png would have one caption file"
    assert len(captions(folder)) == 2
    with pytest.raises(DataError, match="no picture could be tagged"):
        run(folder, inputs="in/bad.png")


def test_patterns_are_expanded_and_names_with_brackets_are_names(folder: Path) -> None:
    (folder / "in/red.png").rename(folder / "in/[red].png")
    run(folder, inputs="in/[red].png")
    assert list(captions(folder)) == ["in/[red].txt"]
    run(folder, inputs="in/**/*.jpg")
    assert list(captions(folder)) == ["in/[red].txt", "in/sub/blue.txt"]


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--mode", "replace"], "overwrite"),
        (["--group-threshold", "clothing"], "clothing=0.5"),
        (["--group-threshold", "hats=0.5"], "hats"),
        (["--tag_replacement", "a,b,c"], "old,new"),
        (["--caption_extension", "txt"], "dot"),
        (["--caption_separator", " "], "blanks"),
        (["--weights", "/nowhere"], "make demo"),
        (["--device", "gpu"], "cuda"),
    ],
)
def test_wrong_usage_is_one_line(folder: Path, args: list[str], word: str) -> None:
    with pytest.raises(UsageError, match=word) as caught:
        run(folder, *args)
    assert "\n" not in str(caught.value)
    assert captions(folder) == {}


def test_probabilities_at_the_threshold_are_not_told() -> None:
    row = np.array([0.5, 0.51, 0.0, 0.0], np.float32)
    fake: Any = ColourTagger()
    assert [told.name for told in over_thresholds(fake, row, np.full(4, 0.5))] == ["blue_thing"]
