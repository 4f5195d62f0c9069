"""Tensors that two exported nets share are stored once: in the lender's folder, which lies beside the borrower's."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import safetensors
from torch import Tensor

from shared.errors import BAD_RECORD, DataError, UsageError, reason_of
from shared.exporting.names import TENSORS


def borrow(stored: dict[str, Tensor], folder: Path, lender: Path) -> dict[str, Any] | None:
    """Takes out of ``stored`` every matrix that the lender's file holds bit for bit.

    Vectors stay: they are few and small.

    Args:
        stored: a net's tensors as they would be written; what is borrowed is taken out.
        folder: where they will be written.
        lender: a finished exported folder beside ``folder``.

    Returns:
        What ``config.json`` says of it: ``{"folder", "sha256", "tensors": {own name: the lender's name}}``. None where
        nothing is shared.

    Raises:
        UsageError: the folders do not lie side by side.
        DataError: the lender has no tensors.
    """
    if os.path.abspath(lender.parent) != os.path.abspath(folder.parent):
        raise UsageError(f"{lender}: does not lie beside {folder.name}; tensors are borrowed from a neighbour only")
    file = lender / TENSORS
    with _opened(file, folder) as theirs:
        known = {_content(theirs.get_tensor(name)): name for name in sorted(theirs.keys())}
    names = {name: known[key] for name, value in stored.items() if value.ndim > 1 and (key := _content(value)) in known}
    if not names:
        return None
    for name in names:
        del stored[name]
    return {"folder": lender.name, "sha256": _sha256(file), "tensors": names}


def read_borrowed(folder: Path, told: Any) -> dict[str, Tensor]:
    """Returns the borrowed tensors by the borrower's names, as they are stored.

    Args:
        folder: the borrower.
        told: what :func:`borrow` returned, from ``config.json``.

    Raises:
        DataError: the lender is missing, or another file than the one that was borrowed from.
    """
    try:
        place, sha256, names = told["folder"], told["sha256"], dict(told["tensors"])
        if not isinstance(place, str) or place in ("", ".", "..") or Path(place).name != place:
            raise ValueError(f"{place!r} is no folder beside it")
        file = Path(os.path.abspath(folder)).parent / place / TENSORS
        with _opened(file, folder) as theirs:
            if _sha256(file) != sha256:
                raise DataError(f"{file}: not the file that {folder} borrows from; export or copy both again")
            return {str(own): theirs.get_tensor(name) for own, name in names.items()}
    except (safetensors.SafetensorError, *BAD_RECORD) as error:
        raise DataError(
            f"{folder}: its borrowed tensors are not there ({reason_of(error)}); export it again"
        ) from error


def _opened(file: Path, borrower: Path) -> Any:
    if not file.is_file():
        raise DataError(f"{file}: no such file, and {borrower} borrows from it; copy both folders, side by side")
    try:
        return safetensors.safe_open(file, "pt")
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise DataError(f"{file}: not a readable safetensors file ({error}); copy or export it again") from error


def _content(value: Tensor) -> tuple[str, tuple[int, ...], bytes]:
    data = value.contiguous().numpy().tobytes()
    return str(value.dtype), tuple(value.shape), hashlib.sha256(data).digest()


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
