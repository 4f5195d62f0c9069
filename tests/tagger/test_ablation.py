from __future__ import annotations

import json
from pathlib import Path

import pytest

import tagger.ablation
from tagger.ablation import Plan, main, markdown, scores_of
from tests.fixtures_dataset import write_tiny_dataset

CONFIG = """
seed_everything: 0
trainer: {{default_root_dir: nowhere, accelerator: cpu, max_steps: 2, val_check_interval: 2, enable_progress_bar: false,
          check_val_every_n_epoch: null}}
checkpoint: {{monitor: val/macro_f1, mode: max}}
model: {{backbone: resnet18, image_size: 32, rulebook: {rulebook}, optimizer: adamw, lr: 0.001}}
data: {{root: {root}, rulebook: {rulebook}, image_size: 32, batch_size: 8, num_workers: 0}}
"""


def test_cells_are_done_once_and_the_table_grows(
    small_rulebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_dataset(tmp_path / "data", count=32, size=32)
    config = tmp_path / "c.yaml"
    config.write_text(CONFIG.format(rulebook=small_rulebook, root=tmp_path / "data"))
    arguments = ["--config", str(config), "--out", str(tmp_path / "out"), "--min-positives", "1", "--seeds", "0", "1"]
    arguments += ["--weightings", "none", "--trainer.max_steps=1", "--trainer.val_check_interval=1"]
    cell, done = tagger.ablation._cell, list[tuple[str, int]]()

    def counted(plan: Plan, weighting: str, seed: int) -> dict[str, float | int | None]:
        done.append((weighting, seed))
        if len(done) == 2:
            raise KeyboardInterrupt
        return cell(plan, weighting, seed)

    monkeypatch.setattr(tagger.ablation, "_cell", counted)
    with pytest.raises(KeyboardInterrupt):
        main(arguments)
    assert "| none | 1 |" in (tmp_path / "out/table.md").read_text()
    assert main(arguments) == 0
    assert done == [("none", 0), ("none", 1), ("none", 1)]
    assert "| none | 2 |" in capsys.readouterr().out
    rows = json.loads((tmp_path / "out/table.json").read_text())["rows"]
    assert [row["seed"] for row in rows] == [0, 1]
    assert rows[0]["map"] != rows[1]["map"], "another seed is another net"
    assert "weighting: none" in (tmp_path / "out/none-1/config.yaml").read_text()
    assert "max_steps: 1" in (tmp_path / "out/none-1/config.yaml").read_text()
    assert main(arguments) == 0
    assert len(done) == 3
    config.write_text(config.read_text().replace("0.001", "0.002"))
    assert (
        Plan(config, tmp_path / "out").key("none", 0)
        != json.loads((tmp_path / "out/none-0/scores.json").read_text())["key"]
    ), "another YAML makes the cell anew"


def test_table_by_hand() -> None:
    base = {"macro_f1": 0.5, "map": 0.5, "rare_recall": None, "rare_f2": 0.1, "classes_scored": 9, "rare_classes": 2}
    rows = [{"weighting": "none", "seed": s, "macro_f2": f2, **base} for s, f2 in ((0, 0.2), (1, 0.4))]
    lines = markdown([*rows, {"weighting": "inverse", "seed": 0, "macro_f2": 0.6, **base}]).splitlines()
    assert lines[2] == "| none | 2 | 0.3000 ± 0.1414 | 0.5000 ± 0.0000 | 0.5000 ± 0.0000 | – | 0.1000 ± 0.0000 |"
    assert lines[3].startswith("| inverse | 1 | 0.6000 | ")
    assert "9 classes scored, 2 of them rare (at most 5% of the pictures)" in lines[5]


def test_rare_classes_are_those_with_few_positives_but_enough() -> None:
    rows = [
        {"positives": n, "recall_at_half": r, "f2_at_half": r} for n, r in ((500, 1.0), (20, 0.4), (10, 0.2), (9, 0.9))
    ]
    report = {"pictures": 1000, "min_positives": 10, "at": {"0.5": {"macro_f1": 0.1, "macro_f2": 0.2}}, "map": 0.3,
              "classes_scored": 3, "per_class": rows}  # fmt: skip
    scores = scores_of(report)
    assert scores["rare_recall"] == pytest.approx(0.3)
    assert scores["rare_classes"] == 2


def test_wrong_use_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", str(tmp_path / "none.yaml"), "--out", str(tmp_path / "out")]) == 2
    (tmp_path / "c.yaml").write_text("{}")
    assert main(["--config", str(tmp_path / "c.yaml"), "--weightings", "cubic"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert "none.yaml" in lines[0]
    assert "cubic" in lines[1]
    assert not (tmp_path / "out").exists()
