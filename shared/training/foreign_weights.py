"""Weight files that others wrote, read without running anything in them."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shared.errors import DataError

#: Classes that old Lightning checkpoints refer to in their hyper-parameters and callbacks. They hold plain data, so
#: each is read as a plain dict; a file that refers to anything else is refused.
_PLAIN_DATA = ("easydict.", "argparse.Namespace", "pytorch_lightning.", "lightning.", "collections.defaultdict")


class Match(NamedTuple):
    """What became of the tensors of a file.

    ``matched`` and ``missing`` are names in the net, ``left_over`` names in the file that the net has no use for.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]


def read_foreign(path: Path) -> dict[str, Any]:
    """Reads ``.safetensors``, or a file of ``torch.save`` (state dict, Lightning checkpoint) onto the CPU.

    Raises:
        DataError: missing, unreadable, not a dict, or a pickle that refers to code (nothing of it is run).
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the path")
    if path.suffix.lower() == ".safetensors":
        try:
            return dict(safetensors.torch.load_file(path))
        except (safetensors.SafetensorError, OSError, ValueError) as error:
            raise DataError(f"{path}: not a readable safetensors file ({error}); get it again") from error
    try:
        unknown = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # the format before torch 1.6 cannot be listed; nothing but tensors is then let through
        unknown = []
    code = [name for name in unknown if not name.startswith(_PLAIN_DATA)]
    if code:
        raise DataError(f"{path}: refers to {code[0]}, which is code and not weights; it is not loaded")
    try:
        with torch.serialization.safe_globals([(OrderedDict, name) for name in unknown]):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files, none of them documented
        raise DataError(f"{path}: not a readable file of weights ({type(error).__name__}); get it again") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: holds a {type(content).__name__}, not named tensors; give a state dict")
    return content


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads the named tensors of ``.safetensors``, a PyTorch state dict or a Lightning checkpoint, on the CPU.

    Raises:
        DataError: missing, unreadable, no tensors in it, or a pickle that refers to code.
    """
    content = read_foreign(path)
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(content.get(key), dict):
            content = content[key]
            break
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise DataError(f"{path}: no tensors in it; give a file of weights")
    return tensors
