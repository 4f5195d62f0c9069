"""`inkpose eval tagger`: the evaluation as tables, JSON and a CSV of all classes."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from rich.console import Console

from shared.files import write_json, write_text
from shared.readers.splits import Split
from tagger.evaluate import evaluate
from tagger.tables import class_table, group_table, paper_table, summary_table, told_table


def score_tagger(
    checkpoint: Path,
    data: Path,
    split: Split,
    *,
    json_path: Path | None = None,
    per_class: Path | None = None,
    rulebook: str | None = None,
    min_positives: int = 20,
    paper_metrics: bool = False,
) -> dict[str, Any]:
    """Scores a tagger, shows the tables and writes the files; returns the report.

    Args:
        checkpoint: file, or exported folder.
        data: folder or manifest.
        split: which pictures.
        json_path: the report.
        per_class: CSV, a row a class with positives in the split.
        rulebook: see ``tagger.evaluate.evaluate``.
        min_positives: see there.
        paper_metrics: see there.
    """
    report = evaluate(
        checkpoint,
        data,
        split,
        rulebook=rulebook,
        min_positives=min_positives,
        paper_metrics=paper_metrics,
        operating_points=True,
    )
    if json_path is not None:
        write_json(json_path, report)
    if per_class is not None:
        write_text(per_class, class_csv(report))
    # Eleven columns of numbers: on a narrow terminal lines that wrap can still be read, cells cut to "0.…" cannot.
    console = Console(width=max(Console().width, 140))
    console.print(summary_table(report))
    console.print(group_table(report))
    if "told" in report:
        console.print(told_table(report))
    console.print(class_table(report))
    if "points" in report:
        console.print(paper_table(report))
    return report


def class_csv(report: dict[str, Any]) -> str:
    """Returns the classes of a report as CSV; a number that is not defined is an empty field."""
    columns = ("name", "group", "positives", "average_precision", "f1", "precision", "recall", "threshold")
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in report["per_class"]:
        writer.writerow({name: "" if row[name] is None else row[name] for name in columns})
    return text.getvalue()
