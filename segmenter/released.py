"""The paper's released segmenter, read without running anything in it and written as a checkpoint of ours."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from segmenter.net import SegmenterNet
from shared.errors import DataError
from shared.files import replacing
from shared.training.checkpoints import stamp

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


def import_released(source: Path, out: Path) -> None:
    """Converts released weights to a checkpoint that :func:`segmenter.predict.load` takes.

    Args:
        source: the released ``.ckpt``, or one of its copies: ``.safetensors`` with the same keys, or a ``.pth`` of
            two state dicts ``{"model", "final_head"}``.
        out: where the checkpoint goes.

    Raises:
        DataError: unreadable, or not this network's weights.
    """
    state = _flattened(_read(source), source)
    expected = {key: value.shape for key, value in SegmenterNet().state_dict().items()}
    for problem, keys in (
        ("no weights for", expected.keys() - state.keys()),
        ("unknown weights", state.keys() - expected.keys()),
        ("another shape of", {key for key in expected.keys() & state.keys() if state[key].shape != expected[key]}),
    ):
        if keys:
            raise DataError(
                f"{source}: {problem} {min(keys)} ({len(keys)} in all); give the paper's character/background segmenter"
            )
    checkpoint: dict[str, Any] = {
        "state_dict": {f"net.{key}": value for key, value in state.items()},
        "hyper_parameters": _HPARAMS,
    }
    stamp(checkpoint, "segmenter")
    checkpoint["inkpose"]["image_size"] = _IMAGE_SIZE
    with replacing(out) as temporary:
        torch.save(checkpoint, temporary)


def _read(source: Path) -> Any:
    if not source.is_file():
        raise DataError(f"{source}: no such file; check the path")
    try:
        if source.suffix == ".safetensors":
            return load_file(source)
        # The release keeps its settings in EasyDicts; read as plain ordered dicts, nothing of theirs runs.
        with torch.serialization.safe_globals([(OrderedDict, "easydict.EasyDict")]):
            return torch.load(source, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and safetensors raise many kinds for damaged files
        raise DataError(f"{source}: not readable as weights ({type(error).__name__}); download it again") from error


def _flattened(found: Any, source: Path) -> dict[str, Tensor]:
    """Returns ``deeplab.*`` and ``final_head.*`` of any of the three layouts; the dropped auxiliary head stays out."""
    if isinstance(found, Mapping) and isinstance(found.get("state_dict"), Mapping):
        found = found["state_dict"]
    if not isinstance(found, Mapping):
        raise DataError(f"{source}: holds no state dict; give the paper's character/background segmenter")
    if isinstance(found.get("model"), Mapping) and isinstance(found.get("final_head"), Mapping):
        found = {
            **{f"deeplab.{key.removeprefix('deeplab.')}": value for key, value in found["model"].items()},
            **{f"final_head.{key.removeprefix('final_head.')}": value for key, value in found["final_head"].items()},
        }
    return {
        str(key): value
        for key, value in found.items()
        if isinstance(value, Tensor) and not str(key).startswith("deeplab.aux_classifier.")
    }
