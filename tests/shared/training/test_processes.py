"""Real processes, really signalled: torchrun, and a SLURM that only looks like one, against an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.shared.training.exact_run import differences

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[3]
TOY = "tests.shared.training.toy_run"
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(ROOT)}

CONFIG = """
trainer:
  max_epochs: 4
  log_every_n_steps: 1
  callbacks:
    - class_path: pytorch_lightning.callbacks.EMAWeightAveraging
      init_args: {decay: 0.9}
checkpoint: {monitor: val/loss}
model: {delay_s: 0.1}
data: {count: 80, batch_size: 2}
"""

#: Starts as many copies of a command as the job has tasks, says their process ids, ends with the highest exit code.
SRUN = """#!{python}
import os, signal, subprocess, sys
command = sys.argv[1:]
while command[0].startswith("-"):
    command.pop(0)
count = int(os.environ["SLURM_NTASKS"])
places = [dict(os.environ, SLURM_PROCID=str(i), SLURM_LOCALID=str(i), SLURM_NODEID="0", SLURM_STEP_ID="0",
               SLURM_STEP_NUM_TASKS=str(count)) for i in range(count)]
tasks = [subprocess.Popen(command, env=place) for place in places]
with open("{folder}/pids", "w") as file:
    file.write(" ".join(str(task.pid) for task in tasks) + "\\n")
codes = [task.wait() for task in tasks]
sys.exit(max(code if code >= 0 else 128 - code for code in codes))
"""


def arguments(root: Path, config: Path) -> list[str]:
    return [
        "--config", str(config), "--trainer.default_root_dir", str(root), "--trainer.accelerator", "cpu",
        "--trainer.accumulate_grad_batches", "2", "--data.num_workers", "1", "--save_every_n_steps", "1",
    ]  # fmt: skip


def overlay(root: Path, config: Path) -> list[str]:
    given = arguments(root, config)
    return ["fit", *given[:2], "--config", str(ROOT / "configs/cluster/overlay.yaml"), *given[2:]]


def result(root: Path) -> dict[str, Any]:
    kept = {}
    for name in ("last", "best"):
        checkpoint = torch.load(root / f"checkpoints/{name}.ckpt", weights_only=True)
        keys = ("state_dict", "current_model_state", "optimizer_states", "global_step")
        kept[name] = {key: checkpoint[key] for key in keys}
    return kept


def step_of(root: Path) -> int:
    path = root / "checkpoints/last.ckpt"
    return int(torch.load(path, weights_only=True)["global_step"]) if path.exists() else 0


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not reached():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def pids_of(folder: Path) -> list[int]:
    return [int(word) for word in (folder / "pids").read_text().split()]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "toy.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, config: Path) -> dict[str, Any]:
    """Two processes that Lightning itself starts."""
    root = tmp_path_factory.mktemp("undisturbed")
    command = [sys.executable, "-m", TOY, *overlay(root, config), "--trainer.devices", "2", "--model.delay_s", "0"]
    done = subprocess.run(command, env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    whole = result(root)
    assert whole["last"]["global_step"] == 40  # 80 samples, of two by two batches of two a step, four times
    return whole


def test_a_job_of_many_lives_ends_like_one_left_alone(
    tmp_path: Path, config: Path, undisturbed: dict[str, Any]
) -> None:
    root, log, rng = tmp_path / "run", tmp_path / "scontrol.log", random.Random(3)
    for name, text in {
        "srun": SRUN.format(python=sys.executable, folder=tmp_path),
        "scontrol": f'#!/bin/sh\necho "$@" >>"{log}"\necho "JobState=RUNNING"\n',
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    job = {
        **ENVIRONMENT, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": sys.executable, "SLURM_JOB_ID": "4077",
        "SLURM_JOB_NAME": "inkpose", "SLURM_NTASKS": "2", "SLURM_NTASKS_PER_NODE": "2", "SLURM_NNODES": "1",
        "SLURM_NODELIST": "127.0.0.1", "SLURM_CPUS_PER_TASK": "1",
    }  # fmt: skip
    command = ["bash", str(ROOT / "configs/cluster/slurm.sbatch"), TOY, *arguments(root, config)[1:]]
    # To whom, and what the script must end with: SLURM warns all, a preemption may reach one first, a node dies.
    lives = [(signal.SIGUSR1, (0, 1), 138), (signal.SIGTERM, (1,), 143), (signal.SIGKILL, (0,), 137)]
    for life, (signum, ranks, code) in enumerate(lives):
        begun = step_of(root)
        process = subprocess.Popen(
            command, env={**job, "SLURM_RESTART_COUNT": str(life)}, cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda begun=begun: step_of(root) > begun, process)
        time.sleep(rng.uniform(0, 0.4))
        for rank in ranks:
            os.kill(pids_of(tmp_path)[rank], signum)
        if signum == signal.SIGKILL:
            os.kill(pids_of(tmp_path)[1], signum)  # srun's --kill-on-bad-exit
        stderr = process.communicate(timeout=600)[1]
        assert process.returncode == code, stderr
        assert stderr.count("go on with --resume true") == (code != 137), stderr
    assert step_of(root) < 40
    assert [line for line in log.read_text().splitlines() if line.startswith("requeue")] == ["requeue 4077"] * 2
    assert not list(tmp_path.rglob("hpc_ckpt*"))
    done = subprocess.run(command, env=job, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert differences(result(root), undisturbed) == []


def test_torchrun_starts_again_what_died(tmp_path: Path, config: Path, undisturbed: dict[str, Any]) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, "--max-restarts", "1", "-m", TOY, *overlay(tmp_path, config), "--trainer.devices", "2"]
    command += ["--resume", "true"]

    def start(**variables: str) -> subprocess.Popen[str]:
        environment = {**ENVIRONMENT, **variables}
        return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    process = start()
    stderr = process.communicate(timeout=600)[1]
    assert process.returncode != 0
    assert "set it before torchrun" in stderr
    fresh = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    process = start(**fresh)
    wait_until(lambda: step_of(tmp_path) > 2, process)
    process.send_signal(signal.SIGTERM)
    stderr = process.communicate(timeout=600)[1]
    assert process.returncode != 0
    assert "stopped by SIGTERM; saved" in stderr
    process, stopped_at = start(**fresh), step_of(tmp_path)
    wait_until(lambda: step_of(tmp_path) > stopped_at, process)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout
    os.kill(int(workers.split()[-1]), signal.SIGKILL)
    stderr = process.communicate(timeout=900)[1]
    assert process.returncode == 0, stderr[-3000:]
    assert differences(result(tmp_path), undisturbed) == []
