"""One cell of the table: a training with one seed, its metrics, sizes and speed; done once, then reused."""

from __future__ import annotations

import hashlib
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pose.evaluate import evaluate
from pose.predict import PosePredictor, load
from pose.table.caching import CellCache
from pose.table.rows import TableRow
from shared.errors import DataError
from shared.files import digest, read_json, write_json


@dataclass(frozen=True)
class CellJob:
    """All that decides a cell's numbers.

    Attributes:
        row: of the table.
        seed: of initialisation, order and augmentation.
        config: the preset's YAML.
        data: folder with the training data of the row.
        domain_source: as in the YAML.
        task_source: as in the YAML.
        other_data: folder of the other look, for the adversarial row.
        steps: optimiser steps; None is the preset's.
        cache: the cache of frozen features, or None.
    """

    row: TableRow
    seed: int
    config: Path
    data: Path
    domain_source: str
    task_source: str
    other_data: Path
    steps: int | None = None
    cache: CellCache | None = None

    def fingerprint(self) -> str:
        """Returns a digest that changes whenever the cell must be made anew."""
        sources = [_content(text) for text in (self.domain_source, self.task_source)]
        files = [_content(str(self.data / "made_of.json")), _content(str(self.config))]
        views = None if self.cache is None else self.cache.views
        return digest(self.row.name, self.row.method, self.row.changes, self.seed, self.steps, sources, files, views)

    def command(self, run: Path) -> list[str]:
        """Returns the command that trains the cell into folder ``run``, or goes on where it was stopped."""
        changes = {
            "seed_everything": self.seed,
            "trainer.default_root_dir": run,
            "data.root": self.data,
            "data.seed": self.seed,
            "model.init_args.method": self.row.method,
            "model.init_args.domain_source": self.domain_source,
            "model.init_args.task_source": self.task_source,
        }
        if self.row.method == "adversarial":
            changes["data.other_root"] = self.other_data
        if self.steps is not None:
            # The last validation must see the final weights.
            changes |= {"trainer.max_epochs": -1, "trainer.max_steps": self.steps}
            changes |= {"trainer.val_check_interval": self.steps, "trainer.check_val_every_n_epoch": "null"}
        if self.cache is not None:
            changes |= self.cache.settings()
        arguments = [text for name, value in changes.items() for text in (f"--{name}", str(value))]
        start = [sys.executable, "-m", "pose", "fit", "--config", str(self.config), "--resume", "true"]
        return [*start, *arguments, *self.row.changes]


def make_cell(job: CellJob, folder: Path) -> dict[str, Any]:
    """Returns the cell's numbers, from ``folder`` when it was made there from the same things, else by training.

    Raises:
        DataError: the training fails.
        KeyboardInterrupt: it was interrupted; the next call goes on.
    """
    record, started, fingerprint = folder / "cell.json", folder / "started.json", job.fingerprint()
    if record.is_file():
        found = read_json(record)
        if isinstance(found, dict) and found.get("fingerprint") == fingerprint:
            return found
    if folder.is_dir() and not (started.is_file() and read_json(started) == fingerprint):
        shutil.rmtree(folder)
    write_json(started, fingerprint)
    start = time.perf_counter()
    # A process of its own: its signals, seeds and memory are a training's, not the table's.
    code = subprocess.run(job.command(folder), check=False).returncode
    if code in (130, 143, -2, -15):
        raise KeyboardInterrupt
    checkpoint = folder / "checkpoints" / "best.ckpt"
    if code != 0 or not checkpoint.is_file():
        raise DataError(f"{folder}: training of {job.row.name} ended with exit code {code}; see the lines above")
    seconds = time.perf_counter() - start
    metrics = evaluate(checkpoint, job.data, "test", num_workers=0, paper=True)
    predictor = load(checkpoint, precision="float32", flip_test=False)
    total, trained = parameters(predictor)
    found = {
        "fingerprint": fingerprint,
        "row": job.row.name,
        "seed": job.seed,
        "metrics": metrics,
        "parameters": total,
        "trained_parameters": trained,
        "ms_per_picture": milliseconds(predictor),
        "training_seconds": seconds,
    }
    write_json(record, found)
    return found


def parameters(predictor: PosePredictor) -> tuple[int, int]:
    """Returns how many parameters run, and how many of them the training could change."""
    named = [(name, parameter.numel()) for name, parameter in predictor.net.named_parameters()]
    return sum(n for _, n in named), sum(n for name, n in named if not name.startswith(("domain.", "task.")))


def milliseconds(predictor: PosePredictor, batch: int = 8, rounds: int = 5) -> float:
    """Returns the median time of a picture in a batch from crop to logits, in float32, without the flip test."""
    crops = torch.zeros(batch, 3, predictor.crop_side, predictor.crop_side, dtype=torch.uint8)
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        predictor.logits(crops)
        times.append(1000 * (time.perf_counter() - start) / batch)
    return statistics.median(times[1:])


def _content(text: str) -> str:
    path = Path(text.partition(":")[2]) if text.startswith("rf5:") else Path(text)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else text
