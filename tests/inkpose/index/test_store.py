import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from inkpose.index import store
from inkpose.index.descriptor import describe, mirror, similarity
from inkpose.index.schema import Figure, Picture, character_id
from inkpose.index.store import PoseIndex
from shared.errors import DataError, UsageError
from tests.inkpose.index.poses_fixture import many, pose


def test_nearest_first_as_by_brute_force(filled):
    query = many(60)[17].figures[0].keypoints
    hits = filled.search(query, k=60, rerank=False)
    vectors = describe(np.stack([p.figures[0].keypoints for p in many(60)]))
    distances = np.linalg.norm(vectors - describe(query[None]), axis=1)
    assert [hit.path for hit in hits] == [f"/pictures/{i:05d}.png" for i in np.argsort(distances, kind="stable")]
    assert [hit.distance for hit in hits] == pytest.approx(np.sort(distances).tolist(), abs=1e-3)
    assert hits[0].path == "/pictures/00017.png"
    assert hits[0].score == pytest.approx(1.0)
    assert hits[0].thumbnail == b"jpeg 17"
    assert (hits[0].width, hits[0].height, hits[0].box_xywh) == (120, 120, (10, 5, 100, 110))
    np.testing.assert_array_equal(hits[0].keypoints, query)


def test_reranking_orders_by_similarity(filled):
    query = many(60)[17].figures[0].keypoints
    hits = filled.search(query, k=10)
    likeness = similarity(query, np.stack([p.figures[0].keypoints for p in many(60)]))
    assert [hit.score for hit in hits] == pytest.approx(np.sort(likeness)[::-1][:10].tolist())
    assert hits[0].thumbnail == b"jpeg 17"


def test_tag_filter(filled):
    query = many(60)[17].figures[0].keypoints
    assert {hit.tags[0] for hit in filled.search(query, k=60, tags="even")} == {"even"}
    assert len(filled.search(query, k=60, tags="even -tens_3")) == 25
    assert len(filled.search(query, k=60, tags="even tens_3")) == 5
    assert filled.search(query, k=60, tags="no_such_tag") == []


def test_quotes_in_names_are_only_letters(index):
    with index.writing():
        index.add([replace(many(1)[0], path="/p/it's.png", tags=["d'or", "x"])])
        index.add([replace(many(1)[0], path="/p/it's.png", tags=["d'or"])])
    assert [hit.path for hit in index.search_tags("d'or")] == ["/p/it's.png"]
    assert index.search_tags("') OR true OR array_has_any(tags, ['x") == []


def test_search_by_tags_alone(filled):
    hits = filled.search_tags("odd tens_2", k=3)
    assert [hit.path[-6:-4] for hit in hits] == ["21", "23", "25"]
    assert [hit.path[-6:-4] for hit in filled.search_tags("odd tens_2", k=3, offset=3)] == ["27", "29"]
    assert hits[0].thumbnail == b"jpeg 21"
    with pytest.raises(UsageError, match="no tag"):
        filled.search_tags(" ")


def test_mirror_finds_the_mirrored_pose(index):
    left = pose()
    left[[7, 9], :2] = [[90, 40], [110, 20]]  # the left arm points up and outward
    right = mirror(left) + np.array([120, 0, 0])
    with index.writing():
        one = Picture("/p/a.png", 120, 120, [], [Figure((0, 0, 120, 120), left)])
        index.add([one, replace(one, path="/p/b.png", figures=[Figure((0, 0, 120, 120), right.astype(np.float32))])])
    plain = index.search(left, k=2)
    assert [hit.path for hit in plain] == ["/p/a.png", "/p/b.png"]
    assert plain[1].score < 0.9
    both = index.search(left, k=2, mirror=True)
    assert [(hit.path, hit.mirrored) for hit in both] == [("/p/a.png", False), ("/p/b.png", True)]
    assert both[1].score == pytest.approx(1.0, abs=1e-5)


def test_exclusions(filled):
    query = many(60)[17].figures[0].keypoints
    assert filled.search(query, k=1, exclude_pictures=["/pictures/00017.png"])[0].path != "/pictures/00017.png"
    assert filled.search(query, k=1, exclude_ids=[character_id("/pictures/00017.png", 0)])[0].score < 1


def test_adding_again_replaces(filled):
    before = filled.rows()
    with filled.writing():
        filled.add(many(60)[20:30])
    assert len(filled) == 60
    assert {hit.id for hit in filled.rows()} == {hit.id for hit in before}
    two = replace(many(1)[0], figures=[*many(1)[0].figures, Figure((0, 0, 9, 9), pose())])
    with filled.writing():
        filled.add([two])
    assert len(filled) == 61
    with filled.writing():
        filled.add([replace(two, figures=())])
    assert len(filled) == 59
    assert filled.stats()["pictures_without_character"] == 1


def test_remove_and_touch(filled):
    with filled.writing():
        filled.remove(["/pictures/00003.png"])
        filled.touch({"/pictures/00004.png": 77, "/elsewhere.png": 5})
    assert len(filled) == 59
    known = {row["path"]: row["mtime_ns"] for row in filled.known_pictures().to_pylist()}
    assert (len(known), known["/pictures/00004.png"], known["/pictures/00005.png"]) == (59, 77, 1)


