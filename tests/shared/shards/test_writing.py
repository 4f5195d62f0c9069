"""What is in shards, and that a run that was stopped, or a place that is taken, loses nothing."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from shared.errors import DataError, UsageError
from shared.image_files import find_images
from shared.manifest.table import open_manifest
from shared.readers.places import bytes_of
from shared.shards.folder_source import FolderSource
from shared.shards.opened import ShardSet
from shared.shards.sources import ManifestSource
from shared.shards.target import ShardTarget
from shared.shards.writing import write_shards
from tests.fixtures_dataset import write_tiny_dataset
from tests.shared.shards.conftest import Made
from tests.shared.tiny_rulebook import TinyRulebook


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write(folder: Path, out: Path, **options: Any) -> Any:
    return write_shards(FolderSource(folder, TinyRulebook()), str(out), **options)


def test_every_file_comes_back_byte_for_byte(made: Made) -> None:
    opened = ShardSet(str(made.shards))
    for name in (".", "images", "masks", "fg", "bg"):
        on_disk = find_images([made.folder / name])
        below = opened.below(PurePosixPath(name))
        assert [str(PurePosixPath(name) / file.relative) for file in on_disk] == [member.row.path for member in below]
        assert [file.path.read_bytes() for file in on_disk] == [member.read_bytes() for member in below]
    for split in ("train", "val", "test"):
        name = f"annotations/person_keypoints_{split}.json"
        assert opened.document(name).read_bytes() == (made.folder / name).read_bytes()


def test_webdataset_itself_reads_them(made: Made) -> None:
    webdataset = pytest.importorskip("webdataset")
    tars = sorted(str(path) for path in made.shards.glob("val-*.tar"))
    assert len(tars) == 4
    samples = list(webdataset.WebDataset(tars, shardshuffle=False))
    assert len(samples) == 12
    for sample in samples:
        number = int(sample["__key__"])
        assert sample["jpg"] == (made.folder / f"images/{number % 1000:04d}/{number}.jpg").read_bytes()
        assert sample["mask.png"] == (made.folder / f"masks/{number}.png").read_bytes()
        record = json.loads(sample["json"])
        assert record["id"] == record["image"]["id"] == number
        assert record["split"] == "val"
        truth = json.loads((made.folder / "annotations/person_keypoints_val.json").read_text())["annotations"]
        assert record["annotations"] == [row for row in truth if row["image_id"] == number]


def test_shards_do_not_depend_on_the_run_and_are_shuffled(made: Made, tmp_path: Path) -> None:
    write(made.folder, tmp_path / "again", per_shard=3)
    again, first = files(tmp_path / "again"), files(made.shards)
    again.pop("manifest.parquet")  # says where it is
    first.pop("manifest.parquet")
    first.pop(".manifest.parquet.arrow", None)
    assert again == first
    write(made.folder, tmp_path / "other", per_shard=3, seed=1)
    assert files(tmp_path / "other")["train-000000.tar"] != first["train-000000.tar"]
    with tarfile.open(made.shards / "train-000000.tar") as tar:
        keys = [int(member.name.split(".")[0]) for member in tar if member.name.endswith("json")]
    assert len(keys) == 3
    assert max(keys) - min(keys) > 3


def test_a_stopped_run_goes_on(made: Made, tmp_path: Path) -> None:
    out, seen = tmp_path / "out", []

    def stop_at_the_eighth() -> None:
        seen.append(1)
        if len(seen) == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(made.folder, out, per_shard=3, on_sample=stop_at_the_eighth)
    assert sorted(path.name for path in out.glob("*.tar*")) == ["train-000000.tar", "train-000001.tar"]
    assert not list(out.rglob(".*.part"))
    with pytest.raises(DataError, match="the shards are not finished; run the same"):
        ShardSet(str(out))
    (out / "train-000001.tar").write_bytes(b"half")  # its table was written after it: it counts as whole
    (out / ".parts/train-000001.parquet").unlink()
    done = write(made.folder, out, per_shard=3)
    assert (done.had, done.shards) == (1, 16)
    for name, data in files(made.shards).items():
        if name.endswith((".tar", "members.parquet")):
            assert (out / name).read_bytes() == data
    assert not (out / ".parts").exists()
    again = write(made.folder, out, per_shard=3)
    assert (again.had, again.shards, again.samples) == (16, 16, done.samples)


def test_what_is_in_the_way_is_named(made: Made, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"mine: holds letter\.txt and is no set of shards"):
        write(made.folder, tmp_path / "mine")
    write(made.folder, tmp_path / "out", per_shard=20)
    with pytest.raises(UsageError, match="shards of other pictures or options; name another place"):
        write(made.folder, tmp_path / "out", per_shard=10)
    (tmp_path / "out/note.txt").write_text("mine")
    assert write(made.folder, tmp_path / "out", per_shard=100, restart=True).shards == 3
    assert (tmp_path / "out/note.txt").exists()
    assert not (tmp_path / "out/train-000001.tar").exists()
    with pytest.raises(UsageError, match="at least 1 picture"):
        write(made.folder, tmp_path / "new", per_shard=0)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("stop", [0, 1, 4])
def test_stopped_while_it_removes_the_old_ones(
    stop: int, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, remove, removed = tmp_path / "out", ShardTarget.remove, list[str]()
    write(made.folder, out, per_shard=20)

    def stopping(self: ShardTarget, name: str) -> None:
        if len(removed) == stop:
            raise KeyboardInterrupt
        removed.append(name)
        remove(self, name)

    with monkeypatch.context() as patch:
        patch.setattr(ShardTarget, "remove", stopping)
        with pytest.raises(KeyboardInterrupt):
            write(made.folder, out, per_shard=3, restart=True)
    with pytest.raises(UsageError, match="start anew with --restart"):
        write(made.folder, out, per_shard=3)
    done = write(made.folder, out, per_shard=3, restart=True)
    assert (done.had, done.shards) == (0, 16)
    assert {path.name for path in out.glob("*.tar")} == {path.name for path in made.shards.glob("*.tar")}


def test_a_damaged_set_is_written_again(made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.shards, tmp_path / "out")
    (tmp_path / "out/val-000000.tar").unlink()
    done = write(made.folder, tmp_path / "out", per_shard=3)
    assert (done.had, done.shards) == (0, 16)
    assert (tmp_path / "out/val-000000.tar").read_bytes() == (made.shards / "val-000000.tar").read_bytes()


def test_unreadable_files_are_left_out_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "tiny"
    write_tiny_dataset(folder, 8)
    (folder / "images/0003/3.jpg").write_bytes(b"")
    (folder / "masks/5.png").write_bytes(b"")
    source = FolderSource(folder, TinyRulebook())
    (folder / "fg/1.png").unlink()
    done = write_shards(source, str(tmp_path / "out"))
    assert done.left_out == 3
    assert done.samples == {"train": 4, "val": 2, "test": 2}
    for told in ("3.jpg: the file is empty (left out)", "5.png: the file is empty", "1.png: no such file"):
        assert told in caplog.text
    opened = ShardSet(str(tmp_path / "out"))
    assert not opened.has("images/0003/3.jpg")
    assert opened.has("masks/3.png")
    assert 3 not in open_manifest(opened.manifest()).table.column("id").to_pylist()


def test_odd_names_share_no_key(tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path / "tiny", 4)
    picture = (tmp_path / "tiny/bg/1.jpg").read_bytes()
    names = ["images/x/1.jpg", "images/0001/1.png", "fg/a b.v2.png", "bg/絵.jpg", "other/絵.jpg", "1.JPG"]
    for name in names:
        (tmp_path / "tiny" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tiny" / name).write_bytes(picture + name.encode())
    write(tmp_path / "tiny", tmp_path / "out")
    opened = ShardSet(str(tmp_path / "out"))
    assert all(opened.member(name).read_bytes() == picture + name.encode() for name in names)
    for path in (tmp_path / "out").glob("*.tar"):
        with tarfile.open(path) as tar:
            members = tar.getnames()
        assert len(set(members)) == len(members)
        keys = [name.split(".")[0] for name in members]
        assert sum(keys[i] != keys[i - 1] for i in range(1, len(keys))) == len(set(keys)) - 1  # each in one run


def test_a_manifest_of_files_and_one_of_tars(made: Made, tmp_path: Path) -> None:
    first = made.shards / "manifest.parquet"  # a manifest whose pictures lie in tars
    source = ManifestSource(first)
    done = write_shards(source, str(tmp_path / "out"), per_shard=7)
    assert done.samples == {"train": 24, "val": 12, "test": 12}
    old, new = open_manifest(first), open_manifest(tmp_path / "out/manifest.parquet")
    for name in ("id", "split", "rating", "repeats", "classes"):
        assert old.table.column(name).to_pylist() == new.table.column(name).to_pylist()
    for row in range(48):
        assert bytes_of(tmp_path / "out", new.place(row)) == bytes_of(made.shards, old.place(row))
    with tarfile.open(tmp_path / "out/val-000000.tar") as tar:
        member = next(member for member in tar if member.name.endswith(".json"))
        stream = tar.extractfile(member)
        assert stream is not None
        record = json.load(stream)
    assert record["classes"]
    assert set(record["classes"]) < set(old.header.class_names)
    with pytest.raises(DataError, match="no files by name: it was made of a manifest"):
        ShardSet(str(tmp_path / "out")).below(PurePosixPath("fg"))


def test_cocos_layout_and_pictures_without_characters(tmp_path: Path) -> None:
    root = tmp_path / "coco"
    write_tiny_dataset(root, 8)
    shutil.rmtree(root / "metadata")
    path = root / "annotations/person_keypoints_train.json"
    document = json.loads(path.read_text())
    empty = document["images"][0]["id"]
    document["annotations"] = [row for row in document["annotations"] if row["image_id"] != empty]
    for image in document["images"]:
        place = root / "images" / image["file_name"]
        image["file_name"] = f"{image['id']:012d}.jpg"
        (root / "train2017").mkdir(exist_ok=True)
        place.rename(root / "train2017" / image["file_name"])
    path.write_text(json.dumps(document))
    write(root, tmp_path / "out")
    opened = ShardSet(str(tmp_path / "out"))
    assert len(opened.below(PurePosixPath("train2017"))) == len(document["images"]) - 1
    assert not opened.has(f"train2017/{empty:012d}.jpg")
    with pytest.raises(DataError, match="holds no tags"):
        opened.manifest()


def test_nothing_to_write_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder or manifest"):
        FolderSource(tmp_path / "gone", TinyRulebook())
    (tmp_path / "fg").mkdir()
    with pytest.raises(DataError, match="no pictures in this folder"):
        FolderSource(tmp_path, TinyRulebook())
    (tmp_path / "fg/1.png").write_bytes(b"")
    with pytest.raises(DataError, match="no file of it could be read"):
        write(tmp_path, tmp_path / "out")
