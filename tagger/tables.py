"""An evaluation as tables for a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

_AVERAGES = ("f2", "precision", "recall", "accuracy", "f1")


def summary_table(report: dict[str, Any]) -> Table:
    """Returns the averages of ``evaluate``'s report: a row a threshold rule, and the counts they rest on."""
    table = Table(
        title=f"Tagger on the {report['split']} split: {report['pictures']} pictures, "
        f"{report['classes_scored']} of {report['classes']} classes with ≥ {report['min_positives']} positives",
        caption=f"mAP {_number(report['map'])} · tuned: {report['threshold_rule']}",
    )
    table.add_column("threshold")
    for kind in ("macro", "micro"):
        for name in _AVERAGES:
            table.add_column(f"{kind} {name}", justify="right")
    for rule, values in report["at"].items():
        label = f"p=r ({values['threshold']:.2f})" if "threshold" in values else rule
        cells = [_number(values[f"{kind}_{name}"]) for kind in ("macro", "micro") for name in _AVERAGES]
        table.add_row(label, *cells)
    if "paper" in report:
        cells = [_number(report["paper"][f"paper_{name}"]) for name in _AVERAGES]
        table.add_row("0.5, the release's rules", *cells, *("" for _ in _AVERAGES))
    return table


def group_table(report: dict[str, Any]) -> Table:
    """Returns the macro averages of each group of classes at the tuned thresholds."""
    table = Table(title="By group, tuned thresholds")
    for column in ("group", "classes", "scored", "macro f1", "macro f2", "map"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for group, values in report["groups"].items():
        numbers = [_number(values[name]) for name in ("macro_f1", "macro_f2", "map")]
        table.add_row(group, str(values["classes"]), str(values["classes_scored"]), *numbers)
    return table


def class_table(report: dict[str, Any], limit: int = 20) -> Table:
    """Returns the ``limit`` most frequent classes of the split with their own metrics."""
    table = Table(title=f"The {min(limit, len(report['per_class']))} most frequent classes")
    for column in ("class", "group", "positives", "AP", "F1", "threshold"):
        table.add_column(column, justify="left" if column in ("class", "group") else "right")
    for row in report["per_class"][:limit]:
        numbers = [_number(row[name]) for name in ("average_precision", "f1", "threshold")]
        table.add_row(row["name"], row["group"], str(row["positives"]), *numbers)
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
