"""ResNet weights from the files people have, laid into a tagger's net."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from shared.errors import DataError
from shared.training.foreign_weights import Match, read_tensors
from tagger.net import TaggerNet

#: What other programs put before the names of a ResNet's tensors; ``resnet.`` is the paper's release and ours.
_PREFIXES = ("module.", "net.", "model.", "resnet.")


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

    So weights with another class list give the backbone, and the last layer starts anew. A net that looks closer begins
    its second ResNet where the first one does, if the file has none.

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
    if net.looks is not None:
        _initialise_close(net, found)
    return Match(tuple(matched), missing, tuple(name for name in found if name not in target))


def _initialise_close(net: TaggerNet, found: dict[str, Tensor]) -> None:
    """Takes each part of the closer look that the file has whole; the second ResNet begins where the first one does."""
    backbone = {name: value for name, value in net.resnet.state_dict().items() if not name.startswith("fc.")}
    net.close.load_state_dict(backbone)
    for name, part in (("close", net.close), ("finder", net.finder), ("heads", net.heads)):
        wanted = part.state_dict()
        fitting = {key: found[f"{name}.{key}"] for key in wanted if f"{name}.{key}" in found}
        if all(key in fitting and fitting[key].shape == value.shape for key, value in wanted.items()):
            part.load_state_dict(fitting)
