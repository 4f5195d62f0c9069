import asyncio
import io
import json
import threading
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from inkpose.gallery import looks as looks_module
from inkpose.gallery import uploads
from inkpose.gallery.app import create_app
from inkpose.gallery.looks import Looks
from inkpose.gallery.worker import Busy, NetWorker
from shared.images import encode_png, read_rgb, read_rgba


def picture(*blocks, shade=(40, 20, 30)):
    image = np.full((40, 60, 3), 255, np.uint8)
    for x1, y1, x2, y2 in blocks or ((10, 5, 30, 35),):
        image[y1:y2, x1:x2] = shade
    return image


def test_tags_characters_and_joints(upload):
    seen = upload(picture(), "%E7%B5%B5.png").json()
    assert (seen["name"], seen["width"], seen["height"]) == ("絵.png", 60, 40)
    assert [(tag["name"], tag["group"], tag["threshold"]) for tag in seen["tags"]] == [
        ("solo", "count", 0.5),
        ("red_theme", "colour", 0.3),
    ]
    [character] = seen["characters"]
    assert character["box_xyxy"] == [10, 5, 30, 35]
    assert len(character["keypoints"]) == 17
    assert character["keypoints"][0] == pytest.approx([10.4, 5.6, 0.5])
    assert character["keypoints"][16] is None


def test_faint_tags_are_sent_with_their_threshold_so_that_the_page_can_choose(upload):
    seen = upload(picture((0, 0, 60, 40), shade=(20, 30, 30))).json()
    red = next(tag for tag in seen["tags"] if tag["name"] == "red_theme")
    assert red["score"] == pytest.approx(20 / 255, abs=1e-3)
    assert red["score"] < red["threshold"]
    assert "never_seen" not in json.dumps(seen)


def test_another_threshold_needs_no_upload(client, upload):
    key = upload(picture()).json()["key"]
    assert len(client.get(f"/api/looks/{key}?mask=0.5").json()["characters"]) == 1
    assert client.get(f"/api/looks/{key}?mask=0.97").json()["characters"] == []
    assert client.get(f"/api/looks/{key}?mask=0").status_code == 422


def test_cutouts_of_one_and_of_all(client, upload):
    key = upload(picture((5, 5, 25, 35), (40, 10, 50, 20))).json()["key"]
    everything = read_rgba(client.get(f"/api/looks/{key}/cutout").content)
    assert everything.shape == (40, 60, 4)
    assert everything[20, 15, 3] > 240
    assert everything[15, 45, 3] > 240
    assert everything[2, 30, 3] == 0
    answer = client.get(f"/api/looks/{key}/cutout.png?n=1")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''girl.1.png"
    second = read_rgba(answer.content)
    assert second[20, 15, 3] == 0
    assert tuple(second[15, 45]) == (40, 20, 30, 255)
    assert client.get(f"/api/looks/{key}/cutout.png?n=2").status_code == 404
    assert client.get(f"/api/looks/{key}/cutout?mask=0.97").status_code == 404


class Locator:
    """Every joint on the diagonal of the box; half of them sure."""

    gate = np.full(25, 0.3)

    def __init__(self, sure: int) -> None:
        self.sure = sure

    def predict(self, images, boxes_xyxy):
        return self.locate(images, boxes_xyxy)

    def locate(self, images, boxes_xyxy):
        share = (np.arange(25) + 0.5) / 25
        found = []
        for boxes in map(np.array, boxes_xyxy):
            xy = boxes[:, None, :2] + share[None, :, None] * (boxes[:, None, 2:] - boxes[:, None, :2])
            score = np.where(np.arange(25) < self.sure, 0.9, 0.1)
            found.append(np.concatenate([xy, np.broadcast_to(score[None, :, None], (*xy.shape[:2], 1))], axis=2))
        return found


@pytest.mark.parametrize(("sure", "status"), [(17, 200), (8, 422)])
def test_rig_of_a_whole_figure(pipeline, tmp_path, sure, status):
    app = create_app(NetWorker(lambda: replace(pipeline, pose=Locator(sure))), tmp_path / "index")
    with TestClient(app, base_url="http://localhost") as client:
        key = client.post("/api/looks", content=encode_png(picture()), headers={"x-file-name": "girl.png"}).json()[
            "key"
        ]
        answer = client.get(f"/api/looks/{key}/rig.zip")
        assert answer.status_code == status
        if status == 200:
            assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''girl.0.rig.zip"
            with zipfile.ZipFile(io.BytesIO(answer.content)) as rig:
                assert {"girl.0/char_cfg.yaml", "girl.0/mask.png", "girl.0/texture.png"} <= set(rig.namelist())
        else:
            assert answer.json()["error"].startswith("girl.png: only 3 of 12 body joints")
        assert client.get(f"/api/looks/{key}/rig.zip?n=3").status_code == 404


def test_result_is_a_line_as_predict_writes_it(client, upload):
    key = upload(picture()).json()["key"]
    record = client.get(f"/api/looks/{key}/result.json?tag=0.95").json()
    assert record["image"] == "girl.png"
    assert [tag["name"] for tag in record["tags"]] == []
    assert record["characters"][0]["box_xywh"] == [10, 5, 20, 30]
    assert record["characters"][0]["keypoints"][16] == [None, None, 0.01]
    assert record["characters"][0]["mask"] is None
    assert record["error"] is None


