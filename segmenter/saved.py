"""A finished segmenter as it lies in a file: a training's checkpoint, an imported one, or an exported folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from torch import Tensor

from segmenter.net import SegmenterNet
from shared.errors import BAD_RECORD, DataError
from shared.exporting.names import is_exported
from shared.exporting.weights import read_exported
from shared.training.checkpoints import check_sizes, load_checkpoint

Preprocessing = Literal["letterbox", "paper"]

_NET_KEYS = ("backbone", "output_stride", "atrous_rates", "pyramid_channels", "dropout", "skip_strides")


@dataclass(frozen=True)
class SavedSegmenter:
    """All that prediction needs.

    Attributes:
        settings: arguments of ``SegmenterNet``.
        state: its tensors.
        image_size: side of the pictures it was trained on, pixels.
        preprocessing: ``letterbox`` (on white), or ``paper`` (the sizes of the paper's release).
    """

    settings: dict[str, Any]
    state: dict[str, Tensor]
    image_size: int
    preprocessing: Preprocessing

    def build(self) -> SegmenterNet:
        """Returns the net with its weights, in eval mode.

        Raises:
            TypeError, ValueError, RuntimeError: weights and settings do not fit.
        """
        net = SegmenterNet(**self.settings)
        net.load_state_dict(self.state)
        return net.eval()


def read_saved(path: Path) -> SavedSegmenter:
    """Reads a checkpoint (``.ckpt``) or a folder of ``inkpose export segmenter``; no code in the file is run.

    Raises:
        DataError: missing, damaged, unfinished, or of another subsystem.
    """
    try:
        saved = _from_folder(path) if is_exported(path) else _from_checkpoint(path)
        check_sizes([saved.settings, saved.image_size])
        if saved.image_size < 1:
            raise ValueError(f"image size {saved.image_size}")
        return saved
    except (RuntimeError, *BAD_RECORD) as error:
        raise DataError(
            f"{path}: weights and settings do not fit together ({type(error).__name__}); train or export again"
        ) from error


def as_config(saved: SavedSegmenter) -> dict[str, Any]:
    """Returns the content of ``config.json``; ``read_saved`` is its inverse."""
    return {"net": saved.settings, "input": {"size_px": saved.image_size, "preprocessing": saved.preprocessing}}


def _from_folder(path: Path) -> SavedSegmenter:
    config, tensors = read_exported(path, "segmenter")
    size, preprocessing = int(config["input"]["size_px"]), _preprocessing(config["input"]["preprocessing"])
    return SavedSegmenter(_settings(config["net"]), tensors, size, preprocessing)


def _from_checkpoint(path: Path) -> SavedSegmenter:
    checkpoint = load_checkpoint(path, "segmenter")
    state, noted = checkpoint["state_dict"], checkpoint["inkpose"]
    settings = _settings(checkpoint["hyper_parameters"])
    if not isinstance(noted.get("image_size"), int):
        raise DataError(f"{path}: saved before the first training step; train longer")
    tensors = {key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")}
    return SavedSegmenter(
        settings, tensors, noted["image_size"], _preprocessing(noted.get("preprocessing", "letterbox"))
    )


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: values[key] for key in _NET_KEYS}
    settings = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
    # Files from before there was such a head do not name it.
    return {**settings, "instances": bool(values.get("instances", False))}


def _preprocessing(name: Any) -> Preprocessing:
    for known in get_args(Preprocessing):
        if known == name:
            found: Preprocessing = known
            return found
    raise ValueError(f"preprocessing {name!r} is unknown")
