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
#: Version of a folder that borrows tensors from its neighbour or holds 8-bit ones, which readers of 1 cannot know.
NEWER_FORMAT = 2
Precision = Literal["float32", "float16", "int8"]

#: What the name of an 8-bit tensor's scales ends with; a state dict has no such names.
_SCALE = "/scale"


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
        precision: float16 halves the file, int8 quarters it; see ``rounded``.
        lender: an exported folder beside this one; matrices that lie there, bit for bit, are not stored again.

    Raises:
        UsageError: the lender does not lie beside ``folder``.
        DataError: the lender is no exported folder, or the files cannot be written.
    """
    stored = _stored(tensors, precision)
    told: dict[str, Any] = {
        "kind": kind,
        "format": NEWER_FORMAT if precision == "int8" else FORMAT,
        "precision": precision,
    }
    borrowed = None if lender is None else borrow(stored, folder, lender)
    if borrowed is not None:
        told |= {"format": NEWER_FORMAT, "borrowed": borrowed}
    write_bytes(folder / TENSORS, safetensors.torch.save(stored, {"format": "pt", "inkpose.kind": kind}))
    write_json(folder / CONFIG, {"inkpose": told, **config})


def rounded(tensors: Mapping[str, Tensor], precision: Precision) -> dict[str, Tensor]:
    """Returns tensors as a reader of the folder will have them, so that all files of an export compute the same.

    Vectors (biases, the statistics of norms) stay float32 with every precision: they are few, and a variance may be
    too small or too large for float16. With int8, each row of a matrix (the filter of one output channel) is a
    multiple of its own scale, the largest entry's 127th part.
    """
    return _read(_stored(tensors, precision))


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
    if told.get("format") not in (FORMAT, NEWER_FORMAT):
        raise DataError(
            f"{folder / CONFIG}: format {told.get('format')}, this version reads {FORMAT} and {NEWER_FORMAT}; "
            "use the inkpose version that wrote it"
        )
    file = folder / TENSORS
    if not file.is_file():
        raise DataError(f"{file}: no such file; export the {kind} again, or copy the whole folder")
    try:
        tensors = safetensors.torch.load_file(file)
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise DataError(f"{file}: not a readable safetensors file ({error}); copy or export it again") from error
    if "borrowed" in told:
        tensors |= read_borrowed(folder, told["borrowed"])
    return Exported(config, _read(tensors))


def _read(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    tensors = {}
    for name, value in stored.items():
        if name.endswith(_SCALE):
            continue
        scale = stored.get(name + _SCALE)
        if scale is not None:
            value = value.float() * scale.float().view(-1, *(1,) * (value.ndim - 1))
        tensors[name] = value.float() if value.is_floating_point() else value
    return tensors


def _stored(tensors: Mapping[str, Tensor], precision: Precision) -> dict[str, Tensor]:
    stored = {}
    for name, value in tensors.items():
        matrix, kept = value.is_floating_point() and value.ndim > 1, value.detach().cpu()
        if precision == "int8" and matrix:
            scale = kept.float().flatten(1).abs().amax(dim=1) / 127
            stored[name + _SCALE] = scale
            # A row of zeros has scale 0: it is divided by 1 instead.
            kept = kept.float() / torch.where(scale > 0, scale, 1.0).view(-1, *(1,) * (kept.ndim - 1))
            kept = kept.round().to(torch.int8)
        elif precision == "float16" and matrix:
            kept = kept.to(torch.float16)
        stored[name] = kept.contiguous().clone()
    return stored
