"""Stand-ins for the three nets: they answer from the picture itself, so that every result can be foretold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inkpose.pipeline import Pipeline
from shared.images import write_png


class FakeTagger:
    """`red_theme` with the share of red, `solo` always; `never_seen` was not learnt."""

    class_names = ("solo", "red_theme", "never_seen")
    class_groups = ("count", "colour", "colour")
    supported = np.array([True, True, False])

    def limits(self, min_precision):
        return np.array([0.5, 0.3, 0.0]) if min_precision is None else np.maximum([0.5, 0.3, 0.0], min_precision)

    def predict(self, images):
        return np.array([[0.9, image[:, :, 0].mean() / 255, 1.0] for image in images], dtype=np.float32)


class FakeSegmenter:
    """Foreground where the picture is dark."""

    def predict(self, images):
        return [np.where(image.mean(axis=2) < 100, 0.95, 0.02).astype(np.float32) for image in images]

    def owners(self, images):
        return [None] * len(images)


class FakePose:
    """Joint j lies on the diagonal of the box; the last joint is not in the picture."""

    def predict(self, images, boxes_xyxy):
        poses = []
        for boxes in map(np.array, boxes_xyxy):
            share = (np.arange(25) + 0.5) / 25
            xy = boxes[:, None, :2] + share[None, :, None] * (boxes[:, None, 2:] - boxes[:, None, :2])
            points = np.concatenate([xy, np.full((*xy.shape[:2], 1), 0.5)], axis=2).astype(np.float32)
            points[:, 16] = [np.nan, np.nan, 0.01]
            poses.append(points)
        return poses


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return Pipeline(FakeTagger(), FakeSegmenter(), FakePose())


def picture(width=60, height=40, blocks=((10, 5, 30, 35),)) -> np.ndarray:
    """White paper with dark blocks ``x1, y1, x2, y2``."""
    image = np.full((height, width, 3), 255, np.uint8)
    for x1, y1, x2, y2 in blocks:
        image[y1:y2, x1:x2] = (40, 20, 30)
    return image


@pytest.fixture
def draw():
    """Writes a picture with dark blocks to a path and returns the path."""

    def write(path: Path, **options) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(path, picture(**options))
        return path

    return write


def _save(module, path: Path) -> None:
    import torch

    checkpoint = {
        "state_dict": module.state_dict(),
        "hyper_parameters": dict(module.hparams),
        "pytorch-lightning_version": "2.6.0",
    }
    module.on_save_checkpoint(checkpoint)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, path)


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    """A run folder whose checkpoints are the real modules', untrained."""
    import torch

    from pose.module import PoseModule
    from segmenter.module import SegmenterModule
    from tagger.module import TaggerModule

    run = tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    tagger = TaggerModule(backbone="resnet18", image_size=64)
    tagger.set_counts(torch.full((len(tagger.class_names),), 5), 10)
    _save(tagger, run / "tagger/checkpoints/best.ckpt")
    segmenter = SegmenterModule()
    segmenter.image_size = 64
    _save(segmenter, run / "segmenter/checkpoints/best.ckpt")
    pose = PoseModule("random:resnet18", "random:keypoint_resnet", image_size=64, head_side=16, head_widths=[8, 8, 8])
    _save(pose, run / "pose/checkpoints/best.ckpt")
    return run
