from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkpose.cli import main
from tests.fixtures_dataset import write_tiny_dataset


def test_the_papers_table_stands_beside_ours(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_dataset(tmp_path / "data", ids=[950, 951])
    checkpoint = weights / "segmenter/checkpoints/best.ckpt"
    arguments = ["eval", "segmenter", "--checkpoint", str(checkpoint), "--data", str(tmp_path / "data")]
    assert main([*arguments, "--json", str(tmp_path / "m.json")]) == 0
    told = capsys.readouterr().out
    assert "boundary_iou" in told
    assert "YAAS SOLOv2" in told
    assert "0.9061" in told
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert metrics["n"] == 2
    assert metrics["paper"].keys() == {"f1", "precision", "recall", "iou", "fg_bg_iou", "box_iou", "accuracy"}
    assert main([*arguments, "--paper-metrics"]) == 0
    told = capsys.readouterr().out
    assert "the paper's rules" in told
    assert "boundary_iou" not in told
