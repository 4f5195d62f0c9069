"""Where training starts: random weights, torchvision's published ones, or a file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision.models as tv
from torch import Tensor

from segmenter.backbones import BackboneName
from segmenter.net import SegmenterNet
from shared.errors import DataError, UsageError
from shared.exporting.names import is_exported
from shared.exporting.weights import read_exported
from shared.training.published_weights import published_state

log = logging.getLogger(__name__)

_IMAGENET: dict[str, Any] = {
    "resnet18": lambda: tv.ResNet18_Weights.IMAGENET1K_V1,
    "resnet50": lambda: tv.ResNet50_Weights.IMAGENET1K_V1,
    "resnet101": lambda: tv.ResNet101_Weights.IMAGENET1K_V1,
    "mobilenet_v3_large": lambda: tv.MobileNet_V3_Large_Weights.IMAGENET1K_V1,
}
_COCO: dict[str, Any] = {
    "resnet50": lambda: tv.segmentation.DeepLabV3_ResNet50_Weights.DEFAULT,
    "resnet101": lambda: tv.segmentation.DeepLabV3_ResNet101_Weights.DEFAULT,
    "mobilenet_v3_large": lambda: tv.segmentation.DeepLabV3_MobileNet_V3_Large_Weights.DEFAULT,
}


def initialise(net: SegmenterNet, backbone: BackboneName, init: str) -> list[str]:
    """Gives ``net`` its first weights, in place; returns the state keys that were set.

    Args:
        net: the network.
        backbone: its backbone's name.
        init: ``random`` leaves it as built. ``imagenet`` takes torchvision's classifier (backbone only) and ``coco``
            its DeepLabv3 (backbone and pyramid, what the paper started from); both are downloaded by torchvision.
            Anything else is a file: a checkpoint of ours (of a tagger or task source: its ResNet), a bare state dict
            of this network or of torchvision's DeepLabv3; or the folder of an exported segmenter.

    Raises:
        DataError: the file is missing, unreadable or fits nowhere.
        UsageError: torchvision's weights cannot be had (no network).
    """
    if init == "random":
        return []
    if init in ("imagenet", "coco"):
        known = _IMAGENET if init == "imagenet" else _COCO
        if backbone not in known:
            raise UsageError(f"init {init}: there are no such weights of {backbone}; choose {', '.join(known)}")
        weights = known[backbone]()
        state: Mapping[str, Tensor] = published_state(weights)
        if init == "imagenet":
            state = {f"backbone.{key.removeprefix('features.')}": value for key, value in state.items()}
    else:
        state = _read_state(Path(init))
    return _load_matching(net, state, init)


def _read_state(path: Path) -> dict[str, Tensor]:
    cure = "give `random`, `imagenet`, `coco` or a file of weights"
    if is_exported(path):
        return read_exported(path, "segmenter")[1]
    if not path.is_file():
        raise DataError(f"{path}: no such file of initial weights; {cure}")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files, none of them documented
        raise DataError(f"{path}: not readable as weights ({type(error).__name__}); {cure}") from error
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):
        state = state["state_dict"]
    if not isinstance(state, Mapping):
        raise DataError(f"{path}: holds no state dict; {cure}")
    return {str(key).removeprefix("net."): value for key, value in state.items() if isinstance(value, Tensor)}


def _load_matching(net: SegmenterNet, state: Mapping[str, Tensor], source: str) -> list[str]:
    """Copies the entries whose name and shape fit.

    The heads above (other classes, the auxiliary head) are left out; a source that fits nowhere is refused.
    """
    own = net.state_dict()
    named = {_own_name(key, own): value for key, value in state.items()}
    # A layer fits whole or not at all: another head's counters have the right shape too.
    strangers = {
        name.rpartition(".")[0] for name, value in named.items() if name not in own or own[name].shape != value.shape
    }
    found = {name: value for name, value in named.items() if name.rpartition(".")[0] not in strangers}
    backbone = {key for key in own if key.startswith("deeplab.backbone.")}
    missing = sorted(backbone - found.keys())
    if missing:
        raise DataError(
            f"{source}: no weights for {len(missing)} of {len(backbone)} backbone entries (first {missing[0]}); "
            "it is of another network: set model.backbone to match or take other weights"
        )
    net.load_state_dict({**own, **found})
    log.info("%s: %d of %d state entries taken", source, len(found), len(own))
    return sorted(found)


def _own_name(key: str, own: Mapping[str, Tensor]) -> str:
    if key in own:
        return key
    # "resnet." is where taggers and task sources keep the same layers.
    return f"deeplab.backbone.{key.removeprefix('resnet.')}" if key.startswith("resnet.") else f"deeplab.{key}"
