"""Weights of others into checkpoints that every command here reads; no code in the files is run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from pose.build import Recipe, build_net
from pose.gate import DEFAULT_GATE
from pose.methods.settings import HeadSettings
from pose.released_names import released_names
from pose.sources.named import build_task_source, describe_task_source
from pose.sources.released import architecture_of, branch_names, read_weights
from shared.errors import DataError, UsageError
from shared.files import replacing
from shared.training.checkpoints import stamp
from shared.training.foreign_weights import Match

ReleasedMethod = Literal["concat", "match"]

#: Geometry of the release: 256 px crops, 5 % on each side, Mask R-CNN at 800 px.
_CROP_SIDE, _PADDING, _INPUT_SIDE = 256, 0.1, 800


def import_pose(source: Path, out: Path, method: ReleasedMethod, task_source: Path | None = None) -> Match:
    """Turns one of the paper's released pose checkpoints into one of ours.

    Read are Lightning checkpoints (also of version 1.3, with EasyDict in their hyper-parameters), PyTorch state dicts
    and safetensors.

    Args:
        source: the weights.
        out: the checkpoint to write.
        method: ``concat`` (feature concatenation) or ``match`` (feature matching).
        task_source: for ``concat`` files without the Mask R-CNN: a file that holds it (detectron2's model file).

    Returns:
        Which tensors matched, were missing, and were left over.

    Raises:
        DataError: a file cannot be read, or lacks a tensor of the net.
        UsageError: no such method.
    """
    if method not in get_args(ReleasedMethod):
        raise UsageError(f"--method {method}: not known; choose concat or match")
    tensors = dict(read_weights(source))
    if task_source is not None:
        extra = read_weights(task_source)
        tensors |= {name: extra[name] for name in branch_names(extra)}
    recipe = _recipe(method)
    with torch.device("meta"):
        target = build_net(recipe).state_dict()
    names = released_names(tensors, target)
    weights = _complete({own: tensors[name] for name, own in names.items()}, target, source)
    match = Match(
        matched=tuple(names.values()),
        missing=tuple(own for own in target if own not in weights),
        left_over=tuple(name for name in tensors if name not in names),
    )
    checkpoint: dict[str, Any] = {
        "state_dict": {f"net.{name}": value.contiguous() for name, value in weights.items()},
        # σ of the targets is not published; decoding does not depend on it.
        "hyper_parameters": {"sigma_cells": 2.0, "padding": _PADDING, "image_size": _CROP_SIDE},
    }
    stamp(checkpoint, "pose")
    checkpoint["inkpose"] |= {"net": recipe.plain(), "gate": [DEFAULT_GATE] * recipe.settings().keypoints}
    _save(checkpoint, out)
    return match


def import_task_source(source: Path, out: Path) -> Match:
    """Turns the weights of a Keypoint R-CNN into a task source checkpoint.

    Args:
        source: detectron2's R101-FPN (``.pkl``), torchvision's R50-FPN (``.pth``), or a released pose checkpoint that
            holds the former.
        out: the checkpoint to write.

    Raises:
        DataError: a file cannot be read, or is of no known detector.
    """
    tensors = read_weights(source)
    name = architecture_of(tensors)
    if name is None:
        raise DataError(
            f"{source}: not a Keypoint R-CNN that is known here; give detectron2's R101-FPN or torchvision's R50-FPN"
        )
    net = build_task_source(name, {})
    target = net.state_dict()
    names = {
        theirs: own
        for theirs, own in branch_names(tensors).items()
        if own in target and tensors[theirs].shape == target[own].shape
    }
    weights = _complete({own: tensors[theirs] for theirs, own in names.items()}, target, source)
    checkpoint: dict[str, Any] = {
        "state_dict": {f"net.{own}": value.contiguous() for own, value in weights.items()},
        "hyper_parameters": {"architecture": name, "image_size": _CROP_SIDE, "padding": _PADDING},
    }
    stamp(checkpoint, "task_source")
    checkpoint["inkpose"]["net"] = describe_task_source(net)
    _save(checkpoint, out)
    return Match(tuple(names.values()), (), tuple(theirs for theirs in tensors if theirs not in names))


def _recipe(method: ReleasedMethod) -> Recipe:
    head = {name: getattr(HeadSettings(), name) for name in HeadSettings.__dataclass_fields__}
    task = {"name": "mask_rcnn_r101", "arguments": {"input_side": _INPUT_SIDE}}
    return Recipe(
        method="feature_concat" if method == "concat" else "feature_match",
        crop_side=_CROP_SIDE,
        domain={"backbone": "resnet50"},
        task=task if method == "concat" else None,
        imitated={"channels": 512, "side": 14} if method == "match" else None,
        head={**head, "head_widths": list(head["head_widths"])},
    )


def _complete(weights: dict[str, Tensor], target: Mapping[str, Tensor], source: Path) -> dict[str, Tensor]:
    """Adds BatchNorm's batch counters, which old files lack and nothing reads; anything else must be there."""
    lacking = [name for name in target if name not in weights]
    needed = [name for name in lacking if not name.endswith("num_batches_tracked")]
    if needed:
        advice = "give the file of a whole model"
        if all(name.startswith("task.") for name in needed):
            advice = "name a file that has them with --task-source, e.g. detectron2's model_final_997cc7.pkl"
        raise DataError(
            f"{source}: {len(needed)} tensors of the net are missing or of another shape (first: {needed[0]}); {advice}"
        )
    return weights | {name: torch.zeros((), dtype=torch.int64) for name in lacking}


def _save(checkpoint: dict[str, Any], out: Path) -> None:
    with replacing(out) as temporary:
        torch.save(checkpoint, temporary)
