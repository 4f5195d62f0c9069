"""`inkpose export all`: three nets become one small folder that answers as the run does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from inkpose.cli import main
from inkpose.pipeline import Pipeline
from shared.files import read_json
from tests.fixtures_dataset import write_tiny_dataset

FILES = {
    "README.md", "tagger/config.json", "tagger/model.safetensors", "segmenter/config.json",
    "segmenter/model.safetensors", "pose/config.json", "pose/model.safetensors",
}  # fmt: skip


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["export", "all", *map(str, arguments)]) == 2
    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    return told.err


def test_the_folder_its_card_and_what_is_told_of_it(run, tmp_path, capsys) -> None:
    write_tiny_dataset(tmp_path / "data", count=12)
    (tmp_path / "notes.md").write_text("On my own drawings they fail at hats.")
    out = tmp_path / "deep" / "small"
    more = ["--measure", str(tmp_path / "data"), "--notes", str(tmp_path / "notes.md")]
    assert main(["export", "all", str(run), "--out", str(out), *more]) == 0
    told = capsys.readouterr()
    assert files(out) == FILES
    assert not list(out.parent.glob(".*"))
    total = sum((out / name).stat().st_size for name in FILES)
    assert f"{total / 1e6:8.2f} MB  {out}" in told.out
    assert all(name in told.out for name in FILES)
    assert "takes 15 matrices from tagger/" in told.out  # convolutions of a ResNet-18 up to layer3: 1 + 4 + 5 + 5
    assert told.err == ""
    card = (out / "README.md").read_text()
    assert "fail at hats" in card
    assert str(run.parent) not in card, "no path of this machine"
    target = tmp_path / "iou.json"
    evaluate = ["eval", "segmenter", "--weights", str(out), "--data", str(tmp_path / "data"), "--json", str(target)]
    assert main(evaluate) == 0
    assert f"| segmenter | foreground IoU | {read_json(target)['iou']:.3f} |" in card, "of the nets as they are stored"
    capsys.readouterr()


def test_half_the_bytes_and_nothing_twice(run, shipped) -> None:
    whole = {name: (run / name / "checkpoints/best.ckpt").stat().st_size for name in ("tagger", "segmenter", "pose")}
    sizes = {name: (shipped / name / "model.safetensors").stat().st_size for name in whole}
    assert sizes["tagger"] < 0.52 * whole["tagger"]
    assert sizes["pose"] < 0.52 * whole["pose"] - 5_400_000, "a ResNet-18 up to layer3 has 2.8 M parameters"


def test_half_precision_answers_as_the_run(run, shipped) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (90, 70, 3), dtype=np.uint8) for _ in range(3)]
    trained, stored = (Pipeline.load(path, device="cpu").look(pictures) for path in (run, shipped))
    for one, other in zip(trained, stored, strict=True):
        np.testing.assert_allclose(one.tag_prob, other.tag_prob, atol=0.01)
        np.testing.assert_allclose(one.foreground_prob, other.foreground_prob, atol=0.01)
    boxes = [[(0.0, 0.0, 70.0, 90.0)]] * 3
    crops = {}
    for path in (run / "pose/checkpoints/best.ckpt", shipped / "pose"):
        import torch

        from pose.predict import load

        net = load(path, precision="float32")
        squares = np.stack([net.crop(image, box[0])[0] for image, box in zip(pictures, boxes, strict=True)])
        crops[path] = net.logits(torch.from_numpy(squares).permute(0, 3, 1, 2)).numpy()
    one, other = crops.values()
    np.testing.assert_allclose(one, other, atol=0.02)


def test_eight_bits_are_half_of_that_and_near(run, shipped, tmp_path) -> None:
    out = tmp_path / "small"
    assert main(["export", "all", str(run), "--out", str(out), "--precision", "int8"]) == 0
    sizes = [(folder / "tagger/model.safetensors").stat().st_size for folder in (out, shipped)]
    assert sizes[0] < 0.52 * sizes[1]
    picture = np.random.default_rng(1).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    looks = [Pipeline.load(path, device="cpu").look([picture])[0] for path in (run, out)]
    np.testing.assert_allclose(looks[0].tag_prob, looks[1].tag_prob, atol=0.05)


def test_every_command_takes_the_folder(shipped, draw, tmp_path, capsys) -> None:
    picture, weights = str(draw(tmp_path / "a.png")), ["--weights", str(shipped), "--device", "cpu"]
    out, boxes = str(tmp_path / "out"), tmp_path / "boxes.json"
    boxes.write_text('{"a.png": [[5, 5, 30, 30]]}')
    for command in (
        ["predict", picture, "--out", out],
        ["tag", picture, "--dry-run"],
        ["segment", picture, "--out", out + "_cut"],
        ["pose", picture, "--boxes", str(boxes), "--out", out + "_pose"],
        ["index", "add", picture, "--index", out + "_index"],
        ["search", picture, "--box", "5,5,30,30", "--index", out + "_index"],
    ):
        assert main([*command, *weights]) == 0, capsys.readouterr().err
    [line] = (tmp_path / "out/predictions.jsonl").read_text().splitlines()
    assert json.loads(line)["error"] is None
    assert main(["pose", picture, "--weights", str(shipped / "pose"), "--out", out + "_pose"]) == 2
    assert "a pose net alone" in capsys.readouterr().err


def test_refusals_lose_nothing(run, shipped, tmp_path, capsys) -> None:
    out = tmp_path / "small"
    shutil.copytree(shipped, out)
    before = {name: (out / name).read_bytes() for name in FILES}
    told = refused(capsys, run, "--out", out, "--max-mb", "20")
    assert "MB of weights (tagger 23.5, segmenter" in told
    assert "--precision int8" in told
    assert "choose float32" in refused(capsys, run, "--out", out, "--precision", "bf16")
    assert "make demo" in refused(capsys, tmp_path / "none", "--out", out)
    assert "no such data folder" in refused(capsys, run, "--out", out, "--measure", tmp_path / "none")
    assert "--notes" in refused(capsys, run, "--out", out, "--notes", tmp_path / "none.md")
    (tmp_path / "broken").mkdir()
    shutil.copytree(run, tmp_path / "broken/run")
    (tmp_path / "broken/run/pose/checkpoints/best.ckpt").write_bytes(b"junk")
    assert "not a readable checkpoint" in refused(capsys, tmp_path / "broken/run", "--out", out)
    assert {name: (out / name).read_bytes() for name in files(out)} == before
    assert not list(tmp_path.glob(".*"))


def test_a_run_folder_is_never_taken_for_an_earlier_export(run, tmp_path, capsys) -> None:
    target = shutil.copytree(run, tmp_path / "other_run")
    assert "tagger/ holds checkpoints" in refused(capsys, run, "--out", target)
    assert (target / "tagger/checkpoints/best.ckpt").is_file()


def test_a_pose_net_of_another_tagger_is_told(run, weights, tmp_path, capsys) -> None:
    other = shutil.copytree(run, tmp_path / "other")
    shutil.copy(weights / "pose/checkpoints/best.ckpt", other / "pose/checkpoints/best.ckpt")
    assert main(["export", "all", str(other), "--out", str(tmp_path / "small")]) == 0
    assert "shares nothing with this tagger" in capsys.readouterr().err
