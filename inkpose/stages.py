"""Stages of a long job: done once, reused while their settings and inputs are the same, gone on with when cut off."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import InkposeError
from shared.files import digest, read_json, write_json

#: Written last, beside the result: the result belongs to this key and is whole.
DONE = "stage.json"
#: Written first: work with this key has begun.
STARTED = "started.json"


@dataclass(frozen=True)
class Stage:
    """One step of a job.

    Attributes:
        name: shown, and the key of its seconds.
        folder: where its result lies.
        outputs: result files below ``folder``; their content is what later stages depend on.
        settings: JSON-able; everything that changes the result (later stages put their inputs' digests in).
        work: makes the result; its argument says whether to go on with cut-off work of the same key.
        owned: entries of ``folder`` (glob patterns) that are removed before a fresh start.
        records: where stage.json and started.json lie; None is ``folder`` itself.
        fits: says that what lies in ``folder`` without our records is this stage's own, whole or begun.
    """

    name: str
    folder: Path
    outputs: tuple[str, ...]
    settings: Mapping[str, Any]
    work: Callable[[bool], None]
    owned: tuple[str, ...] = ("*",)
    records: Path | None = None
    fits: Callable[[], bool] = lambda: False

    @property
    def key(self) -> str:
        """Digest of the settings."""
        return digest(self.name, dict(self.settings))

    @property
    def done_path(self) -> Path:
        """The record of a whole result."""
        return (self.records or self.folder) / DONE

    @property
    def started_path(self) -> Path:
        """The record of begun work."""
        return (self.records or self.folder) / STARTED


@dataclass(frozen=True)
class Finished:
    """A stage's result: seconds its work took, digests of its outputs, and whether it was already there."""

    name: str
    seconds: float
    outputs: dict[str, str]
    reused: bool


def run_stage(stage: Stage, tell: Callable[[str], None]) -> Finished:
    """Runs ``stage``, or reuses its result; tells one line.

    A result that somebody else put into the folder, or changed, is moved aside and never overwritten.

    Raises:
        InkposeError: what the work raises.
    """
    record = _record(stage.done_path)
    if record.get("key") == stage.key and record.get("outputs") == output_digests(stage):
        seconds = float(record.get("seconds", 0.0))
        tell(f"{stage.name:<20} {'done before':>12}  ({seconds:.0f} s)")
        return Finished(stage.name, seconds, record["outputs"], reused=True)
    begun = _record(stage.started_path)
    resume = (begun.get("key") == stage.key and not record) or stage.fits()
    spent = float(begun.get("seconds", 0.0)) if begun.get("key") == stage.key else 0.0
    if not resume:
        _make_room(stage, record, begun, tell)
    write_json(stage.started_path, {"key": stage.key, "seconds": spent})
    start = time.perf_counter()
    try:
        stage.work(resume)
    finally:
        spent += time.perf_counter() - start
        # A stopped training goes on with the time it has already used.
        write_json(stage.started_path, {"key": stage.key, "seconds": round(spent, 2)})
    outputs = output_digests(stage)
    missing = [name for name, value in outputs.items() if not value]
    if missing:
        raise InkposeError(f"{stage.folder / missing[0]}: stage {stage.name} ended without it; run again")
    write_json(
        stage.done_path,
        {"stage": stage.name, "key": stage.key, "seconds": round(spent, 2), "outputs": outputs,
         "settings": dict(stage.settings)},
    )  # fmt: skip
    stage.started_path.unlink(missing_ok=True)
    tell(f"{stage.name:<20} {spent:>10.0f} s")
    return Finished(stage.name, spent, outputs, reused=False)


def output_digests(stage: Stage) -> dict[str, str]:
    """Returns a digest of each output file; empty text where it is missing."""
    return {name: file_digest(stage.folder / name) for name in stage.outputs}


def file_digest(path: Path) -> str:
    """Returns 16 hex digits of the file's content; empty text when it is missing."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except FileNotFoundError:
        return ""


def _record(path: Path) -> dict[str, Any]:
    try:
        value = read_json(path)
    except InkposeError:
        return {}
    return value if isinstance(value, dict) else {}


def _make_room(stage: Stage, record: dict[str, Any], begun: dict[str, Any], tell: Callable[[str], None]) -> None:
    """Empties the folder of an outdated result; a result that is not this stage's own is moved aside."""
    folder = stage.folder
    if not folder.exists():
        return
    present = {name: value for name, value in output_digests(stage).items() if value}
    if present and not begun and record.get("outputs") != present:
        number = 1
        while (aside := folder.with_name(f"{folder.name}.before-{number}")).exists():
            number += 1
        folder.rename(aside)
        tell(f"{stage.name:<20} {folder} held another result; it is now {aside}")
        return
    stage.done_path.unlink(missing_ok=True)
    for pattern in stage.owned:
        for entry in folder.glob(pattern):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
