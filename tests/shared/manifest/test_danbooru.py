"""A dump becomes a manifest: every era alike, stopped and resumed, filtered, and never half-written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from inkpose.bench.manifest import ERAS, write_dump
from shared.errors import DataError, UsageError
from shared.manifest import build
from shared.manifest.build import SeenIds
from shared.manifest.danbooru import DanbooruSource, danbooru_manifest
from shared.manifest.schema import Header
from shared.manifest.table import open_manifest
from shared.readers.places import Place
from shared.readers.selection import Selection
from shared.readers.splits import split_of
from shared.rulebook.rulebook import Rulebook, load_rulebook

RULEBOOK = load_rulebook()


def touch(root: Path, *ids: int) -> Path:
    for image_id in ids:
        path = root / f"{image_id % 1000:04d}" / f"{image_id}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def post(image_id: int, tags: str = "1girl solo silver_hair", **changes: Any) -> dict[str, Any]:
    return {"id": image_id, "rating": "g", "image_width": 8, "image_height": 6, "file_ext": "jpg", "md5": None,
            "tag_string_general": tags, "is_deleted": False, "is_banned": False} | changes  # fmt: skip


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def rows_of(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_all_eras_give_the_same_manifest(tmp_path: Path) -> None:
    images = touch(tmp_path / "images", *range(1, 400), 900, 951)
    manifests = []
    for era in ERAS:
        dump = tmp_path / f"{era}.json"
        write_dump(dump, 1000, era, RULEBOOK)
        scheme = "since_2022" if era == "API" else "before_2022"
        report = danbooru_manifest(DanbooruSource([dump], images, scheme=scheme), tmp_path / f"{era}.parquet", RULEBOOK)
        assert (report.read, report.kept, report.dropped) == (1000, 401, {"no picture file": 599})
        assert report.splits == {"train": 399, "val": 1, "test": 1}
        manifests.append(rows_of(tmp_path / f"{era}.parquet"))
    ratings = [{row.pop("rating") for row in manifest} for manifest in manifests]
    assert ratings == [{"safe"}, {"safe"}, {"general"}]  # what the letters of each era mean
    assert manifests[0] == manifests[1] == manifests[2]
    for row in manifests[0]:
        assert row["classes"] == RULEBOOK.label_indices(row["tags"])
        assert row["split"] == split_of(row["id"])
        assert row["path"] == f"{row['id'] % 1000:04d}/{row['id']}.jpg"


def test_what_is_left_out_is_counted_and_told(tmp_path: Path) -> None:
    dump = lines(
        tmp_path / "posts.json", post(1), post(2, rating="q"), post(3, is_deleted=True), post(4, is_banned=True),
        post(5, file_ext="mp4"), post(6, "loli 1girl"), post(7, "2girls"), post(1), post(8, tag_string_meta="video"),
        post(9), post(10, rating="s"),
    )  # fmt: skip
    selection = Selection(single_person=True, drawings_only=True)
    images = touch(tmp_path / "images", *range(1, 9), 10)
    report = danbooru_manifest(DanbooruSource([dump], images, "auto", selection), tmp_path / "m.parquet", RULEBOOK)
    assert report.dropped == {
        "animated": 1, "banned": 1, "deleted": 1, "id twice": 1, "no picture file": 1, "not a picture": 1,
        "not a single person": 1, "rating questionable": 1, "restricted tag": 1,
    }  # fmt: skip
    assert report.read == 11 == report.kept + sum(report.dropped.values())
    assert report.ratings == {"general": 1, "sensitive": 1}
    assert report.class_counts["1girl"] == 2
    assert json.loads((tmp_path / "m.report.json").read_text()) == report.as_json()
    assert left_behind(tmp_path) == {"images", "posts.json", "m.parquet", "m.report.json"}


def test_stopped_anywhere_and_resumed_it_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "PART_POSTS", 7)
    images = touch(tmp_path / "images", *range(1, 60))
    metadata = tmp_path / "metadata"
    metadata.mkdir()
    lines(metadata / "posts1.json", *(post(i) for i in range(1, 25)), post(3), "", post(70))
    lines(metadata / "posts2.json", *(post(i) for i in range(20, 60)))
    source, out = DanbooruSource([metadata], images), tmp_path / "m.parquet"
    whole = danbooru_manifest(source, tmp_path / "whole.parquet", RULEBOOK)
    read = DanbooruSource.entries

    for stop in (0, 1, 6, 7, 8, 20, 22):

        def stopping(self: DanbooruSource, stop: int = stop) -> build.Entries:
            def entries(file: int, line: int) -> Iterator[Any]:
                for count, item in enumerate(read(self)(file, line)):
                    if count == stop:
                        raise KeyboardInterrupt
                    yield item

            return entries

        monkeypatch.setattr(DanbooruSource, "entries", stopping)
        with pytest.raises(KeyboardInterrupt):
            danbooru_manifest(source, out, RULEBOOK)
        assert not out.exists()
    monkeypatch.setattr(DanbooruSource, "entries", read)
    with pytest.raises(UsageError, match=r"other options.*--restart"):
        danbooru_manifest(DanbooruSource([metadata], images, selection=Selection(min_tags=1)), out, RULEBOOK)
    assert danbooru_manifest(source, out, RULEBOOK) == whole
    assert pq.read_table(out).equals(pq.read_table(tmp_path / "whole.parquet"), check_metadata=True)
    assert [row["id"] for row in rows_of(out)] == list(range(1, 60))
    assert whole.dropped == {"id twice": 6, "no picture file": 1}
    assert not any(name.endswith(".parts") for name in left_behind(tmp_path))


def test_stopped_at_the_very_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = DanbooruSource([lines(tmp_path / "p.json", post(1))], touch(tmp_path / "images", 1))

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build, "write_json", stop)
        with pytest.raises(KeyboardInterrupt):
            danbooru_manifest(source, tmp_path / "m.parquet", RULEBOOK)
    assert danbooru_manifest(source, tmp_path / "m.parquet", RULEBOOK).kept == 1
    assert left_behind(tmp_path) == {"images", "p.json", "m.parquet", "m.report.json"}


@pytest.mark.parametrize("removed", range(5))
def test_stopped_while_it_removes_its_parts(removed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "PART_POSTS", 3)
    posts, images = lines(tmp_path / "p.json", *map(post, range(1, 11))), touch(tmp_path / "images", *range(1, 11))
    source, out, unlink, left = DanbooruSource([posts], images), tmp_path / "m.parquet", os.unlink, [removed]

    def stopping(path: Any, **how: Any) -> None:
        if str(path).endswith(".arrow"):
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        unlink(path, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", stopping)
        if removed < 4:
            with pytest.raises(KeyboardInterrupt):
                danbooru_manifest(source, out, RULEBOOK)
        else:
            danbooru_manifest(source, out, RULEBOOK)
    assert danbooru_manifest(source, out, RULEBOOK).kept == 10
    assert [row["id"] for row in rows_of(out)] == list(range(1, 11))
    assert left_behind(tmp_path) == {"images", "p.json", "m.parquet", "m.report.json"}


@pytest.mark.parametrize(
    ("bad", "scheme", "message"),
    [
        ('{"id": 3, "rating": "g", "tag_', "auto", r"posts\.json:3: not valid JSON"),
        (post(3), "before_2022", r"posts\.json:1: rating 'g' is unknown, before_2022 has"),
        (post(3, rating=2), "auto", r"posts\.json:3: rating 2 is unknown"),
        ({"name": "1girl", "category": 0, "post_count": 9, "id": 3}, "auto", r"posts\.json:3: no field 'rating'"),
        (post(3) | {"tag_string_general": "\ud800"}, "auto", r"posts\.json:3: a field has the wrong type"),
        (post(3, image_width=2**40), "auto", r"posts\.json:3: .*is not a whole number"),
        (post(2**40), "auto", r"posts\.json:3: .*is not a whole number"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(bad: Any, scheme: Any, message: str, tmp_path: Path) -> None:
    dump = lines(tmp_path / "posts.json", post(1), post(2), bad)
    source = DanbooruSource([dump], touch(tmp_path / "images", 1, 2, 3), scheme=scheme)
    with pytest.raises(DataError, match=message) as caught:
        danbooru_manifest(source, tmp_path / "m.parquet", RULEBOOK)
    assert "\n" not in str(caught.value)
    assert left_behind(tmp_path) == {"images", "posts.json"}


def test_images_that_do_not_match(tmp_path: Path) -> None:
    dump = lines(tmp_path / "posts.json", post(1), post(2, rating="e"))
    source = DanbooruSource([dump], touch(tmp_path / "images", 5))
    with pytest.raises(
        DataError, match=r"images: no usable picture of 2 posts \(1 no picture file, 1 rating explicit\)"
    ):
        danbooru_manifest(source, tmp_path / "m.parquet", RULEBOOK)
    with pytest.raises(DataError, match=r"a manifest is a \.parquet file"):
        danbooru_manifest(source, tmp_path / "m.csv", RULEBOOK)
    assert left_behind(tmp_path) == {"images", "posts.json"}


def test_an_old_manifest_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    out, images = tmp_path / "m.parquet", touch(tmp_path / "images", 1)
    danbooru_manifest(DanbooruSource([lines(tmp_path / "a.json", post(1))], images), out, RULEBOOK)
    before = out.read_bytes()
    with pytest.raises(DataError):
        danbooru_manifest(DanbooruSource([lines(tmp_path / "b.json", post(2))], images), out, RULEBOOK)
    assert out.read_bytes() == before


def test_opened_as_a_memory_map(tmp_path: Path) -> None:
    import pickle

    out, images = tmp_path / "m.parquet", touch(tmp_path / "images", 1, 2, 900)
    dump = lines(tmp_path / "a.json", post(1), post(2, "1boy", rating="s"), post(900))
    danbooru_manifest(DanbooruSource([dump], images), out, RULEBOOK)
    manifest = open_manifest(out)
    assert manifest.header == Header.of(images, RULEBOOK)
    assert manifest.rows("train", ["general"]).tolist() == [0]
    rows = manifest.rows("train", ["general", "sensitive"])
    assert manifest.ids(rows).tolist() == [1, 2]
    assert manifest.place(2) == Place("0900/900.jpg", None, None)
    assert (manifest.labels(1) == RULEBOOK.label(["1boy"])).all()
    assert (
        manifest.positive_counts(rows) == RULEBOOK.label(["1boy"]) + RULEBOOK.label(["1girl", "solo", "grey_hair"])
    ).all()
    text = pickle.dumps(manifest)
    assert len(text) < 60_000  # the header, no rows
    assert pickle.loads(text).id(2) == 900
    lines(tmp_path / "a.json", post(2))
    danbooru_manifest(DanbooruSource([dump], images), out, RULEBOOK)
    assert len(open_manifest(out).table) == 1  # not the rows of the old one


def test_files_that_are_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"m\.parquet: no such file; make it with"):
        open_manifest(tmp_path / "m.parquet")
    (tmp_path / "m.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match=r"m\.parquet: not a readable manifest"):
        open_manifest(tmp_path / "m.parquet")
    import pyarrow as pa

    pq.write_table(pa.table({"id": [1]}), tmp_path / "m.parquet")
    with pytest.raises(DataError, match=r"m\.parquet: not a manifest"):
        open_manifest(tmp_path / "m.parquet")


def test_seen_ids() -> None:
    seen = SeenIds()
    numbers = [5, 5, 0, 255, 256, 10**15, 256, 10**15, 1]
    assert [seen.is_new(number) for number in numbers] == [True, False, True, True, True, True, False, False, True]


def test_rulebook_digest_follows_its_meaning() -> None:
    same = Rulebook(list(RULEBOOK.rules), RULEBOOK.vocabulary)
    fewer = Rulebook([rule for rule in RULEBOOK.rules if rule.name != RULEBOOK.class_names[-1]], RULEBOOK.vocabulary)
    assert RULEBOOK.digest() == same.digest() != fewer.digest()
