"""`inkpose export all`: the three nets of a run as the folder that comes with inkpose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from inkpose.shipping.facts import Measured
    from shared.exporting.weights import Precision


def export_all(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder with tagger/, segmenter/ and pose/.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; an earlier one is replaced.")],
    precision: Annotated[str, typer.Option(help="Of the stored matrices: float32, float16 or int8.")] = "float16",
    max_mb: Annotated[float, typer.Option(min=0.1, help="A larger folder is not written (MB of 10^6 bytes).")] = 60,
    measure: Annotated[
        Path | None, typer.Option(help="Data set whose test split scores the nets as they are stored, for the card.")
    ] = None,
    notes: Annotated[
        Path | None, typer.Option(help="Markdown file for the card, e.g. what the nets do on real drawings.")
    ] = None,
) -> None:
    """Write the tagger, segmenter and pose net of a run as one folder with a card: what comes with inkpose.

    Example: inkpose export all runs/small --out inkpose/pretrained/small --measure data/small/drawn

    What the pose net shares with the tagger is stored once. The card tells what the run's files tell: data, steps,
    metrics.json where nothing else is measured. `--weights OUT` of every command takes the folder.
    """
    from shared.errors import DataError, UsageError

    if precision not in ("float32", "float16", "int8"):
        raise UsageError(f"--precision {precision}: not known; choose float32, float16 or int8")
    if measure is not None and not measure.is_dir():
        raise DataError(f"{measure}: no such data folder; draw one with `inkpose synth --out {measure} --count 2000`")
    words = "" if notes is None else _text(notes)

    from inkpose.shipping.card import shown_path
    from inkpose.shipping.folder import ship

    options = {"--precision": precision if precision != "float16" else None, "--measure": measure, "--notes": notes}
    given = "".join(f" {option} {shown_path(str(value))}" for option, value in options.items() if value is not None)
    shipped = ship(
        run, out, precision=cast("Precision", precision), most_bytes=round(max_mb * 1e6),
        measure=None if measure is None else lambda folder: _measured(folder, measure),
        notes=words, command=f"inkpose export all {shown_path(str(run))} --out {shown_path(str(out))}{given}",
    )  # fmt: skip
    for name, size in shipped.sizes.items():
        typer.echo(f"{size / 1e6:8.2f} MB  {name}")
    typer.echo(f"{shipped.total / 1e6:8.2f} MB  {out}")
    if shipped.borrowed:
        typer.echo(f"the pose net takes {shipped.borrowed} matrices from tagger/")
    else:
        typer.echo("the pose net shares nothing with this tagger; was it trained on another one?", err=True)
    typer.echo(f"as stored and as trained, {shipped.agreement.sentence()}")


def _measured(folder: Path, data: Path) -> Measured:
    from inkpose.evaluation import evaluate_checkpoint
    from inkpose.shipping.card import shown_path
    from inkpose.shipping.facts import Measured
    from inkpose.weights import SUBSYSTEMS

    metrics: dict[str, dict[str, Any]] = {}
    for name in SUBSYSTEMS:
        typer.echo(f"measuring the {name} on {data} …")
        metrics[name] = evaluate_checkpoint(name, folder / name, data)
    return Measured(metrics, f"the test split of {shown_path(str(data))}")


def _text(path: Path) -> str:
    from shared.errors import DataError

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as text ({error}); check --notes") from error
