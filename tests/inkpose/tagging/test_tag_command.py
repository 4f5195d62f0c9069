from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from numpy.typing import NDArray
from typer.testing import CliRunner

import tagger.predict
from inkpose.cli import main
from inkpose.commands.tag import tag
from inkpose.tagging.run import over_thresholds
from shared.errors import DataError, InkposeError, UsageError
from shared.images import find_images, read_rgb
from shared.readers.tag_csv import read_tag_csv as tagged_files

NAMES = ("red_thing", "blue_thing", "dark", "never_taught")


class ColourTagger:
    """Says which channel is strong; no net, so that the command itself is tested."""

    class_names = NAMES
    class_groups = ("body", "clothing", "misc", "misc")

    def limits(self, min_precision: float | None) -> NDArray[np.float64]:
        return np.full(4, 0.5 if min_precision is None else min_precision)

    def read(self, path: Path, pixel_limit: int) -> NDArray[np.uint8]:
        return read_rgb(path, pixel_limit)

    def look(self, squares: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        rows = [(i[..., 0].mean() / 255, i[..., 2].mean() / 255, float(i.mean() < 30), 0.0) for i in squares]
        colours = np.array([i.mean((0, 1)) for i in squares], np.float32).reshape(len(squares), 3)
        self.looked = getattr(self, "looked", 0) + len(squares)
        return np.array(rows, np.float32).reshape(len(squares), 4), colours


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


def test_least_precision(folder: Path) -> None:
    run(folder, "--min-precision", "0.3")  # the stand-in takes it for a threshold
    assert captions(folder)["in/grey.txt"] == "red thing, blue thing\n"
    run(folder, "--min-precision", "0.3", "--thresh", "0.9", "--mode", "overwrite", "--out", str(folder / "other"))
    assert not (folder / "other/grey.txt").exists()


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


def test_csv_is_a_tag_table(folder: Path) -> None:
    """Told of paths below the current folder, `inkpose data folder . --csv` takes it."""
    run(folder, "--no-captions", "--json", str(folder / "t.csv"), "--thresh", "0.3")
    (folder / "t.csv").write_text((folder / "t.csv").read_text().replace(f"{folder}/", ""))
    rows = {Path(file.path).name: file.tags for _, file in tagged_files(folder / "t.csv")}
    assert rows == {"red.png": ("red_thing",), "blue.jpg": ("blue_thing",), "grey.png": ("red_thing", "blue_thing")}
    scores = {Path(row["file"]).name: row["scores"] for row in csv.DictReader((folder / "t.csv").open())}
    assert len(scores["grey.png"].split(", ")) == 2
    with pytest.raises(UsageError, match=r"\.jsonl"):
        run(folder, "--json", str(folder / "t.txt"))


def test_embeddings(folder: Path) -> None:
    (folder / "in/bad.png").write_bytes(b"no picture")
    run(folder, "--no-captions", "--embeddings", str(folder / "e.parquet"))
    rows = {Path(row["image"]).name: row["embedding"] for row in pq.read_table(folder / "e.parquet").to_pylist()}
    assert rows.keys() == {"red.png", "blue.jpg", "grey.png"}
    assert rows["red.png"] == [250, 0, 0]
    assert pq.read_schema(folder / "e.parquet").metadata[b"inkpose.tagger"]
    with pytest.raises(UsageError, match=r"\.parquet"):
        run(folder, "--embeddings", str(folder / "e.npy"))


def test_a_stopped_run_goes_on_with_its_lists(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = ["--json", str(folder / "t.json"), "--embeddings", str(folder / "e.parquet"), "--counts",
             str(folder / "c.csv"), "--batch_size", "1"]  # fmt: skip
    whole = folder / "whole"
    shutil.copytree(folder / "in", whole / "in")
    look, looked = ColourTagger.look, list[int]()

    def stopped(self: ColourTagger, squares: list[NDArray[np.uint8]]) -> Any:
        looked.append(len(squares))
        if len(looked) == 3:
            raise KeyboardInterrupt
        return look(self, squares)

    monkeypatch.setattr(ColourTagger, "look", stopped)
    assert run(folder, *lists)[0] == 130
    assert len(captions(folder)) == 1, "grey has no tags, and the third was not looked at"
    assert not (folder / "t.json").exists()
    next((folder / "in").rglob("*.txt")).unlink()  # as if the stop had come between record and caption
    assert run(folder, *lists)[0] == 0
    assert len(looked) == 4, "one picture was left"
    assert len(captions(folder)) == 2
    names = [Path(record["image"]).name for record in json.loads((folder / "t.json").read_text())]
    assert names == [item.path.name for item in find_images([folder / "in"])]
    assert len(pq.read_table(folder / "e.parquet")) == 3
    assert {row["name"] for row in csv.DictReader((folder / "c.csv").open())} == {"red_thing", "blue_thing"}
    assert not list(folder.glob(".*unfinished"))
    # With lists, a caption that is there is left alone, and its picture is listed all the same.
    (folder / "in/red.txt").write_text("by hand\n")
    code, output = run(folder, *lists)
    assert (code, "2 skipped" in output) == (0, True)
    assert (folder / "in/red.txt").read_text() == "by hand\n"
    assert len(json.loads((folder / "t.json").read_text())) == 3


def test_not_recursive_frequencies_and_workers(folder: Path) -> None:
    _, output = run(folder, "--no-recursive", "--frequency_tags", "--max_data_loader_n_workers", "1")
    assert captions(folder) == {"in/red.txt": "red thing\n"}
    assert "1 red_thing" in output


@pytest.mark.parametrize("option", ["--backend", "--mode", "--precision"])
def test_unknown_choice(folder: Path, option: str) -> None:
    with pytest.raises(UsageError, match=f"{option} x: not known"):
        run(folder, option, "x")


@pytest.mark.parametrize(
    "backend", ["torch", *(pytest.param(name, marks=pytest.mark.slow) for name in ("onnx", "openvino"))]
)
def test_real_weights_in_every_form(backend: str, weights: Path, tmp_path: Path) -> None:
    """A checkpoint, its run folder and its exported folder give the same captions, with every backend."""
    if backend != "torch":
        pytest.importorskip("onnxruntime" if backend == "onnx" else backend)
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for number, side in enumerate((50, 900)):
        noise = cv2.resize(rng.integers(0, 256, (4, 6, 3), dtype=np.uint8), (side, side // 2))
        cv2.imwrite(str(tmp_path / f"in/{number}.jpg"), noise)
    checkpoint = weights / "tagger/checkpoints/best.ckpt"
    exported = ["export", "tagger", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "run/tagger")]
    assert main([*exported, *(["--onnx"] if backend != "torch" else [])]) == 0
    lists = []
    for form in (tmp_path / "run", tmp_path / "run/tagger", *([weights] if backend == "torch" else [])):
        out = tmp_path / "t.jsonl"
        arguments = ["tag", str(tmp_path / "in"), "--weights", str(form), "--backend", backend, "--no-captions"]
        assert main([*arguments, "--json", str(out), "--precision", "float32", "--thresh", "0.5"]) == 0
        lists.append([[tag["name"] for tag in json.loads(line)["tags"]] for line in out.read_text().splitlines()])
    assert all(tags == lists[0] for tags in lists)
    assert len(lists[0][0]) > 10
