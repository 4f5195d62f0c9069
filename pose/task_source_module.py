"""Training of the task source: a keypoint net that sees photo-like pictures."""

from __future__ import annotations

from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional

from pose.codecs.heatmap import HeatmapCodec, find_peaks
from pose.losses import heatmap_loss, location_loss
from pose.sources.named import build_task_source, describe_task_source, load_task_source
from pose.validation import Validation, check_data
from shared.batches import to_float
from shared.errors import UsageError
from shared.keypoints.schema import COCO_17
from shared.training.checkpoints import stamp
from shared.training.optimizers import Optimizer, make_optimizer
from shared.training.schedule import Schedule, with_schedule


class TaskSourceModule(pl.LightningModule):
    """Trains a task source on the 17 COCO joints.

    Args:
        architecture: ``keypoint_resnet`` or ``mask_rcnn_r101``.
        arguments: of its class in ``pose.sources``, as in the YAML.
        init: ``random``; ``imagenet`` (torchvision's weights of the ResNet, a download on first use); or a checkpoint
            of a task source of the same build, to train on from; read only when a new fit starts.
        image_size: side of the square crop in pixels; must be that of the data.
        padding: share of the box's long side that the crop adds; must be that of the data.
        sigma_cells: standard deviation of the target Gaussian in cells.
        location_weight: factor of the softmax loss over the cells (Mask R-CNN's own).
        heatmap_weight: factor of the per-cell loss, which teaches the height of the peaks; 0 leaves it out.
        positive_weight: of the per-cell loss.
        optimizer: ``adam``, ``adamw`` or ``muon``.
        lr: highest learning rate.
        weight_decay: of kernels.
        schedule: ``cosine`` to 0 at the end of the training, or ``constant``.
        warmup_steps: optimiser steps of linear rise.
        example_pictures: crops with skeletons written to TensorBoard at each validation.

    Source: Mask R-CNN (He et al. 2017) for the loss. The paper takes released weights; training on drawn,
        photo-like pictures is ours.
    """

    kind: ClassVar[str] = "task_source"

    def __init__(
        self,
        architecture: str = "keypoint_resnet",
        arguments: dict[str, Any] | None = None,
        init: str = "random",
        image_size: int = 128,
        padding: float = 0.1,
        sigma_cells: float = 1.0,
        location_weight: float = 1.0,
        heatmap_weight: float = 0.0,
        positive_weight: float = 1.0,
        optimizer: Optimizer = "adamw",
        lr: float = 1e-3,
        weight_decay: float = 1e-4,
        schedule: Schedule = "cosine",
        warmup_steps: int = 0,
        example_pictures: int = 8,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        extra = {"imagenet": True} if init == "imagenet" else {}
        self.net = build_task_source(architecture, {**(arguments or {}), **extra})
        self.net.to(memory_format=torch.channels_last)
        side = self.net.logits_side(image_size)
        self.codec = HeatmapCodec((image_size, image_size), (side, side), sigma_cells)
        self.validation = Validation()

    def forward(self, rgb: Tensor) -> Tensor:
        """Returns logits ``(B, 17, side, side)`` of square crops ``(B, 3, S, S)`` in [0, 1]."""
        logits: Tensor = self.net(rgb)
        return logits

    def setup(self, stage: str) -> None:
        """Loads the initial weights of a new run (a resumed one has its own).

        Raises:
            UsageError: the data's crops are not the model's, or the initial weights are of another build.
        """
        check_data(self)
        init = self.hparams["init"]
        if stage == "fit" and self.trainer.ckpt_path is None and init not in ("random", "imagenet"):
            source = load_task_source(init)
            if describe_task_source(source) != describe_task_source(self.net):
                raise UsageError(f"{init}: a task source of another build; set model.init_args as in its config.yaml")
            self.net.load_state_dict(source.state_dict())

    def _loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        logits = self(to_float(batch["image"]))
        joints = len(COCO_17)
        targets, weights = self.codec.encode(batch["points_xy"][:, :joints], batch["state"][:, :joints])
        loss = self.hparams["location_weight"] * location_loss(logits, targets, weights)
        if self.hparams["heatmap_weight"] > 0:
            per_cell = heatmap_loss(logits, targets, weights, None, self.hparams["positive_weight"])
            loss = loss + self.hparams["heatmap_weight"] * per_cell
        return loss, logits

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """Returns the loss of a batch of ``shared.datamodules.poses``."""
        loss, _ = self._loss(batch)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch["image"]))
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds a batch to the metrics."""
        self._evaluation_step(batch, batch_idx, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds a batch to the metrics."""
        self._evaluation_step(batch, batch_idx, "test")

    def _evaluation_step(self, batch: dict[str, Tensor], batch_idx: int, stage: str) -> None:
        loss, logits = self._loss(batch)
        self.log(f"{stage}/loss", loss, on_epoch=True, sync_dist=True, batch_size=len(logits))
        # Under a softmax over the cells only differences of logits mean something.
        log_maps = functional.log_softmax(logits.float().flatten(2), dim=-1).view_as(logits)
        places, peak = find_peaks(log_maps)
        points = places * self.codec.stride_xy(logits)
        self.validation.update(batch, points, peak.exp())
        if batch_idx == 0:
            self.validation.keep_example(batch, points, self.hparams["example_pictures"])

    def on_validation_epoch_end(self) -> None:
        """Logs the metrics and shows examples."""
        self.validation.finish(self, "val")

    def on_test_epoch_end(self) -> None:
        """Logs the metrics."""
        self.validation.finish(self, "test")

    def configure_optimizers(self) -> Any:
        """Returns the optimiser with its schedule."""
        optimizer = make_optimizer(
            self.net.parameters(), self.hparams["optimizer"], self.hparams["lr"], self.hparams["weight_decay"]
        )
        return with_schedule(self, optimizer, self.hparams["schedule"], self.hparams["warmup_steps"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the recipe that builds the net."""
        stamp(checkpoint, self.kind)
        checkpoint["inkpose"]["net"] = describe_task_source(self.net)
