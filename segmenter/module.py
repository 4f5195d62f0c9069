"""The segmenter's training: network, loss, metrics and optimiser wired together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

from segmenter.backbones import BackboneName
from segmenter.initial_weights import initialise
from segmenter.losses import segmentation_loss
from segmenter.metrics import SegmentationMetrics
from segmenter.net import SegmenterNet
from segmenter.overlays import example_grid
from segmenter.soft_losses import alpha_per_image
from shared.batches import to_float
from shared.training.checkpoints import stamp
from shared.training.optimizers import Optimizer, make_optimizer
from shared.training.schedule import with_schedule


class SegmenterModule(pl.LightningModule):
    """Trains a :class:`SegmenterNet` on batches of ``MaskDataModule``.

    Args:
        backbone: ``resnet101`` (published), ``resnet50``, ``mobilenet_v3_large`` or ``compact``.
        output_stride: 8 or 16.
        atrous_rates: dilations of the pyramid.
        pyramid_channels: of the pyramid; 256 for the published network.
        dropout: of the pyramid.
        skip_strides: of the backbone's maps that join on the way up; none for the published network.
        init: ``random``, ``imagenet``, ``coco`` or a file of weights; read only when a new fit starts.
        optimizer: ``adam`` (published), ``adamw`` or ``muon``.
        lr: peak learning rate.
        weight_decay: of convolution kernels; 0 for the published recipe.
        warmup_steps: steps of linear rise to ``lr``; a cosine to 0 over the rest of the run follows.
        dice_weight: factor of the Dice term beside cross-entropy; 0 for the published loss.
        soft_weight: factor of the opacity's loss in the unknown band beside cross-entropy: above 0 the net learns alpha
            (hair), which needs training data with real alpha; 0 for the published loss.
        half_size_steps: the first so many steps see their pictures at half size, a quarter of the pixels each;
            0 for the published recipe.
    """

    kind: ClassVar[str] = "segmenter"

    def __init__(
        self,
        backbone: BackboneName = "mobilenet_v3_large",
        output_stride: int = 16,
        atrous_rates: Sequence[int] = (12, 24, 36),
        pyramid_channels: int = 256,
        dropout: float = 0.5,
        skip_strides: Sequence[int] = (),
        init: str = "random",
        optimizer: Optimizer = "adam",
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        warmup_steps: int = 0,
        dice_weight: float = 0.0,
        soft_weight: float = 0.0,
        half_size_steps: int = 0,
    ) -> None:
        super().__init__()
        atrous_rates, skip_strides = list(atrous_rates), list(skip_strides)
        self.save_hyperparameters()
        self.backbone, self.init = backbone, init
        self.optimizer_name, self.lr, self.weight_decay = optimizer, lr, weight_decay
        self.warmup_steps, self.half_size_steps = warmup_steps, half_size_steps
        self.dice_weight, self.soft_weight = dice_weight, soft_weight
        self.net = SegmenterNet(backbone, output_stride, atrous_rates, pyramid_channels, dropout, skip_strides)
        self.net.to(memory_format=torch.channels_last)
        self.metrics = SegmentationMetrics()
        #: Side of the pictures it was trained on; prediction starts from it.
        self.image_size: int | None = None

    def setup(self, stage: str) -> None:
        """Loads the initial weights of a new run (a resumed one has its own)."""
        if stage == "fit" and self.trainer.ckpt_path is None:
            initialise(self.net, self.backbone, self.init)

    def forward(self, image: Tensor) -> Tensor:
        """Returns logits ``(B, 2, H, W)`` of RGB in [0, 1] ``(B, 3, H, W)``."""
        logits: Tensor = self.net(image)
        return logits

    def _loss(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        logits = self(to_float(batch["image"]))
        weight = batch["weight"][:, 0] if "weight" in batch else None
        alpha = batch["alpha"][:, 0]
        loss = segmentation_loss(logits, alpha > 127, weight, self.dice_weight)
        if self.soft_weight:
            loss = loss + self.soft_weight * alpha_per_image(logits, alpha / 255, weight).mean()
        return loss, logits

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """Returns the loss of one batch."""
        self.image_size = int(batch["image"].shape[-1])
        loss, _ = self._loss(halved(batch) if self.global_step < self.half_size_steps else batch)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch["image"]))
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds one batch to the metrics; draws the first one for TensorBoard."""
        self._evaluation_step(batch, "val")
        if batch_idx == 0 and self.logger is not None and not self.trainer.sanity_checking:
            self._draw_examples(batch)

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds one batch to the metrics."""
        self._evaluation_step(batch, "test")

    def _evaluation_step(self, batch: dict[str, Tensor], split: str) -> None:
        loss, logits = self._loss(batch)
        self.log(f"{split}/loss", loss, batch_size=len(logits), on_epoch=True, sync_dist=True)
        weight = batch["weight"][:, 0] if "weight" in batch else None
        self.metrics.update(logits.float().softmax(dim=1)[:, 1], batch["alpha"][:, 0] / 255, weight)

    def on_validation_epoch_end(self) -> None:
        """Logs ``val/iou``, ``val/f1`` and the others."""
        self._log_metrics("val")

    def on_test_epoch_end(self) -> None:
        """Logs ``test/iou``, ``test/f1`` and the others."""
        self._log_metrics("test")

    def _log_metrics(self, split: str) -> None:
        values = self.metrics.compute()
        self.metrics.reset()
        for name, value in values.items():
            if math.isfinite(value):
                # Already the same on every process: the metric has summed over them.
                self.log(f"{split}/{name}", value, prog_bar=name == "iou", rank_zero_only=False)

    def _draw_examples(self, batch: dict[str, Tensor]) -> None:
        experiment = getattr(self.logger, "experiment", None)
        if experiment is None or not hasattr(experiment, "add_image"):
            return
        picked = {key: value[:8] for key, value in batch.items()}
        probability = self(to_float(picked["image"])).float().softmax(dim=1)[:, 1]
        grid = example_grid(picked["image"], picked["alpha"][:, 0] / 255, probability)
        experiment.add_image("val/examples", grid, self.global_step, dataformats="HWC")

    def configure_optimizers(self) -> Any:
        """Returns the optimiser with a linear warm-up and a cosine to 0, stepped every batch."""
        optimizer = make_optimizer(self.net.parameters(), self.optimizer_name, self.lr, self.weight_decay)
        return with_schedule(self, optimizer, "cosine", self.warmup_steps)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Marks the checkpoint as the segmenter's and notes the picture size."""
        stamp(checkpoint, self.kind)
        checkpoint["inkpose"]["image_size"] = self.image_size

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes the picture size back."""
        self.image_size = checkpoint.get("inkpose", {}).get("image_size")


def halved(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns a batch at half size: every 2 × 2 pixels averaged; a pixel counts where all four did."""
    sizes = batch["image"].shape[-2:]
    if sizes[0] % 2 or sizes[1] % 2:
        raise ValueError(f"image is {tuple(sizes)}; half_size_steps needs an even image_size")
    small = {key: avg_pool2d(batch[key].float(), 2).round().to(torch.uint8) for key in ("image", "alpha")}
    if "weight" in batch:
        small["weight"] = (-max_pool2d(-batch["weight"].float(), 2)).to(torch.uint8)
    return {**batch, **small}
