"""Weights of R-CNN keypoint branches under the names of detectron2 and of torchvision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from pose.sources.detectron2_file import read_detectron2_file
from shared.training.foreign_weights import read_tensors

#: What a name begins with in the paper's checkpoints, and in files of whole detectors.
_PREFIX = re.compile(r"^(?:module\.|rcnn\.|model\.)*(?=backbone\.|roi_heads\.|proposal_generator\.)")

_BLOCK = r"backbone\.bottom_up\.res(\d)\.(\d+)\."
#: Name of a tensor in detectron2's R101-FPN, and how ours is made of it.
_DETECTRON2 = (
    (r"backbone\.bottom_up\.stem\.conv1\.weight", "resnet.conv1.weight"),
    (r"backbone\.bottom_up\.stem\.conv1\.norm\.(\w+)", "resnet.bn1.{0}"),
    (_BLOCK + r"conv(\d)\.weight", "resnet.layer{0-1}.{1}.conv{2}.weight"),
    (_BLOCK + r"conv(\d)\.norm\.(\w+)", "resnet.layer{0-1}.{1}.bn{2}.{3}"),
    (_BLOCK + r"shortcut\.weight", "resnet.layer{0-1}.{1}.downsample.0.weight"),
    (_BLOCK + r"shortcut\.norm\.(\w+)", "resnet.layer{0-1}.{1}.downsample.1.{2}"),
    (r"backbone\.fpn_lateral5\.(\w+)", "lateral5.{0}"),
    (r"backbone\.fpn_output5\.(\w+)", "output5.{0}"),
    (r"roi_heads\.keypoint_head\.conv_fcn(\d)\.(\w+)", "convs.{0-1}.0.{1}"),
    (r"roi_heads\.keypoint_head\.score_lowres\.(\w+)", "deconv.{0}"),
)
#: The same of torchvision's Keypoint R-CNN R50-FPN, whose older files lack one ".0".
_TORCHVISION = (
    (r"backbone\.body\.(.+)", "resnet.{0}"),
    (r"backbone\.fpn\.inner_blocks\.3\.(?:0\.)?(\w+)", "lateral5.{0}"),
    (r"backbone\.fpn\.layer_blocks\.3\.(?:0\.)?(\w+)", "output5.{0}"),
    (r"roi_heads\.keypoint_head\.(\d+)\.(\w+)", "convs.{0/2}.0.{1}"),
    (r"roi_heads\.keypoint_predictor\.kps_score_lowres\.(\w+)", "deconv.{0}"),
)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Returns the named tensors of a detectron2 ``.pkl``, a PyTorch file or a safetensors file; no code is run.

    Raises:
        DataError: missing, damaged, without tensors, or it refers to code.
    """
    return read_detectron2_file(path) if path.suffix.lower() == ".pkl" else read_tensors(path)


def architecture_of(tensors: Mapping[str, Tensor]) -> str | None:
    """Returns the name of the task source (see ``named.TASK_SOURCES``) whose detector has these tensors, or None."""
    names = {_PREFIX.sub("", name) for name in tensors}
    if "backbone.bottom_up.stem.conv1.weight" in names and "roi_heads.keypoint_head.conv_fcn1.weight" in names:
        return "mask_rcnn_r101" if "backbone.bottom_up.res4.22.conv1.weight" in names else None
    if "backbone.body.conv1.weight" in names and "roi_heads.keypoint_head.0.weight" in names:
        return "keypoint_rcnn_r50"
    return None


def branch_names(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """Returns the name in the branch of each tensor that the branch needs, by its name in the file."""
    found: dict[str, str] = {}
    for name in tensors:
        bare = _PREFIX.sub("", name)
        for pattern, made in (*_DETECTRON2, *_TORCHVISION):
            match = re.fullmatch(pattern, bare)
            if match is not None:
                found[name] = _fill(made, match.groups())
                break
    return found


def _fill(made: str, groups: tuple[str, ...]) -> str:
    def part(match: re.Match[str]) -> str:
        value = groups[int(match[1])]
        if match[2] == "-1":
            return str(int(value) - 1)
        return str(int(value) // 2) if match[2] == "/2" else value

    return re.sub(r"\{(\d)(-1|/2)?\}", part, made)
