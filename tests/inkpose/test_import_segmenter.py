from __future__ import annotations

from pathlib import Path

import pytest
import torch

from inkpose.cli import main
from segmenter.net import SegmenterNet
from segmenter.predict import load


@pytest.mark.slow
def test_import_says_what_became_of_the_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state, out = SegmenterNet().state_dict(), tmp_path / "alaska.ckpt"
    torch.save({"state_dict": state | {"x.y": torch.zeros(1)}}, tmp_path / "released.ckpt")
    arguments = ["import", "segmenter", str(tmp_path / "released.ckpt"), "--out", str(out), "--paper-preprocessing"]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    assert "690 tensors matched, 0 missing, 1 left over" in told
    assert "left over: x.y" in told
    assert load(out).preprocessing == "paper"


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "segmenter", str(tmp_path / "none.ckpt"), "--out", str(tmp_path / "out.ckpt")]) == 2
    assert main(["import", "segmenter", str(tmp_path / "none.ckpt"), "--out", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 2
    assert not (tmp_path / "out.ckpt").exists()
