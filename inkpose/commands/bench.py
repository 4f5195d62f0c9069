"""`inkpose bench`: speeds as ratios to a baseline run beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT


def bench(
    out: Annotated[Path, typer.Option("--out", "-o", help="JSON file.")] = Path("runs/bench/bench.json"),
    weights: Annotated[
        Path, typer.Option(help="Run or exported folder whose nets are measured.", show_default=SHOWN_DEFAULT)
    ] = DEFAULT_WEIGHTS,
    only: Annotated[
        str | None,
        typer.Option(
            metavar="PART,...",
            help="Some of: reading, training, rulebook, manifest, metrics, drawing, tagging, segmentation, pose, "
            "prediction, retrieval; the rows of other parts stay in the JSON.",
        ),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also trainings of the paper's size, and a million poses.")
    ] = False,
) -> None:
    """Measure speed against baselines on this machine (some minutes); prints a table and writes JSON.

    Example: inkpose bench --only reading
    """
    from inkpose.bench.table import run_bench

    run_bench(out, weights, only, full)
