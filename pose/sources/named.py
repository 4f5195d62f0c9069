"""From the text in a configuration to a source: ``random:NAME``, ``imagenet:NAME`` … or a checkpoint's path."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torchvision
from torch import Tensor, nn

from pose.sources.domain import DomainSource
from pose.sources.keypoint_rcnn import KeypointRcnnBranch
from pose.sources.keypoint_resnet import KeypointResNet
from pose.sources.mask_rcnn import MaskRcnnBranch
from pose.sources.released import branch_names
from pose.sources.rf5 import read_rf5
from shared.errors import UsageError
from shared.training.checkpoints import load_checkpoint
from tagger.net import BACKBONES, Backbone, TaggerNet

TaskSource = KeypointResNet | MaskRcnnBranch | KeypointRcnnBranch

#: Task source architectures by the name used in files.
TASK_SOURCES: tuple[tuple[str, type[KeypointResNet] | type[MaskRcnnBranch] | type[KeypointRcnnBranch]], ...] = (
    ("keypoint_resnet", KeypointResNet),
    ("mask_rcnn_r101", MaskRcnnBranch),
    ("keypoint_rcnn_r50", KeypointRcnnBranch),
)


def build_task_source(name: str, arguments: dict[str, Any]) -> TaskSource:
    """Builds a task source with random weights.

    Raises:
        UsageError: unknown name or arguments.
    """
    for known, source_class in TASK_SOURCES:
        if known == name:
            try:
                return source_class(**arguments)
            except TypeError as error:
                raise UsageError(f"task source {name}: {error}; check its settings") from error
    raise UsageError(f"task source {name!r} is unknown; accepted: {', '.join(known for known, _ in TASK_SOURCES)}")


def describe_task_source(source: TaskSource) -> dict[str, Any]:
    """Returns ``{"name": …, "arguments": …}``, from which :func:`build_task_source` builds the same net."""
    name = next(known for known, source_class in TASK_SOURCES if isinstance(source, source_class))
    return {"name": name, "arguments": source.describe()}


def load_task_source(text: str) -> TaskSource:
    """Returns the task source that ``text`` names.

    Args:
        text: path of a checkpoint that ``python -m pose fit`` wrote for a task source or ``inkpose import
            task-source`` made; or ``random:NAME`` or ``imagenet:NAME`` with a name out of ``TASK_SOURCES``; or
            ``coco:keypoint_rcnn_r50`` for torchvision's own weights (a download on first use).

    Raises:
        DataError: the file is missing, corrupt, or of another subsystem.
        UsageError: unknown name.
    """
    start, _, name = text.partition(":")
    if start in ("random", "imagenet"):
        return build_task_source(name, {"imagenet": True} if start == "imagenet" else {})
    if start == "coco":
        return _torchvision_source(name)
    checkpoint = load_checkpoint(Path(text), "task_source")
    recipe = checkpoint["inkpose"]["net"]
    source = build_task_source(recipe["name"], recipe["arguments"])
    prefix = "net."
    weights = {
        key.removeprefix(prefix): value for key, value in checkpoint["state_dict"].items() if key.startswith(prefix)
    }
    source.load_state_dict(weights)
    return source


def _torchvision_source(name: str) -> TaskSource:
    if name != "keypoint_rcnn_r50":
        raise UsageError(f"task source coco:{name}: no weights of that name; accepted: keypoint_rcnn_r50")
    weights: dict[str, Tensor] = dict(
        torchvision.models.detection.KeypointRCNN_ResNet50_FPN_Weights.DEFAULT.get_state_dict(check_hash=True)
    )
    source = KeypointRcnnBranch()
    names = branch_names(weights)
    source.load_state_dict({own: weights[theirs] for theirs, own in names.items() if own in source.state_dict()})
    return source


def take_head(source: TaskSource) -> nn.Sequential:
    """Takes the head's convolutions out of a source, which from then on gives its trunk only."""
    convs = source.convs
    source.convs = nn.Sequential()
    source.deconv = nn.Identity()  # type: ignore[assignment]
    return convs


def load_domain_source(text: str) -> DomainSource:
    """Returns the domain source that ``text`` names.

    Args:
        text: path of a tagger checkpoint; or ``random:resnet50`` or ``imagenet:resnet50`` (or 34, or 18); or
            ``rf5:FILE``, a file of RF5/danbooru-pretrained.

    Raises:
        DataError: the file is missing, corrupt, or of another subsystem.
        UsageError: unknown backbone.
    """
    start, _, name = text.partition(":")
    if start in ("random", "imagenet"):
        if name not in BACKBONES:
            raise UsageError(f"domain source {text!r}: unknown backbone; accepted: {', '.join(BACKBONES)}")
        return DomainSource.of(TaggerNet(cast(Backbone, name), num_classes=1, imagenet=start == "imagenet"))
    if start == "rf5":
        return read_rf5(Path(name))
    # Imported late: reading a tagger checkpoint is only needed when a pose net is first built.
    from tagger.predict import load

    return DomainSource.of(load(Path(text)).net)
