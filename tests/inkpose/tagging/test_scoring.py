from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from inkpose.cli import main
from tests.fixtures_dataset import write_tiny_dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "tiny"
    write_tiny_dataset(root, count=12, size=48)
    return root


def test_tables_json_and_csv_of_an_exported_folder(
    data: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = weights / "tagger/checkpoints/best.ckpt"
    assert main(["export", "tagger", "--checkpoint", str(checkpoint), "--out", str(tmp_path / "exported")]) == 0
    arguments = ["eval", "tagger", "--data", str(data), "--json", str(tmp_path / "m.json"), "--min-positives", "1"]
    arguments += ["--checkpoint", str(tmp_path / "exported"), "--per-class", str(tmp_path / "c.csv")]
    assert main([*arguments, "--paper-metrics"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for text in ("0.4744", "0.2297", "this checkpoint", "by its release's rules", "body", "p=r"):
        assert text in told
    report = json.loads((tmp_path / "m.json").read_text())
    points = report["points"]
    assert list(points["f2"]) == ["f2", "precision", "recall", "accuracy"]
    assert f"{points['f2']['f2']:.4f}"[:5] in told
    rows = list(csv.DictReader((tmp_path / "c.csv").open()))
    assert len(rows) == len(report["per_class"]) > 5
    assert {row["name"] for row in rows} >= {"shirt", "short_hair"}
    assert float(rows[0]["threshold"]) == 0.5


def test_wrong_use_is_one_line(data: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = str(weights / "tagger/checkpoints/best.ckpt")
    (tmp_path / "other.yaml").write_text("group: body\nclasses:\n- {name: long_hair, any: [long_hair]}\n")
    for more in (
        ["--data", str(tmp_path / "none.parquet")],
        ["--data", str(data), "--per-class", str(tmp_path)],
        ["--data", str(data), "--split", "all"],
        ["--data", str(data), "--rulebook", str(tmp_path / "other.yaml")],
    ):
        assert main(["eval", "tagger", "--checkpoint", checkpoint, *more]) == 2
    assert main(["eval", "tagger", "--checkpoint", str(tmp_path / "none.ckpt"), "--data", str(data)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 5
    assert all(line.startswith("error: ") for line in lines)


def test_drawn_while_it_is_scored(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = str(weights / "tagger/checkpoints/best.ckpt")
    root = "synth:count=1000,seed=4,size=64,mix=simple,characters=1"
    arguments = ["--checkpoint", checkpoint, "--min-positives", "1", "--json", str(tmp_path / "m.json")]
    assert main(["eval", "tagger", "--data", root, *arguments]) == 0
    assert json.loads((tmp_path / "m.json").read_text())["pictures"] == 50
    capsys.readouterr()
    assert main(["eval", "pose", "--data", root]) == 2
    assert main(["eval", "tagger", "--data", "synth:count=20", *arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert "only the tagger" in lines[0]
    assert "draw at least 1000" in lines[1]
