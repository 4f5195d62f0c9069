"""How far the scores of joints can be trusted, and in which poses: a plot and a table of the evaluation."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from shared.errors import BAD_RECORD, DataError
from shared.files import read_json

log = logging.getLogger(__name__)

_SIDE, _LEFT, _TOP, _BOTTOM = 240, 36, 10, 34


@dataclass(frozen=True)
class Trust:
    """Material of the page.

    Attributes:
        plot: the reliability curve as SVG, or None.
        rows: view or pose, characters, PDJ@0.2, share found, as text.
    """

    plot: Markup | None = None
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)


def read_trust(path: Path) -> Trust:
    """Reads what `inkpose eval pose --json` wrote; what is not there or not usable is left out."""
    if not path.is_file():
        return Trust()
    try:
        metrics = read_json(path)
        bins = [(float(row["score"]), float(row["found"]), int(row["n"])) for row in metrics.get("reliability") or ()]
        return Trust(draw_reliability(bins), _rows(metrics.get("by_kind") or {}))
    except (DataError, *BAD_RECORD) as error:
        log.warning("%s: not shown (%s)", path, error)
        return Trust()


def draw_reliability(bins: Sequence[tuple[float, float, int]]) -> Markup | None:
    """Draws mean score (across) against share found (up), and how many joints have that score.

    Args:
        bins: score and share in [0, 1], and number of joints.

    Returns:
        None without joints.
    """
    bins = sorted((min(1.0, max(0.0, s)), min(1.0, max(0.0, f)), n) for s, f, n in bins if n > 0)
    if not bins:
        return None
    parts = []
    most = max(n for *_, n in bins)
    for score, _, n in bins:
        height = round(_SIDE * n / most / 4, 1)
        x, _ = _place(score, 0)
        parts.append(
            f'<rect x="{round(x - 7, 1)}" y="{round(_TOP + _SIDE - height, 1)}" width="14" height="{height}"/>'
        )
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        (left, y), (right, _) = _place(0, share), _place(1, share)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{share:g}</text>')
        x, bottom = _place(share, 0)
        parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle">{share:g}</text>')
    (x1, y1), (x2, y2) = _place(0, 0), _place(1, 1)
    parts.append(f'<line class="ideal" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>')
    points = [_place(score, found) for score, found, _ in bins]
    parts.append(f'<polyline class="m" points="{" ".join(f"{x},{y}" for x, y in points)}"/>')
    parts += [f'<circle class="m" cx="{x}" cy="{y}" r="3"/>' for x, y in points]
    middle, bottom = _place(0.5, 0)
    parts.append(f'<text x="{middle}" y="{bottom + 30}" text-anchor="middle">score of a joint</text>')
    size = f"{_LEFT + _SIDE + 12} {_TOP + _SIDE + _BOTTOM}"
    return Markup(f'<svg class="plot" viewBox="0 0 {size}" role="img">{"".join(parts)}</svg>')


def _place(score: float, found: float) -> tuple[float, float]:
    return round(_LEFT + score * _SIDE, 1), round(_TOP + (1 - found) * _SIDE, 1)


def _rows(by_kind: dict[str, dict[str, dict[str, Any]]]) -> list[tuple[str, str, str, str]]:
    rows = []
    for aspect, kinds in by_kind.items():
        for kind, row in kinds.items():
            if kind != "unknown":
                name = f"{aspect}: {kind}"
                shares = ["–" if row[key] is None else f"{float(row[key]):.3f}" for key in ("pdj@0.2", "found")]
                rows.append((name, f"{int(row['n']):,}", *shares))
    return [(name, n, pdj, found) for name, n, pdj, found in rows]
