"""A finished run becomes one folder of three small nets and one card, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkpose.shipping.agreement import Agreement, compare_nets
from inkpose.shipping.card import Told, shipped_card
from inkpose.shipping.facts import Measured, facts_of
from inkpose.weights import SUBSYSTEMS, net_paths
from shared.errors import BAD_RECORD, DataError, UsageError, reason_of
from shared.exporting.folder import replacing_folder
from shared.exporting.names import CONFIG, TENSORS
from shared.exporting.weights import Precision, write_exported
from shared.files import read_json, write_text

CARD = "README.md"


@dataclass(frozen=True)
class Shipped:
    """What was written.

    Attributes:
        sizes: bytes by file name, relative to the folder.
        borrowed: how many matrices the pose net takes from the tagger's folder.
        agreement: how near the folder's answers are to the run's.
    """

    sizes: dict[str, int]
    borrowed: int
    agreement: Agreement

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes.values())


def ship(
    run: Path,
    out: Path,
    *,
    precision: Precision = "float16",
    most_bytes: int = 60_000_000,
    measure: Callable[[Path], Measured] | None = None,
    notes: str = "",
    command: str = "",
) -> Shipped:
    """Writes ``out``: exported ``tagger/``, ``segmenter/``, ``pose/`` and README.md.

    What the pose net has in common with the tagger is stored once, in ``tagger/``.

    Args:
        run: a run folder, or any folder that ``--weights`` takes.
        out: folder; an earlier one of this command is replaced.
        precision: of the stored matrices.
        most_bytes: a larger folder is not written.
        measure: scores the nets in a folder, for the card; None takes what the run has measured.
        notes: Markdown for the card, e.g. what the nets do on real drawings.
        command: for the card.

    Raises:
        UsageError: nets are missing, ``out`` holds files of somebody, or the folder would be too large.
        DataError: a net is not usable, or ``out`` cannot be written.
    """
    paths = net_paths(run)
    _check_out(out)
    with replacing_folder(out, (*SUBSYSTEMS, CARD)) as folder:
        for name, path in paths.items():
            _write_net(name, path, folder, precision)
        sizes = _sizes(folder)
        _check_size(sizes, most_bytes)
        agreement = compare_nets(paths, net_paths(folder))
        facts = facts_of(run, paths)
        measured = facts.measured if measure is None else measure(folder)
        borrowed = len(read_json(folder / "pose" / CONFIG)["inkpose"].get("borrowed", {}).get("tensors", {}))
        told = Told(facts.trainings, facts.data_sets, measured, agreement, precision, sizes, borrowed, notes, command)
        write_text(folder / CARD, shipped_card(told))
        sizes = _sizes(folder)
    return Shipped(sizes, borrowed, agreement)


def _check_out(out: Path) -> None:
    """Refuses a folder whose nets are no exported ones: a run folder would be lost."""
    for name in SUBSYSTEMS:
        folder = out / name
        others = sorted({path.name for path in folder.iterdir()} - {CONFIG, TENSORS}) if folder.is_dir() else []
        if others:
            raise UsageError(f"{out}: {name}/ holds {others[0]}, which would be lost; name a new folder")


def _write_net(name: str, path: Path, folder: Path, precision: Precision) -> None:
    saved, config = _read(name, path)
    try:
        saved.build()
    except (RuntimeError, ArithmeticError, AssertionError, *BAD_RECORD) as error:
        raise DataError(f"{path}: not a whole {name} ({reason_of(error)}); train it again") from error
    (folder / name).mkdir()
    lender = folder / "tagger" if name == "pose" else None
    write_exported(folder / name, name, config, saved.state, precision, lender)


def _read(name: str, path: Path) -> tuple[Any, dict[str, Any]]:
    """Returns the saved net of a subsystem, and its configuration."""
    import pose.saved
    import segmenter.saved
    import tagger.saved

    if name == "tagger":
        tags = tagger.saved.read_saved(path)
        return tags, tagger.saved.as_config(tags)
    if name == "segmenter":
        masks = segmenter.saved.read_saved(path)
        return masks, segmenter.saved.as_config(masks)
    joints = pose.saved.read_saved(path)
    return joints, pose.saved.as_config(joints)


def _sizes(folder: Path) -> dict[str, int]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def _check_size(sizes: dict[str, int], most_bytes: int) -> None:
    total = sum(sizes.values())
    if total <= most_bytes:
        return
    parts = ", ".join(f"{name} {sizes[f'{name}/{TENSORS}'] / 1e6:.1f}" for name in SUBSYSTEMS)
    raise UsageError(
        f"{total / 1e6:.1f} MB of weights ({parts}), more than --max-mb {most_bytes / 1e6:g}; "
        "nothing was written: train smaller nets, store them with --precision int8, or raise --max-mb"
    )
