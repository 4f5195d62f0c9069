"""An evaluation as tables for a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

#: The paper's table: F2, precision, recall, accuracy where tuned for F2; the same with F1 where tuned for F1.
PUBLISHED = {
    "paper": (0.4744, 0.3022, 0.5786, 0.9760, 0.4249, 0.4236, 0.4458, 0.9851),
    "RF5, 2018 (in the paper)": (0.2297, 0.1238, 0.3360, 0.9496, 0.1910, 0.1898, 0.2235, 0.9727),
}
_AVERAGES = ("f2", "precision", "recall", "accuracy", "f1")


def summary_table(report: dict[str, Any]) -> Table:
    """Returns the averages of ``evaluate``'s report: a row a threshold rule, and the counts they rest on."""
    table = Table(
        title=f"Tagger on the {report['split']} split: {report['pictures']} pictures, "
        f"{report['classes_scored']} of {report['classes']} classes with ≥ {report['min_positives']} positives",
        caption=f"mAP {_number(report['map'])} · {report['classes_supported']} classes were taught, "
        f"{report['classes_with_positives']} occur here · tuned: {report['threshold_rule']}",
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


def paper_table(report: dict[str, Any]) -> Table:
    """Returns the operating points of ``evaluate``'s report in the layout of the paper's table, under its rows."""
    rules = "by its release's rules" if "paper" in report else "by ours"
    table = Table(
        title=f"The paper's table, macro averages {rules} (another data set: no comparison)",
        caption="per-class thresholds tuned on val: left for F2, right for F1",
    )
    for column in ("", "F2", "pre", "rec", "acc", "F1", "pre", "rec", "acc"):
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, numbers in PUBLISHED.items():
        table.add_row(name, *map(_number, numbers))
    values = [value for point in ("f2", "f1") for value in report["points"][point].values()]
    table.add_row("this checkpoint", *map(_number, values))
    return table


def told_table(report: dict[str, Any]) -> Table:
    """Returns what captions hold at each least precision; only with a tagger that knows how precise it is."""
    table = Table(
        title="What is told at each least precision (`--min-precision`)",
        caption="right, found: of all tags together, so frequent ones weigh most",
    )
    for column in ("least", "tags a picture", "right", "found", "classes"):
        table.add_column(column, justify="right")
    for row in report["told"]:
        numbers = (_number(row["precision"]), _number(row["recall"]), str(row["classes"]))
        table.add_row(f"{row['min_precision']:.1f}", f"{row['tags_per_picture']:.1f}", *numbers)
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
