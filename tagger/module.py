"""Training of the tagger: wires net, loss, metrics and optimiser."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor

from shared.batches import to_float
from shared.errors import UsageError
from shared.rulebook.rulebook import load_rulebook
from shared.training.checkpoints import stamp
from shared.training.optimizers import Optimizer, make_optimizer
from shared.training.schedule import Schedule, with_schedule
from tagger.close_looks import jittered
from tagger.losses import LOSSES, ClassWeights, Loss, Weighting, asymmetric_loss, class_weights, weighted_bce
from tagger.metrics import (
    ZERO_EDGE,
    LogitHistogram,
    average_precision,
    averages,
    confusion_at,
    probability_to_edge,
)
from tagger.net import Backbone, TaggerNet
from tagger.pictures import draw_examples
from tagger.saved import looks_of, taught_by
from tagger.square_finder import finder_loss
from tagger.thresholds import best_edges, edge_to_probability, precise_edges
from tagger.weights import initialise

#: Of a batch, one picture in so many teaches the finder: the whole picture costs as much as four looks.
_FINDER_SHARE = 2


class TaggerModule(pl.LightningModule):
    """Multilabel classification of pictures into the classes of a rulebook.

    The checkpoint holds, under the key ``tagger``, all that prediction needs beside the net: class names and groups,
    their counts in the training data, and thresholds tuned on the last validation. They are kept there and not in
    buffers, because averaging of weights (EMA) averages and swaps buffers too.

    Args:
        backbone: resnet18, resnet34 or resnet50.
        init: ``random``; ``imagenet`` (torchvision's weights, a download on first use); or a file of weights.
        image_size: side of the square input in pixels; must be that of the data.
        rulebook: ``default``, or a folder or file of rules; must be that of the data.
        loss: ``bce`` (the paper's) or ``asymmetric`` (which needs no weighting against rarity).
        weighting: rule of the loss weights: none, inverse, inverse_sqrt or power.
        weighting_power: exponent of the rule ``power``.
        label_smoothing: ε of the targets, 0 for none; with ``bce`` only.
        prior_bias: start the last layer's bias at each class's (weighted) log-odds in the training data, so that
            the first steps are not spent on learning that most classes are rare.
        optimizer: ``adam`` (decay, if any, enters the gradient), ``adamw`` (decay apart; not on biases and norms) or
            ``muon``, which learns more of few steps.
        lr: highest learning rate.
        weight_decay: of the optimiser.
        schedule: ``cosine`` to 0 at the end of the training, or ``constant``; after the warm-up.
        warmup_steps: optimiser steps of linear rise.
        threshold_min_positives: validation positives that a class needs for a threshold of its own.
        example_pictures: pictures with their top tags written to TensorBoard at each validation.
        close_looks: train a second ResNet, which looks at face, head, body, legs and feet, and what finds them, beside
            a finished tagger of ``init``, which stays as it is. The data must give the squares of the looks.
        whole_size: with close looks: side to which the whole picture is shrunk: the input of the finished tagger.
        close_size: with close looks: side of each part.
    """

    kind: ClassVar[str] = "tagger"

    def __init__(
        self,
        backbone: Backbone = "resnet50",
        init: str = "random",
        image_size: int = 256,
        rulebook: str = "default",
        loss: Loss = "bce",
        weighting: Weighting = "inverse_sqrt",
        weighting_power: float = 0.5,
        label_smoothing: float = 0.0,
        prior_bias: bool = True,
        optimizer: Optimizer = "adam",
        lr: float = 1e-4,
        weight_decay: float = 0.0,
        schedule: Schedule = "cosine",
        warmup_steps: int = 0,
        threshold_min_positives: int = 10,
        example_pictures: int = 4,
        close_looks: bool = False,
        whole_size: int = 128,
        close_size: int = 64,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if loss not in LOSSES:
            raise UsageError(f"model.loss={loss}: not known; choose {', '.join(LOSSES)}")
        if loss == "asymmetric" and label_smoothing:
            raise UsageError(f"model.label_smoothing={label_smoothing}: goes with model.loss=bce only; set it to 0")
        if close_looks and init in ("random", "imagenet"):
            raise UsageError("model.close_looks needs a finished tagger; name its file with model.init")
        if close_looks and image_size % whole_size:
            raise UsageError(
                f"model.image_size={image_size} is no multiple of model.whole_size={whole_size}; change one"
            )
        rules = load_rulebook(rulebook)
        self.class_names: list[str] = list(rules.class_names)
        self.class_groups: list[str] = list(rules.class_groups)
        self.net = TaggerNet(
            backbone, len(self.class_names), init == "imagenet", looks_of(self.hparams), self.class_names
        )
        # Whether the last layer starts anew; a file of another class list gives the backbone only.
        self._fresh_head = init in ("random", "imagenet") or "fc.bias" in initialise(self.net, Path(init)).missing
        #: ``(C,)``: what no net was taught is told by none, however often the training data have it.
        self._tellable = torch.ones(len(self.class_names), dtype=torch.bool)
        if close_looks:
            if self._fresh_head:
                raise UsageError(
                    f"model.init={init}: no tagger of these classes; model.close_looks needs a finished one"
                )
            self.net.resnet.requires_grad_(False)
            self._tellable = self.net.heads.take_over(taught_by(Path(init), len(self.class_names)))
        self.net.to(memory_format=torch.channels_last)
        self.positives = torch.zeros(len(self.class_names), dtype=torch.int64)
        self.samples = 0
        self.thresholds = torch.full((len(self.class_names),), 0.5, dtype=torch.float64)
        self.precise_thresholds: Tensor | None = None
        self.histogram = LogitHistogram(len(self.class_names))
        self._weights: ClassWeights | None = None
        self._example: dict[str, Tensor] | None = None

    def forward(self, rgb: Tensor) -> Tensor:
        """Returns logits ``(B, C)`` of pictures ``(B, 3, H, W)`` in [0, 1]."""
        logits: Tensor = self.net(rgb)
        return logits

    def on_fit_start(self) -> None:
        """Takes the class counts of the training split and checks that data and model mean the same.

        Raises:
            UsageError: other classes or another picture size; or a class list that no training picture fits.
        """
        data: Any = getattr(self.trainer, "datamodule", None)
        if data is None:
            return
        if list(data.class_names) != self.class_names:
            raise UsageError(f"model.rulebook={self.hparams['rulebook']}: other classes than the data's; give the same")
        size = getattr(data, "image_size", self.hparams["image_size"])
        if size != self.hparams["image_size"]:
            raise UsageError(f"model.image_size={self.hparams['image_size']}, data.image_size={size}; give the same")
        counts, samples = data.positive_counts()
        self.set_counts(torch.as_tensor(counts, dtype=torch.int64), int(samples))
        if self.hparams["prior_bias"] and self.trainer.ckpt_path is None:
            if self._fresh_head:
                self.net.resnet.fc.bias.data.copy_(self._prior())
            elif self.net.looks is not None:
                self.net.heads.start_at(self._prior())

    def set_counts(self, positives: Tensor, samples: int) -> None:
        """Sets ``N_i`` int64 ``(C,)`` and ``N``, from which the loss weights follow.

        Raises:
            UsageError: no class has both positives and negatives, so there is nothing to learn.
        """
        self.positives, self.samples = positives.cpu() * self._tellable, samples
        weights = class_weights(self.positives, samples, self.hparams["weighting"], self.hparams["weighting_power"])
        if not bool(weights.supported.any()):
            raise UsageError(
                f"data: no class is both present and absent in {samples} training pictures; check the tags"
            )
        self._weights = weights

    @property
    def supported(self) -> Tensor:
        """Bool ``(C,)``: the classes that the training data teach."""
        return (self.positives > 0) & (self.positives < self.samples)

    def _prior(self) -> Tensor:
        """The constant logits ``(C,)`` that minimise the weighted loss: odds N_i w(1) : (N − N_i) w(0)."""
        assert self._weights is not None
        present = self.positives * self._weights.positive.cpu()
        absent = (self.samples - self.positives) * self._weights.negative.cpu()
        odds = torch.log(present.clamp(min=1e-6) / absent.clamp(min=1e-6))
        return torch.where(self.supported, odds, 0.0)

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        """Returns the loss of a batch ``{"image": uint8 (B, 3, S, S), "labels": (B, C)}``.

        With close looks also ``squares`` ``(B, looks, 3)``, NaN where they are not known.
        """
        rgb = to_float(batch["image"])
        loss = self._loss(self(rgb), batch["labels"]) if self.net.looks is None else self._close_loss(rgb, batch)
        self.log("train/loss", loss, prog_bar=True, batch_size=len(batch["image"]))
        return loss

    def _close_loss(self, rgb: Tensor, batch: dict[str, Tensor]) -> Tensor:
        if "squares" not in batch:
            raise UsageError("model.close_looks needs the squares of the looks; set data.close_looks to true too")
        squares = batch["squares"]
        # Where nobody is known, all looks are at the whole picture.
        places = torch.where(squares.isfinite(), jittered(squares), squares.new_tensor([0.5, 0.5, 1.0]))
        heads = self.net.heads
        loss = self._loss(heads(self.net.close_features(rgb, places)), batch["labels"], heads.spoken)
        some = max(1, len(rgb) // _FINDER_SHARE)
        with torch.no_grad():
            maps = self.net.whole_maps(rgb[:some])
        astray = finder_loss(self.net.mean_squares(maps), squares[:some])
        self.log("train/finder", astray, prog_bar=True, batch_size=some)
        return loss + astray

    def _loss(self, logits: Tensor, labels: Tensor, among: Tensor | None = None) -> Tensor:
        if self._weights is None:
            raise UsageError("the class counts are not known; fit with a data module, or load a trained checkpoint")
        self._weights = self._weights.to(logits.device)
        weights = self._weights if among is None else self._weights.only(among)
        if self.hparams["loss"] == "asymmetric":
            return asymmetric_loss(logits, labels, weights)
        return weighted_bce(logits, labels, weights, self.hparams["label_smoothing"])

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds a batch to the histogram."""
        self._evaluation_step(batch, "val")
        if batch_idx == 0 and self.hparams["example_pictures"] > 0:
            self._example = batch

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Adds a batch to the histogram."""
        self._evaluation_step(batch, "test")

    def _evaluation_step(self, batch: dict[str, Tensor], stage: str) -> None:
        logits = self(to_float(batch["image"]))
        loss = self._loss(logits, batch["labels"])
        self.log(f"{stage}/loss", loss, on_epoch=True, sync_dist=True, batch_size=len(logits))
        # A class that was never trained is never predicted.
        self.histogram.update(logits.float().masked_fill(~self.supported.to(logits.device), -math.inf), batch["labels"])

    def on_validation_epoch_end(self) -> None:
        """Logs the metrics, tunes the thresholds and shows examples."""
        counts = self.histogram.compute().cpu()
        self.histogram.reset()
        if not self.trainer.sanity_checking:
            enough = self.hparams["threshold_min_positives"]
            self.thresholds = edge_to_probability(best_edges(counts, min_positives=enough))
            self.precise_thresholds = edge_to_probability(precise_edges(counts, enough))
            self._show_examples()
        self._log_metrics(counts, "val")

    def on_test_epoch_end(self) -> None:
        """Logs the metrics; ``_tuned`` uses the thresholds of the last validation."""
        counts = self.histogram.compute().cpu()
        self.histogram.reset()
        self._log_metrics(counts, "test")

    def _log_metrics(self, counts: Tensor, stage: str) -> None:
        # On the validation split itself the tuned value flatters: the thresholds were chosen there.
        plain = averages(confusion_at(counts, ZERO_EDGE))
        tuned = averages(confusion_at(counts, probability_to_edge(self.thresholds)))
        values = {
            "macro_f1": plain["macro_f1"],
            "macro_f2": plain["macro_f2"],
            "macro_f1_tuned": tuned["macro_f1"],
            "map": float(average_precision(counts).nanmean()),
        }
        shown = stage == "val"
        self.log_dict(
            {f"{stage}/{name}": value for name, value in values.items()}, prog_bar=shown, rank_zero_only=False
        )

    def _show_examples(self) -> None:
        example, self._example = self._example, None
        logger = self.logger
        if example is None or not isinstance(logger, TensorBoardLogger) or not self.trainer.is_global_zero:
            return
        count = self.hparams["example_pictures"]
        images, labels = example["image"][:count], example["labels"][:count]
        with torch.no_grad():
            probabilities = torch.sigmoid(self(to_float(images)).float()).masked_fill(
                ~self.supported.to(images.device), 0
            )
        picture = draw_examples(images.cpu(), probabilities.cpu(), labels.cpu(), self.class_names)
        logger.experiment.add_image("val/examples", picture, self.global_step, dataformats="HWC")

    def configure_optimizers(self) -> Any:
        """Returns the optimiser and its learning rate, which changes with every step."""
        hparams = self.hparams
        optimizer = make_optimizer(self.net.parameters(), hparams["optimizer"], hparams["lr"], hparams["weight_decay"])
        return with_schedule(self, optimizer, hparams["schedule"], hparams["warmup_steps"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what prediction needs, as plain data."""
        stamp(checkpoint, self.kind)
        checkpoint["tagger"] = {
            "class_names": self.class_names,
            "class_groups": self.class_groups,
            "positives": self.positives,
            "samples": self.samples,
            "thresholds": self.thresholds,
            "precise_thresholds": self.precise_thresholds,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Takes counts and thresholds back.

        Raises:
            UsageError: the rulebook has changed since.
        """
        saved = checkpoint["tagger"]
        if saved["class_names"] != self.class_names:
            raise UsageError(
                "the checkpoint's classes are not those of model.rulebook; give the rulebook it was trained with"
            )
        self.thresholds, self.precise_thresholds = saved["thresholds"], saved.get("precise_thresholds")
        if saved["samples"]:
            self.set_counts(saved["positives"], saved["samples"])
