"""The folder that a finished net is shipped as: ``config.json`` and ``model.safetensors``; reading runs no code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shared.errors import DataError
from shared.exporting.borrowing import borrow, read_borrowed
from shared.exporting.names import CONFIG, TENSORS
from shared.files import read_json, write_bytes, write_json

#: Version of ``config.json``; raised when a reader of today could not read it any more.
FORMAT = 1
#: Version of a folder that borrows tensors from its neighbour, which readers of format 1 cannot know.
BORROWING_FORMAT = 2
Precision = Literal["float32", "float16"]


class Exported(NamedTuple):
    """A folder's content: ``config`` as written, and float32 tensors by name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]


def write_exported(
    folder: Path,
    kind: str,
    config: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    precision: Precision = "float32",
    lender: Path | None = None,
) -> None:
    """Writes the two files into a folder.

    Args:
        folder: an existing folder, best one of ``replacing_folder``.
        kind: the subsystem, e.g. ``tagger``.
        config: what the subsystem needs to build the net again; JSON.
        tensors: the net's state dict.
        precision: float16 halves the file; see ``rounded``.
        lender: an exported folder beside this one; matrices that lie there, bit for bit, are not stored again.

    Raises:
        UsageError: the lender does not lie beside ``folder``.
        DataError: the lender is no exported folder, or the files cannot be written.
    """
    stored = {name: _stored(value, precision) for name, value in tensors.items()}
    told: dict[str, Any] = {"kind": kind, "format": FORMAT, "precision": precision}
    borrowed = None if lender is None else borrow(stored, folder, lender)
    if borrowed is not None:
        told |= {"format": BORROWING_FORMAT, "borrowed": borrowed}
    write_bytes(folder / TENSORS, safetensors.torch.save(stored, {"format": "pt", "inkpose.kind": kind}))
    write_json(folder / CONFIG, {"inkpose": told, **config})


def rounded(tensors: Mapping[str, Tensor], precision: Precision) -> dict[str, Tensor]:
    """Returns tensors as a reader of the folder will have them, so that all files of an export compute the same.

    With float16, vectors (biases, the statistics of norms) stay float32: they are few, and a variance may be too small
    or too large for float16.
    """
    return {name: _read(_stored(value, precision)) for name, value in tensors.items()}


def read_exported(path: Path, kind: str) -> Exported:
    """Reads a folder that ``write_exported`` wrote for subsystem ``kind``; tensors of floats become float32.

    Args:
        path: the folder, or one of its two files.
        kind: as written.

    Raises:
        DataError: a file is missing or damaged, or the folder is of another subsystem or a newer format.
    """
    folder = path if path.is_dir() else path.parent
    config = read_json(folder / CONFIG)
    told = config.get("inkpose") if isinstance(config, dict) else None
    if not isinstance(told, dict):
        raise DataError(f"{folder / CONFIG}: not written by `inkpose export`; give an exported folder")
    if told.get("kind") != kind:
        raise DataError(f"{folder}: an exported {told.get('kind')}, not a {kind}; give a {kind}")
    if told.get("format") not in (FORMAT, BORROWING_FORMAT):
        raise DataError(
            f"{folder / CONFIG}: format {told.get('format')}, this version reads {FORMAT} and {BORROWING_FORMAT}; "
            "use the inkpose version that wrote it"
        )
    file = folder / TENSORS
    if not file.is_file():
        raise DataError(f"{file}: no such file; export the {kind} again, or copy the whole folder")
    try:
        tensors = safetensors.torch.load_file(file)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise DataError(f"{file}: not a readable safetensors file ({error}); copy or export it again") from error
    if told["format"] == BORROWING_FORMAT:
        tensors |= read_borrowed(folder, told.get("borrowed"))
    return Exported(config, {name: _read(value) for name, value in tensors.items()})


def _read(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _stored(value: Tensor, precision: Precision) -> Tensor:
    half = precision == "float16" and value.is_floating_point() and value.ndim > 1
    return value.detach().cpu().to(torch.float16 if half else value.dtype).contiguous().clone()