def test_a_batch_cut_off_in_the_middle_is_taken_out_by_the_next_writer(filled):
    # As after kill -9 between the two tables: characters whose picture is not listed.
    table = store.character_table(many(63)[60:], filled.descriptor)
    filled._characters.add(table)
    assert len(PoseIndex.open(filled.path)) == 63
    with filled.writing():
        pass
    assert len(filled) == 60


def test_rows_and_vectors(filled):
    ids, vectors = filled.vectors()
    np.testing.assert_allclose(vectors, describe(np.stack([p.figures[0].keypoints for p in many(60)])), atol=1e-6)
    assert [hit.id for hit in filled.rows([ids[5], ids[2]])] == [ids[5], ids[2]]
    assert filled.rows([]) == []
    assert filled.vectors("odd")[1].shape == (30, vectors.shape[1])
    assert filled.tag_counts()["even"] == 30


def test_fast_index_finds_the_same(index):
    with index.writing():
        index.add(many(600))
        index.compact(fast_index=True)
        index.add(many(620)[600:])  # not in the fast index yet, and found all the same
    told = index.stats()
    assert (told["fast_index_rows"], told["rows_not_in_fast_index"]) == (600, 20)
    for number in (5, 300, 610):
        query = many(620)[number].figures[0].keypoints
        hits = index.search(query, k=5)
        assert hits[0].path == f"/pictures/{number:05d}.png"
        assert len(index.search(query, k=5, tags="odd -tens_3")) == 5


def test_empty_index(index):
    assert index.search(pose()) == []
    assert index.search_tags("kimono") == []
    assert index.rows() == []
    assert index.vectors()[1].shape[0] == 0
    assert index.tag_counts() == {}
    with index.writing():
        index.compact()
    assert index.stats()["characters"] == 0


def test_a_reader_sees_what_was_there_and_then_the_new(filled):
    reader = PoseIndex.open(filled.path)
    assert len(reader) == 60
    with filled.writing():
        filled.add(many(70)[60:])
    assert len(reader) == 70


def test_wrong_places(tmp_path):
    with pytest.raises(DataError, match="no index there"):
        PoseIndex.open(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        PoseIndex.open(tmp_path / "file", create=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/holiday.png").write_text("x")
    with pytest.raises(UsageError, match="other files"):
        PoseIndex.open(tmp_path / "mine", create=True)


def test_another_descriptor_is_refused(tmp_path, monkeypatch):
    PoseIndex.open(tmp_path / "i", create=True, descriptor="paper")
    assert PoseIndex.open(tmp_path / "i").descriptor.name == "paper"
    with pytest.raises(UsageError, match="has descriptor paper, not inkpose"):
        PoseIndex.open(tmp_path / "i", descriptor="inkpose")
    import lancedb

    schema = pa.schema([("id", pa.string())], {b"inkpose.index": json.dumps(
        {"format": 1, "descriptor": "inkpose", "version": 99}).encode()})  # fmt: skip
    lancedb.connect(str(tmp_path / "new")).create_table("characters", schema=schema)
    with pytest.raises(DataError, match=r"version 99 .* version 1 here.*index the pictures again"):
        PoseIndex.open(tmp_path / "new")
    lancedb.connect(str(tmp_path / "other")).create_table("characters", schema=pa.schema([("id", pa.string())]))
    with pytest.raises(DataError, match="not an index of inkpose"):
        PoseIndex.open(tmp_path / "other")


def test_two_writers_at_once(filled):
    other = PoseIndex.open(filled.path)
    with filled.writing(), pytest.raises(UsageError, match=r"process \d+ .* is writing"), other.writing():
        pass
    with other.writing():
        pass


def test_damaged_files_are_told(filled):
    for part in (filled.path / "characters.lance/data").iterdir():
        part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(DataError, match="cannot be used"):
        PoseIndex.open(filled.path).search(pose())


def test_queries_that_are_none(filled):
    nothing = np.full((17, 3), np.nan)
    with pytest.raises(UsageError, match="too few joints"):
        filled.search(nothing)
    with pytest.raises(UsageError, match="--k 0"):
        filled.search(pose(), k=0)
    with pytest.raises(UsageError, match="minus stands alone"):
        filled.search(pose(), tags="a - b")
    with pytest.raises(UsageError, match="both asked for and ruled out"):
        filled.search(pose(), tags="a -a")


def test_full_disk(filled):
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from inkpose.index.store import PoseIndex\n"
        "from tests.inkpose.index.poses_fixture import many\n"
        "from shared.errors import DataError\n"
        "index = PoseIndex.open(Path(sys.argv[1]))\n"
        "with index.writing():\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))\n"
        "    try:\n"
        "        index.add(many(2000)[60:])\n"
        "    except DataError as error:\n"
        "        print(error)\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code, str(filled.path)], cwd=root, capture_output=True, text=True)
    assert "disk is full" in done.stdout, done.stdout + done.stderr
    with filled.writing():
        assert len(filled) == 60
