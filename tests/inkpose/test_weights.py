import numpy as np
import pytest

from inkpose.pipeline import Pipeline
from inkpose.weights import checkpoint_paths, pick_device
from shared.errors import DataError, UsageError


def test_real_nets_of_a_run_folder(weights):
    pipeline = Pipeline.load(weights, device="cpu", tag_threshold=0.0, mask_threshold=0.3)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (50, 70, 3), dtype=np.uint8), rng.integers(0, 256, (64, 30, 4), dtype=np.uint8)]
    for image, seen in zip(images, pipeline(images), strict=True):
        assert (seen.width, seen.height) == (image.shape[1], image.shape[0])
        assert len(seen.tags) == len(pipeline.tagger.class_names)
        for character in seen.characters:
            present = ~np.isnan(character.keypoints[:, 0])
            assert (character.keypoints[present, :2] <= (seen.width, seen.height)).all()


def test_no_weights_says_make_demo(tmp_path):
    with pytest.raises(UsageError, match="make demo"):
        checkpoint_paths(tmp_path)


def test_one_missing_checkpoint_is_named(tmp_path):
    for name in ("tagger", "segmenter"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "checkpoints/best.ckpt").touch()
    with pytest.raises(UsageError, match=r"pose.*make train-pose"):
        checkpoint_paths(tmp_path)


def test_swapped_and_corrupt_checkpoints(weights, tmp_path):
    for name in ("tagger", "segmenter", "pose"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "checkpoints/best.ckpt").hardlink_to(weights / "segmenter/checkpoints/best.ckpt")
    with pytest.raises(DataError, match="segmenter, not of tagger"):
        Pipeline.load(tmp_path, device="cpu")
    (tmp_path / "tagger/checkpoints/best.ckpt").unlink()
    (tmp_path / "tagger/checkpoints/best.ckpt").write_bytes(b"junk")
    with pytest.raises(DataError, match="not a readable checkpoint"):
        Pipeline.load(tmp_path, device="cpu")


def test_devices(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == pick_device("cpu") == "cpu"
    with pytest.raises(UsageError, match="no usable GPU"):
        pick_device("cuda")
    with pytest.raises(UsageError, match="choose auto"):
        pick_device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto") == "cuda"
