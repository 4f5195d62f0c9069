"""Disks that are full or read-only, mounted for the purpose: one line, exit code 2, nothing half-written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.battery.faults import Battery
from tests.fixtures_dataset import write_tiny_dataset

pytestmark = pytest.mark.slow


def may_mount(folder: Path) -> bool:
    """Whether this user may mount a disk in a namespace of their own."""
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=4096", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0


def test_full_and_read_only_disks(battery: Battery, tmp_path: Path, weights: Path) -> None:
    disk, data = tmp_path / "disk", tmp_path / "data"
    disk.mkdir()
    if not may_mount(disk):
        pytest.skip("no right to mount a small disk (unshare -rm)")
    write_tiny_dataset(data, count=12)
    command = ["unshare", "-rm", sys.executable, "-m", "tests.battery.small_disk", disk, weights, data]
    done = subprocess.run(
        [str(part) for part in command], cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=1500
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for found in json.loads(done.stdout.strip().splitlines()[-1]):
        battery.check(found["name"], lambda found=found: found["wrong"])
