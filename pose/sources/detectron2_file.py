"""detectron2's model files: a pickle of NumPy arrays, read without running anything that is in it."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.errors import DataError


def _bytes_of(text: str, encoding: str) -> bytes:
    # What a pickle of protocol 2 uses to hold bytes; any other codec could be somebody's code.
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in {encoding}")
    return text.encode("latin1")


def _scalar(dtype: np.dtype[Any], data: bytes | str = b"") -> Any:
    return np.frombuffer(data.encode("latin1") if isinstance(data, str) else data, dtype)[0]


def _empty_array(kind: Any, shape: tuple[int, ...], code: Any) -> np.ndarray[Any, Any]:
    # The state that follows in the pickle fills it; a large shape here could only waste memory.
    if shape not in ((0,), ()):
        raise pickle.UnpicklingError(f"array announced as {shape}")
    return np.ndarray((0,), np.uint8)


#: The only names that a file of arrays needs, and what stands for them here.
_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _bytes_of,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    **{
        (f"numpy.{core}.multiarray", name): function
        for core in ("core", "_core")
        for name, function in (("_reconstruct", _empty_array), ("scalar", _scalar))
    },
}


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it refers to {module}.{name}, which is code and not weights")
        return _ALLOWED[module, name]


def read_detectron2_file(path: Path) -> dict[str, Tensor]:
    """Returns the named tensors of a detectron2 model file (``.pkl``), on the CPU.

    Raises:
        DataError: missing, damaged, without arrays, or it refers to code (nothing of it is run).
    """
    try:
        with path.open("rb") as file:
            content = _ArraysOnly(file, encoding="latin1").load()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except pickle.UnpicklingError as error:
        raise DataError(f"{path}: not a model file ({error}); it is not loaded") from error
    except Exception as error:  # a damaged pickle can fail in any of pickle's and NumPy's ways
        raise DataError(f"{path}: not a readable model file ({type(error).__name__}); get it again") from error
    weights = content.get("model", content) if isinstance(content, dict) else {}
    arrays = {str(name): value for name, value in weights.items() if isinstance(value, np.ndarray)}
    numbers = {name: value for name, value in arrays.items() if value.dtype.kind in "fiu"}
    if not numbers:
        raise DataError(f"{path}: no arrays of weights in it; give a detectron2 model file")
    return {name: torch.from_numpy(np.array(value)) for name, value in numbers.items()}
