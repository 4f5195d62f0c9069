"""The table as Markdown and JSON."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pose.published import OKS
from pose.table.rows import TableRow

#: Column heading, key of the metrics.
COLUMNS: tuple[tuple[str, str], ...] = (
    ("OKS@50", "paper/oks@50"),
    ("OKS@75", "paper/oks@75"),
    ("PCKh@50", "pckh@0.5"),
    ("PDJ@20", "pdj@0.2"),
    ("PCPm@50", "pcpm@0.5"),
    ("COCO AP", "oks_ap"),
)

_NOTE = """OKS@t is the paper's share of joints, over characters with all 17 joints in the crop; the other columns are
over all labelled joints. Means over {seeds} seed(s), ± the standard deviation over seeds where there is more than one.
"trained" is what the training changed, of the parameters that run. ms is a picture of a batch of 8 in float32 on this
machine. The published OKS@50 / OKS@75 are of the paper's own drawings: compare orders, not numbers."""


def summary(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns mean and spread over the cells of one row, by metric; a metric that no cell has is left out."""
    result: dict[str, Any] = {"seeds": [cell["seed"] for cell in cells]}
    for _, key in COLUMNS:
        values = [float(cell["metrics"][key]) for cell in cells if key in cell["metrics"]]
        if values:
            spread = statistics.stdev(values) if len(values) > 1 else None
            result[key] = {"mean": statistics.fmean(values), "spread": spread, "values": values}
    result["parameters"], result["trained_parameters"] = cells[0]["parameters"], cells[0]["trained_parameters"]
    result["ms_per_picture"] = statistics.median(cell["ms_per_picture"] for cell in cells)
    return result


def as_markdown(
    title: str, rows: Sequence[TableRow], summaries: Mapping[str, Mapping[str, Any]], absent: Mapping[str, str]
) -> str:
    """Returns the table.

    Args:
        title: heading.
        rows: in order.
        summaries: by row name, see :func:`summary`.
        absent: by row name, why a row has no numbers.
    """
    head = ["model", "hard data", *(name for name, _ in COLUMNS), "params (trained)", "ms", "published"]
    lines = [f"# {title}", "", _line(head), _line(["---"] * len(head))]
    for row in rows:
        start = [row.title, "yes" if row.hard_data else "no"]
        if row.name in summaries:
            lines.append(_line([*start, *_numbers(row, summaries[row.name])]))
        else:
            lines.append(_line([*start, absent.get(row.name, "not made yet"), *[""] * (len(head) - 3)]))
    seeds = max((len(found["seeds"]) for found in summaries.values()), default=0)
    return "\n".join([*lines, "", _NOTE.format(seeds=seeds)]) + "\n"


def _numbers(row: TableRow, found: Mapping[str, Any]) -> list[str]:
    cells = [_value(found.get(key)) for _, key in COLUMNS]
    millions: Callable[[int], str] = lambda n: f"{n / 1e6:.2f} M"  # noqa: E731
    sizes = f"{millions(found['parameters'])} ({millions(found['trained_parameters'])})"
    published = OKS.get(row.method) if row.domain == "ours" and row.hard_data else None
    told = f"{published[0]:.3f} / {published[1]:.3f}" if published else "–"
    return [*cells, sizes, f"{found['ms_per_picture']:.1f}", told]


def _value(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "–"
    spread = "" if found["spread"] is None else f" ± {found['spread']:.3f}"
    return f"{found['mean']:.3f}{spread}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
