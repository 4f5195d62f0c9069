"""`inkpose report`: writes the page of a run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inkpose.weights import DEMO_RUN


def report(
    run: Annotated[Path, typer.Argument(help="Run folder, as `inkpose demo` leaves it.")] = DEMO_RUN,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="HTML file. Default: RUN/report.html.")] = None,
    predictions: Annotated[
        list[Path] | None, typer.Option(help="Result folders of `inkpose predict` to show. Default: those of the run.")
    ] = None,
) -> None:
    """Write a self-contained HTML page with metrics, training curves and results.

    Example: inkpose report runs/demo --predictions out/ --out page.html
    """
    from inkpose.report.page import write_report
    from shared.errors import DataError, UsageError

    if not run.is_dir():
        raise DataError(f"{run}: no such run folder; run `make demo`")
    target = out or run / "report.html"
    if target.is_dir():
        raise UsageError(f"{target}: --out is a folder; name an HTML file")
    write_report(run, target, predictions or None)
    typer.echo(f"{target}")
