import re

import pytest
from fastapi.testclient import TestClient

from inkpose.gallery.app import STATIC, create_app
from inkpose.gallery.guard import is_loopback
from inkpose.gallery.worker import NetWorker


@pytest.mark.parametrize("host", ["127.0.0.1:8017", "localhost:8017", "[::1]:8017", "LOCALHOST"])
def test_names_of_this_machine_are_answered(client, host):
    assert client.get("/api/about", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "192.168.1.7:8017", "", "localhost.evil:80"]
)
def test_foreign_names_are_refused(client, host):
    """A page whose name is made to point here (DNS rebinding) reads nothing."""
    answer = client.get("/api/about", headers={"host": host})
    assert answer.status_code == 403
    assert "keypoints" not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_other_pages_can_change_nothing(client, headers):
    assert client.post("/api/search", json={}, headers=headers).status_code == 403
    assert client.delete("/api/jobs/current", headers=headers).status_code == 403


def test_own_page_may_ask(client):
    headers = {"origin": "http://127.0.0.1:8017", "sec-fetch-site": "same-origin"}
    assert client.post("/api/search", json={}, headers=headers).status_code == 200


def test_network_gallery_answers_to_addresses_but_not_to_names(pipeline, index):
    app = create_app(NetWorker(lambda: pipeline), index.path, network=True)
    with TestClient(app, base_url="http://192.168.1.7:8017") as client:
        assert client.get("/api/about").status_code == 200
        assert client.get("/api/about", headers={"host": "evil.example"}).status_code == 403
        assert client.post("/api/jobs", json={"folder": "/"}).status_code == 403
        assert client.get("/api/folders?path=/").status_code == 403
        assert str(index.path.parent) not in client.post("/api/search", json={}).text
        assert str(index.path.parent) not in client.get("/api/collection").text


def test_is_loopback():
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "192.168.0.1", "example.org", "::"]))


def test_every_answer_has_the_headers(client):
    for path in ("/", "/js/main.js", "/api/about", "/api/nothing", "/nothing"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_page_needs_nothing_from_elsewhere_and_nothing_inline():
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\sstyle=|<style|\son\w+=", page)
    for path in STATIC.rglob("*"):
        if path.is_file():
            text = path.read_text()
            foreign = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)) - {"http://www.w3.org"}
            assert not foreign, path
            assert "innerHTML" not in text, path
            assert not re.search(r"\beval\(|new Function", text), path


def test_every_module_that_is_imported_is_there():
    for path in STATIC.rglob("*.js"):
        for target in re.findall(r'from "(\./[^"]+)"', path.read_text()):
            assert (path.parent / target).is_file(), f"{path.name} imports {target}"


@pytest.mark.parametrize(
    "path", ["/../app.py", "/%2e%2e/app.py", "/js/../../app.py", "/..%2f..%2fapp.py", "//etc/passwd"]
)
def test_no_file_outside_the_page_is_served(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "create_app" not in answer.text
