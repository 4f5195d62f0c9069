"""A run that is stopped or killed anywhere, and resumed, ends with the same bits as one that was left alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from shared.errors import DataError, UsageError
from shared.training.checkpoint_files import WholeFiles
from tests.shared.training.exact_run import SCHEDULES, Stop, check, differences, fit, outcome

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("whole")
    results = {}
    for name, schedule in SCHEDULES.items():
        assert fit(folder / name, schedule, None, False)
        results[name] = outcome(folder / name)
    return results


#: Batches of training around all that can happen: the first, the ends of steps, epochs, validations, the last.
PLACES = {
    "epochs": (1, 7, 12, 13, 14, 26),
    "accumulating": (1, 2, 11, 12, 13, 24),
    "steps": (1, 5, 6, 12, 13, 14, 16),
    "steps accumulating": (1, 2, 4, 5, 8, 15, 16),
}
SLOW = [pytest.param(name, marks=pytest.mark.slow) if name.startswith("epo") else name for name in SCHEDULES]


@pytest.mark.parametrize("name", SLOW)
def test_stopped_in_training(name: str, whole: dict[str, Any], tmp_path: Path) -> None:
    for step in PLACES[name]:
        check(tmp_path / str(step), SCHEDULES[name], [Stop("train", step)], whole[name])


@pytest.mark.parametrize("name", SLOW)
def test_stopped_in_validation(name: str, whole: dict[str, Any], tmp_path: Path) -> None:
    for step in (1, 3, 4, 6):
        check(tmp_path / str(step), SCHEDULES[name], [Stop("val", step)], whole[name])


@pytest.mark.parametrize("name", SLOW)
def test_killed_after_a_validation(name: str, whole: dict[str, Any], tmp_path: Path) -> None:
    """Then the best checkpoint is chosen, and the file that the run goes on from must know of it."""
    after = {"epochs": 14, "accumulating": 13, "steps": 6, "steps accumulating": 5}[name]
    for more in (0, 1):
        check(tmp_path / str(more), SCHEDULES[name], [Stop("train", after + more, kill=True)], whole[name])


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in SCHEDULES])
def test_killed_and_stopped_again(name: str, whole: dict[str, Any], tmp_path: Path) -> None:
    for step, stops in enumerate([
        [Stop("train", 4, kill=True), Stop("train", 1), Stop("train", 1)],
        [Stop("val", 2, kill=True), Stop("val", 1, kill=True), Stop("val", 1)],
        [Stop("val", 5, kill=True), Stop("train", 2, kill=True)],
    ]):  # fmt: skip
        check(tmp_path / str(step), SCHEDULES[name], stops, whole[name])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_stopped_at_random(tmp_path: Path) -> None:
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    command += ["tests.shared.training.exact_run", str(tmp_path), "5", "12"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stderr.count("12 rounds the same") == 2


def test_what_is_compared_can_differ(whole: dict[str, Any], tmp_path: Path) -> None:
    assert fit(tmp_path, {**SCHEDULES["epochs"], "max_epochs": 1}, None, False)
    assert differences(outcome(tmp_path), whole["epochs"])


def test_validation_in_the_middle_of_a_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="multiple"):
        fit(tmp_path, {**SCHEDULES["steps accumulating"], "val_check_interval": 5}, None, False)


def test_half_written_files_of_a_killed_process_go(tmp_path: Path) -> None:
    (tmp_path / ".last.ckpt.abc.part").write_bytes(b"half")
    (tmp_path / ".other.ckpt.abc.part").write_bytes(b"half")
    assert fit(tmp_path, {"max_epochs": 1}, None, False)
    assert [path.name for path in tmp_path.glob(".*.part")] == [".other.ckpt.abc.part"]
    assert torch.load(tmp_path / "last.ckpt", weights_only=True)["global_step"] == 13


def test_a_checkpoint_on_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(DataError, match="disk is full"):
        WholeFiles().save_checkpoint({}, tmp_path / "last.ckpt")
    assert not list(tmp_path.iterdir())
