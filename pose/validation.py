"""What both training modules of pose do with a validation batch."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor, nn

from pose.coco_eval import OksAp
from pose.crops import to_picture
from pose.metrics import JointAccuracy
from pose.pictures import draw_examples
from shared.errors import UsageError
from shared.keypoints.schema import COCO_17

_JOINTS = len(COCO_17)


class Validation(nn.Module):
    """PDJ@0.2 and COCO AP of the 17 joints over an epoch, and a picture of the first batch."""

    def __init__(self) -> None:
        super().__init__()
        self.pdj = JointAccuracy("torso", 0.2)
        self.oks = OksAp()
        self.example: tuple[Tensor, Tensor, Tensor, Tensor] | None = None

    def update(self, batch: dict[str, Tensor], points_xy: Tensor, score: Tensor) -> None:
        """Adds a batch.

        Args:
            batch: of ``shared.datamodules.poses``.
            points_xy: ``(B, K ≥ 17, 2)`` predicted crop pixels.
            score: ``(B, K)``.
        """
        state = batch["state"][:, :_JOINTS]
        predicted = to_picture(points_xy[:, :_JOINTS], batch["affine"])
        truth = to_picture(batch["points_xy"][:, :_JOINTS], batch["affine"])
        self.pdj.update(predicted, truth, state, batch["box_xywh"][:, 2:].amax(dim=1))
        answer = torch.cat([predicted, score[:, :_JOINTS, None]], dim=-1)
        self.oks.update(batch["id"], answer, truth, state, batch["area"], batch["box_xywh"])

    def keep_example(self, batch: dict[str, Tensor], points_xy: Tensor, count: int) -> None:
        """Keeps the first ``count`` crops of a batch for the picture; ``points_xy`` NaN where absent."""
        tensors = (batch["image"], points_xy, batch["points_xy"], batch["state"])
        self.example = tuple(t[:count].cpu() for t in tensors) if count else None  # type: ignore[assignment]

    def finish(self, module: pl.LightningModule, stage: str) -> None:
        """Logs ``<stage>/pdj@0.2`` and ``<stage>/oks_ap`` (0 when nothing was counted), and the picture."""
        values = {"pdj@0.2": float(self.pdj.compute()), "oks_ap": self.oks.compute()["oks_ap"]}
        self.pdj.reset()
        self.oks.reset()
        for name, value in values.items():
            # NaN would stop the choice of the best checkpoint for ever.
            module.log(f"{stage}/{name}", value if value == value else 0.0, prog_bar=True, rank_zero_only=False)
        logger = module.logger
        if self.example is not None and isinstance(logger, TensorBoardLogger) and module.trainer.is_global_zero:
            picture = draw_examples(*self.example)
            logger.experiment.add_image(f"{stage}/examples", picture, module.global_step, dataformats="HWC")
        self.example = None


def check_data(module: pl.LightningModule) -> None:
    """Compares the crops of the attached data module with ``image_size`` and ``padding`` of ``module``.

    Raises:
        UsageError: they differ.
    """
    data: Any = getattr(module.trainer, "datamodule", None)
    for name in ("image_size", "padding"):
        mine, theirs = module.hparams[name], getattr(data, "hparams", {}).get(name, module.hparams[name])
        if mine != theirs:
            raise UsageError(f"model.init_args.{name}={mine}, data.{name}={theirs}; give the same")
