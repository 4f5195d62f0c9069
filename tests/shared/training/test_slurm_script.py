"""What configs/cluster/slurm.sbatch does with the end of a run, on a SLURM that only looks like one.

What its ``scontrol`` says is what SLURM 22.05 said while jobs were cancelled, warned and preempted (docs/cluster.md).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "configs/cluster/slurm.sbatch"


def install(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("code", "state", "preempted", "restarts", "requeued"),
    [
        (0, "RUNNING", "None", 0, False),
        (1, "RUNNING", "None", 0, False),
        (2, "RUNNING", "None", 0, False),
        (137, "RUNNING", "None", 0, False),
        pytest.param(138, "RUNNING", "None", 0, True, id="its time limit is near"),
        pytest.param(138, "RUNNING", "None", 100, False, id="too often"),
        pytest.param(138, "COMPLETING", "None", 0, False, id="scancel while it saved before its time limit"),
        pytest.param(143, "RUNNING", "2026-11-26T14:46:12", 3, True, id="preempted after a grace time"),
        pytest.param(143, "COMPLETING", "2026-11-26T14:49:38", 0, True, id="preempted and cancelled at once"),
        pytest.param(143, "COMPLETING", "None", 0, False, id="scancel, or SLURM has requeued it"),
    ],
)
def test_requeues_what_was_told_to_stop(
    tmp_path: Path, code: int, state: str, preempted: str, restarts: int, requeued: bool
) -> None:
    job = f"   JobState={state} Reason=None Dependency=(null)\n   PreemptTime={preempted}"
    install(tmp_path, "srun", f'#!/bin/sh\necho "$SRUN_CPUS_PER_TASK $@" >"{tmp_path}/srun.log"\nexit {code}\n')
    install(tmp_path, "scontrol", f'#!/bin/sh\necho "$@" >>"{tmp_path}/scontrol.log"\necho "{job}"\n')
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "77", "SLURM_NNODES": "2", "PYTHON": "python",
        "SLURM_NTASKS_PER_NODE": "4", "SLURM_CPUS_PER_TASK": "9", "SLURM_RESTART_COUNT": str(restarts),
    }  # fmt: skip
    command = ["bash", str(SCRIPT), "tagger", "configs/tagger/paper.yaml", "--data.root", "/a b"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == code
    log = tmp_path / "scontrol.log"
    assert ("requeue 77" in (log.read_text() if log.exists() else "").splitlines()) == requeued
    assert (tmp_path / "srun.log").read_text().split("fit ")[0] == "9 --kill-on-bad-exit=1 python -m tagger "
    assert (
        "--trainer.num_nodes 2 --trainer.devices 4 --resume true --data.root /a b"
        in (tmp_path / "srun.log").read_text()
    )


def test_says_how_it_is_used() -> None:
    done = subprocess.run(["bash", str(SCRIPT), "tagger"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: sbatch")
