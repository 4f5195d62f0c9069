"""The segmenter's training: network, loss, metrics and optimiser wired together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import Parameter
from torch.nn.functional import avg_pool2d, max_pool2d

from segmenter.backbones import BackboneName
from segmenter.components import characters
from segmenter.initial_weights import initialise
from segmenter.instance_loss import instance_loss
from segmenter.instance_metrics import InstanceMetrics
from segmenter.losses import segmentation_loss
from segmenter.metrics import SegmentationMetrics
from segmenter.net import SegmenterNet
from segmenter.overlays import example_grid
from segmenter.owners import Place, owner_map
from segmenter.soft_losses import alpha_per_image
from shared.batches import to_float
from shared.errors import DataError, UsageError
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
        instances: learn to tell characters apart: only the instance head learns, over the finished segmenter that
            ``init`` names, whose masks stay as they are. Needs ``data.instances``.

    Raises:
        UsageError: ``instances`` without a file of weights, or with settings of the masks' training.
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
        instances: bool = False,
    ) -> None:
        super().__init__()
        if instances:
            _check_settings(init, dice_weight=dice_weight, soft_weight=soft_weight, half_size_steps=half_size_steps)
        atrous_rates, skip_strides = list(atrous_rates), list(skip_strides)
        self.save_hyperparameters()
        self.backbone, self.init = backbone, init
        self.optimizer_name, self.lr, self.weight_decay = optimizer, lr, weight_decay
        self.warmup_steps, self.half_size_steps = warmup_steps, half_size_steps
        self.dice_weight, self.soft_weight = dice_weight, soft_weight
        self.net = SegmenterNet(
            backbone, output_stride, atrous_rates, pyramid_channels, dropout, skip_strides, instances
        )
        self.net.to(memory_format=torch.channels_last)
        self.metrics, self.instance_metrics = SegmentationMetrics(), InstanceMetrics()
        if self.net.instance_head is not None:
            self.net.requires_grad_(False)
            self.net.instance_head.requires_grad_(True)
            self.train()  # Lightning takes the modes as it finds them
        #: Side of the pictures it was trained on; prediction starts from it.
        self.image_size: int | None = None

    def setup(self, stage: str) -> None:
        """Loads the initial weights of a new run (a resumed one has its own)."""
        if stage == "fit" and self.trainer.ckpt_path is None:
            taken = initialise(self.net, self.backbone, self.init)
            if self.net.instance_head is not None:
                self._check_whole(taken)

    def _check_whole(self, taken: list[str]) -> None:
        head = "instance_head."
        lacking = [key for key in self.net.state_dict() if not key.startswith(head) and key not in taken]
        if lacking:
            raise DataError(
                f"{self.init}: no finished segmenter of these settings ({len(lacking)} tensors are missing, the first "
                f"is {lacking[0]}); give model.init the one whose characters are to be told apart"
            )

    def train(self, mode: bool = True) -> Self:
        """Sets the training mode; beside an instance head that learns, the rest stays as in prediction."""
        super().train(mode)
        if self.net.instance_head is not None:
            self.net.eval()
            self.net.instance_head.train(mode)
        return self

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
        if self.net.instance_head is not None:
            loss = instance_loss(self.net.instance_maps(to_float(batch["image"])), _numbers(batch))
        else:
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
        if self.net.instance_head is not None:
            logits, maps = self.net.mask_and_instances(to_float(batch["image"]))
            loss = instance_loss(maps, _numbers(batch))
            self._add_instances(logits.float().softmax(dim=1)[:, 1], maps, _numbers(batch))
        else:
            loss, logits = self._loss(batch)
        self.log(f"{split}/loss", loss, batch_size=len(logits), on_epoch=True, sync_dist=True)
        weight = batch["weight"][:, 0] if "weight" in batch else None
        self.metrics.update(logits.float().softmax(dim=1)[:, 1], batch["alpha"][:, 0] / 255, weight)

    def _add_instances(self, probability: Tensor, maps: Tensor, numbers: Tensor) -> None:
        height, width = probability.shape[1:]
        whole = Place(0, 0, width, height)
        heat = torch.cat([maps[:, :1].float().sigmoid(), maps[:, 1:].float()], dim=1).cpu().numpy()
        for some, chance, truth in zip(heat, probability.cpu().numpy(), numbers.cpu().numpy(), strict=True):
            owners = owner_map(some, max(height, width), whole, (width, height))
            self.instance_metrics.update([found.mask for found in characters(chance, owners=owners)], truth)

    def on_validation_epoch_end(self) -> None:
        """Logs ``val/iou``, ``val/f1`` and the others."""
        self._log_metrics("val")

    def on_test_epoch_end(self) -> None:
        """Logs ``test/iou``, ``test/f1`` and the others."""
        self._log_metrics("test")

    def _log_metrics(self, split: str) -> None:
        values = self.metrics.compute()
        self.metrics.reset()
        if self.net.instance_head is not None:
            values |= self.instance_metrics.compute()
            self.instance_metrics.reset()
        for name, value in values.items():
            if math.isfinite(value):
                # Already the same on every process: the metric has summed over them.
                self.log(f"{split}/{name}", value, prog_bar=name in ("iou", "pq"), rank_zero_only=False)

    def _draw_examples(self, batch: dict[str, Tensor]) -> None:
        experiment = getattr(self.logger, "experiment", None)
        if experiment is None or not hasattr(experiment, "add_image"):
            return
        picked = {key: value[:8] for key, value in batch.items()}
        probability = self(to_float(picked["image"])).float().softmax(dim=1)[:, 1]
        grid = example_grid(picked["image"], picked["alpha"][:, 0] / 255, probability)
        experiment.add_image("val/examples", grid, self.global_step, dataformats="HWC")

    def _learning(self) -> Iterator[Parameter]:
        return (parameter for parameter in self.net.parameters() if parameter.requires_grad)

    def configure_optimizers(self) -> Any:
        """Returns the optimiser with a linear warm-up and a cosine to 0, stepped every batch."""
        optimizer = make_optimizer(self._learning(), self.optimizer_name, self.lr, self.weight_decay)
        return with_schedule(self, optimizer, "cosine", self.warmup_steps)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Marks the checkpoint as the segmenter's and notes the picture size."""
        stamp(checkpoint, self.kind)
        checkpoint["inkpose"]["image_size"] = self.image_size

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes the picture size back."""
        self.image_size = checkpoint.get("inkpose", {}).get("image_size")


def _numbers(batch: dict[str, Tensor]) -> Tensor:
    if "instances" not in batch:
        raise UsageError("model.instances: the data do not tell whose each pixel is; set data.instances: true")
    return batch["instances"][:, 0]


def _check_settings(init: str, **unused: float) -> None:
    if init in ("random", "imagenet", "coco"):
        raise UsageError(f"model.instances: init {init} is no finished segmenter; give model.init its checkpoint")
    for name, value in unused.items():
        if value:
            raise UsageError(f"model.instances: {name} {value} belongs to the masks' training; leave it out")


def halved(batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns a batch at half size: every 2 × 2 pixels averaged; a pixel counts where all four did."""
    sizes = batch["image"].shape[-2:]
    if sizes[0] % 2 or sizes[1] % 2:
        raise ValueError(f"image is {tuple(sizes)}; half_size_steps needs an even image_size")
    small = {key: avg_pool2d(batch[key].float(), 2).round().to(torch.uint8) for key in ("image", "alpha")}
    if "weight" in batch:
        small["weight"] = (-max_pool2d(-batch["weight"].float(), 2)).to(torch.uint8)
    return {**batch, **small}
