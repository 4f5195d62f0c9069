"""A tiny data set as a folder and as shards of it, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from shared.datamodules import tags as tags_module
from shared.shards.folder_source import FolderSource
from shared.shards.writing import write_shards
from tests.fixtures_dataset import write_tiny_dataset
from tests.shared.tiny_rulebook import TinyRulebook


class Made(NamedTuple):
    folder: Path
    shards: Path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """24 training pictures in 8 shards of 3, 12 of each other split in 4."""
    root = tmp_path_factory.mktemp("sharded")
    write_tiny_dataset(root / "tiny", 48)
    write_shards(FolderSource(root / "tiny", TinyRulebook()), str(root / "shards"), per_shard=3)
    return Made(root / "tiny", root / "shards")


@pytest.fixture(autouse=True)
def _tiny_rulebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags_module, "load_rulebook", lambda source: TinyRulebook())
