"""What stands behind ``inkpose synth``: checks the request, draws, shows progress."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import UsageError

if TYPE_CHECKING:
    from shared.synthetic.dataset import Plan

logger = logging.getLogger(__name__)

#: Sides of pictures that make sense: below, no face can be told; above, nothing is gained.
SMALLEST, LARGEST = 64, 2048
#: Most characters a picture.
MOST_CHARACTERS = 4


def synth(
    out: Path | None,
    count: int,
    seed: int = 0,
    size: int = 256,
    characters: str | tuple[int, int] = "1-4",
    style: str = "drawn",
    workers: int | None = None,
    sheet: Path | None = None,
    mix: str = "rich",
    bvh: Sequence[Path] = (),
    bvh_share: float = 0.5,
    vary: str | None = None,
) -> str | None:
    """Draws a synthetic data set, or a contact sheet of its first pictures.

    The same ``count``, ``seed``, ``size``, ``characters`` and ``style`` always draw the same bytes, whatever the
    number of workers. An interrupted call goes on where it stopped; a complete data set is checked against its hash.

    Example:
        ``synth(Path("data/drawn"), 6000, seed=1)``, which is
        ``inkpose synth --out data/drawn --count 6000 --seed 1``

    Args:
        out: folder of the data set: missing, empty, or holding this very data set; None with ``sheet``.
        count: number of pictures, ids 1…count.
        seed: what all chance comes from, ≥ 0.
        size: long side of the pictures in pixels, 64–2048.
        characters: fewest and most characters a picture, ``"2"``, ``"1-4"`` or a pair, within 0–4.
        style: "drawn", or "photo" (shaded, textured figures before photo-like backgrounds).
        workers: processes; None for one a core.
        sheet: a picture file to write instead of the data set.
        mix: "rich", "simple" for calm pictures that a training of minutes can learn, "balanced" between the two, or a
            mixer's YAML file.
        bvh: motion-capture files, or folders of them, whose poses the figures take.
        bvh_share: share of figures that do.
        vary: with ``sheet``, what the sheet shows instead: one labelled picture of every "manner", "look", "pose",
            "view", "garment", "hair", "expression", "accessory", "background" or "framing".

    Returns:
        the content hash of the data set; None for a contact sheet.

    Raises:
        UsageError: an option makes no sense, or ``out`` holds something else.
        DataError: a file cannot be written.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: must be at least 1")
    plan = plan_of(count, seed, size, characters, style, mix, bvh, bvh_share)
    if vary is not None and sheet is None:
        raise UsageError(f"--vary {vary}: is for contact sheets; add --sheet FILE")
    if sheet is not None:
        from shared.synthetic.sheet import write_sheet

        write_sheet(sheet, plan, vary)
        return None
    if out is None:
        raise UsageError("--out: no folder given; say where the data set goes, or --sheet FILE for a contact sheet")
    return _draw(out, plan, workers or available_cores())


def plan_of(
    count: int,
    seed: int = 0,
    size: int = 256,
    characters: str | tuple[int, int] = "1-4",
    style: str = "drawn",
    mix: str = "rich",
    bvh: Sequence[Path] = (),
    bvh_share: float = 0.5,
) -> Plan:
    """Returns the plan of a data set; see :func:`synth` for the arguments.

    Raises:
        UsageError: an option makes no sense.
        DataError: a mixer's file, or a motion file, cannot be used.
    """
    limits = parse_characters(characters) if isinstance(characters, str) else characters
    _check(count, seed, size, limits, style)
    from shared.synthetic.dataset import Plan
    from shared.synthetic.mixer import mixer_of

    return Plan(seed, count, size, "photo" if style == "photo" else "drawn", limits, mixer_of(mix, bvh, bvh_share))


def _draw(out: Path, plan: Plan, workers: int) -> str:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from shared.synthetic.writer import write_dataset

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"drawing {plan.style} pictures", total=plan.count)
        found = write_dataset(out, plan, workers, lambda done: progress.advance(task, done))
    logger.info("%s: %d pictures, content hash %s", out, plan.count, found)
    return found


def parse_characters(text: str) -> tuple[int, int]:
    """Returns (fewest, most) of ``"3"`` or ``"1-4"``.

    Raises:
        UsageError: not such a number or range.
    """
    match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", text.strip())
    if match is None:
        raise UsageError(f"--characters {text}: not a number or a range; write 2 or 1-4")
    return int(match[1]), int(match[2] or match[1])


def available_cores() -> int:
    """Returns how many cores this process may use."""
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check(count: int, seed: int, size: int, limits: tuple[int, int], style: str) -> None:
    low, high = limits
    if count < 1:
        raise UsageError(f"--count {count}: must be at least 1")
    if seed < 0:
        raise UsageError(f"--seed {seed}: must not be negative")
    if not SMALLEST <= size <= LARGEST:
        raise UsageError(f"--size {size}: must lie in {SMALLEST}–{LARGEST} pixels")
    if not 0 <= low <= high <= MOST_CHARACTERS:
        raise UsageError(f"--characters {low}-{high}: must be a range within 0-{MOST_CHARACTERS}, the smaller first")
    if style not in ("drawn", "photo"):
        raise UsageError(f"--style {style}: must be drawn or photo")
