from __future__ import annotations

from pathlib import Path

import pytest

from inkpose.index.store import PoseIndex
from tests.inkpose.index.poses_fixture import many


@pytest.fixture
def index(tmp_path: Path) -> PoseIndex:
    return PoseIndex.open(tmp_path / "index", create=True)


@pytest.fixture
def filled(index: PoseIndex) -> PoseIndex:
    with index.writing():
        index.add(many(60))
    return index
