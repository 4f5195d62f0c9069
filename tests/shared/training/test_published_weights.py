"""Weights that would have to be downloaded where nothing can be: one line, before anything is trained."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest

from pose.sources.named import build_task_source
from segmenter.initial_weights import initialise
from segmenter.net import SegmenterNet
from shared.errors import UsageError
from tagger.net import TaggerNet


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise URLError("no such host")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    monkeypatch.setattr("torch.hub.urlopen", unreachable)


def test_every_net_says_so_in_one_line() -> None:
    said = r"^https://.*resnet\w+-\w+\.pth: initial weights that cannot be had .*no such host.*`random`$"
    with pytest.raises(UsageError, match=said):
        TaggerNet("resnet18", 3, imagenet=True)
    for name in ("keypoint_resnet", "keypoint_rcnn_r50", "mask_rcnn_r101"):
        with pytest.raises(UsageError, match=said):
            build_task_source(name, {"imagenet": True})
    with pytest.raises(UsageError, match=said):
        initialise(SegmenterNet("resnet18", output_stride=16), "resnet18", "imagenet")
