"""A finished pose net as it lies in a file: a training's checkpoint, an imported one, or an exported folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pose.build import PoseNet, Recipe, build_net
from pose.codecs.heatmap import HeatmapCodec
from shared.errors import BAD_RECORD, DataError, reason_of
from shared.exporting.names import is_exported
from shared.exporting.weights import read_exported
from shared.keypoints.schema import COCO_25
from shared.training.checkpoints import check_sizes, load_checkpoint


@dataclass(frozen=True)
class SavedPose:
    """All that prediction needs.

    Attributes:
        recipe: how the net is built.
        state: its tensors, both sources included.
        sigma_cells: standard deviation of the training's targets.
        padding: share of the box's long side that the crop adds.
        gate: float32 ``(25,)``, of raw scores.
        curves: float32 ``(25, bins)`` that calibrate scores, or None.
    """

    recipe: Recipe
    state: dict[str, Tensor]
    sigma_cells: float
    padding: float
    gate: Tensor
    curves: Tensor | None

    def build(self) -> PoseNet:
        """Returns the net with its weights, in eval mode.

        Raises:
            RuntimeError: weights and recipe do not fit.
        """
        net = build_net(self.recipe)
        net.load_state_dict(self.state)
        return net.eval().requires_grad_(False)

    def codec(self) -> HeatmapCodec:
        """Returns what decodes the net's heatmaps."""
        side = self.recipe.settings().head_side
        return HeatmapCodec((self.recipe.crop_side,) * 2, (side, side), self.sigma_cells)


def read_saved(path: Path) -> SavedPose:
    """Reads a checkpoint (``.ckpt``) or a folder of ``inkpose export pose``; no code in the file is run.

    Raises:
        DataError: missing, damaged, or of another subsystem.
    """
    try:
        saved = _from_folder(path) if is_exported(path) else _from_checkpoint(path)
        _check(saved)
        return saved
    except (RuntimeError, *BAD_RECORD) as error:
        raise DataError(f"{path}: not a whole pose checkpoint ({reason_of(error)}); train it again") from error


def _check(saved: SavedPose) -> None:
    """Raises ValueError where the parts of a pose net contradict each other."""
    check_sizes([saved.recipe.plain(), saved.sigma_cells, saved.padding])
    joints = len(COCO_25)
    if not isinstance(saved.gate, Tensor) or saved.gate.shape != (joints,):
        raise ValueError(f"the gate is not of {joints} joints")
    curves = saved.curves
    if curves is not None and (not isinstance(curves, Tensor) or curves.ndim != 2 or len(curves) != joints):
        raise ValueError(f"the calibration is not of {joints} joints")
    if curves is not None and not bool(((curves >= 0) & (curves <= 1)).all()):
        raise ValueError("the calibration gives scores outside 0 to 1")
    if saved.recipe.crop_side < 1 or saved.sigma_cells <= 0 or not 0 <= saved.padding <= 10:
        raise ValueError("a crop, sigma or padding that cannot be")


def as_config(saved: SavedPose) -> dict[str, Any]:
    """Returns the content of ``config.json``; ``read_saved`` is its inverse."""
    return {
        "net": saved.recipe.plain(),
        "input": {"size_px": saved.recipe.crop_side, "padding": saved.padding},
        "decoding": {
            "sigma_cells": saved.sigma_cells,
            "gate": saved.gate.tolist(),
            "calibration": None if saved.curves is None else saved.curves.tolist(),
        },
        "keypoints": list(COCO_25.names),
    }


def _from_folder(path: Path) -> SavedPose:
    config, tensors = read_exported(path, "pose")
    decoding, curves = config["decoding"], config["decoding"]["calibration"]
    return SavedPose(
        Recipe(**config["net"]),
        tensors,
        float(decoding["sigma_cells"]),
        float(config["input"]["padding"]),
        torch.tensor(decoding["gate"], dtype=torch.float32),
        None if curves is None else torch.tensor(curves, dtype=torch.float32),
    )


def _from_checkpoint(path: Path) -> SavedPose:
    checkpoint = load_checkpoint(path, "pose")
    told, hparams, state = checkpoint["inkpose"], checkpoint["hyper_parameters"], checkpoint["state_dict"]
    return SavedPose(
        Recipe(**told["net"]),
        {key.removeprefix("net."): value for key, value in state.items() if key.startswith("net.")},
        float(hparams["sigma_cells"]),
        float(hparams["padding"]),
        torch.tensor(told["gate"], dtype=torch.float32),
        told.get("calibration"),
    )
