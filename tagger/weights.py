"""Reading ResNet weights from the files people have, without running any code in them."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from shared.errors import DataError
from tagger.net import TaggerNet

#: Classes that old Lightning checkpoints refer to in their hyper-parameters and callbacks. They hold plain data, so
#: each is read as a plain dict; a file that refers to anything else is refused.
_PLAIN_DATA = ("easydict.", "argparse.Namespace", "pytorch_lightning.", "lightning.", "collections.defaultdict")
#: What other programs put before the names of a ResNet's tensors; ``resnet.`` is the paper's release and ours.
_PREFIXES = ("module.", "net.", "model.", "resnet.")


@dataclass(frozen=True)
class Match:
    """What became of the tensors of a file.

    Attributes:
        matched: names in the net that took a tensor of the file.
        missing: names in the net that the file has no tensor of its shape for; they keep their values.
        left_over: names in the file that the net has no use for.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    left_over: tuple[str, ...]


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Reads the named tensors of ``.safetensors``, a PyTorch state dict or a Lightning checkpoint, on the CPU.

    Raises:
        DataError: missing, unreadable, no tensors in it, or a pickle that refers to code.
    """
    content = read_pickle(path) if path.suffix.lower() != ".safetensors" else _read_safetensors(path)
    for key in ("state_dict", "model", "model_state_dict"):
        if isinstance(content.get(key), dict):
            content = content[key]
            break
    tensors = {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise DataError(f"{path}: no tensors in it; give a file of ResNet weights")
    return tensors


def resnet_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns ``tensors`` under torchvision's own names: the prefixes that others put before them are taken off."""
    return {_bare(name): value for name, value in tensors.items()}


def _bare(name: str) -> str:
    changed = True
    while changed:
        changed = False
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                name, changed = name[len(prefix) :], True
    return name


def initialise(net: TaggerNet, path: Path) -> Match:
    """Copies into ``net`` every tensor of the file that has its name and shape; the rest of ``net`` stays as it is.

    So weights with another class list give the backbone, and the last layer starts anew.

    Raises:
        DataError: as ``read_tensors``, or the convolutions are not all there (another architecture).
    """
    found = resnet_tensors(read_tensors(path))
    target = net.resnet.state_dict()
    matched = {name: value for name, value in found.items() if name in target and value.shape == target[name].shape}
    missing = tuple(name for name in target if name not in matched)
    # Old files lack num_batches_tracked, which counts only for BatchNorm without momentum.
    lacking = [name for name in missing if not name.startswith("fc.") and not name.endswith("num_batches_tracked")]
    if lacking:
        raise DataError(
            f"{path}: {len(lacking)} tensors of {net.backbone} are missing or of another shape (first: {lacking[0]}); "
            "give weights of this backbone"
        )
    net.resnet.load_state_dict(matched, strict=False)
    return Match(tuple(matched), missing, tuple(name for name in found if name not in target))


def _read_safetensors(path: Path) -> dict[str, Any]:
    _must_be_file(path)
    try:
        return dict(safetensors.torch.load_file(path))
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable safetensors file ({error}); get it again") from error


def read_pickle(path: Path) -> dict[str, Any]:
    """Reads a file of ``torch.save`` with ``weights_only=True``; classes of plain data become plain dicts.

    Raises:
        DataError: missing, unreadable, not a dict, or it refers to code (nothing of it is run).
    """
    _must_be_file(path)
    try:
        unknown = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    except Exception:  # the old format of torch < 1.6 cannot be listed; nothing but tensors is then let through
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


def _must_be_file(path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the path")
