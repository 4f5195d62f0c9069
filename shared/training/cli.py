"""The training command of every subsystem: ``python -m <subsystem> fit|validate|test --config FILE``."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# jsonargparse reads it at import: LightningCLI 2.6 calls functions that were renamed since, a matter of upstream only.
os.environ.setdefault("JSONARGPARSE_DEPRECATION_WARNINGS", "off")

import jsonargparse
import pytorch_lightning as pl
from pytorch_lightning.callbacks import ModelCheckpoint, TQDMProgressBar
from pytorch_lightning.cli import LightningArgumentParser, LightningCLI, SaveConfigCallback
from pytorch_lightning.loggers import TensorBoardLogger

from shared.errors import InkposeError, UsageError
from shared.precision import affordable_precision
from shared.training.interrupt import StopAtBatchEnd, TrainingStoppedError, last_checkpoint
from shared.training.resume import check_same_science

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
                "checkpoint.save_last": True,
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

    def _parse_ckpt_path(self) -> None:
        # Upstream lets the checkpoint's hyper-parameters beat YAML and flags without a word;
        # here a difference is an error (see check_same_science).
        return

    def before_instantiate_classes(self) -> None:
        """Puts the checkpoints into the run folder."""
        config = self.config[self.subcommand]
        if config.trainer.default_root_dir is None:
            raise UsageError("trainer.default_root_dir: not set; name the run folder, e.g. runs/demo/tagger")
        if config.checkpoint.dirpath is None:
            config.checkpoint.dirpath = str(Path(config.trainer.default_root_dir) / "checkpoints")

    def instantiate_trainer(self, **kwargs: Any) -> pl.Trainer:
        """Adds the TensorBoard logger, the progress bar and the signal handling to the user's trainer."""
        config = self._get(self.config_init, "trainer")
        if config.get("logger") is None:
            kwargs["logger"] = TensorBoardLogger(save_dir=config["default_root_dir"], name="", version="")
        instead = affordable_precision(config.get("precision"), config.get("accelerator") or "auto")
        if instead is not None:
            log.warning("this processor has no bfloat16: training in %s instead of %s", instead, config["precision"])
            kwargs["precision"] = instead
        callbacks = list(config.get("callbacks") or [])
        callbacks.append(StopAtBatchEnd())
        if config.get("enable_progress_bar") is not False:
            # A log file is no terminal: there a bar would be thousands of lines.
            callbacks.append(TQDMProgressBar(refresh_rate=5 if sys.stderr.isatty() else 0))
        return super().instantiate_trainer(callbacks=callbacks, **kwargs)

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        kwargs = super()._prepare_subcommand_kwargs(subcommand)
        last = last_checkpoint(self.trainer)
        if (
            subcommand == "fit"
            and kwargs.get("ckpt_path") is None
            and self.config[subcommand].resume
            and last.is_file()
        ):
            kwargs["ckpt_path"] = str(last)
        path = kwargs.get("ckpt_path")
        if path is not None:
            check_same_science(Path(path), self.model, self.datamodule, strict=subcommand == "fit")
        kwargs["weights_only"] = True
        return kwargs


class _SaveConfig(SaveConfigCallback):
    """Saves config.yaml for fits only; a validation must not overwrite what the run was trained with."""

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if stage == "fit":
            super().setup(trainer, pl_module, stage)


def run(
    module_class: type[pl.LightningModule],
    datamodule_class: type[pl.LightningDataModule],
    args: Sequence[str] | None = None,
    *,
    subclass_mode_model: bool = False,
) -> int:
    """Runs one training command and returns its exit code.

    Args:
        module_class: the LightningModule, or the base class with ``subclass_mode_model``.
        datamodule_class: the LightningDataModule.
        args: command line after the program name; None takes ``sys.argv[1:]``.
        subclass_mode_model: the YAML names the class under ``model.class_path``.

    Returns:
        0 done; 2 bad input (one line on stderr); 130 or 143 stopped by Ctrl-C or SIGTERM after saving.
    """
    _quieten()
    arguments = list(sys.argv[1:] if args is None else args)
    parser_kwargs = {name: {"exit_on_error": False} for name in ("fit", "validate", "test", "predict")}
    try:
        InkposeCLI(
            module_class,
            datamodule_class,
            args=arguments,
            subclass_mode_model=subclass_mode_model,
            auto_configure_optimizers=False,
            trainer_defaults={"enable_model_summary": False},
            # Plain hyper-parameters in the checkpoint: what __init__ received, nothing of the parser.
            load_from_checkpoint_support=False,
            save_config_callback=_SaveConfig,
            save_config_kwargs={"overwrite": True},
            seed_everything_default=0,
            parser_kwargs={"exit_on_error": False, **parser_kwargs},
        )
    except TrainingStoppedError as stop:
        _complain(f"{stop}; go on with --resume true")
        return 128 + stop.signum
    except KeyboardInterrupt:
        _complain("interrupted")
        return 128 + signal.SIGINT
    except InkposeError as error:
        _complain(str(error))
        return 2
    except jsonargparse.ArgumentError as error:
        _complain(" ".join(str(error).split()))
        return 2
    except OSError as error:
        # Of the run folder: what is wrong with data is told as DataError.
        if error.errno not in (errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EACCES):
            raise
        _complain(
            f"{error.filename or 'the run folder'}: cannot be written ({error.strerror}); "
            "free some space, or name another trainer.default_root_dir"
        )
        return 2
    except ValueError as error:
        behind = _user_error_behind(error)
        if behind is None:
            raise
        _complain(str(behind))
        return 2
    return 0


def _user_error_behind(error: BaseException) -> InkposeError | None:
    """Returns the user's error that jsonargparse wrapped: it does so with what a ``class_path`` raises."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, InkposeError):
        cause = cause.__cause__
    return cause


def _complain(message: str) -> None:
    sys.stderr.write(f"error: {message}\n")


def _quieten() -> None:
    # Lightning's advertisements and hardware lists are not what a user of a progress bar wants to read.
    for name in ("pytorch_lightning", "lightning_fabric", "pytorch_lightning.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*LightningCLI's args parameter.*")
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
    # Frozen sources are in eval mode on purpose.
    warnings.filterwarnings("ignore", message=".*in eval mode at the start of training.*")
    warnings.filterwarnings("ignore", message=".*treespec, LeafSpec.*")
    warnings.filterwarnings("ignore", message=".*The number of training batches .* is smaller than the logging.*")
