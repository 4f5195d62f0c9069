from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from shared.datamodules.tags import TagDataModule
from shared.errors import DataError, UsageError
from shared.images import read_rgb
from shared.readers.danbooru import image_path
from tagger.__main__ import main
from tagger.evaluate import evaluate, tuned_points
from tagger.metrics import BINS
from tagger.predict import load
from tagger.tables import class_table, group_table, summary_table, told_table
from tests.fixtures_dataset import write_tiny_dataset

# The rate is low on purpose: after eight larger steps batch norm's running averages lag so far behind that every
# probability is 0 or 1 in float32, and ties decide.
CONFIG = """
seed_everything: 0
trainer:
  default_root_dir: {run}
  accelerator: cpu
  max_steps: {steps}
  val_check_interval: 4
  check_val_every_n_epoch: null
  enable_progress_bar: false
  enable_model_summary: false
checkpoint: {{monitor: val/macro_f1, mode: max}}
model:
  backbone: resnet18
  image_size: 48
  rulebook: {rulebook}
  optimizer: adamw
  lr: 0.0002
  threshold_min_positives: 2
data: {{root: {root}, rulebook: {rulebook}, image_size: 48, batch_size: 8, num_workers: 0}}
"""


@pytest.fixture(scope="module")
def run(small_rulebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short training through the real command; returns the folder with ``data`` and ``run``."""
    folder = tmp_path_factory.mktemp("tagger")
    write_tiny_dataset(folder / "data", count=64, size=48)
    text = CONFIG.format(run=folder / "run", root=folder / "data", rulebook=small_rulebook, steps=8)
    (folder / "config.yaml").write_text(text)
    assert main(["fit", "--config", str(folder / "config.yaml")]) == 0
    return folder


def test_report_matches_a_plain_count(run: Path, small_rulebook: Path) -> None:
    checkpoint = run / "run/checkpoints/last.ckpt"
    report = evaluate(checkpoint, run / "data", "test", min_positives=2, num_workers=0, precision="float32")
    assert report["pictures"] == 16
    assert report["classes"] == 11
    predictor = load(checkpoint, precision="float32")
    data = TagDataModule(str(run / "data"), rulebook=str(small_rulebook))
    pictures = data.pictures("test")
    images = [read_rgb(image_path(run / "data", int(i), "jpg")) for i in pictures.ids]
    truth = np.stack([pictures.labels(i) for i in range(16)]).astype(bool)
    predicted = predictor.predict(images) > predictor.thresholds
    scored = truth.sum(0) >= 2
    f1 = 2 * (predicted & truth).sum(0) / np.maximum(1, predicted.sum(0) + truth.sum(0))
    assert report["classes_scored"] == scored.sum()
    assert report["macro_f1"] == pytest.approx(f1[scored].mean())
    assert report["at"]["tuned"]["macro_f1"] == report["macro_f1"]
    assert report["groups"]["clothing"]["classes"] == 4
    for row in report["told"]:
        told = predictor.predict(images) > predictor.limits(row["min_precision"])
        assert row["tags_per_picture"] == pytest.approx(told.sum() / 16)
        assert row["recall"] == pytest.approx((told & truth).sum() / truth.sum())
    assert len(report["told"]) == 10
    positives = {row["name"]: row["positives"] for row in report["per_class"]}
    assert positives == {predictor.class_names[c]: n for c, n in enumerate(truth.sum(0).tolist()) if n}


def test_report_is_json_and_tables(run: Path) -> None:
    checkpoint = run / "run/checkpoints/best.ckpt"
    report = evaluate(checkpoint, run / "data", "val", min_positives=10_000, num_workers=0, paper_metrics=True)
    assert report["macro_f1"] is None
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    console = Console(width=240, record=True)
    for table in (summary_table(report), told_table(report), group_table(report), class_table(report, 3)):
        console.print(table)
    text = console.export_text()
    assert "16 pictures, 0 of 11 classes" in text
    assert f"{report['paper']['paper_f2']:.4f}" in text


def test_no_paper_table_without_pictures_to_tune_on(run: Path, tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path / "train_only", ids=[1, 2, 3], size=32)
    checkpoint = run / "run/checkpoints/last.ckpt"
    report = evaluate(checkpoint, tmp_path / "train_only", "train", num_workers=0, operating_points=True)
    assert "points" not in report
    assert "points" in evaluate(checkpoint, run / "data", "train", num_workers=0, operating_points=True)


def test_test_command_uses_the_checkpoint(run: Path) -> None:
    # through Lightning: the same thresholds, and counts taken back from the file
    checkpoint = str(run / "run/checkpoints/last.ckpt")
    assert main(["test", "--config", str(run / "config.yaml"), "--ckpt_path", checkpoint]) == 0


def test_wrong_data_is_one_line(run: Path, tmp_path: Path) -> None:
    checkpoint = run / "run/checkpoints/last.ckpt"
    with pytest.raises(DataError):
        evaluate(checkpoint, tmp_path / "nothing", num_workers=0)
    write_tiny_dataset(tmp_path / "train_only", ids=[1, 2, 3], size=32)
    with pytest.raises(DataError, match="no picture in the split test"):
        evaluate(checkpoint, tmp_path / "train_only", num_workers=0)
    other = tmp_path / "other.yaml"
    other.write_text("group: body\nclasses:\n  - name: red_hair\n    any: [red_hair]\n")
    (tmp_path / "vocabulary.csv").write_text("name,status,posts_2021,posts_2025,successor,implies\nred_hair,live,,,,\n")
    with pytest.raises(UsageError, match="rulebook"):
        evaluate(checkpoint, run / "data", rulebook=str(other), num_workers=0)


def test_a_class_never_trained_is_never_predicted(run: Path) -> None:
    # a class that no training picture has is never predicted, whatever the net says
    predictor = load(run / "run/checkpoints/last.ckpt")
    umbrella = predictor.class_names.index("umbrella")
    assert not predictor.supported[umbrella]
    assert predictor.logits(torch.zeros(1, 3, 48, 48, dtype=torch.uint8))[0, umbrella] == -torch.inf


def test_operating_points_are_tuned_on_validation_alone() -> None:
    def counts(negatives: dict[int, int], positives: dict[int, int]) -> torch.Tensor:
        found = torch.zeros(2, 1, BINS, dtype=torch.int64)
        for row, bins in enumerate((negatives, positives)):
            for index, count in bins.items():
                found[row, 0, index] = count
        return found

    # Scores fall into three bins. On validation telling the upper two is best for F1 (2·8/(2·8+2+1)), all for F2.
    low, middle, high = 100, 1000, 1900
    tuning = counts({low: 6, middle: 1}, {low: 2, middle: 4, high: 4})
    scored = counts({low: 10, middle: 5}, {low: 1, middle: 1, high: 3})
    points = tuned_points(tuning, scored, min_positives=1)
    # F1: tp 4, fp 5, fn 1, tn 10. F2: tp 5, fp 15, fn 0.
    assert points["f1"]["f1"] == pytest.approx(8 / 14)
    assert points["f1"]["precision"] == pytest.approx(4 / 9)
    assert points["f1"]["recall"] == pytest.approx(4 / 5)
    assert points["f1"]["accuracy"] == pytest.approx(14 / 20)
    assert points["f2"]["f2"] == pytest.approx(25 / 40)
    assert points["f2"]["recall"] == 1.0
    assert tuned_points(tuning, scored, paper_metrics=True)["f1"]["f1"] == pytest.approx(8 / 14)
