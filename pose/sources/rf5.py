"""The lower layers of RF5's Danbooru ResNets, a rival domain source of the paper's backbone ablation."""

from __future__ import annotations

import re
from pathlib import Path

from torch import Tensor

from pose.sources.domain import DomainSource, prune
from shared.errors import DataError
from shared.training.foreign_weights import read_tensors
from tagger.net import Backbone, TaggerNet

#: Statistics of RGB in [0, 1] that these nets were trained with. Source: Chen & Zwicker 2022, backbone ablation.
MEAN, STD = (0.7137, 0.6628, 0.6519), (0.2970, 0.3017, 0.2979)

#: The body is a sequence of a ResNet's parts, so its names are numbers: place in it -> name in a ResNet.
_PARTS = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3"}


def read_rf5(path: Path) -> DomainSource:
    """Reads weights in the layout of ``RF5/danbooru-pretrained``; no code in the file is run.

    Raises:
        DataError: missing, damaged, or of another layout.
    """
    found: dict[str, Tensor] = {}
    for name, value in read_tensors(path).items():
        match = re.fullmatch(r"(?:module\.)?0\.(\d)\.(.+)", name)
        if match is not None and match[1] in _PARTS:
            found[f"{_PARTS[match[1]]}.{match[2]}"] = value
    net = prune(TaggerNet(_backbone(found), num_classes=1))
    own = net.resnet.state_dict()
    wrong = [name for name in own if not name.endswith("num_batches_tracked") and not _fits(found, name, own[name])]
    if wrong:
        raise DataError(
            f"{path}: {len(wrong)} tensors of a ResNet body are missing or of another shape (first: {wrong[0]}); "
            "give a file of RF5/danbooru-pretrained"
        )
    net.resnet.load_state_dict({name: found.get(name, own[name]) for name in own})
    return DomainSource.of(net, MEAN, STD)


def _backbone(tensors: dict[str, Tensor]) -> Backbone:
    if "layer1.0.conv3.weight" in tensors:
        return "resnet50"
    return "resnet34" if "layer1.2.conv1.weight" in tensors else "resnet18"


def _fits(found: dict[str, Tensor], name: str, own: Tensor) -> bool:
    return name in found and found[name].shape == own.shape
