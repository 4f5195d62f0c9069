"""Processes killed at any moment: every file that bears its name is whole, and the same work goes on and ends well."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.errors import DataError
from shared.images import read_mask, write_png
from shared.training.checkpoints import load_checkpoint
from tests.battery import jobs
from tests.battery.faults import Battery

pytestmark = pytest.mark.slow

#: Long, because a machine may be busy with other things.
PATIENCE_S = 240


class Kills:
    """Starts jobs and kills them; all are forked from one process that has the imports done."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(jobs.PRELOADED)

    def start(self, job: Callable[..., None], *arguments: object) -> Any:
        begun, other = self.context.Pipe(duplex=False)
        process = self.context.Process(target=job, args=(other, *arguments), daemon=True)
        process.start()
        other.close()
        assert begun.poll(PATIENCE_S), f"{job.__name__} did not begin"
        begun.recv_bytes()
        return process

    def kill(self, within_s: float, job: Callable[..., None], *arguments: object) -> None:
        """Kills a job when it has worked for a time by chance; on a busy machine that takes longer than the time."""
        process = self.start(job, *arguments)
        end, patience = worked_s(process.pid) + self.rng.uniform(0.003, within_s), time.monotonic() + 60
        while process.is_alive() and worked_s(process.pid) < end and time.monotonic() < patience:
            time.sleep(0.001)
        process.kill()
        process.join(PATIENCE_S)

    def finish(self, job: Callable[..., None], *arguments: object) -> str | None:
        process = self.start(job, *arguments)
        process.join(PATIENCE_S)
        return None if process.exitcode == 0 else f"exit code {process.exitcode}"


def worked_s(pid: int) -> float:
    """Seconds that a process has had of a core; the clock's where the system does not tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return time.monotonic()


def pictures(folder: Path, count: int) -> Path:
    for number in range(count):
        drawing = np.full((80, 60, 3), 255, np.uint8)
        drawing[10:70, 10 + number % 20 : 40] = 30
        write_png(folder / f"{number}.png", drawing)
    return folder


def test_a_file_is_old_or_new_and_never_half(battery: Battery, tmp_path: Path) -> None:
    kills, target = Kills(0), tmp_path / "value.json"

    def case() -> str | None:
        kills.kill(0.08, jobs.write_values, target)
        if not target.exists():
            return None  # killed before the first was whole
        value = json.loads(target.read_bytes())
        return None if value["values"] == [value["number"]] * 20_000 else "half of it is another's"

    for turn in range(20):
        battery.check(f"write {turn}", case)
    assert target.exists()


def test_a_manifest_goes_on(battery: Battery, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder, kills = pictures(tmp_path / "pictures", 200), Kills(1)
    for path in folder.glob("*.png"):
        path.with_suffix(".txt").write_text("1girl, long hair")
    rules, whole = tmp_path / "rules.yaml", tmp_path / "whole.parquet"
    rules.write_text("group: body\nclasses:\n- {name: girl, any: [1girl]}\n- {name: hair, any: [long_hair]}\n")
    battery.check("manifest", lambda: kills.finish(jobs.make_manifest, folder, whole, rules))
    for turn in range(4):
        out = tmp_path / f"{turn}.parquet"
        for kill in range(3):

            def killed(out: Path = out) -> str | None:
                kills.kill(0.25, jobs.make_manifest, folder, out, rules)
                return "half of it" if out.exists() and pq.read_table(out).num_rows != 200 else None

            battery.check(f"manifest {turn}, kill {kill}", killed)

        def case(out: Path = out) -> str | None:
            wrong = kills.finish(jobs.make_manifest, folder, out, rules)
            left = [path.name for path in tmp_path.glob(f".{out.name}.parts")]
            same = pq.read_table(out).equals(pq.read_table(whole))
            return wrong or (f"left {left}" if left else None if same else "other rows")

        battery.check(f"manifest {turn} is the same", case)


def test_predictions_are_whole_or_absent(battery: Battery, tmp_path: Path) -> None:
    folder, out, kills = pictures(tmp_path / "pictures", 60), tmp_path / "out", Kills(2)

    def case() -> str | None:
        kills.kill(0.6, jobs.predict, folder, out)
        for path in out.rglob("*.png"):
            if read_mask(path).shape != (80, 60) and "overlays" not in path.parts:
                return f"half of {path.name}"
        listing = out / "predictions.jsonl"
        whole = not listing.exists() or len([json.loads(line) for line in listing.open()]) == 60
        return None if whole else f"half of {listing.name}"

    for turn in range(10):
        battery.check(f"predict, kill {turn}", case)
    battery.check("predict ends well", lambda: kills.finish(jobs.predict, folder, out))
    battery.check(
        "all are there", lambda: None if len(list((out / "overlays").iterdir())) >= 60 else "some are missing"
    )


def test_an_index_never_holds_half_a_picture(battery: Battery, tmp_path: Path) -> None:
    pytest.importorskip("lancedb")
    from inkpose.index.connection import is_index
    from inkpose.index.store import PoseIndex

    folder, place, kills = pictures(tmp_path / "pictures", 16), tmp_path / "index", Kills(3)

    def wrong(least: int = 0) -> str | None:
        if not is_index(place):
            return None if least == 0 else "no index"
        index = PoseIndex.open(place)
        known = index.known_pictures().to_pylist()
        twice = [path for path, count in Counter(row["path"] for row in known).items() if count > 1]
        if twice:
            return f"{twice[0]} is in it twice"
        figures = Counter(hit.path for hit in index.rows())
        for row in known:
            if figures.pop(row["path"], 0) != row["characters"]:
                return f"{row['path']} has other characters than it says"
        return None if len(known) >= least else f"{len(known)} pictures"

    def case() -> str | None:
        kills.kill(0.8, jobs.fill_index, folder, place)
        return wrong()

    for turn in range(10):
        battery.check(f"index, kill {turn}", case)
    battery.check("index ends well", lambda: kills.finish(jobs.fill_index, folder, place))
    battery.check("all are in it, once", lambda: wrong(least=16))


def test_checkpoints_are_whole_and_the_training_goes_on(battery: Battery, tmp_path: Path) -> None:
    kills, steps = Kills(4), [0]

    def case() -> str | None:
        kills.kill(1.0, jobs.train, tmp_path)
        for path in (tmp_path / "checkpoints").glob("*.ckpt"):
            try:
                checkpoint = load_checkpoint(path, "tagger")
            except DataError as error:
                return str(error)
            if not (checkpoint["state_dict"]["ballast"] == 1).all():
                return f"half of {path.name}"
        last = tmp_path / "checkpoints/last.ckpt"
        reached = load_checkpoint(last, "tagger")["global_step"] if last.exists() else 0
        if reached < steps[-1]:
            return f"went back from step {steps[-1]} to {reached}"
        steps.append(reached)
        return None

    for turn in range(10):
        battery.check(f"training, kill {turn}", case)
    battery.check("it went on", lambda: None if steps[-1] > 0 else "never got to a checkpoint")
