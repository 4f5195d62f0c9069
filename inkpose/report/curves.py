"""Training curves as SVG, read from the TensorBoard files of a run."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

log = logging.getLogger(__name__)

Series = list[tuple[float, float]]  # step, value

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 300, 180, 36, 44, 10, 22

#: Net folder → title, and the metrics to plot, the first one found is taken.
NETS = {
    "task_source": ("Task source · keypoints on photo-like pictures", ("val/pdj@0.2", "val/oks_ap")),
    "tagger_whole": ("Tagger · whole picture alone", ("val/macro_f1", "val/macro_f2")),
    "tagger": ("Tagger", ("val/macro_f1", "val/macro_f2")),
    "segmenter_masks": ("Segmenter · its masks", ("val/iou", "val/f1")),
    "segmenter": ("Segmenter", ("val/pq", "val/iou", "val/f1")),
    "pose": ("Pose", ("val/pdj@0.2", "val/oks_ap")),
}
_TRAIN_LOSS = ("train/loss", "train/loss_step", "train/loss_epoch")


@dataclass(frozen=True)
class Line:
    """One curve of a plot: its series, its CSS class (t, v or m), and its label."""

    series: Series
    kind: str
    label: str


@dataclass(frozen=True)
class Plot:
    """A drawn plot: SVG, and the legend below it."""

    svg: Markup
    keys: list[dict[str, str]]


def read_scalars(folder: Path) -> dict[str, Series]:
    """Returns all scalars below ``folder`` by tag, in order of steps; unreadable files are skipped."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

    scalars: dict[str, dict[float, float]] = {}
    # A resumed run has several files; where they overlap, the later one holds.
    for path in sorted(folder.rglob("events.out.tfevents.*"), key=lambda path: path.stat().st_mtime):
        try:
            events = EventAccumulator(str(path), size_guidance={"scalars": 0})
            events.Reload()
            for tag in events.Tags()["scalars"]:
                points = ((float(event.step), float(event.value)) for event in events.Scalars(tag))
                scalars.setdefault(tag, {}).update(points)
        except Exception as error:  # a curve is worth less than the page
            log.warning("%s: curves not read (%s)", path, error)
    return {tag: sorted(points.items()) for tag, points in scalars.items()}


def plots_of(folder: Path, metrics: Sequence[str]) -> list[Plot]:
    """Returns the loss plot and the metric plot of one net's run folder; none when it has no curves."""
    scalars = read_scalars(folder)
    losses = [Line(scalars[tag], "t", "training loss") for tag in _TRAIN_LOSS if tag in scalars][:1]
    losses += [Line(scalars["val/loss"], "v", "validation loss")] if "val/loss" in scalars else []
    found = [Line(scalars[tag], "m", tag.removeprefix("val/")) for tag in metrics if tag in scalars][:1]
    return [plot for plot in (draw_plot(losses, "loss"), draw_plot(found, "metric")) if plot is not None]


def draw_plot(lines: Sequence[Line], what: str) -> Plot | None:
    """Draws lines into one SVG; noisy training curves get a smoothed line over the faint raw one.

    Returns:
        None when there is nothing finite to draw.
    """
    finite = [Line([(s, v) for s, v in line.series if math.isfinite(v)], line.kind, line.label) for line in lines]
    finite = [line for line in finite if line.series]
    if not finite:
        return None
    steps = [step for line in finite for step, _ in line.series]
    values = sorted(value for line in finite for _, value in line.series)
    low = 0.0 if values[0] >= 0 else values[0]
    # The first few steps of a loss would flatten all the rest: what exceeds the 98th percentile is cut.
    high = max(values[int(0.98 * (len(values) - 1))], *(line.series[-1][1] for line in finite), low + 1e-9)
    high = 1.0 if what == "metric" and 0.5 < high <= 1 else low + (high - low) * 1.08
    first, last = min(steps), max(max(steps), min(steps) + 1)

    def place(step: float, value: float) -> tuple[float, float]:
        x = _LEFT + (step - first) / (last - first) * (_WIDTH - _LEFT - _RIGHT)
        share = (min(max(value, low), high) - low) / (high - low)
        return round(x, 1), round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)

    parts = [_axes(low, high, first, last)]
    for line in finite:
        shown = _smooth(line.series) if line.kind == "t" else line.series
        if line.kind == "t" and len(line.series) > 20:
            parts.append(_polyline([place(*point) for point in _thin(line.series)], "t faint"))
        parts.append(_polyline([place(*point) for point in _thin(shown)], line.kind))
    for (x, y), line in _spread([(place(*line.series[-1]), line) for line in finite]):
        final = _smooth(line.series)[-1][1] if line.kind == "t" else line.series[-1][1]
        parts.append(f'<text class="last" x="{x + 5}" y="{y + 4}">{_number(final)}</text>')
    svg = Markup(f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(parts)}</svg>')
    colors = {"t": "var(--right)", "v": "var(--left)", "m": "var(--middle)"}
    return Plot(svg, [{"label": line.label, "color": colors[line.kind]} for line in finite])


def _axes(low: float, high: float, first: float, last: float) -> str:
    parts = []
    for index in range(5):
        y = round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * index / 4, 1)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        value = high - (high - low) * index / 4
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{_number(value)}</text>')
    for step, x in ((first, _LEFT), (last, _WIDTH - _RIGHT)):
        anchor = "start" if x == _LEFT else "end"
        parts.append(f'<text x="{x}" y="{_HEIGHT - 5}" text-anchor="{anchor}">{step:,.0f}</text>')
    return "".join(parts)


def _polyline(points: list[tuple[float, float]], css: str) -> str:
    if len(points) == 1:
        return f'<circle class="{css}" cx="{points[0][0]}" cy="{points[0][1]}" r="3"/>'
    return f'<polyline class="{css}" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'


def _smooth(series: Series) -> Series:
    """Exponential mean over about a twentieth of the series, without the bias of its start."""
    keep = 1 - 1 / max(1.0, len(series) / 20)
    mean = weight = 0.0
    smoothed = []
    for step, value in series:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        smoothed.append((step, mean / weight))
    return smoothed


def _thin(series: Series, most: int = 240) -> Series:
    stride = max(1, math.ceil(len(series) / most))
    return [*series[:-1:stride], series[-1]]


def _spread(labels: list[tuple[tuple[float, float], Line]]) -> list[tuple[tuple[float, float], Line]]:
    """Moves labels apart vertically so that they do not overlap."""
    labels = sorted(labels, key=lambda item: item[0][1])
    placed: list[tuple[tuple[float, float], Line]] = []
    for (x, y), line in labels:
        placed.append(((x, max(y, placed[-1][0][1] + 13) if placed else y), line))
    return placed


def _number(value: float) -> str:
    return (
        "0"
        if value == 0
        else f"{value:.0e}"
        if abs(value) < 1e-3
        else f"{value:.3g}"
        if value < 1000
        else f"{value:.0f}"
    )
