"""A gallery over the foretellable nets, and an index with rows of known pose."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from inkpose.index.schema import Figure, Picture
from inkpose.index.store import PoseIndex
from inkpose.index.thumbnails import thumbnail
from shared.images import encode_png, write_png

if importlib.util.find_spec("fastapi") is None:  # the extra `gallery` is not installed
    collect_ignore_glob = ["test_*.py"]

ADDRESS = "http://127.0.0.1:8017"


def pose(lean: float = 0.0) -> np.ndarray:
    """A standing figure 60 high in COCO's order; ``lean`` moves its left hand outwards and up."""
    xy = np.array([
        [50, 14], [53, 12], [47, 12], [57, 14], [43, 14], [60, 28], [40, 28], [64, 42], [36, 42],
        [64 + lean, 54 - lean], [34, 54], [56, 54], [44, 54], [57, 66], [43, 66], [57, 78], [43, 78],
    ])  # fmt: skip
    return np.column_stack([xy, np.full(17, 0.9)]).astype(np.float32)


def figure_picture(path, lean: float, tags: list[str]) -> Picture:
    """Writes a picture of a dark block and describes it as one of a figure."""
    image = np.full((96, 100, 3), 255, np.uint8)
    image[10:84, 30:70] = (40, 20, 30)
    write_png(path, image)
    box = (30.0, 10.0, 40.0, 74.0)
    figure = Figure(box, pose(lean), 0.9, thumbnail(image, box))
    return Picture(str(path), 100, 96, tags, [figure], source=str(path.parent), size_bytes=path.stat().st_size)


@pytest.fixture(scope="session")
def index(tmp_path_factory):
    """Six drawings whose left hand rises from picture to picture; every second one wears a hat. Nobody changes it."""
    tmp_path = tmp_path_factory.mktemp("gallery")
    folder = tmp_path / "drawings"
    folder.mkdir()
    pictures = [figure_picture(folder / f"{n}.png", 6.0 * n, ["solo", "hat"] if n % 2 else ["solo"]) for n in range(6)]
    made = PoseIndex.open(tmp_path / "index", create=True)
    with made.writing():
        made.add(pictures)
    return made


@pytest.fixture(scope="session")
def client(pipeline, index):
    from fastapi.testclient import TestClient

    from inkpose.gallery.app import create_app
    from inkpose.gallery.worker import NetWorker

    app = create_app(NetWorker(lambda: pipeline), index.path)
    with TestClient(app, base_url=ADDRESS) as client:
        yield client


@pytest.fixture
def upload(client):
    """Posts a picture of dark blocks, as the page does."""

    def post(image: np.ndarray | bytes, name: str = "girl.png", mask: float = 0.5):
        data = image if isinstance(image, bytes) else encode_png(image)
        return client.post(f"/api/looks?mask={mask}", content=data, headers={"x-file-name": name})

    return post


@pytest.fixture(scope="session")
def standing():
    """Makes a standing figure; see :func:`pose`."""
    return pose
