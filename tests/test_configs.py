"""Every YAML of configs/ is complete and parses with the real parser; a typo in one cannot be merged."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
SUBSYSTEMS = ("tagger", "segmenter", "pose")
CONFIGS = sorted(path for name in SUBSYSTEMS for path in (ROOT / "configs" / name).glob("*.yaml"))


def entry(subsystem: str) -> object:
    module = __import__(f"{subsystem}.__main__", fromlist=["main"])
    return module.main


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_config_parses(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        entry(path.parent.name)(["fit", "--config", str(path), "--print_config"])
    assert stop.value.code in (0, None)
    printed = yaml.safe_load(capsys.readouterr().out)
    written = yaml.safe_load(path.read_text())
    assert {"seed_everything", "trainer", "model", "data", "checkpoint"} <= written.keys()
    assert printed["trainer"]["default_root_dir"] == written["trainer"]["default_root_dir"]
    assert re.fullmatch(r"runs/[a-z_0-9]+/[a-z_0-9]+", written["trainer"]["default_root_dir"])
    assert written["checkpoint"]["monitor"].startswith("val/")


#: What depends on machines only.
MACHINE = {
    "trainer.accelerator", "trainer.devices", "trainer.num_nodes", "trainer.strategy", "trainer.precision",
    "trainer.accumulate_grad_batches", "data.num_workers", "save_every_n_steps",
}  # fmt: skip


@pytest.mark.parametrize("name", ["tagger/improved", "segmenter/paper", "pose/paper", "pose/task_source_paper"])
def test_the_cluster_overlay_is_machines_only(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    overlay = ["--config", str(ROOT / "configs/cluster/overlay.yaml")]
    printed = []
    for more in ([], overlay):
        with pytest.raises(SystemExit):
            entry(name.split("/")[0])(["fit", "--config", str(ROOT / f"configs/{name}.yaml"), *more, "--print_config"])
        printed.append(leaves(yaml.safe_load(capsys.readouterr().out)))
    alone, laid_over = printed
    changed = {key for key in alone.keys() | laid_over.keys() if alone.get(key) != laid_over.get(key)}
    assert "save_every_n_steps" in changed
    assert changed <= MACHINE
    written = leaves(yaml.safe_load((ROOT / "configs/cluster/overlay.yaml").read_text()))
    assert written.keys() == MACHINE
    assert {key: laid_over[key] for key in MACHINE} == written


def leaves(value: object, name: str = "") -> dict[str, object]:
    if not isinstance(value, dict):
        return {name: value}
    below = [leaves(part, f"{name}.{key}" if name else str(key)) for key, part in value.items()]
    return {key: part for found in below for key, part in found.items()}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_config_explains_itself(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("#"), "a config begins with a comment that says what the experiment is"


@pytest.mark.parametrize("subsystem", SUBSYSTEMS)
def test_every_preset_is_there(subsystem: str) -> None:
    names = {path.stem for path in CONFIGS if path.parent.name == subsystem}
    assert {"demo", "small", "paper"} <= names
    if subsystem == "pose":
        assert {"task_source_demo", "task_source_small", "task_source_paper"} <= names


@pytest.mark.parametrize("subsystem", SUBSYSTEMS)
def test_a_typo_in_a_config_is_one_line(subsystem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "configs" / subsystem / "demo.yaml").read_text()
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("\ntrainer:", "\ntrainre:"))
    assert entry(subsystem)(["fit", "--config", str(broken)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert "trainre" in lines[0]
