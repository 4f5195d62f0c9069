"""A finished tagger as it lies in a file: a training's checkpoint, an imported one, or an exported folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from shared.errors import BAD_RECORD, DataError
from shared.exporting.names import is_exported
from shared.exporting.weights import read_exported
from shared.training.checkpoints import check_sizes, load_checkpoint
from tagger.close_looks import CloseLooks
from tagger.net import BACKBONES, Backbone, TaggerNet
from tagger.thresholds import NEVER, PRECISIONS

Preprocessing = Literal["letterbox", "paper"]


@dataclass(frozen=True)
class SavedTagger:
    """All that prediction and evaluation need.

    Attributes:
        backbone: torchvision's name of the ResNet.
        state: tensors of ``TaggerNet``, ``resnet.*``.
        class_names, class_groups: C each.
        image_size: side of the square input in pixels.
        positives: int64 ``(C,)``: training pictures of each class.
        samples: training pictures; 0 where the training data is not known (imported weights).
        thresholds: float64 ``(C,)``, with the best F1 on the validation split.
        precise_thresholds: float64 ``(C, len(PRECISIONS))``: those that reached each of ``PRECISIONS`` there, ``NEVER``
            where none did; None where that was not measured.
        preprocessing: ``letterbox`` (on white), or ``paper`` (the rules of the paper's release).
        rulebook: of the training; None where there was none.
        looks: of a net that looks closer.
    """

    backbone: Backbone
    state: dict[str, Tensor]
    class_names: tuple[str, ...]
    class_groups: tuple[str, ...]
    image_size: int
    positives: Tensor
    samples: int
    thresholds: Tensor
    preprocessing: Preprocessing
    rulebook: str | None
    looks: CloseLooks | None = None
    precise_thresholds: Tensor | None = None

    @property
    def supported(self) -> Tensor:
        """Bool ``(C,)``: classes that the training data taught; all of them where it is not known."""
        taught = (self.positives > 0) & (self.positives < self.samples)
        return taught if self.samples else torch.ones_like(taught)

    def build(self) -> TaggerNet:
        """Returns the net with its weights, in eval mode.

        Raises:
            ValueError, RuntimeError: weights and settings do not fit.
        """
        net = TaggerNet(self.backbone, len(self.class_names), looks=self.looks, class_names=self.class_names)
        net.load_state_dict(self.state)
        return net.eval().requires_grad_(False)


def read_saved(path: Path) -> SavedTagger:
    """Reads a checkpoint (``.ckpt``) or a folder of ``inkpose export tagger``; no code in the file is run.

    Raises:
        DataError: missing, damaged, or of another subsystem.
    """
    try:
        saved = _from_folder(path) if is_exported(path) else _from_checkpoint(path)
        _check(saved)
        return saved
    except (RuntimeError, *BAD_RECORD) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise DataError(f"{path}: not a whole tagger ({reason}); train or export it again") from error


def taught_by(path: Path, count: int) -> Tensor:
    """Returns which of ``count`` classes a finished tagger was taught; all of them where the file does not say."""
    try:
        return read_saved(path).supported
    except DataError:  # weights alone
        return torch.ones(count, dtype=torch.bool)


def as_config(saved: SavedTagger) -> dict[str, Any]:
    """Returns the content of ``config.json``; ``read_saved`` is its inverse."""
    names = ("name", "group", "positives", "supported", "threshold")
    columns = (
        saved.class_names,
        saved.class_groups,
        saved.positives.tolist(),
        saved.supported.tolist(),
        saved.thresholds.tolist(),
    )
    classes = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if saved.precise_thresholds is not None:
        for entry, row in zip(classes, saved.precise_thresholds.tolist(), strict=True):
            # For the precisions 0.1, 0.2, …; the list ends where no threshold is so precise.
            entry["precise_thresholds"] = [round(threshold, 6) for threshold in row if threshold < NEVER]
    return {
        "net": {"backbone": saved.backbone} | ({"close": saved.looks.as_config()} if saved.looks else {}),
        "input": {"size_px": saved.image_size, "preprocessing": saved.preprocessing},
        "training": {"samples": saved.samples, "rulebook": saved.rulebook},
        "classes": classes,
    }


def _from_folder(path: Path) -> SavedTagger:
    config, tensors = read_exported(path, "tagger")
    classes, preprocessing = config["classes"], config["input"]["preprocessing"]
    if preprocessing not in get_args(Preprocessing):
        raise ValueError(f"preprocessing {preprocessing!r} is unknown")
    return SavedTagger(
        _backbone(config["net"]["backbone"]),
        tensors,
        tuple(entry["name"] for entry in classes),
        tuple(entry["group"] for entry in classes),
        int(config["input"]["size_px"]),
        torch.tensor([entry["positives"] for entry in classes], dtype=torch.int64),
        int(config["training"]["samples"]),
        torch.tensor([entry["threshold"] for entry in classes], dtype=torch.float64),
        preprocessing,
        config["training"]["rulebook"],
        CloseLooks.read(config["net"].get("close")),
        _precise([entry.get("precise_thresholds") for entry in classes]),
    )


def _precise(rows: list[list[float] | None]) -> Tensor | None:
    if all(row is None for row in rows):
        return None
    table = torch.full((len(rows), len(PRECISIONS)), NEVER, dtype=torch.float64)
    for filled, row in zip(table, rows, strict=True):
        filled[: len(row or ())] = torch.tensor(row or (), dtype=torch.float64)
    return table


def _from_checkpoint(path: Path) -> SavedTagger:
    checkpoint = load_checkpoint(path, "tagger")
    told, hparams = checkpoint["tagger"], checkpoint["hyper_parameters"]
    state = checkpoint["state_dict"]
    return SavedTagger(
        _backbone(hparams["backbone"]),
        {key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")},
        tuple(told["class_names"]),
        tuple(told["class_groups"]),
        int(hparams["image_size"]),
        told["positives"],
        int(told["samples"]),
        told["thresholds"].double(),
        "paper" if told.get("preprocessing") == "paper" else "letterbox",
        hparams.get("rulebook"),
        looks_of(hparams),
        told.get("precise_thresholds"),
    )


def looks_of(hparams: Mapping[str, Any]) -> CloseLooks | None:
    """Returns the close looks that a training's settings ask for; None where it has none."""
    return CloseLooks(hparams["whole_size"], hparams["close_size"]) if hparams.get("close_looks") else None


def _check(saved: SavedTagger) -> None:
    """Raises ValueError where the parts of a tagger contradict each other."""
    check_sizes(saved.image_size)
    count = len(saved.class_names)
    named = all(isinstance(name, str) for name in (*saved.class_names, *saved.class_groups))
    if saved.image_size < 1 or not count or len(saved.class_groups) != count or not named:
        raise ValueError(f"{count} class names, {len(saved.class_groups)} groups, {saved.image_size} pixels")
    for name in ("positives", "thresholds"):
        if not isinstance(values := getattr(saved, name), Tensor) or values.shape != (count,):
            raise ValueError(f"{name} do not fit {count} classes")
    table = saved.precise_thresholds
    if table is not None and table.shape != (count, len(PRECISIONS)):
        raise ValueError(f"precise_thresholds of shape {tuple(table.shape)} do not fit {count} classes")


def _backbone(name: Any) -> Backbone:
    for known in get_args(Backbone):
        if known == name:
            backbone: Backbone = known
            return backbone
    raise ValueError(f"backbone {name!r} is unknown; accepted: {', '.join(BACKBONES)}")
