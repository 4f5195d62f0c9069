"""Fills the page of a run from what lies in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from inkpose.filenames import one_line
from inkpose.report.curves import NETS, plots_of
from inkpose.report.pictures import read_section
from inkpose.report.trust import read_trust
from shared.errors import DataError
from shared.files import read_json, write_text

#: Pictures shown of one result folder; a page of hundreds would not open on a phone.
MOST_SHOTS = 40

_TEMPLATE = Path(__file__).with_name("page.html.j2")

#: Tiles: net, key in metrics.json, label, whether the value is a percentage.
_TILES = (
    ("tagger", "macro_f1", "macro F1 over its classes"),
    ("segmenter", "iou", "foreground IoU"),
    ("pose", "pdj@0.2", "joints found, PDJ@0.2"),
    ("pose", "oks_ap", "OKS average precision"),
)


def write_report(run: Path, target: Path, predictions: Sequence[Path] | None = None) -> None:
    """Writes the page of run folder ``run`` to ``target``: one file that needs no other.

    Args:
        run: as `inkpose demo` leaves it; what is missing is left out of the page.
        target: the HTML file.
        predictions: result folders to show, in this order; None takes ``run/predictions/{images,test}``.

    Raises:
        DataError: a named result folder holds no results, or nothing at all is there to show.
    """
    metrics = read_json(run / "metrics.json") if (run / "metrics.json").is_file() else {}
    if not isinstance(metrics, dict):
        raise DataError(f"{run / 'metrics.json'}: not a JSON object; run `inkpose demo` again")
    if predictions is None:
        usual = (run / "predictions" / "images", run / "predictions" / "test")
        predictions = [folder for folder in usual if folder.is_dir()]
    sections = [read_section(folder, *_heading(run, folder), MOST_SHOTS) for folder in predictions]
    curves = [
        {"title": title, "plots": plots}
        for name, (title, tags) in NETS.items()
        if (run / name).is_dir() and (plots := plots_of(run / name, tags))
    ]
    if not (metrics or sections or curves):
        raise DataError(f"{run}: nothing to report; run `make demo`, or name result folders with --predictions")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        title=_title(metrics),
        lead=_lead(metrics),
        tiles=_tiles(metrics),
        sections=sections,
        curves=curves,
        trust=read_trust(run / "evaluation" / "pose" / "metrics.json"),
        seconds=_seconds(metrics),
        version=_version(),
        date=f"{datetime.now():%Y-%m-%d %H:%M}",
    )
    write_text(target, page)


def _heading(run: Path, folder: Path) -> tuple[str, str]:
    if folder == run / "predictions" / "test":
        return "Synthetic test pictures", "Drawn by the generator from seeds that the training never saw."
    if folder == run / "predictions" / "images":
        return "Your pictures", "Tagged, cut out and posed by the nets trained above."
    return "Pictures", f"Results in {one_line(folder.as_posix())}."


def _title(metrics: dict[str, Any]) -> str:
    return f"What the {metrics['preset']} nets see" if metrics.get("preset") else "What the nets see"


def _lead(metrics: dict[str, Any]) -> str:
    text = "A tagger, a segmenter and a pose net, trained from nothing on synthetic drawings alone"
    total = sum(value for value in _dict(metrics, "seconds").values() if isinstance(value, (int, float)))
    if total:
        text += f", in {_duration(total)} from the first stroke to this page"
    return text + ". The numbers are measured on the synthetic test split."


def _tiles(metrics: dict[str, Any]) -> list[dict[str, str]]:
    tiles = [
        {"net": net, "value": f"{value:.3f}", "label": label}
        for net, key, label in _TILES
        if isinstance(value := _dict(metrics, net).get(key), (int, float))
    ]
    total = sum(value for value in _dict(metrics, "seconds").values() if isinstance(value, (int, float)))
    return tiles + ([{"net": "time", "value": _duration(total), "label": "all stages"}] if total else [])


def _seconds(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    seconds = _dict(metrics, "seconds").items()
    return [(str(name), f"{value:.0f} s") for name, value in seconds if isinstance(value, (int, float))]


def _dict(metrics: dict[str, Any], key: str) -> dict[str, Any]:
    value = metrics.get(key)
    return value if isinstance(value, dict) else {}


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _version() -> str:
    try:
        return version("inkpose")
    except PackageNotFoundError:
        return ""
