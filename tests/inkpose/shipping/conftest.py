"""A run folder whose pose net looks through the run's own tagger, as real ones do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.inkpose.conftest import _save


@pytest.fixture(scope="session")
def run(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    from pose.module import PoseModule
    from segmenter.module import SegmenterModule

    folder = tmp_path_factory.mktemp("small") / "run"
    shutil.copytree(weights / "tagger", folder / "tagger")
    torch.manual_seed(1)
    segmenter = SegmenterModule(backbone="compact", atrous_rates=[1, 2], pyramid_channels=32)
    segmenter.image_size = 64
    _save(segmenter, folder / "segmenter/checkpoints/best.ckpt")
    pose = PoseModule(
        str(folder / "tagger/checkpoints/best.ckpt"), "random:keypoint_resnet",
        image_size=64, head_side=16, head_widths=[8, 8, 8],
    )  # fmt: skip
    _save(pose, folder / "pose/checkpoints/best.ckpt")
    return folder


@pytest.fixture(scope="session")
def shipped(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that run, as `inkpose export all` writes it."""
    from inkpose.shipping.folder import ship

    out = tmp_path_factory.mktemp("shipped") / "small"
    ship(run, out)
    return out
