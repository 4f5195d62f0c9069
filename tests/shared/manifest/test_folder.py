"""Folders with captions, and a table with a folder, as manifests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from shared.errors import DataError
from shared.images import write_png
from shared.manifest.folder import FolderSource, folder_manifest
from shared.rulebook.rulebook import load_rulebook

RULEBOOK = load_rulebook()


def drawing(path: Path, caption: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_png(path, np.full((4, 6, 3), 9, np.uint8))
    if caption is not None:
        path.with_suffix(".txt").write_text(caption)


def test_kohya_folders(tmp_path: Path) -> None:
    data = tmp_path / "train"
    drawing(data / "10_alice/951.png", "1girl, silver hair, >_<\n")
    drawing(data / "10_alice/1.png", "1girl")
    drawing(data / "2_bob/1.png", "1boy")
    drawing(data / "2_bob/x.png")
    drawing(data / "2_bob/y.png", "")
    drawing(data / "0_off/z.png", "1girl")
    (data / "2_bob/broken.png").write_bytes(b"\x89PNG broken")
    (data / "2_bob/broken.txt").write_text("1boy")
    report = folder_manifest(FolderSource([data]), tmp_path / "m.parquet", RULEBOOK)
    assert report.dropped == {"0 repeats": 1, "empty caption": 1, "no caption": 1, "not a readable picture": 1}
    rows = {row["path"]: row for row in pq.read_table(tmp_path / "m.parquet").to_pylist()}
    assert {path: row["repeats"] for path, row in rows.items()} == {
        "10_alice/1.png": 10, "10_alice/951.png": 10, "2_bob/1.png": 2,
    }  # fmt: skip
    row = rows["10_alice/951.png"]
    assert (row["id"], row["split"], row["width"], row["height"]) == (951, "test", 6, 4)
    assert row["tags"] == ["1girl", "silver_hair", ">_<"]
    assert row["classes"] == RULEBOOK.label_indices(["1girl", "silver_hair", ">_<"])
    assert rows["10_alice/1.png"]["id"] != rows["2_bob/1.png"]["id"]  # one stem, two pictures
    again = folder_manifest(FolderSource([data]), tmp_path / "again.parquet", RULEBOOK)
    assert again == report
    assert pq.read_table(tmp_path / "again.parquet").equals(pq.read_table(tmp_path / "m.parquet"))


def test_two_folders(tmp_path: Path) -> None:
    drawing(tmp_path / "a/1.png", "1girl")
    drawing(tmp_path / "b/2.png", "1boy")
    folder_manifest(FolderSource([tmp_path / "a", tmp_path / "b"]), tmp_path / "m.parquet", RULEBOOK)
    assert pq.read_table(tmp_path / "m.parquet").column("path").to_pylist() == ["a/1.png", "b/2.png"]


def test_a_table_and_its_folder(tmp_path: Path) -> None:
    drawing(tmp_path / "p/a/1.png")
    drawing(tmp_path / "p/b.png")
    table = tmp_path / "t.csv"
    table.write_text(
        "file,tags,id,split,rating\na/1.png,1girl solo,44,val,safe\nb.png,1boy,,,explicit\nc.png,1boy,,,\n"
    )
    report = folder_manifest(FolderSource([tmp_path / "p"], table), tmp_path / "m.parquet", RULEBOOK)
    assert report.dropped == {"no picture file": 1, "rating explicit": 1}
    (row,) = pq.read_table(tmp_path / "m.parquet").to_pylist()
    assert (row["id"], row["path"], row["split"], row["rating"]) == (44, "a/1.png", "val", "safe")
    table.write_text("file,tags\n../t.csv,1girl\n")
    with pytest.raises(DataError, match=r"t\.csv:2: path '\.\./t\.csv' leads out"):
        folder_manifest(FolderSource([tmp_path / "p"], table), tmp_path / "m2.parquet", RULEBOOK)
    with pytest.raises(DataError, match="a table belongs to one folder"):
        folder_manifest(FolderSource([tmp_path, tmp_path], table), tmp_path / "m2.parquet", RULEBOOK)
    with pytest.raises(DataError, match="nowhere: no such folder"):
        folder_manifest(FolderSource([tmp_path / "nowhere"]), tmp_path / "m2.parquet", RULEBOOK)
    assert not (tmp_path / "m2.parquet").exists()


def test_nothing_usable(tmp_path: Path) -> None:
    drawing(tmp_path / "p/1.png")
    with pytest.raises(DataError, match=r"no usable picture of 1 posts \(1 no caption\)"):
        folder_manifest(FolderSource([tmp_path / "p"]), tmp_path / "m.parquet", RULEBOOK)
    assert {path.name for path in tmp_path.iterdir()} == {"p"}
