"""The paper's released segmenter, read without running anything in it and written as a checkpoint of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from segmenter.net import SegmenterNet
from shared.errors import DataError
from shared.files import replacing
from shared.training.checkpoints import stamp
from shared.training.foreign_weights import Match, read_foreign

#: The published network, and the side of the pictures it was trained on.
_HPARAMS: dict[str, Any] = {
    "backbone": "resnet101",
    "output_stride": 8,
    "atrous_rates": [12, 24, 36],
    "pyramid_channels": 256,
    "dropout": 0.5,
    "skip_strides": [],
}
_IMAGE_SIZE = 256
_WANTED = "give the paper's character/background segmenter"


def import_released(source: Path, out: Path, paper_preprocessing: bool = False) -> Match:
    """Converts released weights to a checkpoint that :func:`segmenter.predict.load` takes.

    Args:
        source: the released ``.ckpt`` (of Lightning 1.3), or one of its copies: ``.safetensors`` with the same names,
            or a ``.pth`` of two state dicts ``{"model", "final_head"}``.
        out: where the checkpoint goes.
        paper_preprocessing: predict with the sizes and the bicubic mask of the paper's release.

    Returns:
        Which tensors matched, were missing (counters that nothing reads), and were left over.

    Raises:
        DataError: unreadable, or not this network's weights.
    """
    found = _flattened(read_foreign(source), source)
    own = SegmenterNet().state_dict()
    state = {name: value for name, value in found.items() if name in own and value.shape == own[name].shape}
    missing = [name for name in own if name not in state]
    # Old files lack num_batches_tracked, which counts only for BatchNorm without momentum.
    lacking = [name for name in missing if not name.endswith("num_batches_tracked")]
    if lacking:
        raise DataError(
            f"{source}: {len(lacking)} of {len(own)} tensors are missing or of another shape (first: {lacking[0]}); "
            f"{_WANTED}"
        )
    checkpoint: dict[str, Any] = {
        "state_dict": {f"net.{name}": state.get(name, value).contiguous() for name, value in own.items()},
        "hyper_parameters": _HPARAMS,
    }
    stamp(checkpoint, "segmenter")
    checkpoint["inkpose"]["image_size"] = _IMAGE_SIZE
    checkpoint["inkpose"]["preprocessing"] = "paper" if paper_preprocessing else "letterbox"
    with replacing(out) as temporary:
        torch.save(checkpoint, temporary)
    return Match(tuple(state), tuple(missing), tuple(name for name in found if name not in own))


def _flattened(found: Any, source: Path) -> dict[str, Tensor]:
    """Returns ``deeplab.*`` and ``final_head.*`` of any of the three layouts, and what else there is."""
    if isinstance(found, Mapping) and isinstance(found.get("state_dict"), Mapping):
        found = found["state_dict"]
    if isinstance(found.get("model"), Mapping) and isinstance(found.get("final_head"), Mapping):
        found = {
            **{f"deeplab.{name.removeprefix('deeplab.')}": value for name, value in found["model"].items()},
            **{f"final_head.{name.removeprefix('final_head.')}": value for name, value in found["final_head"].items()},
        }
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
    if not tensors:
        raise DataError(f"{source}: no tensors in it; {_WANTED}")
    return tensors
