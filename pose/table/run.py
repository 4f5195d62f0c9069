"""From options to the finished table, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pose.sources.named import load_domain_source
from pose.table.caching import cell_cache
from pose.table.cell import CellJob, make_cell
from pose.table.render import as_markdown, summary
from pose.table.rows import TableRow, domain_source, rows_named
from pose.table.subsets import make_subsets
from shared.errors import DataError, UsageError
from shared.files import write_json, write_text

_ABSENT = {
    "imagenet": "weights absent: torchvision's ImageNet weights are not on this machine (--download fetches them)",
    "rf5": "weights absent: name a file of RF5/danbooru-pretrained with --rf5",
}


@dataclass(frozen=True)
class TableOptions:
    """The command's options, see ``python -m pose.table --help``."""

    config: Path
    out: Path
    seeds: int = 1
    rows: str | None = None
    data: Path | None = None
    other_data: Path | None = None
    samples: int | None = None
    steps: int | None = None
    rf5: Path | None = None
    download: bool = False
    cache_gb: float = 16.0


def run_table(options: TableOptions, tell: Callable[[str], None]) -> str:
    """Makes every cell, writes ``table.md`` and ``table.json`` after each row, and returns the Markdown.

    Args:
        options: of the command.
        tell: takes a line a cell.

    Raises:
        UsageError, DataError: something is missing or wrong.
    """
    rows = rows_named(options.rows)
    settings = _settings(options.config)
    arguments = settings["model"]["init_args"]
    ours, task_source = str(arguments["domain_source"]), str(arguments["task_source"])
    data = Path(settings["data"]["root"]) if options.data is None else options.data
    other = data.parent / "photo" if options.other_data is None else options.other_data
    folders = make_subsets(data, options.out / "data", options.samples)
    backbone = load_domain_source(ours).net.backbone
    summaries: dict[str, dict[str, Any]] = {}
    absent: dict[str, str] = {}
    markdown = ""
    for row in rows:
        source = domain_source(row.domain, ours, backbone, options.rf5, options.download)
        if source is None:
            absent[row.name] = _ABSENT[row.domain]
        else:
            cells = []
            features = options.out / "features"
            cache = cell_cache(row, folders[row.hard_data], settings, options.steps, features, options.cache_gb)
            # Without training a seed changes nothing.
            for seed in range(1 if row.method == "task_pretrained" else options.seeds):
                job = CellJob(
                    row, seed, options.config, folders[row.hard_data], source, task_source, other,
                    None if row.method == "task_pretrained" else options.steps, cache,
                )  # fmt: skip
                tell(f"{row.name}, seed {seed}")
                cells.append(make_cell(job, options.out / row.name / f"seed{seed}"))
            summaries[row.name] = summary(cells)
        markdown = _write(options, rows, summaries, absent)
    return markdown


def _settings(config: Path) -> dict[str, Any]:
    try:
        settings: dict[str, Any] = yaml.safe_load(config.read_text(encoding="utf-8"))
        settings["model"]["init_args"]["domain_source"], settings["data"]["root"]
    except FileNotFoundError:
        raise UsageError(f"{config}: no such preset; choose demo, small or paper") from None
    except (OSError, yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{config}: not a configuration of pose ({type(error).__name__}); check the file") from error
    return settings


def _write(
    options: TableOptions, rows: tuple[TableRow, ...], summaries: dict[str, dict[str, Any]], absent: dict[str, str]
) -> str:
    title = f"Pose models compared, preset {options.config.stem}"
    markdown = as_markdown(title, rows, summaries, absent)
    write_text(options.out / "table.md", markdown)
    write_json(options.out / "table.json", {"rows": summaries, "absent": absent, "steps": options.steps})
    return markdown
