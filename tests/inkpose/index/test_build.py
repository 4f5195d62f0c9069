import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from inkpose.index.build import add, sync
from inkpose.index.store import PoseIndex
from inkpose.index.thumbnails import region
from shared.errors import DataError, UsageError
from shared.images import read_rgb

ROOT = Path(__file__).parents[3]


class Counting:
    """The pipeline, counting what it is shown."""

    def __init__(self, pipeline):
        self.pipeline, self.seen, self.made = pipeline, 0, 0

    def __call__(self):
        self.made += 1
        return self._see

    def _see(self, images):
        self.seen += len(images)
        return self.pipeline(images)


@pytest.fixture
def eye(pipeline):
    return Counting(pipeline)


@pytest.fixture
def pics(draw, tmp_path):
    folder = tmp_path / "pics"
    draw(folder / "a.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    draw(folder / "b.png", width=50, height=60)
    draw(folder / "sub/none.png", blocks=())
    return folder


def content(index):
    """Everything but times: what two runs must agree on."""
    rows = [
        (h.id, h.path, h.number, h.width, h.height, h.box_xywh, h.keypoints.tobytes(), tuple(h.tags), h.thumbnail)
        for h in index.rows()
    ]
    pictures = [(r["path"], r["source"], r["sha256"], r["characters"]) for r in index.known_pictures().to_pylist()]
    return sorted(rows), sorted(pictures)


def test_what_is_kept(index, eye, pics):
    outcome = add([pics], index, eye)
    assert (outcome.added, outcome.characters, outcome.unchanged, outcome.failures) == (3, 3, 0, [])
    first = next(hit for hit in index.rows() if hit.path.endswith("a.png") and hit.number == 0)
    assert first.path == str(pics / "a.png")
    assert (first.width, first.height, first.box_xywh) == (60, 40, (10, 5, 20, 30))
    assert first.tags[0] == "solo"
    assert first.keypoints[0].tolist() == pytest.approx([10.4, 5.6, 0.5])
    assert np.isnan(first.keypoints[16, 0])
    small = read_rgb(first.thumbnail)
    x, y, w, h = region(first.box_xywh, 60, 40)
    assert small.shape == (h, w, 3)
    assert (x, y, w, h) == (7, 2, 26, 36)
    assert small[h // 2, w // 2].mean() < 60  # the dark block
    told = index.stats()
    assert (told["pictures"], told["characters"], told["pictures_without_character"]) == (3, 3, 1)
    assert told["sources"] == {str(pics): 3}


def test_adding_twice_adds_nothing_and_sees_nothing(index, eye, pics):
    add([pics], index, eye)
    before = content(index)
    outcome = add([pics, pics / "a.png"], index, eye)
    assert (outcome.added, outcome.unchanged, eye.seen, eye.made) == (0, 3, 3, 1)
    assert content(index) == before


def test_changed_touched_and_new(index, eye, pics, draw):
    add([pics], index, eye)
    os.utime(pics / "b.png", ns=(1, 1))
    draw(pics / "a.png", blocks=((10, 5, 30, 35),))
    draw(pics / "new.png")
    outcome = add([pics], index, eye)
    assert (outcome.added, outcome.unchanged) == (2, 2)
    assert len(index) == 3  # a has lost one, new has one
    assert add([pics], index, eye).unchanged == 4  # the new time stamp is known


def test_sync_follows_the_folder(index, eye, pics, draw):
    add([pics], index, eye)
    (pics / "b.png").unlink()
    draw(pics / "sub/new.png")
    outcome = sync(index, eye)
    assert (outcome.added, outcome.removed, outcome.unchanged) == (1, 1, 2)
    assert {Path(row["path"]).name for row in index.known_pictures().to_pylist()} == {"a.png", "none.png", "new.png"}
    assert (sync(index, eye).added, sync(index, eye).removed) == (0, 0)


def test_sync_of_single_files(index, eye, pics):
    add([pics / "a.png", pics / "b.png"], index, eye)
    (pics / "b.png").unlink()
    assert sync(index, eye).removed == 1
    assert len(index) == 2


def test_a_folder_that_vanished_is_not_forgotten_unasked(index, eye, pics):
    add([pics], index, eye)
    shutil.move(pics, pics.with_name("away"))
    with pytest.raises(DataError, match=r"is gone, and 3 pictures .* --forget-missing"):
        sync(index, eye)
    assert len(index) == 3
    assert sync(index, eye, forget_missing=True).removed == 3
    assert len(index) == 0


def test_a_folder_emptied_on_purpose(index, eye, pics):
    add([pics], index, eye)
    for path in [*pics.rglob("*.png")]:
        path.unlink()
    assert sync(index, eye).removed == 3  # its subfolder is there: the disk is


def test_an_empty_folder_may_be_a_disk_that_is_not_mounted(index, eye, pics):
    add([pics], index, eye)
    shutil.rmtree(pics)
    pics.mkdir()
    with pytest.raises(DataError, match=r"is empty, and 3 pictures .* --forget-missing"):
        sync(index, eye)
    assert len(index) == 3
    assert sync(index, eye, forget_missing=True).removed == 3


def test_bad_pictures_stop_nothing_and_leave_the_index(index, eye, pics):
    add([pics], index, eye)
    (pics / "a.png").write_bytes(b"broken")
    (pics / "text.png").write_text("no picture")
    outcome = sync(index, eye)
    assert len(outcome.failures) == 2
    assert (outcome.removed, len(index)) == (1, 1)


def test_a_missing_input_changes_nothing(index, eye, pics):
    with pytest.raises(DataError, match="no such file"):
        add([pics, pics / "nowhere"], index, eye)
    assert len(index) == 0


def test_a_manifest_gives_its_own_tags(index, eye, tmp_path, draw):
    from inkpose.cli import main

    draw(tmp_path / "train/1.png")
    (tmp_path / "train/1.txt").write_text("blue_hair, 1girl")
    assert main(["data", "folder", str(tmp_path / "train"), "--out", str(tmp_path / "m.parquet")]) == 0
    outcome = add([tmp_path / "m.parquet"], index, eye)
    assert outcome.added == 1
    assert "blue_hair" in index.rows()[0].tags
    assert "solo" not in index.rows()[0].tags
    assert sync(index, eye).unchanged == 1


RUN = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    sys.path.insert(0, "tests/inkpose")
    from conftest import FakePose, FakeSegmenter, FakeTagger
    from inkpose.index import build
    from inkpose.index.store import PoseIndex
    from inkpose.pipeline import Pipeline
    build._COMMIT_PICTURES = 7
    inner = Pipeline(FakeTagger(), FakeSegmenter(), FakePose())
    def eye(images):
        time.sleep(float(sys.argv[3]))
        return inner(images)
    print("ready", flush=True)
    build.add([Path(sys.argv[1])], PoseIndex.open(Path(sys.argv[2]), create=True), lambda: eye, batch_size=5)
    """
)


def start(pics, index, pause):
    arguments = [sys.executable, "-c", RUN, str(pics), str(index), str(pause)]
    return subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def hundred(draw, tmp_path):
    for number in range(100):
        blocks = ((2, 2, 20 + number % 20, 30), (42, 3, 55, 20 + number % 11))[: number % 3]
        draw(tmp_path / f"many/{number:03d}.png", blocks=blocks)
    return tmp_path / "many"


@pytest.mark.slow
def test_killed_at_any_moment_and_run_again(hundred, tmp_path):
    whole = start(hundred, tmp_path / "whole", 0)
    assert whole.wait(120) == 0, whole.stderr.read()
    rng = np.random.default_rng(0)
    left = []
    for _ in range(6):
        run = start(hundred, tmp_path / "cut", 0.03)
        run.stdout.readline()
        time.sleep(float(rng.uniform(0.05, 0.9)))
        run.send_signal(signal.SIGKILL)
        run.wait(60)
        left.append(run.returncode)
    last = start(hundred, tmp_path / "cut", 0)
    assert last.wait(120) == 0, last.stderr.read()
    assert -signal.SIGKILL in left
    assert content(PoseIndex.open(tmp_path / "cut")) == content(PoseIndex.open(tmp_path / "whole"))


@pytest.mark.slow
def test_readers_while_a_writer_writes_and_no_second_writer(hundred, tmp_path):
    run = start(hundred, tmp_path / "index", 1.0)  # 20 s of writing, so that a slow machine reads in the middle, too
    run.stdout.readline()
    path = tmp_path / "index"
    deadline = time.monotonic() + 60
    while not (path / "characters.lance").is_dir() and time.monotonic() < deadline:
        time.sleep(0.05)
    reader = PoseIndex.open(path)
    counts, refused = [], ""
    while run.poll() is None:
        hits = reader.rows()
        # A picture's characters are there all together or not at all.
        for picture in {hit.path for hit in hits}:
            assert sum(hit.path == picture for hit in hits) == int(Path(picture).stem) % 3
        assert not hits or reader.search(hits[0].keypoints, k=1)[0].score > 0.9
        counts.append(len(hits))
        if not refused and hits:
            # Here, not in a process of its own: that would take longer to start than the first one writes.
            with pytest.raises(UsageError) as stop:
                add([hundred], PoseIndex.open(path), list)
            refused = str(stop.value)
    assert run.returncode == 0
    assert "is writing to this index" in refused
    assert counts == sorted(counts)
    assert len(set(counts)) > 2
    assert len(reader) == sum(number % 3 for number in range(100))
