"""`inkpose eval`: the metrics of one finished checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_SUBSYSTEMS = ("tagger", "segmenter", "pose")


def evaluate(
    subsystem: Annotated[str, typer.Argument(metavar="tagger|segmenter|pose", help="What the checkpoint is of.")],
    checkpoint: Annotated[Path, typer.Option(help="Checkpoint file, e.g. runs/demo/tagger/checkpoints/best.ckpt.")],
    data: Annotated[Path, typer.Option(help="Data set folder, as `inkpose synth` writes it.")],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the metrics to this JSON file.")] = None,
) -> None:
    """Score a checkpoint on a data set.

    Example: inkpose eval tagger --checkpoint runs/demo/tagger/checkpoints/best.ckpt --data data/demo/drawn
    """
    from inkpose.evaluation import as_split
    from shared.errors import DataError, UsageError

    if subsystem not in _SUBSYSTEMS:
        raise UsageError(f"{subsystem}: no such subsystem; choose tagger, segmenter or pose")
    wanted = as_split(split)
    if not data.is_dir():
        raise DataError(f"{data}: no such data folder; draw one with `inkpose synth --out {data} --count 2000`")
    if not checkpoint.is_file():
        raise DataError(f"{checkpoint}: no such checkpoint file; train one with `make train-{subsystem}`")
    if json_path is not None and json_path.is_dir():
        raise UsageError(f"{json_path}: --json is a folder; name a file")

    from inkpose.evaluation import evaluate_checkpoint
    from shared.files import write_json

    metrics = evaluate_checkpoint(subsystem, checkpoint, data, wanted)
    if json_path is not None:
        write_json(json_path, metrics)
    _print_table(f"{subsystem} on {data} ({split})", metrics)
    if subsystem == "segmenter":
        from rich.console import Console

        from segmenter.tables import paper_table

        Console().print(paper_table(metrics))


def _print_table(title: str, metrics: dict[str, object]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("metric", "value", title=escape(title), title_justify="left")
    table.columns[1].justify = "right"
    for name, value in metrics.items():
        if isinstance(value, (dict, list)):
            continue  # per-class tables are for the JSON
        shown = "–" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
        table.add_row(escape(name), escape(shown))
    Console().print(table)
