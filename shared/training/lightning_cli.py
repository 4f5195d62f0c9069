"""LightningCLI with a run folder and runs that stop and go on exactly."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

# jsonargparse reads it at import: LightningCLI 2.6 calls functions that were renamed since, a matter of upstream only.
os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")

import pytorch_lightning as pl
from jsonargparse import ArgumentError as ArgumentError
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.callbacks import ModelCheckpoint, TQDMProgressBar
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from pytorch_lightning.loggers import TensorBoardLogger

from shared.errors import UsageError
from shared.precision import affordable_precision
from shared.training.batch_seeds import SeedEachBatch
from shared.training.checkpoint_files import WholeFiles
from shared.training.keep_last import KeepLast, last_checkpoint
from shared.training.processes import check_no_hpc_checkpoint, check_processes
from shared.training.resume import RunFacts, check_same_science

log = logging.getLogger(__name__)


class InkposeCLI(LightningCLI):
    """LightningCLI with a run folder, checkpoints in a section of their own, and a guarded ``--resume``.

    A run lands in ``trainer.default_root_dir``: ``config.yaml``, ``checkpoints/{best,last}.ckpt``, TensorBoard files.
    """

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds the ``checkpoint`` section and ``--resume``."""
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.set_defaults(
            {
                "checkpoint.filename": "best",
                "checkpoint.save_last": False,  # KeepLast does it
                "checkpoint.enable_version_counter": False,
                "checkpoint.auto_insert_metric_name": False,
            }
        )
        parser.add_argument(
            "--resume",
            type=bool,
            default=False,
            help="Go on from checkpoints/last.ckpt of the run folder, if it is there.",
        )
        parser.add_argument(
            "--save_every_n_steps",
            type=int,
            default=0,
            help="Also write checkpoints/last.ckpt after every so many optimiser steps; 0 at validations only.",
        )

    def _parse_ckpt_path(self) -> None:
        # Upstream lets the checkpoint's hyper-parameters beat YAML and flags without a word;
        # here a difference is an error (see check_same_science).
        return

    def before_instantiate_classes(self) -> None:
        """Puts the checkpoints into the run folder.

        Raises:
            UsageError: no run folder is named, or checkpoints would be saved in the middle of a step.
        """
        config = self.config[self.subcommand]
        if config.trainer.default_root_dir is None:
            raise UsageError("trainer.default_root_dir: not set; name the run folder, e.g. runs/demo/tagger")
        if config.checkpoint.dirpath is None:
            config.checkpoint.dirpath = str(Path(config.trainer.default_root_dir) / "checkpoints")
        for name in ("every_n_train_steps", "train_time_interval"):
            if config.checkpoint[name] and config.trainer.accumulate_grad_batches > 1:
                raise UsageError(f"checkpoint.{name}: may save in the middle of a step; use --save_every_n_steps")

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        """Adds the logger, the progress bar and what makes a run stop and go on exactly to the user's trainer.

        Raises:
            UsageError: the trainer's settings do not fit each other, this machine, or the processes that were started.
        """
        config = self._get(self.config_init, "trainer")
        if config.get("logger") is None:
            kwargs["logger"] = TensorBoardLogger(save_dir=config["default_root_dir"], name="", version="")
        instead = affordable_precision(config.get("precision"), config.get("accelerator") or "auto")
        if instead is not None:
            log.warning("this processor has no bfloat16: training in %s instead of %s", instead, config["precision"])
            kwargs["precision"] = instead
        seed = self._get(self.config, "seed_everything")
        self._facts = RunFacts(seed)
        seeds = [] if seed is False else [SeedEachBatch(seed)]
        own = config.get("callbacks") or []  # a list, or one callback alone
        callbacks = [*(own if isinstance(own, list) else [own]), *seeds, self._facts]
        if config.get("enable_progress_bar") is not False:
            # A log file is no terminal: there a bar would be thousands of lines.
            callbacks.append(TQDMProgressBar(refresh_rate=5 if sys.stderr.isatty() else 0))
        plugins = config.get("plugins") or []
        kwargs["plugins"] = [*(plugins if isinstance(plugins, list) else [plugins]), WholeFiles()]
        try:
            trainer = super().instantiate_trainer(callbacks=callbacks, **kwargs)
        except (MisconfigurationException, ValueError, RuntimeError) as error:
            raise UsageError(f"trainer: {' '.join(str(error).split())}") from error
        check_processes(trainer)
        trainer.callbacks.append(KeepLast(self._get(self.config, "save_every_n_steps")))  # type: ignore[attr-defined]
        return trainer

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        kwargs = super()._prepare_subcommand_kwargs(subcommand)
        last = last_checkpoint(self.trainer)
        fit = subcommand == "fit"
        if fit and kwargs.get("ckpt_path") is None and self.config[subcommand].resume and last.is_file():
            kwargs["ckpt_path"] = str(last)
        path = kwargs.get("ckpt_path")
        if path is None:
            check_no_hpc_checkpoint(Path(self.trainer.default_root_dir))
        else:
            facts = self._facts.of(self.trainer)
            check_same_science(Path(path), self.model, self.datamodule, strict=fit, run=facts)
        kwargs["weights_only"] = True
        return kwargs


class SaveConfigOfFits(SaveConfigCallback):
    """Saves config.yaml for fits only; a validation must not overwrite what the run was trained with."""

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Saves, in a fit."""
        if stage == "fit":
            super().setup(trainer, pl_module, stage)
