"""Runs the benchmark's parts, prints their table, writes ``bench.json``."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from inkpose.bench import (
    drawing,
    manifest,
    metrics,
    pose_paper,
    prediction,
    reading,
    retrieval,
    rulebook,
    segmentation,
    tagging,
)
from inkpose.bench.row import Row
from inkpose.weights import net_paths
from shared.errors import UsageError
from shared.files import write_json

PARTS = (
    "reading", "rulebook", "manifest", "metrics", "drawing", "tagging", "segmentation", "pose", "prediction",
    "retrieval",
)  # fmt: skip


def run_bench(out: Path, weights: Path, only: str | None = None, full: bool = False) -> list[Row]:
    """Runs all parts (or one), prints the table and writes the JSON.

    Args:
        out: JSON file: the machine and the rows.
        weights: run or exported folder for the prediction part; without it that part is left out, as the table says.
        only: name of one part.
        full: a million poses in the retrieval part.

    Raises:
        UsageError: there is no such part.
    """
    if only is not None and only not in PARTS:
        raise UsageError(f"--only {only}: no such part; choose from {', '.join(PARTS)}")
    console = Console()
    found: list[Row] = []
    left_out: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in PARTS if only is None else (only,):
            if name == "prediction" and (missing := _missing(weights)):
                left_out.append(f"prediction: {missing}")
                continue
            folder = Path(scratch) / name
            folder.mkdir()
            with console.status(name):
                found.extend(_part(name, folder, weights, full)())
    console.print(_table(found))
    for line in left_out:
        console.print(f"left out: {line}", highlight=False)
    write_json(out, {"machine": machine(), "rows": [row.as_json() for row in found]})
    console.print(f"wrote {out}", highlight=False)
    return found


def _missing(weights: Path) -> str:
    """Says which weights are not there; nothing where all are."""
    try:
        net_paths(weights)
    except UsageError as error:
        return str(error)
    return ""


def machine() -> dict[str, str | int]:
    """Returns what a reader needs to judge a rate: processor, cores used, versions."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def _part(name: str, folder: Path, weights: Path, full: bool) -> Callable[[], Iterator[Row]]:
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "reading": lambda: reading.rows(folder),
        "rulebook": rulebook.rows,
        "manifest": lambda: manifest.rows(folder),
        "metrics": metrics.rows,
        "drawing": lambda: drawing.rows(folder),
        "tagging": lambda: tagging.rows(folder, weights),
        "segmentation": segmentation.rows,
        "pose": pose_paper.rows,
        "prediction": lambda: prediction.rows(folder, weights),
        "retrieval": lambda: retrieval.rows(folder, full),
    }
    return parts[name]


def _table(rows: list[Row]) -> Table:
    table = Table(title="more is better; each baseline ran in turn with ours")
    for column in ("what", "unit", "ours", "baseline", "ratio", "baseline is"):
        table.add_column(column, justify="right" if column in {"ours", "baseline", "ratio"} else "left")
    for row in rows:
        table.add_row(row.name, row.unit, f"{row.ours:,.1f}", f"{row.baseline:,.1f}", f"{row.ratio:.2f}×", row.versus)
    return table
