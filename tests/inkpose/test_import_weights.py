from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision

from inkpose.cli import main
from tagger.predict import load


def test_import_says_what_became_of_the_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = torchvision.models.resnet18(num_classes=2).state_dict()
    torch.save({"state_dict": {f"resnet.{key}": value for key, value in state.items()} | {"x.y": torch.zeros(1)}},
               tmp_path / "released.ckpt")  # fmt: skip
    (tmp_path / "tags.txt").write_text("long_hair\nhat\n")
    out = tmp_path / "out.ckpt"
    arguments = ["import", "tagger", str(tmp_path / "released.ckpt"), "--classes", str(tmp_path / "tags.txt")]
    assert main([*arguments, "--out", str(out), "--paper-preprocessing"]) == 0
    told = capsys.readouterr().out
    assert "122 tensors matched, 0 missing, 1 left over" in told
    assert "left over: x.y" in told
    predictor = load(out)
    assert predictor.class_groups == ("body", "clothing")
    assert predictor.preprocessing == "paper"


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tags.txt").write_text("a\n")
    arguments = ["import", "tagger", str(tmp_path / "none.ckpt"), "--classes", str(tmp_path / "tags.txt"), "--out"]
    assert main([*arguments, str(tmp_path / "out.ckpt")]) == 2
    assert main([*arguments, str(tmp_path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 2
    assert "none.ckpt" in lines[0]
    assert not (tmp_path / "out.ckpt").exists()
