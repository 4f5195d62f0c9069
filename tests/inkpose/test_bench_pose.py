"""The two sides of the pose benchmark compute the same kind of thing."""

from __future__ import annotations

import pytest
import torch

from inkpose.bench.pose_paper import WholeDetector, rows
from inkpose.bench.table import PARTS
from pose.blocks import resize


@pytest.mark.slow
def test_the_baseline_is_a_whole_detector_with_one_box() -> None:
    torch.manual_seed(0)
    detector = WholeDetector(448).eval()
    rgb = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        logits = detector.logits_of(detector.features_of(detector.trunk(rgb)))
        maps = detector.model.backbone(resize(rgb, 448))
    assert logits.shape == (1, 17, 56, 56)
    assert torch.isfinite(logits).all()
    assert list(maps) == ["0", "1", "2", "3", "pool"]  # nothing is left out


@pytest.mark.slow
def test_a_row_has_both_rates() -> None:
    (row,) = rows(batch=1, input_side=448, rounds=1)
    assert row.ours > 0
    assert row.baseline > 0
    assert row.command == "inkpose bench --only pose"
    assert "pose" in PARTS
