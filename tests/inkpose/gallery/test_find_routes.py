import base64
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from inkpose.gallery.app import create_app
from inkpose.gallery.worker import NetWorker
from inkpose.index.schema import Figure, Picture
from inkpose.index.store import PoseIndex
from shared.images import read_rgb


def rows(keypoints: np.ndarray) -> list:
    return [[float(x), float(y), 1.0] for x, y, _ in keypoints]


@pytest.fixture
def names(client):
    """Searches and returns the names found, in order."""

    def search(**query):
        answer = client.post("/api/search", json=query)
        assert answer.status_code == 200, answer.text
        return [hit["name"] for hit in answer.json()["hits"]]

    return search


def test_most_alike_first_whatever_place_and_size(client, names, standing):
    query = [[3 * x + 70, 3 * y - 20, 1.0] for x, y, _ in rows(standing(18.0))]
    found = names(keypoints=query, k=6)
    assert found[0] == "3.png"
    assert set(found[1:3]) == {"2.png", "4.png"}
    hit = client.post("/api/search", json={"keypoints": query, "k": 1}).json()["hits"][0]
    assert hit["score"] == pytest.approx(1, abs=0.01)
    assert hit["keypoints"][9] == pytest.approx([82, 36, 0.9])
    assert hit["region_xywh"] == [24, 4, 52, 86]
    thumbnail = read_rgb(base64.b64decode(hit["thumbnail"].partition(",")[2]))
    assert thumbnail.shape == (86, 52, 3)


def test_tags_filter_poses_and_work_alone(names, standing):
    query = rows(standing(18.0))
    assert set(names(keypoints=query, tags="hat", k=9)) == {"1.png", "3.png", "5.png"}
    assert names(keypoints=query, tags="-hat", k=1) in (["2.png"], ["4.png"])
    assert sorted(names(tags="solo -hat")) == ["0.png", "2.png", "4.png"]
    assert names(tags="dragon") == []
    assert len(names()) == 6


def test_mirrored_poses_on_request(client, standing):
    swapped = standing(30.0)[[0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]]
    turned = [[100 - x, y, 1.0] for x, y, _ in rows(swapped)]
    plain = client.post("/api/search", json={"keypoints": turned, "k": 6}).json()["hits"]
    both = client.post("/api/search", json={"keypoints": turned, "k": 6, "mirror": True}).json()["hits"]
    assert not any(hit["mirrored"] for hit in plain)
    assert (both[0]["name"], both[0]["mirrored"]) == ("5.png", True)
    assert both[0]["score"] > 0.99 > plain[0]["score"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"keypoints": [None] * 17}, "too few joints"),
        ({"keypoints": [[1, 2, 1]] * 16}, "17"),
        ({"keypoints": [[1, 2, 7]] * 17}, "keypoints"),
        ({"keypoints": [["a", 2, 1]] * 17}, "keypoints"),
        ({"k": 0}, "k"),
        ({"k": 100000}, "k"),
        ({"tags": "hat -hat"}, "both"),
        ({"tags": "x" * 501}, "tags"),
    ],
)
def test_queries_that_make_no_sense_are_told_in_one_line(client, query, said):
    answer = client.post("/api/search", json=query)
    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_quotes_in_tags_are_only_letters(names):
    assert names(tags="x') OR TRUE --") == []
    assert names(tags="hat' OR '1'='1") == []


def test_pictures_are_served_by_row_only(client, index):
    hit = client.post("/api/search", json={"tags": "hat", "k": 1}).json()["hits"][0]
    picture = read_rgb(client.get(f"/api/characters/{hit['id']}/picture").content)
    assert picture.shape == (96, 100, 3)
    assert client.get(f"/api/characters/{hit['id']}").json()["name"] == hit["name"]
    for key in ("nothing", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..", "x' OR TRUE --", hit["path"].replace("/", "%2f")):
        answer = client.get(f"/api/characters/{key}/picture")
        assert answer.status_code == 404, key
        assert answer.headers["content-type"].startswith("application/json")


def test_a_picture_that_is_gone_is_said_to_be(client, index):
    hit = client.post("/api/search", json={"tags": "hat", "k": 1}).json()["hits"][0]
    path = Path(hit["path"])
    kept = path.read_bytes()
    path.unlink()
    try:
        answer = client.get(f"/api/characters/{hit['id']}/picture")
        path.write_bytes(b"something else")
        changed = client.get(f"/api/characters/{hit['id']}/picture")
    finally:
        path.write_bytes(kept)
    assert (answer.status_code, changed.status_code) == (404, 404)
    assert "gone or changed" in answer.json()["error"]


def test_tags_are_counted(client):
    assert client.get("/api/tags").json()["tags"] == [["solo", 6], ["hat", 3]]


def test_poses_are_grouped(client):
    groups = client.get("/api/poses?count=2").json()["groups"]
    assert sum(group["size"] for group in groups) == 6
    assert len(groups) == 2
    assert all(0 <= value <= 1 for group in groups for value in group["place_xy"])
    shown = {hit["name"] for group in groups for hit in [group["medoid"], *group["examples"]]}
    assert shown == {f"{n}.png" for n in range(6)}
    assert client.get("/api/poses?count=2").json()["groups"] == groups
    assert sum(group["size"] for group in client.get("/api/poses?count=2&tags=hat").json()["groups"]) == 3


def test_without_an_index_everything_says_what_to_do(pipeline, tmp_path):
    with TestClient(create_app(NetWorker(lambda: pipeline), tmp_path / "none"), base_url="http://localhost") as client:
        assert "add a folder" in client.post("/api/search", json={}).json()["error"]
        assert client.get("/api/tags").json() == {"tags": []}
        assert client.get("/api/poses").json() == {"groups": []}
        assert client.get("/api/collection").json()["exists"] is False
        assert client.get("/api/characters/x/picture").status_code == 404
    assert not (tmp_path / "none").exists()


def test_groups_that_show_hardly_a_body_come_last(pipeline, tmp_path, standing):
    def figure(lean: float, body: int) -> Picture:
        keypoints = standing(lean)
        keypoints[5 + body :, :2] = np.nan
        return Picture(f"/pictures/{lean}.png", 100, 96, [], [Figure((30, 10, 40, 74), keypoints)])

    index = PoseIndex.open(tmp_path / "index", create=True)
    with index.writing():
        index.add([figure(n / 10, n % 4) for n in range(5)] + [figure(40 + n / 10, 12) for n in range(2)])
    with TestClient(create_app(NetWorker(lambda: pipeline), index.path), base_url="http://localhost") as client:
        groups = client.get("/api/poses?count=2").json()["groups"]
    assert [(group["size"], group["vague"]) for group in groups] == [(2, False), (5, True)]
    assert groups[1]["medoid"]["name"] == "0.3.png", "of hardly a body the most is shown"
