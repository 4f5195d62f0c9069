"""The data set on disk: formats, reproducibility, interruption, refusals."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from shared.errors import DataError, UsageError
from shared.images import read_mask, read_rgb, read_rgba
from shared.keypoints.schema import COCO_17, MIDPOINT_INDICES, JointState
from shared.readers.coco import read_coco_keypoints
from shared.readers.dump import read_dump
from shared.synthetic import dataset, writer
from shared.synthetic.dataset import Plan, content_hash, verify
from shared.synthetic.writer import draw_chunk, draw_sample, write_dataset

PLAN = Plan(seed=5, count=12, size=64, style="drawn", characters=(1, 3))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "drawn"
    patch = pytest.MonkeyPatch()
    patch.setattr(dataset, "CHUNK", 5)
    write_dataset(folder, PLAN)
    patch.undo()
    return folder


def _files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_description(root: Path) -> None:
    found = json.loads((root / "dataset.json").read_text())
    assert found.pop("content_hash") == verify(root)
    assert found == {
        "seed": 5, "count": 12, "size": 64, "style": "drawn", "characters": [1, 3], "mix": "rich",
        "generator_version": dataset.GENERATOR_VERSION,
    }  # fmt: skip
    assert not (root / ".synth").exists()
    assert not list(root.rglob("*.part"))


def test_pictures_and_posts_agree(root: Path) -> None:
    posts = list(read_dump([root / "metadata" / "posts.jsonl"]))
    assert [post.id for post in posts] == list(range(1, 13))
    for post in posts:
        scene = draw_sample(PLAN, post.id)
        picture = read_rgb(root / "images" / f"{post.id % 1000:04d}" / f"{post.id}.jpg")
        assert picture.shape == (post.height, post.width, 3) == scene.image.shape
        assert max(post.width, post.height) == 64
        assert np.abs(picture.astype(int) - scene.image).mean() < 12, "the picture, but for JPEG"
        assert np.array_equal(read_mask(root / "masks" / f"{post.id}.png"), scene.instances)
        assert read_rgb(root / "bg" / f"{post.id}.jpg").shape == picture.shape
        for number in range(1, len(scene.characters) + 1):
            folder = root / "fg" if number == 1 else root / "fg_behind" / str(number)
            cut = read_rgba(folder / f"{post.id}.png")
            assert (cut[..., 3] >= 128).sum() >= (scene.instances == number).sum()
        assert set(post.tags) == scene.tags
        assert post.rating == "general"
        assert post.file_ext == "jpg"


def test_annotations_load_with_pycocotools(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coco = COCO(str(root / "annotations" / "person_keypoints_train.json"))
    assert sorted(coco.getImgIds()) == list(range(1, 13))
    (category,) = coco.loadCats(1)
    assert category["keypoints"] == list(COCO_17.names)
    assert min(min(edge) for edge in category["skeleton"]) == 1
    for image_id in coco.getImgIds():
        mask = read_mask(root / "masks" / f"{image_id}.png")
        rows = coco.loadAnns(coco.getAnnIds(image_id))
        assert sorted(row["instance"] for row in rows) == list(range(1, mask.max() + 1))
        for row in rows:
            own = mask == row["instance"]
            folder = root / "fg" if row["instance"] == 1 else root / "fg_behind" / str(row["instance"])
            cut, (left, top) = read_rgba(folder / f"{image_id}.png"), row["cutout_xy"]
            part = np.s_[top : top + cut.shape[0], left : left + cut.shape[1]]
            assert own[part].sum() == own.sum(), "what is seen of it lies within its cut-out"
            assert (cut[own[part], 3] >= 128).all()
            assert np.array_equal(coco.annToMask(row) != 0, own)
            assert row["area"] == own.sum()
            x, y, w, h = row["bbox"]
            columns, lines = np.flatnonzero(own.any(axis=0)), np.flatnonzero(own.any(axis=1))
            assert (x, y, x + w, y + h) == (columns[0], lines[0], columns[-1] + 1, lines[-1] + 1)
            triples = np.array(row["keypoints"]).reshape(17, 3)
            assert row["num_keypoints"] == (triples[:, 2] > 0).sum()
            assert np.array_equal(triples[:, 2] == 1, row["occluded"])
            assert np.array_equal(triples[:, 2] == 0, row["out_of_picture"])
            assert (triples[triples[:, 2] == 0] == 0).all()
            assert np.shape(row["keypoints_3d"]) == (17, 3)
            middle = np.array(row["midpoints"]).reshape(8, 3)
            for (a, b), point in zip(MIDPOINT_INDICES, middle, strict=True):
                if triples[a, 2] and triples[b, 2]:
                    assert np.allclose(point[:2], (triples[a, :2] + triples[b, :2]) / 2, atol=0.02)
    capsys.readouterr()


def test_reader_sees_the_states_that_were_drawn(root: Path) -> None:
    found = read_coco_keypoints(root / "annotations" / "person_keypoints_train.json")
    for person in found.annotations:
        character = draw_sample(PLAN, person.image_id).characters[person.extra["depth_order"]]
        assert np.array_equal(person.state, character.state)
        known = character.state != JointState.OUTSIDE
        assert np.allclose(person.points_xy[known], character.points_xy[known], atol=0.0051)
        assert person.extra["view"] in ("front", "three_quarter", "side", "back")


def test_worker_count_and_interruption_do_not_matter(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "CHUNK", 5)
    calls: list[int] = []

    def interrupted(folder: Path, plan: Plan, start: int, stop: int) -> int:
        if calls:
            raise KeyboardInterrupt
        calls.append(start)
        return draw_chunk(folder, plan, start, stop)

    other = tmp_path / "other"
    monkeypatch.setattr(writer, "draw_chunk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_dataset(other, PLAN)
    assert not (other / "dataset.json").exists()
    monkeypatch.undo()
    monkeypatch.setattr(dataset, "CHUNK", 5)
    (other / "fg" / ".77.png.x.part").write_bytes(b"killed while writing")
    done: list[int] = []
    write_dataset(other, PLAN, workers=2, progress=done.append)
    assert done == [5, 5, 2] or done == [5, 2, 5]
    assert _files(other) == _files(root)


def test_a_chunk_with_a_changed_file_is_drawn_again(tmp_path: Path) -> None:
    assert not dataset.prepare(tmp_path, PLAN)
    draw_chunk(tmp_path, PLAN, 1, 3)
    assert dataset.is_done(tmp_path, range(1, 3))
    (tmp_path / "bg" / "2.jpg").write_bytes(b"")
    assert not dataset.is_done(tmp_path, range(1, 3))
    (tmp_path / "bg" / "2.jpg").unlink()
    assert not dataset.is_done(tmp_path, range(1, 3))
    assert not dataset.is_done(tmp_path, range(3, 5))


def test_another_data_set_or_other_files_are_left_alone(root: Path, tmp_path: Path) -> None:
    for other in (
        Plan(6, 12, 64, "drawn", (1, 3)), Plan(5, 13, 64, "drawn", (1, 3)), Plan(5, 12, 65, "drawn", (1, 3)),
        Plan(5, 12, 64, "photo", (1, 3)), Plan(5, 12, 64, "drawn", (1, 2)), Plan(5, 12, 64, "drawn", (1, 3), "simple"),
    ):  # fmt: skip
        before = _files(root)
        with pytest.raises(UsageError, match="holds another data set"):
            write_dataset(root, other)
        assert _files(root) == before
    (tmp_path / "novel.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_dataset(tmp_path, PLAN)
    with pytest.raises(UsageError, match="is a file"):
        write_dataset(tmp_path / "novel.txt", PLAN)


def test_changes_to_a_complete_data_set_are_noticed(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    assert write_dataset(copy, PLAN) == json.loads((root / "dataset.json").read_text())["content_hash"]
    (copy / "masks" / "3.png").write_bytes((copy / "masks" / "4.png").read_bytes())
    with pytest.raises(DataError, match="changed since"):
        write_dataset(copy, PLAN)
    (copy / "masks" / "3.png").unlink()
    with pytest.raises(DataError, match=r"3\.png"):
        write_dataset(copy, PLAN)


def test_content_hash_depends_on_order() -> None:
    assert content_hash(["a", "b"]) != content_hash(["b", "a"])


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DataError, match="No space left on device"):
        write_dataset(tmp_path / "out", PLAN)
