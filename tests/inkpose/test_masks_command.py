import json
from pathlib import Path

import numpy as np
import pytest

from inkpose.cli import main
from shared.images import read_rgb, write_png
from tests.fixtures_dataset import write_tiny_dataset


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tiny_dataset(tmp_path, 8, size=48)
    return tmp_path


def test_cutouts_writes_a_list_that_a_config_takes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_png(root / "fg/2.png", np.full((8, 9, 3), 5, np.uint8))
    (root / "fg/900.png").write_bytes(b"no picture")
    out = root / "lists/cutouts.txt"
    assert main(["data", "cutouts", str(root / "fg"), "--out", str(out), "--json", str(root / "report.json")]) == 0
    streams = capsys.readouterr()
    assert "6 usable" in streams.out
    assert "no useful alpha" in streams.out
    assert "900.png: not a picture that can be read" in streams.err
    report = json.loads((root / "report.json").read_text())
    assert report["usable"] == 6
    assert report["dropped"] == {"cannot be read": 1, "no useful alpha, nothing in it is transparent": 1}
    lines = out.read_text().splitlines()
    assert lines[0] == "../fg/1.png"
    config = root / "config.yaml"
    config.write_text(f"data: {{root: {root}, image_size: 32, composed_ratio: 0.0, foregrounds: [{{path: {out}}}]}}\n")
    sheet = root / "sheet.png"
    assert main(["data", "composites", str(config), "--out", str(sheet), "--count", "5", "--columns", "3"]) == 0
    picture = read_rgb(sheet)
    assert picture.shape == (2 * 36 + 4, 3 * 36 + 4, 3)
    outlined = root / "outlined.png"
    args = ["data", "composites", str(config), "--out", str(outlined), "--count", "5", "--columns", "3", "--outline"]
    assert main(args) == 0
    changed = (read_rgb(outlined) != picture).any(axis=2)
    assert (read_rgb(outlined)[changed] == (255, 0, 255)).all()
    assert changed.any()


def test_names_that_fit_no_line_are_left_out(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "fg/1.png").rename(root / "fg/two\nlines.png")
    (root / "fg/2.png").rename(root / "fg/ä\u3000ö.png")
    assert main(["data", "cutouts", str(root / "fg"), "--out", str(root / "fg.txt")]) == 0
    lines = (root / "fg.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 7
    assert "fg/ä\u3000ö.png" in lines
    assert "two\\nlines.png" in capsys.readouterr().err


def test_cutouts_of_a_list_of_ids(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "ids.csv").write_text("id\n1\n2\n12345\n")
    args = ["data", "cutouts", str(root / "fg"), "--ids", str(root / "ids.csv"), "--out", str(root / "fg.txt")]
    assert main(args) == 0
    assert (root / "fg.txt").read_text() == "fg/1.png\nfg/2.png\n"
    assert "picture 12345 is not in" in capsys.readouterr().err


def test_pairs_counts_what_is_wrong(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_png(root / "im/1.png", np.full((8, 9, 3), 5, np.uint8))
    write_png(root / "gt/1.png", np.eye(8, 9, dtype=np.uint8))
    write_png(root / "im/2.png", np.full((8, 9, 3), 5, np.uint8))
    write_png(root / "gt/2.png", np.zeros((9, 8), np.uint8))
    write_png(root / "im/3.png", np.full((8, 9, 3), 5, np.uint8))
    assert main(["data", "pairs", str(root), "--layout", "birefnet"]) == 0
    streams = capsys.readouterr()
    assert "1 usable" in streams.out
    assert "left out: other size" in streams.out
    assert "left out: picture without a mask" in streams.out
    assert "gt/2.png: mask of 8 × 9 for a picture of 9 × 8" in streams.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["cutouts", "fg", "--out", "list"], "--out list: must end in .txt"),
        (["cutouts", "bg", "--out", "list.txt"], "no usable cut-out among 8 files; the first problem: bg"),
        (["cutouts", "fg", "bg", "--ids", "x.csv", "--out", "list.txt"], "--ids: give one folder"),
        (["cutouts", "fg", "--ids", "x.csv", "--out", "list.txt"], "x.csv: no such file"),
        (["pairs", "fg"], "fg: no pictures with masks found"),
        (["pairs", "fg", "--layout", "x"], "--layout x: not known; use auto, folders"),
        (["composites", "gone.yaml", "--out", "x.png"], "gone.yaml: no such file"),
        (["composites", "bad.yaml", "--out", "x.png"], "bad.yaml: MaskDataModule.__init__() got an unexpected"),
        (["composites", "good.yaml", "--out", "x.gif"], "--out x.gif: must end in .png or .jpg"),
        (["composites", "good.yaml", "--out", "x.png", "--count", "9999"], "--count 9999"),
    ],
)
def test_bad_input_is_one_line(
    root: Path, args: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    Path("bad.yaml").write_text("data: {roots: x}\n")
    Path("good.yaml").write_text("data: {root: .}\n")
    assert main(["data", *args]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"error: {message}")
    assert "\n" not in error
    assert not list(root.glob("list*")) + list(root.glob("x.*"))
