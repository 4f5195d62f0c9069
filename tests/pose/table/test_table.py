"""The table of the paper: its data, its cells that are made once, its Markdown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from pose.build import METHODS
from pose.table import cell as cell_module
from pose.table.__main__ import main
from pose.table.caching import CellCache, cell_cache
from pose.table.cell import CellJob, make_cell
from pose.table.render import as_markdown, summary
from pose.table.rows import ROWS, domain_source, rows_named
from pose.table.subsets import make_subsets
from shared.datamodules.poses import PoseDataModule
from shared.errors import DataError, UsageError
from tests.fixtures_dataset import write_tiny_dataset


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("table") / "drawn"
    write_tiny_dataset(root, count=24, size=64)
    path = root / "annotations" / "person_keypoints_train.json"
    content = json.loads(path.read_text())
    for number, record in enumerate(content["annotations"]):
        record["view"] = "back" if number in (1, 5, 6) else "front"
    path.write_text(json.dumps(content))
    return root


def ids(folder: Path, split: str = "train") -> dict[int, str]:
    content = json.loads((folder / "annotations" / f"person_keypoints_{split}.json").read_text())
    return {record["id"]: record.get("view", "") for record in content["annotations"]}


def test_the_half_without_has_no_hard_pose_and_the_other_has_all(data: Path, tmp_path: Path) -> None:
    folders = make_subsets(data, tmp_path, 8)
    with_hard, without = ids(folders[True]), ids(folders[False])
    assert len(with_hard) == 8
    assert len(without) == 4
    assert without.keys() < with_hard.keys()
    assert set(without.values()) == {"front"}
    assert list(with_hard.values()).count("back") == 3
    assert ids(folders[True], "test") == ids(data, "test")
    # The folders are data sets: pictures are found through them.
    module = PoseDataModule(str(folders[False]), image_size=32, num_workers=0)
    assert module.dataset("train")[0]["image"].shape == (32, 32, 3)
    before = (folders[True] / "annotations" / "person_keypoints_train.json").stat().st_mtime_ns
    assert make_subsets(data, tmp_path, 8) == folders
    assert (folders[True] / "annotations" / "person_keypoints_train.json").stat().st_mtime_ns == before


def test_rows_cover_every_method_and_backbone() -> None:
    assert {row.method for row in ROWS} == {method.name for method in METHODS}
    assert {row.domain for row in ROWS} == {"ours", "imagenet", "rf5", "random"}
    assert [row.name for row in rows_named("domain_only, feature_match")] == ["domain_only", "feature_match"]
    with pytest.raises(UsageError, match="magic"):
        rows_named("feature_match,magic")


def test_absent_weights_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert domain_source("imagenet", "ours.ckpt", "resnet18", None, False) is None
    assert domain_source("imagenet", "ours.ckpt", "resnet18", None, True) == "imagenet:resnet18"
    assert domain_source("rf5", "ours.ckpt", "resnet18", tmp_path / "no.pth", False) is None
    assert domain_source("random", "ours.ckpt", "resnet34", None, False) == "random:resnet34"
    assert domain_source("ours", "ours.ckpt", "resnet34", None, False) == "ours.ckpt"


def test_a_cell_is_made_once_and_anew_when_something_changed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []

    class Done:
        returncode = 0

    def run(command: list[str], check: bool) -> Done:
        calls.append(command)
        folder = Path(command[command.index("--trainer.default_root_dir") + 1])
        (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
        (folder / "checkpoints" / "best.ckpt").write_bytes(b"x")
        (folder / "leftover").write_text("of this training")
        return Done()

    monkeypatch.setattr(cell_module.subprocess, "run", run)
    monkeypatch.setattr(cell_module, "evaluate", lambda *args, **kw: {"pdj@0.2": 0.5})
    monkeypatch.setattr(cell_module, "load", lambda *args, **kw: None)
    monkeypatch.setattr(cell_module, "parameters", lambda predictor: (10, 4))
    monkeypatch.setattr(cell_module, "milliseconds", lambda predictor: 1.5)
    config = tmp_path / "demo.yaml"
    config.write_text("a: 1")
    row = rows_named("feature_concat")[0]

    def job(seed: int = 0) -> CellJob:
        return CellJob(row, seed, config, data, "random:resnet18", "random:keypoint_resnet", data, 3)

    folder = tmp_path / "cell"
    first = make_cell(job(), folder)
    assert first["metrics"] == {"pdj@0.2": 0.5}
    assert make_cell(job(), folder) == first
    assert len(calls) == 1
    assert calls[0][calls[0].index("--trainer.max_steps") + 1] == "3"
    # Stopped in the middle: the same things go on with --resume, in the same folder.
    (folder / "cell.json").unlink()
    make_cell(job(), folder)
    assert (folder / "leftover").is_file()
    # Other settings: nothing of the old training stays.
    (folder / "old").write_text("")
    config.write_text("a: 2")
    make_cell(job(), folder)
    assert len(calls) == 3
    assert not (folder / "old").exists()
    Done.returncode = 130
    with pytest.raises(KeyboardInterrupt):
        make_cell(job(seed=1), tmp_path / "other")
    Done.returncode = 2
    with pytest.raises(DataError, match="exit code 2"):
        make_cell(job(seed=1), tmp_path / "other")


def test_markdown_has_means_spreads_and_absent_rows() -> None:
    def made(seed: int, value: float) -> dict[str, Any]:
        metrics = {"pdj@0.2": value, "paper/oks@50": 0.25}
        sizes = {"parameters": 9_946_425, "trained_parameters": 1_403_129, "ms_per_picture": 2.0}
        return {"seed": seed, "metrics": metrics, **sizes}

    rows = rows_named("feature_concat,backbone_rf5")
    found = summary([made(0, 0.5), made(1, 0.7)])
    assert found["pdj@0.2"]["spread"] == pytest.approx(0.1414, abs=1e-4)
    text = as_markdown("Title", rows, {"feature_concat": found}, {"backbone_rf5": "weights absent"})
    lines = text.splitlines()
    assert "| 0.250 ± 0.000 | – | – | 0.600 ± 0.141 | – | – | 9.95 M (1.40 M) | 2.0 | 0.898 / 0.793 |" in lines[4]
    assert "weights absent" in lines[5]
    assert all(line.count("|") == lines[2].count("|") for line in lines[3:6])


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--preset", "huge"], ["--rows", "x"], ["--seeds", "0"], ["--nonsense"]):
        assert main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 4
    assert not (tmp_path / "out").exists()


def test_a_cell_sees_as_many_views_as_it_makes_passes(data: Path, tmp_path: Path) -> None:
    folder = make_subsets(data, tmp_path, 8)[True]

    def views(name: str, steps: int | None = 6, gigabytes: float = 1.0, **trainer: Any) -> int | None:
        settings = {"trainer": trainer, "data": {"batch_size": 4}}
        cache = cell_cache(rows_named(name)[0], folder, settings, steps, tmp_path / "cache", gigabytes)
        return None if cache is None else cache.views

    assert views("feature_concat") == 3  # 6 · 4 draws of 8 characters
    assert views("feature_concat", steps=5) == 3  # 2½ passes
    assert views("feature_concat", steps=None, max_epochs=4) == 4
    assert views("feature_concat", steps=None, max_steps=2, max_epochs=4) == 1
    assert views("feature_concat", steps=None, max_epochs=-1) is None
    assert views("feature_concat", steps=100) is None  # 50 passes
    assert views("feature_concat", gigabytes=0.0) is None
    assert [views(name) for name in ("adversarial", "task_pretrained", "backbone_random")] == [None] * 3
    row, cache = rows_named("feature_concat")[0], CellCache(tmp_path / "cache", 1.0, 3)
    plain = CellJob(row, 0, tmp_path / "no.yaml", data, "random:resnet18", "random:keypoint_resnet", data, 3)
    cached = replace(plain, cache=cache)
    command = cached.command(tmp_path)
    assert command[command.index("--data.views") + 1] == "3"
    assert command[command.index("--model.init_args.feature_cache") + 1] == str(tmp_path / "cache")
    # Other views are other numbers; another place or size of the cache is not.
    assert cached.fingerprint() != plain.fingerprint()
    assert replace(plain, cache=replace(cache, limit_gb=2.0)).fingerprint() == cached.fingerprint()


@pytest.mark.slow
def test_the_whole_command_on_tiny_data(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[3]
    settings = yaml.safe_load((root / "configs/pose/demo.yaml").read_text())
    settings["trainer"] |= {"precision": 32, "enable_progress_bar": False}
    settings["model"]["init_args"] |= {
        "image_size": 64, "head_side": 16, "domain_source": "random:resnet18", "task_source": "random:keypoint_resnet",
    }  # fmt: skip
    settings["data"] |= {"root": str(data), "image_size": 64, "batch_size": 4, "num_workers": 0}
    (tmp_path / "demo.yaml").write_text(yaml.safe_dump(settings))
    out = tmp_path / "out"
    arguments = [
        "--configs", str(tmp_path), "--out", str(out), "--steps", "2", "--other-data", str(data),
        "--rows", "adversarial,task_pretrained,backbone_rf5,domain_only",
    ]  # fmt: skip
    assert main(arguments) == 0
    told = json.loads((out / "table.json").read_text())
    assert told["rows"].keys() == {"adversarial", "task_pretrained", "domain_only"}
    assert list((out / "features").glob("domain-*/*.safetensors"))
    assert told["rows"]["task_pretrained"]["trained_parameters"] == 0
    assert "weights absent" in (out / "table.md").read_text()
    before = (out / "adversarial" / "seed0" / "cell.json").stat().st_mtime_ns
    assert main(arguments) == 0
    assert (out / "adversarial" / "seed0" / "cell.json").stat().st_mtime_ns == before
    capsys.readouterr()
