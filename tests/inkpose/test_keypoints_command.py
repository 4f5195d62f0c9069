import json

import pytest

from inkpose.cli import main
from shared.keypoints.layouts import ADD_21


def _add_file(path, count=30, mirrored=False):
    rows = []
    for n in range(1, count + 1):
        points = {}
        for i, name in enumerate(ADD_21.names):
            side = 1 if "left" in name else -1 if "right" in name else 0
            points[name] = [60 + (-20 if mirrored else 20) * side, 10 + 8 * i]
        rows.append({"file_name": f"data/images/{n}.png", "points": points, "width": 120, "height": 200})
    rows[4]["width"] = 0
    path.write_text(json.dumps(rows))
    return path


def test_converts_and_says_what_is_lost(tmp_path, capsys):
    out = tmp_path / "out.json"
    assert main(["data", "keypoints", str(_add_file(tmp_path / "add.json")), "--to", "coco", "--out", str(out),
                 "--json", str(tmp_path / "report.json")]) == 0  # fmt: skip
    told = capsys.readouterr()
    assert "left unlabelled: left_eye, right_eye, left_ear, right_ear" in told.out
    assert "left out: body_upper" in told.out
    assert "count as visible" in told.out
    assert "29 characters in 29 pictures (coco_17), 1 records dropped" in told.out
    assert "dropped: data/images/5.png: size 0 × 200" in told.err
    assert "exchanged" not in told.err
    document = json.loads(out.read_text())
    assert document["annotations"][0]["keypoints"][3:6] == [0, 0, 0]
    assert "visibility" in document["info"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["from_layout"], report["characters"], len(report["dropped"])) == ("add_21", 29, 1)


def test_exchanged_sides_are_warned_about_and_mended(tmp_path, capsys):
    source, out = str(_add_file(tmp_path / "add.json", mirrored=True)), str(tmp_path / "out.json")
    assert main(["data", "keypoints", source, "--to", "add", "--out", out]) == 0
    assert "left and right look exchanged" in capsys.readouterr().err
    assert main(["data", "keypoints", source, "--to", "add", "--out", out, "--swap-sides"]) == 0
    assert "exchanged" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["missing.json", "--to", "coco", "--out", "o.json"], "no such file"),
        (["add.json", "--to", "yolo", "--out", "o.json"], "--to yolo"),
        (["add.json", "--to", "coco", "--out", "."], "--out is a folder"),
        (["add.json", "--to", "openpose", "--out", "add.json"], "name a folder"),
        (["add.json", "--to", "coco", "--out", "o.json", "--from", "coco"], "COCO keypoint file"),
        (["add.json", "--to", "coco", "--out", "o.json", "--box-form", "x"], "--box-form x"),
        (["add.json", "--to", "coco", "--out", "o.json", "--images", "nowhere"], "no such folder"),
        (["add.json", "--to", "add", "--layout", "coco_17", "--out", "o.json"], "--layout coco_17"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(tmp_path, monkeypatch, capsys, args, told):
    monkeypatch.chdir(tmp_path)
    _add_file(tmp_path / "add.json")
    before = (tmp_path / "add.json").read_text()
    assert main(["data", "keypoints", *args]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["add.json"]
    assert (tmp_path / "add.json").read_text() == before
