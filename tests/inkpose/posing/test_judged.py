"""Labelled drawings judged by the command: numbers, and pictures with rings where the labels are."""

from __future__ import annotations

import json

import numpy as np
import yaml

from inkpose.cli import main
from inkpose.overlay import LEFT, RIGHT
from inkpose.posing.judged import draw_answer
from pose.real_pictures import read_animated_drawing
from shared.images import read_rgb, write_png

_SIDED = ("shoulder", "elbow", "hand", "hip", "knee", "foot")


def write_character(folder):
    names = [f"{side}_{name}" for side in ("right", "left") for name in _SIDED]
    skeleton = [{"name": name, "loc": [30 + 20 * i, 40 + 25 * i]} for i, name in enumerate(names)]
    folder.mkdir(parents=True)
    (folder / "char_cfg.yaml").write_text(yaml.safe_dump({"skeleton": skeleton}))
    write_png(folder / "texture.png", np.full((400, 320, 3), 230, np.uint8))
    write_png(folder / "mask.png", np.pad(np.full((380, 300), 255, np.uint8), 10))


def test_the_command_judges_character_folders(tmp_path, weights, capsys):
    write_character(tmp_path / "data/one")
    write_character(tmp_path / "data/two")
    (tmp_path / "data/broken").mkdir()
    (tmp_path / "data/broken/char_cfg.yaml").write_text("- 1")
    write_png(tmp_path / "data/broken/texture.png", np.full((4, 4, 3), 230, np.uint8))
    checkpoint = weights / "pose/checkpoints/best.ckpt"
    command = ["eval", "pose", "--checkpoint", str(checkpoint), "--data", str(tmp_path / "data")]
    assert main([*command, "--json", str(tmp_path / "told.json"), "--overlays", str(tmp_path / "look")]) == 0
    told = capsys.readouterr()
    assert "left_ankle" in told.out
    assert told.err.startswith("passed over: ")
    groups = json.loads((tmp_path / "told.json").read_text())["groups"]
    assert groups["all"] == groups["AnimatedDrawings"]
    assert (groups["all"]["characters"], groups["all"]["joints"], groups["all"]["n/left_wrist"]) == (2, 24, 2)
    assert sorted(path.name for path in (tmp_path / "look").iterdir()) == ["000_one.png", "001_two.png"]
    assert read_rgb(tmp_path / "look/000_one.png").shape == (640, 512, 3)
    assert main([*command[:-1], str(tmp_path / "look")]) == 2
    assert "no character folder" in capsys.readouterr().err


def test_rings_lie_where_the_labels_are(tmp_path):
    write_character(tmp_path / "one")
    picture = read_animated_drawing(tmp_path / "one")
    drawn = draw_answer(picture, np.zeros((25, 3)), np.full(25, 0.5, np.float32))  # no joint passes the gate
    scale, ring = 640 / 400, round(3.6 * 640 / 320)
    for place, (x, y) in enumerate((30 + 20 * i, 40 + 25 * i) for i in range(12)):
        middle = (round(x * scale), round(y * scale))
        assert tuple(drawn[middle[1], middle[0] + ring]) == (RIGHT if place < 6 else LEFT)
        assert tuple(drawn[middle[1], middle[0]]) == (230, 230, 230)
