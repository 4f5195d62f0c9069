"""An evaluation as tables for a terminal; the paper's own numbers beside it."""

from __future__ import annotations

from typing import Any

from rich.table import Table

#: What is computed by the published rules.
PAPER_METRICS = ("f1", "precision", "recall", "iou", "fg_bg_iou", "box_iou", "accuracy")
#: F1, precision, recall and IoU in the paper's table. There IoU is above F1 in three rows of four,
#: which the IoU of one mask cannot be: it is that of the boxes, or the mean of character and background.
PUBLISHED = {
    "paper": (0.9472, 0.9427, 0.9576, 0.9326),
    "YAAS SOLOv2": (0.9061, 0.9003, 0.9379, 0.9077),
    "YAAS CondInst": (0.8866, 0.8824, 0.8999, 0.9158),
    "AniSeg": (0.5857, 0.5877, 0.5954, 0.6651),
}


def table(values: dict[str, Any], title: str = "Segmenter") -> Table:
    """Returns the metrics of ``evaluate`` as a table: a row a metric."""
    drawn = Table(title=title, title_justify="left")
    drawn.add_column("metric")
    drawn.add_column("value", justify="right")
    for name, value in values.items():
        if not isinstance(value, dict):
            drawn.add_row(name, str(value) if isinstance(value, int) else _number(value))
    return drawn


def paper_table(values: dict[str, Any]) -> Table:
    """Returns ``evaluate``'s metrics by the published rules beside the paper's table."""
    drawn = Table(
        title="By the paper's rules, beside its table (of other pictures)",
        title_justify="left",
        caption="which IoU the paper's is, it does not say: of boxes, of character and background, or of masks",
    )
    for column in ("", "F1", "pre", "rec", "IoU", "box", "fg/bg", "mask"):
        drawn.add_column(column, justify="right" if column else "left", no_wrap=True)
    for name, numbers in PUBLISHED.items():
        drawn.add_row(name, *map(_number, numbers), "", "", "")
    paper = values["paper"]
    names = ("f1", "precision", "recall"), ("box_iou", "fg_bg_iou", "iou")
    first, last = ([_number(paper[name]) for name in some] for some in names)
    drawn.add_row("ours", *first, "", *last)
    return drawn


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4f}"
