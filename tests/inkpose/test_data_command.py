"""`inkpose data`: what it prints and writes, how it refuses, and a training set made by it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from inkpose.cli import main
from shared.datamodules.tags import TagDataModule
from shared.errors import DataError
from tests.fixtures_dataset import write_tiny_dataset


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny data set in ``tiny`` and its manifest ``m.parquet``."""
    folder = tmp_path_factory.mktemp("made")
    write_tiny_dataset(folder / "tiny", 16)
    posts = str(folder / "tiny/metadata/posts.jsonl")
    assert main(["data", "danbooru", posts, "--images", str(folder / "tiny"), "--out", str(folder / "m.parquet")]) == 0
    return folder


def test_report(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posts, images = str(made / "tiny/metadata"), str(made / "tiny/images")
    out = str(made / "single.parquet")
    assert main(["data", "danbooru", posts, "--images", images, "--single-person", "-o", out, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((made / "single.report.json").read_text())
    assert told["kept"] + told["dropped"]["not a single person"] == told["read"] == 16
    assert main(["data", "danbooru", posts, "--images", images, "--single-person", "-o", out]) == 0
    printed = capsys.readouterr().out
    assert f"{told['kept']} of 16 pictures taken" in printed
    assert "left out: not a single person" in printed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--layout", "zip"], "layout 'zip' is unknown"),
        (["--rating", "s"], "rating 's' is unknown"),
        (["--rating-scheme", "2022"], "rating scheme '2022' is unknown"),
        (["--file-type", "swf"], "--file-type swf: not a picture type"),
        (["--images", "nowhere"], "nowhere: no such image folder"),
        (["--paper-subset"], "no usable picture of 16 posts (10 fewer than 10 tags, 6 not a single person); check"),
        (["--rulebook", "nowhere"], "nowhere: no such rulebook"),
        (["--out", "m.csv"], "a manifest is a .parquet file"),
    ],
)
def test_refusals_are_one_line(
    args: list[str], message: str, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["data", "danbooru", str(made / "tiny/metadata"), "--images", str(made / "tiny"), "--out"]
    assert main([*line, str(tmp_path / "m.parquet"), *args]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_folder_and_manifest_give_the_same_samples(made: Path) -> None:
    folder = TagDataModule(str(made / "tiny"), image_size=32, batch_size=4, num_workers=0)
    manifest = TagDataModule(str(made / "m.parquet"), image_size=32, batch_size=4, num_workers=2)
    for name in ("train", "val", "test"):
        batches = [list(getattr(data, f"{name}_dataloader")()) for data in (folder, manifest)]
        assert len(batches[0]) == len(batches[1]) > 0
        for one, other in zip(*batches, strict=True):
            assert all(torch.equal(one[key], other[key]) for key in one)
    for one, other in zip(folder.positive_counts(), manifest.positive_counts(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_rulebook_and_moved_pictures_are_refused(made: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "body.yaml").write_text("group: body\nclasses:\n- {name: girl, any: [1girl]}\n")
    with pytest.raises(
        DataError, match=r"m\.parquet: its classes were made by another rulebook \(1062 .*yours has 1\)"
    ):
        TagDataModule(str(made / "m.parquet"), rulebook=str(rules)).setup()
    with pytest.raises(DataError, match=r"gone: no such image folder; .*--data\.images"):
        TagDataModule(str(made / "m.parquet"), images=str(tmp_path / "gone")).setup()
    moved = TagDataModule(str(made / "m.parquet"), images=str(made / "tiny"), num_workers=0)
    assert len(moved.dataset("val")[0]["labels"]) == 1062


def test_repeats_of_kohya_folders_count_in_training(made: Path, tmp_path: Path) -> None:
    source = sorted((made / "tiny/images").rglob("*.jpg"))
    for repeats, path in zip((3, 1), source, strict=False):
        target = tmp_path / f"t/{repeats}_x/{repeats}.jpg"
        target.parent.mkdir(parents=True)
        target.write_bytes(path.read_bytes())
        target.with_suffix(".txt").write_text("1girl, solo")
    assert main(["data", "folder", str(tmp_path / "t"), "--out", str(tmp_path / "m.parquet")]) == 0
    data = TagDataModule(str(tmp_path / "m.parquet"), num_workers=0)
    assert sorted(data.pictures("train").ids.tolist()) == [1, 3, 3, 3]
    counts, pictures = data.positive_counts()
    assert (counts[data.class_names.index("1girl")], pictures) == (4, 4)