def test_shown_picture_is_the_picture(client, upload):
    key = upload(picture()).json()["key"]
    shown = read_rgb(client.get(f"/api/looks/{key}/picture").content)
    assert shown.shape == (40, 60, 3)
    assert np.abs(shown[20, 20].astype(int) - (40, 20, 30)).max() < 20


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"<html>no picture</html>", "not a picture"),
        (encode_png(picture())[:60], "damaged"),
        (b"GIF89a\xff\xff\xff\xff", "damaged"),
    ],
)
def test_a_bad_picture_is_one_line_and_stops_nothing(upload, data, said):
    answer = upload(data, "bad.png")
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("bad.png: ")
    assert said in answer.json()["error"]
    assert "picture in memory" not in answer.json()["error"]
    assert upload(picture()).status_code == 200


def test_names_are_shown_and_never_used_as_paths(client, upload):
    seen = upload(picture(), "..%2F..%2Fetc%2Fpass%0Awd.png").json()
    assert seen["name"] == "pass wd.png"
    answer = client.get(f"/api/looks/{seen['key']}/result.json")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''pass%20wd.json"


def test_uploads_over_the_limit_are_refused_whether_or_not_they_say_so(client, monkeypatch):
    monkeypatch.setattr(uploads.read_body, "__defaults__", (1000,))
    assert client.post("/api/looks", content=bytes(1001)).status_code == 413

    def chunks():
        for _ in range(50):
            yield bytes(100)

    answer = client.post("/api/looks", content=chunks())  # no content-length
    assert answer.status_code == 413
    assert "larger than" in answer.json()["error"]


def test_pictures_over_the_pixel_limit_are_refused(pipeline):
    with pytest.raises(looks_module.DataError, match=r"big\.png: 60 × 40 is over the limit"):
        Looks().add(pipeline, encode_png(picture()), "big.png", pixel_limit=2000)


def test_the_oldest_pictures_are_forgotten(pipeline):
    looks = Looks(pixels=2 * 60 * 40)
    keys = [looks.add(pipeline, encode_png(picture()), "a.png", 10_000).key for _ in range(3)]
    assert [looks.get(key) is not None for key in keys] == [False, True, True]
    tiny = Looks(pixels=1)
    assert (
        tiny.get(tiny.add(pipeline, encode_png(picture()), "a.png", 10_000).key) is not None
    )  # the newest always stays


def test_forgotten_pictures_are_said_to_be(client):
    for path in ("", "/picture", "/cutout", "/cutout.png", "/result.json"):
        answer = client.get(f"/api/looks/nothing{path}")
        assert answer.status_code == 404
        assert "drop it again" in answer.json()["error"]


def test_queue_is_bounded_and_in_order(pipeline):
    worker = NetWorker(lambda: pipeline, most_waiting=3)
    go, done = threading.Event(), []

    async def scene():
        first = asyncio.create_task(worker.run(lambda _: go.wait(10)))
        others = [asyncio.create_task(worker.run(lambda _, n=n: done.append(n))) for n in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await worker.run(lambda _: done.append("refused"))
        go.set()
        await asyncio.gather(first, *others)
        await worker.run(lambda _: done.append("after"))

    asyncio.run(scene())
    worker.close()
    assert done == [0, 1, "after"]


def test_work_of_a_request_that_left_is_not_done(pipeline):
    worker = NetWorker(lambda: pipeline)
    go, done = threading.Event(), []

    async def scene():
        first = asyncio.create_task(worker.run(lambda _: go.wait(10)))
        left = asyncio.create_task(worker.run(lambda _: done.append("left")))
        await asyncio.sleep(0.01)
        left.cancel()
        await asyncio.sleep(0)
        go.set()
        await first
        await worker.run(lambda _: done.append("stayed"))

    asyncio.run(scene())
    worker.close()
    assert done == ["stayed"]


def test_nets_that_cannot_be_loaded_are_said_on_every_request(tmp_path):
    from shared.errors import DataError

    def broken():
        raise DataError("best.ckpt: not a checkpoint; train it again")

    with TestClient(create_app(NetWorker(broken), tmp_path / "index"), base_url="http://localhost") as client:
        for _ in range(2):
            answer = client.post("/api/looks", content=encode_png(picture()))
            assert (answer.status_code, answer.json()["error"]) == (422, "best.ckpt: not a checkpoint; train it again")
        assert client.get("/api/about").json()["ready"] is False


def test_an_upload_that_breaks_off_is_no_bug(pipeline, tmp_path, caplog):
    app = create_app(NetWorker(lambda: pipeline), tmp_path / "index")
    parts = iter([{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}])
    sent = []
    scope = {
        "type": "http", "method": "POST", "path": "/api/looks", "raw_path": b"/api/looks", "query_string": b"",
        "headers": [(b"host", b"localhost")], "http_version": "1.1", "scheme": "http", "root_path": "",
    }  # fmt: skip

    async def receive():
        return next(parts)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 400
    assert not caplog.records


def test_a_bug_of_ours_is_told_without_its_insides(pipeline, tmp_path):
    class Broken:
        def predict(self, images):
            raise RuntimeError("secret")

    app = create_app(NetWorker(lambda: replace(pipeline, segmenter=Broken())), tmp_path / "index")
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.post("/api/looks", content=encode_png(picture()))
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "content-security-policy" in answer.headers
        assert client.get("/api/about").status_code == 200
