"""`inkpose eval`: the metrics of one finished checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from inkpose.weights import DEFAULT_WEIGHTS, SHOWN_DEFAULT, SUBSYSTEMS


def evaluate(
    subsystem: Annotated[str, typer.Argument(metavar="tagger|segmenter|pose", help="What the checkpoint is of.")],
    data: Annotated[
        Path, typer.Option(help="Data set folder, as `inkpose synth` writes it; tagger: or a manifest, or synth:….")
    ],
    weights: Annotated[
        Path,
        typer.Option(
            "--weights", "--checkpoint", help="Checkpoint, run or exported folder.", show_default=SHOWN_DEFAULT
        ),
    ] = DEFAULT_WEIGHTS,
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the metrics to this JSON file.")] = None,
    paper_metrics: Annotated[
        bool, typer.Option("--paper-metrics", help="By the paper's own metrics and rules.")
    ] = False,
    per_class: Annotated[Path | None, typer.Option(help="tagger: also write a CSV of all classes.")] = None,
    rulebook: Annotated[str | None, typer.Option(help="tagger: rules, where the checkpoint names none.")] = None,
    overlays: Annotated[
        Path | None, typer.Option(help="pose: where --data is labelled drawings, a folder for pictures to look at.")
    ] = None,
    min_positives: Annotated[int, typer.Option(min=1, help="tagger: positives a class needs to be scored.")] = 20,
) -> None:
    """Score a checkpoint on a data set.

    Example: inkpose eval tagger --checkpoint runs/demo/tagger/checkpoints/best.ckpt --data data/demo/drawn

    A pose checkpoint is also scored on labelled drawings: character folders of AnimatedDrawings (char_cfg.yaml).
    """
    from inkpose.evaluation import as_split
    from inkpose.weights import net_path
    from shared.datamodules.drawn import PREFIX
    from shared.errors import DataError, UsageError

    if subsystem not in SUBSYSTEMS:
        raise UsageError(f"{subsystem}: no such subsystem; choose tagger, segmenter or pose")
    wanted = as_split(split)
    drawn = str(data).startswith(PREFIX)
    if drawn and subsystem != "tagger":
        raise UsageError(
            f"--data {data}: only the tagger is scored on what is never written; draw it with `inkpose synth`"
        )
    if not data.is_dir() and not (subsystem == "tagger" and (drawn or data.is_file())):
        raise DataError(f"{data}: no such data folder; draw one with `inkpose synth --out {data} --count 2000`")
    checkpoint = net_path(weights, subsystem)
    for option, file in (("--json", json_path), ("--per-class", per_class)):
        if file is not None and file.is_dir():
            raise UsageError(f"{file}: {option} is a folder; name a file")

    if subsystem == "tagger":
        from inkpose.tagging.scoring import score_tagger

        score_tagger(
            checkpoint, data, wanted, json_path=json_path, per_class=per_class, rulebook=rulebook,
            min_positives=min_positives, paper_metrics=paper_metrics,
        )  # fmt: skip
        return
    if per_class is not None or rulebook is not None:
        raise UsageError("--per-class and --rulebook: only the tagger has classes; leave them out")

    from inkpose.evaluation import evaluate_checkpoint
    from shared.files import write_json

    if subsystem == "pose" and not (data / "annotations").is_dir():
        from inkpose.posing.judged import judge_drawings

        told = judge_drawings(checkpoint, data, overlays)
        if json_path is not None:
            write_json(json_path, told)
        _print_drawings(f"joint errors on {data}", told)
        return
    if overlays is not None:
        raise UsageError("--overlays: only where --data holds labelled drawings of pose; leave it out")
    metrics = evaluate_checkpoint(subsystem, checkpoint, data, wanted, paper_metrics)
    if json_path is not None:
        write_json(json_path, metrics)
    title = f"{subsystem} on {data} ({split})"
    if subsystem == "segmenter":
        _print_segmenter(title, metrics, paper_metrics)
        return
    _print_table(title, metrics)
    _print_by_kind(metrics.get("by_kind") or {})
    if paper_metrics:
        _print_published(metrics)


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


def _print_segmenter(title: str, metrics: dict[str, Any], paper_metrics: bool) -> None:
    from rich.console import Console

    from segmenter.tables import paper_table

    _print_table(
        f"{title}, the paper's rules" if paper_metrics else title, metrics["paper"] if paper_metrics else metrics
    )
    Console().print(paper_table(metrics))


def _print_by_kind(by_kind: dict[str, dict[str, dict[str, Any]]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("aspect", "kind", "characters", "PDJ@0.2", "found", title="by view and pose", title_justify="left")
    for column in table.columns[2:]:
        column.justify = "right"
    for aspect, kinds in by_kind.items():
        for kind, row in kinds.items():
            shares = ("–" if row[key] is None else f"{row[key]:.3f}" for key in ("pdj@0.2", "found"))
            table.add_row(aspect, kind, f"{row['n']:,}", *shares)
        table.add_section()
    Console().print(table)


def _print_drawings(title: str, told: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    groups: dict[str, dict[str, float]] = told["groups"]
    table = Table("", *groups, title=escape(f"{title}; errors in % of the box's long side (n)"), title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name in ("characters", "joints", "pdj@0.2", "called_absent"):
        table.add_row(name, *(f"{g[name]:.0f}" if name.endswith("s") else f"{g[name]:.3f}" for g in groups.values()))
    for name in ("error_mean", "error_median"):
        table.add_row(name, *(f"{100 * group[name]:.1f}" for group in groups.values()))
    table.add_section()
    for joint in (key.removeprefix("n/") for key in groups["all"] if key.startswith("n/")):
        cells = [
            f"{100 * group[f'error_mean/{joint}']:.1f} ({group[f'n/{joint}']:.0f})" if f"n/{joint}" in group else "–"
            for group in groups.values()
        ]
        table.add_row(joint, *cells)
    Console().print(table)
    for line in told["skipped"]:
        typer.echo(f"passed over: {line}", err=True)


def _print_published(metrics: dict[str, object]) -> None:
    from rich.console import Console
    from rich.table import Table

    from pose.published import keypoint_rows

    title = "PDJ@0.2 by keypoint; the published numbers are of the paper's own test drawings"
    table = Table("keypoint", "this checkpoint", "Chen & Zwicker 2022", "Khungurn & Chou 2016", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, *values in keypoint_rows(metrics):
        table.add_row(name, *("–" if value != value else f"{value:.3f}" for value in values))
    Console().print(table)
