"""Training of the pose nets: wires net, losses, metrics and optimiser."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import ParallelStrategy
from torch import Tensor

from pose.build import build_method, method_named, write_recipe
from pose.calibration import ScoreCalibration, identity_curves, is_found
from pose.codecs.heatmap import HeatmapCodec
from pose.feature_cache.cache import FeatureCache
from pose.feature_cache.training import cache_of
from pose.gate import DEFAULT_GATE, ScoreGate
from pose.losses import heatmap_loss, location_loss, matching_loss
from pose.methods.adversarial.judge import DomainJudge, reversal_strength
from pose.methods.adversarial.net import AdversarialNet
from pose.methods.settings import HeadSettings, SourceFeatures
from pose.sources.frozen import Frozen
from pose.sources.named import load_domain_source, load_task_source
from pose.validation import Validation, check_data
from shared.batches import to_float
from shared.errors import UsageError
from shared.keypoints.schema import COCO_25
from shared.training.checkpoints import stamp
from shared.training.optimizers import Optimizer, make_optimizer
from shared.training.schedule import Schedule, total_steps, with_schedule


class PoseModule(pl.LightningModule):
    """Keypoints of one character in a square crop, transferred from two frozen sources.

    The checkpoint holds the whole net, both frozen sources included, the recipe that builds it without them
    (``inkpose.net``), the gates (``inkpose.gate``) and the curves that calibrate scores (``inkpose.calibration``). A
    source that is only imitated is left out.

    Args:
        method: one of ``pose.build.METHODS``.
        domain_source: a tagger checkpoint, or ``random:resnet50``, ``imagenet:resnet50`` (or 34, 18), ``rf5:FILE``;
            null for a method without it.
        task_source: a task source checkpoint, or ``random:keypoint_resnet``, ``random:mask_rcnn_r101``,
            ``coco:keypoint_rcnn_r50`` …; null for a method without it.
        image_size: side of the square crop in pixels; must be that of the data.
        padding: share of the box's long side that the crop adds; must be that of the data.
        head_side: side of the heatmaps in cells.
        level_width: channels of one domain level before fusion.
        domain_width: channels of the fused domain features.
        task_width: channels of the converted task features.
        head_widths: channels of the head's first convolution and residual blocks.
        sigma_cells: standard deviation of the target Gaussian in cells.
        loss: ``bce`` per cell (the paper), or ``bce_location``, which adds a softmax over the map's cells.
        positive_weight: weight of a cell at the peak of its target, against 1 for an empty one.
        location_weight: factor of the softmax part.
        keypoint_weights: 25 relative weights, or None for equal ones.
        match_weight: λ of the matching loss (feature matching only).
        adversarial_weight: factor of the judge's loss (adversarial only).
        start_probability: what the untrained head says everywhere, or None for the initialisation's own bias.
        optimizer: ``adam`` (the paper), ``adamw`` or ``muon``.
        lr: highest learning rate.
        weight_decay: of the optimiser.
        schedule: ``cosine`` to 0 at the end of the training, or ``constant``.
        warmup_steps: optimiser steps of linear rise.
        example_pictures: crops with skeletons written to TensorBoard at each validation.
        feature_cache: folder that keeps what the frozen sources say of the training's pictures, for all trainings, or
            None; needs ``data.views`` or ``data.augment: false``.
        feature_cache_gb: what that folder may hold, in 10⁹ bytes.
    """

    kind: ClassVar[str] = "pose"
    keypoint_weights: Tensor

    def __init__(
        self,
        domain_source: str | None = None,
        task_source: str | None = None,
        method: str = "feature_concat",
        image_size: int = 256,
        padding: float = 0.1,
        head_side: int = 128,
        level_width: int = 64,
        domain_width: int = 128,
        task_width: int = 32,
        head_widths: tuple[int, ...] = (128, 64, 32),
        sigma_cells: float = 2.0,
        loss: Literal["bce", "bce_location"] = "bce",
        positive_weight: float = 1.0,
        location_weight: float = 0.01,
        keypoint_weights: list[float] | None = None,
        match_weight: float = 1.0,
        start_probability: float | None = None,
        optimizer: Optimizer = "adam",
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        schedule: Schedule = "cosine",
        warmup_steps: int = 0,
        example_pictures: int = 8,
        adversarial_weight: float = 0.1,
        feature_cache: str | None = None,
        feature_cache_gb: float = 20.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        chosen = method_named(method)
        # Nothing to train: the fit only measures gates and curves.
        self.automatic_optimization = chosen.trains
        domain = load_domain_source(domain_source) if chosen.uses_domain and domain_source else None
        needs_task = chosen.runs_task or chosen.imitates_task
        task = load_task_source(task_source) if needs_task and task_source else None
        head = HeadSettings(head_side, level_width, domain_width, task_width, tuple(head_widths))
        self.recipe = write_recipe(chosen, image_size, domain, task, head)
        self.net = build_method(self.recipe, domain, task)
        if start_probability is not None:
            self.net.start_at_probability(start_probability)
        self.teacher = Frozen(task) if chosen.imitates_task and task is not None else None
        self.judge = DomainJudge(self.net.feature_channels) if isinstance(self.net, AdversarialNet) else None
        self.to(memory_format=torch.channels_last)
        self.codec = HeatmapCodec((image_size, image_size), (head_side, head_side), sigma_cells)
        self.gate = torch.full((head.keypoints,), DEFAULT_GATE)
        self.score_gate = ScoreGate(head.keypoints)
        self.curves = identity_curves(head.keypoints)
        self.calibration = ScoreCalibration(head.keypoints)
        self.validation = Validation()
        self.cache: FeatureCache | None = None
        weights = keypoint_weights if keypoint_weights is not None else [1.0] * len(COCO_25)
        self.register_buffer("keypoint_weights", torch.tensor(weights), persistent=False)

    def forward(self, rgb: Tensor) -> Tensor:
        """Returns logits ``(B, 25, side, side)`` of square crops ``(B, 3, S, S)`` in [0, 1]."""
        logits: Tensor = self.net(rgb)
        return logits

    def setup(self, stage: str) -> None:
        """Raises UsageError unless the data's crops are the model's, and data and processes are those of the method."""
        check_data(self)
        data: Any = getattr(self.trainer, "datamodule", None)
        if self.judge is not None and stage == "fit" and not getattr(data, "hparams", {}).get("other_root"):
            raise UsageError("data.other_root: not set; the adversarial method needs a data folder of another look")
        if not self.automatic_optimization and isinstance(self.trainer.strategy, ParallelStrategy):
            raise UsageError(
                f"model.init_args.method={self.hparams['method']}: trains nothing, one process is enough; "
                "use --trainer.strategy auto --trainer.devices 1"
            )
        if stage == "fit" and self.hparams["feature_cache"] is not None:
            self.cache = cache_of(self)

    def _features(self, batch: dict[str, Tensor]) -> SourceFeatures:
        if self.cache is not None and "image" not in batch:
            return self.cache.read(batch["view"], self.device)
        rgb = to_float(batch["image"])
        if self.judge is not None and "other_image" in batch:
            # In one batch, so that BatchNorm sees both looks alike.
            rgb = torch.cat([rgb, to_float(batch["other_image"])])
        features = self.net.frozen_features(rgb)
        if self.teacher is None:
            return features
        with torch.no_grad():
            return features._replace(trunk=self.teacher.source.trunk(rgb))

    def _losses(self, batch: dict[str, Tensor]) -> tuple[dict[str, Tensor], Tensor]:
        count, features = len(batch["state"]), self._features(batch)
        output = self.net.from_features(features)
        logits = output.logits[:count]
        targets, weights = self.codec.encode(batch["points_xy"], batch["state"])
        hparams = self.hparams
        parts = {"heatmap": heatmap_loss(logits, targets, weights, self.keypoint_weights, hparams["positive_weight"])}
        if hparams["loss"] == "bce_location":
            parts["location"] = hparams["location_weight"] * location_loss(logits, targets, weights)
        if self.teacher is not None:
            assert output.imitation is not None
            assert features.trunk is not None
            with torch.no_grad():
                real = self.teacher.source.features_of(features.trunk)
            parts["match"] = hparams["match_weight"] * matching_loss(output.imitation, real)
        if self.judge is not None and len(output.logits) > count:
            assert output.features is not None
            strength = reversal_strength(self.global_step / total_steps(self.trainer))
            parts["judge"] = hparams["adversarial_weight"] * self.judge.loss(output.features, count, strength)
        return parts, logits

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor | None:
        """Returns the loss of a batch of ``shared.datamodules.poses``; None where nothing is trained."""
        if not self.automatic_optimization:
            return None
        parts, _ = self._losses(batch)
        loss = torch.stack(list(parts.values())).sum()
        size = len(batch["state"])
        self.log("train/loss", loss, prog_bar=True, batch_size=size)
        if len(parts) > 1:
            self.log_dict({f"train/{name}_loss": part for name, part in parts.items()}, batch_size=size)
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds a batch to the metrics and to the choice of the gates."""
        self._evaluation_step(batch, batch_idx, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds a batch to the metrics."""
        self._evaluation_step(batch, batch_idx, "test")

    def _evaluation_step(self, batch: dict[str, Tensor], batch_idx: int, stage: str) -> None:
        parts, logits = self._losses(batch)
        loss = torch.stack(list(parts.values())).sum()
        self.log(f"{stage}/loss", loss, on_epoch=True, sync_dist=True, batch_size=len(logits))
        points, score = self.codec.decode(logits)
        self.score_gate.update(score, batch["state"])
        # Of picture pixels² to crop pixels².
        area = batch["area"] * torch.linalg.det(batch["affine"][:, :, :2]).abs()
        found = is_found(points, batch["points_xy"], batch["state"], area)
        self.calibration.update(score, found, batch["state"])
        self.validation.update(batch, points, score)
        if batch_idx == 0:
            shown = points.masked_fill((score < self.gate.to(score.device))[..., None], float("nan"))
            self.validation.keep_example(batch, shown, self.hparams["example_pictures"])

    def on_validation_epoch_end(self) -> None:
        """Logs the metrics, chooses the gates and shows examples."""
        gate, curves = self.score_gate.compute().cpu(), self.calibration.compute().cpu()
        self.score_gate.reset()
        self.calibration.reset()
        if not self.trainer.sanity_checking:
            self.gate, self.curves = gate, curves
        self.validation.finish(self, "val")

    def on_test_epoch_end(self) -> None:
        """Logs the metrics."""
        self.score_gate.reset()
        self.calibration.reset()
        self.validation.finish(self, "test")

    def on_train_end(self) -> None:
        """Saves what nothing else would: Lightning keeps no checkpoint of a fit without an optimiser step."""
        folder = getattr(self.trainer.checkpoint_callback, "dirpath", None)
        if not self.automatic_optimization and folder:
            for name in ("last", "best"):
                self.trainer.save_checkpoint(Path(folder) / f"{name}.ckpt")

    def configure_optimizers(self) -> Any:
        """Returns the optimiser over the trainable part only."""
        if not self.automatic_optimization:
            # Lightning warns that nothing will be trained, which is the point.
            warnings.filterwarnings("ignore", message=".*this fit will run with no optimizer.*")
            return None
        parts = [self.net, *([self.judge] if self.judge is not None else [])]
        trainable = [parameter for part in parts for parameter in part.parameters() if parameter.requires_grad]
        optimizer = make_optimizer(
            trainable, self.hparams["optimizer"], self.hparams["lr"], self.hparams["weight_decay"]
        )
        return with_schedule(self, optimizer, self.hparams["schedule"], self.hparams["warmup_steps"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds the recipe and the gates, and leaves out the source that is only imitated."""
        stamp(checkpoint, self.kind)
        checkpoint["inkpose"] |= {"net": self.recipe.plain(), "gate": self.gate.tolist()}
        checkpoint["inkpose"]["calibration"] = self.curves
        weights = checkpoint["state_dict"]
        for key in [key for key in weights if key.startswith("teacher.")]:
            del weights[key]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes the gates back; the imitated source keeps the weights of its own file."""
        self.gate = torch.tensor(checkpoint["inkpose"]["gate"])
        self.curves = checkpoint["inkpose"].get("calibration", self.curves)
        if self.teacher is not None:
            checkpoint["state_dict"] |= {f"teacher.{key}": v for key, v in self.teacher.state_dict().items()}
