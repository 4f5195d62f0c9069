"""Broken and hostile pictures dropped onto the gallery: refused in words, never an error of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.battery.faults import Battery, cut_and_flipped, watched
from tests.battery.test_pictures import base_pictures, bombs

pytest.importorskip("fastapi")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning:PIL")]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    from fastapi.testclient import TestClient

    from inkpose.gallery.app import create_app
    from inkpose.gallery.worker import NetWorker
    from inkpose.index.store import PoseIndex
    from inkpose.pipeline import Pipeline
    from tests.inkpose.conftest import FakePose, FakeSegmenter, FakeTagger

    pipeline = Pipeline(FakeTagger(), FakeSegmenter(), FakePose())
    PoseIndex.open(tmp_path / "index", create=True)
    app = create_app(NetWorker(lambda: pipeline), tmp_path / "index")
    with TestClient(app, base_url="http://127.0.0.1:8017", raise_server_exceptions=False) as found:
        yield found


def test_uploads(battery: Battery, client: Any) -> None:
    todo = {f"{name} whole": data for name, data in base_pictures().items()} | bombs()
    for number, (name, data) in enumerate(base_pictures().items()):
        todo |= {f"{name} {how}": wrong for how, wrong in cut_and_flipped(data, number + 100, cuts=1, flips=2)}
    todo |= {"nothing": b"", "a page": b"<script>alert(1)</script>" * 20}
    for name, data in todo.items():

        def case(data: bytes = data) -> str | None:
            with watched(30, 2 << 30):
                answer = client.post("/api/looks?mask=0.5", content=data, headers={"x-file-name": "a.png"})
            if answer.status_code == 200:
                return None if answer.json()["width"] > 0 else "seen, but of no size"
            told = answer.json().get("error", "")
            refused = answer.status_code in (400, 413, 422) and told and "Traceback" not in told
            return None if refused else f"{answer.status_code}: {answer.text[:200]}"

        battery.check(f"upload: {name}", case)
    for name in ("../../etc/passwd", "%2e%2e%2fetc%2fpasswd", "a%00b.png", "%ff%fe", "x" * 5000, "a\tb"):

        def named(name: str = name) -> str | None:
            answer = client.post("/api/looks", content=base_pictures()["png RGB"], headers={"x-file-name": name})
            if answer.status_code >= 500:
                return f"{answer.status_code}: {answer.text[:200]}"
            shown = answer.json().get("name", "")
            return f"is called {shown!r}" if "/" in shown or "\0" in shown else None

        battery.check(f"upload named {name[:24]!r}", named)
