import numpy as np
import pytest

from inkpose.pipeline import Pipeline
from inkpose.weights import (
    DEMO_RUN,
    SUBSYSTEMS,
    default_weights,
    is_whole,
    net_digest,
    net_path,
    net_paths,
    pick_device,
)
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


def test_fast_leaves_out_the_other_looks(weights):
    thorough, fast = (Pipeline.load(weights, device="cpu", fast=fast) for fast in (False, True))
    for name in ("flip_test", "closer_look", "sharper_look"):
        assert (getattr(thorough.segmenter, name), getattr(fast.segmenter, name)) == (True, False)
    assert (thorough.pose.flip_test, fast.pose.flip_test) == (True, False)


def test_no_weights_says_make_demo(tmp_path):
    with pytest.raises(UsageError, match="make demo"):
        net_paths(tmp_path)


def test_one_missing_checkpoint_is_named(tmp_path):
    for name in ("tagger", "segmenter"):
        (tmp_path / name / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "checkpoints/best.ckpt").touch()
    with pytest.raises(UsageError, match=r"pose.*make train-pose"):
        net_paths(tmp_path)


def exported(folder, names=SUBSYSTEMS):
    """Stands for a folder of exported nets; nothing here reads what is in the files."""
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text(name)
        (folder / name / "model.safetensors").write_text(name)
    return folder


def test_every_way_to_name_a_net(tmp_path, weights):
    shipped = exported(tmp_path / "shipped")
    for name in SUBSYSTEMS:
        checkpoint = weights / name / "checkpoints/best.ckpt"
        assert net_path(weights, name) == checkpoint
        assert net_path(checkpoint, name) == checkpoint
        assert net_path(shipped, name) == net_path(shipped / name, name) == shipped / name
        assert net_path(shipped / name / "model.safetensors", name) == shipped / name / "model.safetensors"
    assert net_paths(shipped) == {name: shipped / name for name in SUBSYSTEMS}
    mixed = exported(tmp_path / "mixed", ["tagger", "pose"])
    (mixed / "segmenter").symlink_to(weights / "segmenter")
    assert net_paths(mixed) | {"segmenter": None} == {
        "tagger": mixed / "tagger",
        "segmenter": None,
        "pose": mixed / "pose",
    }


def test_what_is_no_whole_set_of_nets(tmp_path, weights):
    part = exported(tmp_path / "part", ["tagger", "segmenter"])
    with pytest.raises(UsageError, match=r"part/pose.*no trained pose net there.*make train-pose"):
        net_paths(part)
    for single in (part / "tagger", weights / "tagger/checkpoints/best.ckpt"):
        with pytest.raises(UsageError, match="single net, and 3 are needed"):
            net_paths(single)
    with pytest.raises(UsageError, match="nowhere: no trained segmenter there"):
        net_path(tmp_path / "nowhere", "segmenter")


def test_the_default_is_what_was_shipped_or_else_the_demo(tmp_path):
    shipped = exported(tmp_path / "shipped")
    assert default_weights(shipped) == shipped
    (shipped / "pose/model.safetensors").unlink()
    assert not is_whole(shipped)
    assert default_weights(shipped) == DEMO_RUN
    assert default_weights(tmp_path / "none") == DEMO_RUN


def test_the_digest_follows_settings_and_tensors(tmp_path, weights):
    tagger = exported(tmp_path, ["tagger"]) / "tagger"
    digests = {net_digest(tagger)}
    assert net_digest(tagger / "config.json") in digests
    for file in ("config.json", "model.safetensors"):
        (tagger / file).write_text("changed")
        digests.add(net_digest(tagger))
    assert len(digests) == 3
    assert net_digest(net_path(weights, "pose")) != net_digest(net_path(weights, "segmenter"))


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
