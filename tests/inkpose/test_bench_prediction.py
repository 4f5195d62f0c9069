"""The benchmark of prediction runs with the nets that come with inkpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkpose.bench import prediction
from inkpose.weights import SHIPPED, is_whole


@pytest.mark.slow
@pytest.mark.skipif(not is_whole(SHIPPED), reason="this checkout has no shipped nets")
def test_both_sides_see_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "_COUNT", 2)
    fast, thorough = prediction.rows(tmp_path, SHIPPED)
    assert fast.ours > thorough.ours > 0
    assert fast.baseline > 0
