"""The training command of every subsystem: ``python -m <subsystem> fit|validate|test --config FILE``."""

from __future__ import annotations

import errno
import logging
import signal
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.utilities import rank_zero_only

from shared.errors import InkposeError, UsageError
from shared.training.interrupt import TrainingStoppedError
from shared.training.lightning_cli import ArgumentError, InkposeCLI, SaveConfigOfFits
from shared.training.processes import is_child, let_parent_end


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
        0 done; 2 bad input (one line on stderr); 128 + signal (130 Ctrl-C, 143 SIGTERM, 138 SIGUSR1) stopped after
        saving.
    """
    _quieten()
    arguments = list(sys.argv[1:] if args is None else args)
    parser_kwargs = {name: {"exit_on_error": False} for name in ("fit", "validate", "test", "predict")}
    try:
        _check_configs(arguments)
        InkposeCLI(
            module_class,
            datamodule_class,
            args=arguments,
            subclass_mode_model=subclass_mode_model,
            auto_configure_optimizers=False,
            trainer_defaults={"enable_model_summary": False},
            # Plain hyper-parameters in the checkpoint: what __init__ received, nothing of the parser.
            load_from_checkpoint_support=False,
            save_config_callback=SaveConfigOfFits,
            save_config_kwargs={"overwrite": True},
            seed_everything_default=0,
            parser_kwargs={"exit_on_error": False, **parser_kwargs},
        )
    except TrainingStoppedError as stop:
        if _rank() == 0:
            _complain(f"{stop}; go on with --resume true")
        # Lightning would kill the process that reports, were this one to end with another code.
        return 0 if is_child() else 128 + stop.signum
    except KeyboardInterrupt:
        _complain("interrupted")
        return 128 + signal.SIGINT
    except InkposeError as error:
        _complain(str(error))
        if is_child():
            let_parent_end()
        return 2
    except ArgumentError as error:
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


def _check_configs(arguments: Sequence[str]) -> None:
    """Looks whether the files that ``--config`` names are there.

    Raises:
        UsageError: one is not; names those beside it.
    """
    named = [after for before, after in pairwise(arguments) if before in ("--config", "-c")]
    named += [argument.removeprefix("--config=") for argument in arguments if argument.startswith("--config=")]
    for path in map(Path, named):
        if path.suffix in (".yaml", ".yml") and not path.exists():
            others = ", ".join(sorted(other.stem for other in path.parent.glob("*.yaml")))
            beside = f"; {path.parent} has {others}" if others else ""
            raise UsageError(f"{path}: no such configuration{beside}")


def _user_error_behind(error: BaseException) -> InkposeError | None:
    """Returns the user's error that jsonargparse wrapped: it does so with what a ``class_path`` raises."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, InkposeError):
        cause = cause.__cause__
    return cause


def _complain(message: str) -> None:
    rank = _rank()
    sys.stderr.write(f"error: {message}\n" if not rank else f"error (rank {rank}): {message}\n")


def _rank() -> int:
    return int(getattr(rank_zero_only, "rank", 0))


def _quieten() -> None:
    # Lightning's advertisements and hardware lists are not what a user of a progress bar wants to read.
    for name in ("pytorch_lightning", "lightning_fabric", "pytorch_lightning.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*LightningCLI's args parameter.*")
    warnings.filterwarnings("ignore", message=".*exists and is not empty.*")
    # The loader says what it means for the run.
    warnings.filterwarnings("ignore", message=".*Total length of `DataLoader` across ranks is zero.*")
    # A run that goes on after a validation has chosen its best checkpoint before.
    warnings.filterwarnings("ignore", message=".*could not find the monitored key.*")
    # Metrics of ours are summed over the processes before they are logged.
    warnings.filterwarnings("ignore", message=".*It is recommended to use `self.log.*sync_dist=True.*")
    # Frozen sources are in eval mode on purpose.
    warnings.filterwarnings("ignore", message=".*in eval mode at the start of training.*")
    warnings.filterwarnings("ignore", message=".*treespec, LeafSpec.*")
    warnings.filterwarnings("ignore", message=".*The number of training batches .* is smaller than the logging.*")
