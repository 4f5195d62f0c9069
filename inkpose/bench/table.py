"""Runs the benchmark's parts, prints their table, writes ``bench.json``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
    training,
)
from inkpose.bench.machine import machine
from inkpose.bench.row import Row
from inkpose.weights import net_paths
from shared.errors import UsageError
from shared.files import read_json, write_json

PARTS = (
    "reading", "training", "rulebook", "manifest", "metrics", "drawing", "tagging", "segmentation", "pose",
    "prediction", "retrieval",
)  # fmt: skip


def run_bench(out: Path, weights: Path, only: str | None = None, full: bool = False) -> list[Row]:
    """Runs all parts or some, prints the table and writes the JSON.

    Args:
        out: JSON file: the machine and the rows. Rows of other parts that the same machine wrote there are kept.
        weights: run or exported folder for the prediction part; without it that part is left out, as the table says.
        only: names of parts, with commas between them.
        full: also the paper's sizes in the training part, and a million poses in the retrieval part.

    Raises:
        UsageError: there is no such part.
        DataError: the JSON file that is there cannot be read.
    """
    chosen = PARTS if only is None else tuple(name.strip() for name in only.split(","))
    for name in chosen:
        if name not in PARTS:
            raise UsageError(f"--only {name}: no such part; choose from {', '.join(PARTS)}")
    console, here = Console(), machine()
    found: list[Row] = []
    left_out: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in chosen:
            if name == "prediction" and (missing := _missing(weights)):
                left_out.append(f"prediction: {missing}")
                continue
            folder = Path(scratch) / name
            folder.mkdir()
            with console.status(name):
                found.extend(_part(name, folder, weights, full)())
            _write(out, here, found)  # after each part, so that a stopped run keeps what it has measured
    _write(out, here, found)
    console.print(_table(found))
    for line in left_out:
        console.print(f"left out: {line}", highlight=False)
    console.print(f"wrote {out}", highlight=False)
    return found


def _missing(weights: Path) -> str:
    """Says which weights are not there; nothing where all are."""
    try:
        net_paths(weights)
    except UsageError as error:
        return str(error)
    return ""


def _write(out: Path, here: dict[str, Any], found: list[Row]) -> None:
    rows = _kept(out, here, {row.command for row in found}) + [row.as_json() for row in found]
    write_json(out, {"machine": here, "rows": rows})


def _kept(out: Path, here: dict[str, Any], commands: set[str]) -> list[dict[str, Any]]:
    """Returns the rows of an earlier run of other commands on this machine."""
    earlier = read_json(out) if out.is_file() else None
    if not isinstance(earlier, dict) or earlier.get("machine") != here:
        return []
    rows = earlier.get("rows")
    return [row for row in rows if row.get("command") not in commands] if isinstance(rows, list) else []


def _part(name: str, folder: Path, weights: Path, full: bool) -> Callable[[], Iterator[Row]]:
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "reading": lambda: reading.rows(folder),
        "training": lambda: training.rows(folder, full),
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
