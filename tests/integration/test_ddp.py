"""Tagger, segmenter, task source and pose net on two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures_dataset import write_tiny_dataset


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_all_subsystems_train_on_two_processes_and_resume(tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path / "data", 48, size=48)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    command += ["tests.integration.ddp_subsystems", str(tmp_path / "data"), str(tmp_path / "runs")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-6000:]
    assert done.stderr.count("all the same") == 2
