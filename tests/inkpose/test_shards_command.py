"""`inkpose data shards`: what it prints, and how it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from inkpose.cli import main
from shared.datamodules.tags import TagDataModule
from tests.fixtures_dataset import write_tiny_dataset


def test_a_folder_and_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_dataset(tmp_path / "tiny", 16)
    out = str(tmp_path / "shards")
    assert main(["data", "shards", str(tmp_path / "tiny"), "--out", out, "--per-shard", "3"]) == 0
    size = sum(path.stat().st_size for path in Path(out).glob("*.tar")) / 1e6
    assert f"{out}: 7 shards, {size:.1f} MB, 8 train, 4 val, 4 test" in capsys.readouterr().out
    assert main(["data", "shards", str(tmp_path / "tiny"), "--out", out, "--per-shard", "3"]) == 0
    assert f"{out}: 7 shards (7 were there), " in capsys.readouterr().out
    plain = TagDataModule(str(tmp_path / "tiny"), image_size=32).dataset("train")
    far = TagDataModule(str(tmp_path / "tiny"), image_size=32, shards=out).dataset("train")
    assert all((plain[i][key] == far[i][key]).all() for i in range(8) for key in plain[i])

    manifest = str(tmp_path / "m.parquet")
    posts = str(tmp_path / "tiny/metadata")
    assert main(["data", "danbooru", posts, "--images", str(tmp_path / "tiny"), "--out", manifest]) == 0
    (tmp_path / "tiny").rename(tmp_path / "moved")
    command = ["data", "shards", manifest, "--out", str(tmp_path / "more")]
    assert main(command) == 2
    assert "no such image folder" in capsys.readouterr().err
    assert not (tmp_path / "more").exists()
    (tmp_path / "moved/images/0003/3.jpg").unlink()
    assert main([*command, "--images", str(tmp_path / "moved")]) == 0
    told = capsys.readouterr().out
    assert "3 shards, " in told
    assert "7 train, 4 val, 4 test; 1 files left out (named above)" in told
    assert len(TagDataModule(manifest, shards=str(tmp_path / "more")).dataset("train")) == 7


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "nowhere: no such file"),
        (["{tiny}", "--images", "x"], "--images: belongs to a manifest"),
        (["{tiny}", "--per-shard", "0"], "--per-shard 0: at least 1 picture"),
        (["{tiny}", "--rulebook", "nowhere"], "nowhere: no such rulebook"),
        (["{tiny}/metadata/posts.jsonl"], "not a readable manifest"),
    ],
)
def test_refusals_are_one_line(words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiny_dataset(tmp_path / "tiny", 4)
    given = [word.format(tiny=tmp_path / "tiny") for word in words]
    assert main(["data", "shards", *given, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_without_webdataset_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("inkpose.commands.shards.find_spec", lambda name: None)
    assert main(["data", "shards", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert 'pip install "inkpose[shards]"' in capsys.readouterr().err
