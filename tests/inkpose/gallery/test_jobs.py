import threading
import time

import pytest
from fastapi.testclient import TestClient

from inkpose.gallery.app import create_app
from inkpose.gallery.index_routes import subfolders
from inkpose.gallery.jobs import BATCH, IndexJobs
from inkpose.gallery.worker import NetWorker
from inkpose.index.store import PoseIndex
from shared.errors import UsageError


def finished(client):
    for _ in range(3000):
        job = client.get("/api/jobs/current").json()
        if job["state"] != "running":
            return job
        time.sleep(0.02)
    raise AssertionError("the job does not end")


@pytest.fixture
def folder(draw, tmp_path):
    for n in range(6):
        draw(tmp_path / f"drawings/{n}.png", blocks=((5 + n, 5, 30, 35),))
    (tmp_path / "drawings/broken.png").write_bytes(b"no picture")
    return tmp_path / "drawings"


def test_a_folder_is_added_once_and_bad_pictures_are_named(pipeline, folder, tmp_path):
    app = create_app(NetWorker(lambda: pipeline), tmp_path / "index")
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/api/jobs/current").json()["state"] == "idle"
        assert client.post("/api/jobs", json={"folder": f" {folder} "}).status_code == 202
        job = finished(client)
        assert (job["state"], job["total"], job["done"], job["added"], job["characters"]) == ("done", 7, 7, 6, 6)
        assert job["failed"] == 1
        assert "broken.png" in job["failures"][0]
        assert client.get("/api/collection").json()["pictures"] == 6
        assert client.get("/api/collection").json()["sources"] == [{"path": str(folder), "pictures": 6}]
        assert len(client.post("/api/search", json={"tags": "solo"}).json()["hits"]) == 6

        (folder / "0.png").unlink()
        assert client.post("/api/jobs", json={}).status_code == 202  # look at all folders again
        job = finished(client)
        assert (job["state"], job["added"], job["removed"], job["unchanged"]) == ("done", 0, 1, 5)
        assert client.get("/api/collection").json()["pictures"] == 5


def test_a_stopped_job_keeps_what_was_seen_and_goes_on(pipeline, folder, tmp_path):
    class Slow:
        def __call__(self, images):
            started.set()
            go.wait(20)
            return pipeline(images)

    started, go = threading.Event(), threading.Event()
    worker = NetWorker(Slow)
    jobs = IndexJobs(tmp_path / "index", worker)
    jobs.start(folder)
    assert started.wait(30)
    with pytest.raises(UsageError, match="being added already"):
        jobs.start(folder)
    jobs.stop()
    go.set()
    jobs.stop(wait=True)
    assert jobs.progress()["state"] == "stopped"
    known = PoseIndex.open(tmp_path / "index").known_pictures()
    assert 0 < len(known) <= BATCH
    jobs.start(folder)
    jobs._thread.join()
    assert jobs.progress()["state"] == "done"
    assert jobs.progress()["unchanged"] == len(known)
    assert len(PoseIndex.open(tmp_path / "index").known_pictures()) == 6
    worker.close()


@pytest.mark.parametrize(
    ("folder", "said"), [("nowhere/at/all", "no such folder"), ("", "name a folder"), ("x" * 5000, "folder")]
)
def test_folders_that_are_not_there(client, folder, said):
    answer = client.post("/api/jobs", json={"folder": folder})
    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_a_folder_without_pictures_is_a_job_that_failed(pipeline, tmp_path):
    (tmp_path / "empty").mkdir()
    with TestClient(create_app(NetWorker(lambda: pipeline), tmp_path / "i"), base_url="http://localhost") as client:
        client.post("/api/jobs", json={"folder": str(tmp_path / "empty")})
        job = finished(client)
    assert job["state"] == "failed"
    assert "no pictures" in job["error"]


def test_folders_are_suggested(tmp_path):
    for name in ("Drawings", "draft 2", "draft 10", ".hidden", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "dra.png").write_bytes(b"")
    assert subfolders(f"{tmp_path}/dr") == [str(tmp_path / name) for name in ("draft 2", "draft 10", "Drawings")]
    assert subfolders(f"{tmp_path}/") == [str(tmp_path / n) for n in ("draft 2", "draft 10", "Drawings", "other")]
    assert subfolders("relative/dr") == []
    assert subfolders(f"{tmp_path}/nowhere/x") == []
    assert subfolders("\0") == []
