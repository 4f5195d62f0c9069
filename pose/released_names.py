"""Names of tensors in the paper's released pose checkpoints, and in the nets here."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from pose.sources.released import branch_names

#: Name in the release, and here. ``converter_resnet`` is matched by shape, see :func:`_converter_names`.
_NAMES = (
    (r"resnet\.((?:conv1|bn1|layer[123])\..+)", r"domain.source.net.resnet.\1"),
    (r"keypoint_head\.converter_rcnn\.(?:0\.)?(weight|bias)", r"task_converter.conv.\1"),
    (r"keypoint_head\.matcher_rcnn\.1\.(\w+)", r"matcher.0.\1"),
    (r"keypoint_head\.matcher_rcnn\.3\.(\w+)", r"matcher.2.\1"),
    (r"keypoint_head\.head\.([025])\.(\w+)", r"head.layers.\1.\2"),
    (r"keypoint_head\.head\.([34])\.net\.conv(\d)\.(\w+)", r"head.layers.\1.convs.\2.\3"),
    (r"keypoint_head\.head\.([34])\.net\.norm(\d)\.(\w+)", r"head.layers.\1.norms.\2.\3"),
    (r"keypoint_head\.head\.([34])\.net_tail\.norm\d\.(\w+)", r"head.layers.\1.tail_norm.\2"),
)
_CONVERTER = "keypoint_head.converter_resnet."


def released_names(tensors: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, str]:
    """Returns the name in the net of each tensor of a released checkpoint that the net needs.

    Args:
        tensors: the file's, by name.
        target: the net's state dict; a tensor whose shape differs from the net's is left out.
    """
    names: dict[str, str] = {}
    for name in tensors:
        for pattern, made in _NAMES:
            if re.fullmatch(pattern, name):
                names[name] = re.sub(pattern, made, name)
    names |= {name: f"task.source.{own}" for name, own in branch_names(tensors).items()}
    names |= _converter_names(tensors, target)
    return {name: own for name, own in names.items() if own in target and tensors[name].shape == target[own].shape}


def _converter_names(tensors: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> dict[str, str]:
    """Pairs the layers of the domain converter by the shape of their weights, which are all different.

    Its layers lie in nested containers whose numbering says nothing.
    """
    theirs = {name.rpartition(".")[0] for name in tensors if name.startswith(_CONVERTER)}
    ours = {name.rpartition(".")[0] for name in target if name.startswith("domain_converter.")}
    names: dict[str, str] = {}
    for own in ours:
        shape = target[f"{own}.weight"].shape
        fitting = [
            layer for layer in theirs if f"{layer}.weight" in tensors and tensors[f"{layer}.weight"].shape == shape
        ]
        if len(fitting) == 1:
            prefix = f"{fitting[0]}."
            names |= {n: f"{own}.{n.removeprefix(prefix)}" for n in tensors if n.startswith(prefix)}
    return names
