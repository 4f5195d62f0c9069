"""Shards at an address: ``file://`` goes the way of ``s3://``, through pyarrow, a process of its own and the cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shared.datamodules.masks import MaskDataModule
from shared.datamodules.poses import PoseDataModule
from shared.datamodules.tags import TagDataModule
from shared.errors import DataError, UsageError
from shared.shards.cache import cached
from shared.shards.folder_source import FolderSource
from shared.shards.location import ShardLocation
from shared.shards.opened import ShardSet
from shared.shards.target import ShardTarget
from shared.shards.writing import write_shards
from tests.shared.shards.conftest import Made
from tests.shared.shards.fake_s3 import fake_s3
from tests.shared.tiny_rulebook import TinyRulebook


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INKPOSE_SHARD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_written_stopped_and_read_at_an_address(made: Made, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "far").mkdir()
    url, seen = (tmp_path / "far").as_uri(), []
    source = FolderSource(made.folder, TinyRulebook())

    def stop() -> None:
        seen.append(1)
        if len(seen) == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(source, url, per_shard=12, on_sample=stop)
    with pytest.raises(DataError, match="not finished"):
        ShardSet(url)
    done = write_shards(source, url, per_shard=12)
    assert (done.had, done.shards) == (2, 4)
    with pytest.raises(UsageError, match="other pictures or options"):
        write_shards(source, url, per_shard=6)
    assert write_shards(source, url, per_shard=12).had == 4
    assert not list((tmp_path / "far").glob(".parts/*"))
    cache.rename(tmp_path / "old")  # it has the unfinished description
    for module in (TagDataModule, MaskDataModule, PoseDataModule):
        plain = module(str(made.folder), image_size=16).dataset("val")  # type: ignore[operator]
        far = module(str(made.folder), image_size=16, shards=url).dataset("val")  # type: ignore[operator]
        for i in range(len(plain)):
            assert all((plain[i][key] == far[i][key]).all() for key in plain[i])
    assert len(list(cache.glob("*/*.tar"))) == 1  # of the training pictures nothing was fetched


def test_s3_takes_and_gives_them(made: Made, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_EC2_METADATA_DISABLED", "true"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    with fake_s3() as (server, objects):
        url = f"s3://bucket/some/shards?endpoint_override={server}&scheme=http&region=us-east-1"
        done = write_shards(FolderSource(made.folder, TinyRulebook()), url, per_shard=12)
        files = {key for key in objects if not key.endswith("/")}
        assert {key.removeprefix("bucket/some/shards/").split("/")[0] for key in files} == {
            "annotations", "manifest.parquet", "members.parquet", "shards.json", "test-000000.tar", "train-000000.tar",
            "train-000001.tar", "val-000000.tar",
        }  # fmt: skip
        again = write_shards(FolderSource(made.folder, TinyRulebook()), url, per_shard=12)
        assert (again.had, again.samples) == (4, done.samples)
        plain = PoseDataModule(str(made.folder), image_size=16).dataset("val")
        far = PoseDataModule(str(made.folder), image_size=16, shards=url).dataset("val")
        assert all((plain[3][key] == far[3][key]).all() for key in plain[3])
        with pytest.raises(DataError, match=r"bucket/other/shards\.json: cannot be fetched"):
            ShardSet(f"s3://bucket/other?endpoint_override={server}&scheme=http&region=us-east-1")


def test_the_cache_holds_what_it_may(made: Made, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = made.shards.as_uri()
    size = (made.shards / "train-000000.tar").stat().st_size
    monkeypatch.setenv("INKPOSE_SHARD_CACHE_GB", str(2.5 * size / 1e9))
    for number, name in enumerate(f"train-{i:06d}.tar" for i in (0, 1, 0, 2)):
        folder = cached(url, name)
        assert (folder / name).read_bytes() == (made.shards / name).read_bytes()
        os.utime(folder / name, (number, number))  # the clock of some file systems is coarse
    assert sorted(path.name for path in cache.glob("*/*.tar")) == ["train-000000.tar", "train-000002.tar"]
    monkeypatch.setenv("INKPOSE_SHARD_CACHE_GB", "much")
    with pytest.raises(UsageError, match="INKPOSE_SHARD_CACHE_GB 'much': not a number"):
        cached(url, "train-000003.tar")


def test_what_cannot_be_fetched_is_one_line(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere/shards\.json: cannot be fetched \(.*\); check the address"):
        ShardSet((tmp_path / "nowhere").as_uri())
    assert not list(cache.rglob("*.json"))
    with pytest.raises(DataError, match="not an address that can be used"):
        ShardSet("gopher://x/y")
    with pytest.raises(DataError, match="not an address that can be used"):
        ShardTarget("gopher://x/y")
    with pytest.raises(DataError, match="leads out of"):
        ShardLocation(tmp_path.as_uri()).having("../secret.tar")
