"""The guard of ``--resume`` and ``--ckpt_path``: a run goes on only with the science it was started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging

from shared.errors import DataError, UsageError

#: Settings that may change between runs: they say where and how fast, not what.
_MACHINE_KEYS = {
    "model": frozenset({"feature_cache", "feature_cache_gb"}),
    "data": frozenset({"root", "images", "num_workers", "pin_memory"}),
}
#: Settings of which only matters whether they are set: shards may move, but have an order of their own.
_SWITCHES = frozenset({"shards"})


class RunFacts(pl.Callback):
    """Keeps in the checkpoint what the trainer adds to the science: which batches a step is made of, and what of them.

    Args:
        seed: of the run.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.facts: dict[str, Any] = {}

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Notes the facts."""
        self.facts = self.of(trainer)

    def of(self, trainer: pl.Trainer) -> dict[str, Any]:
        """Returns the facts as plain data, by the names of the settings."""
        return {
            "seed_everything": self.seed,
            "trainer.devices × trainer.num_nodes": trainer.world_size,
            "trainer.accumulate_grad_batches": trainer.accumulate_grad_batches,
            "trainer.gradient_clip_val": trainer.gradient_clip_val,
            "averaged weights (EMA)": any(isinstance(callback, WeightAveraging) for callback in trainer.callbacks),  # type: ignore[attr-defined]
        }

    def state_dict(self) -> dict[str, Any]:
        """Returns the facts."""
        return self.facts


def check_same_science(
    path: Path,
    model: pl.LightningModule,
    datamodule: pl.LightningDataModule | None,
    *,
    strict: bool,
    run: dict[str, Any] | None = None,
) -> None:
    """Compares the checkpoint's hyper-parameters with those of the command.

    Lightning would silently train on with the checkpoint's (or, for data, ignore them).

    Args:
        path: checkpoint to go on from.
        model: the model that the command built.
        datamodule: the data that the command built.
        strict: also compare the data settings (a fit); False for validation and test.
        run: what :class:`RunFacts` says of the trainer; None does not compare it.

    Raises:
        DataError: the file is missing or not a checkpoint.
        UsageError: something differs; the message names the first difference and the two ways on.
    """
    if "://" in str(path):
        raise UsageError(f"{path}: checkpoints are read from files only; download it first")
    if not path.is_file():
        raise DataError(f"{path}: no such checkpoint file; check --ckpt_path")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for damaged files
        raise DataError(
            f"{path}: not a readable checkpoint ({type(error).__name__}); start without --resume"
        ) from error
    pairs = [("model", dict(model.hparams), checkpoint.get("hyper_parameters", {}))]
    if strict and datamodule is not None:
        pairs.append(("data", dict(datamodule.hparams), checkpoint.get("datamodule_hyper_parameters", {})))
    if strict and run is not None:
        pairs.append(("", run, checkpoint.get("callbacks", {}).get(RunFacts.__name__, {})))
    for section, now, then in pairs:
        for key in sorted(now.keys() & then.keys()):
            if key in _MACHINE_KEYS.get(section, ()):
                continue
            if key in _SWITCHES and (now[key] is None) == (then[key] is None):
                continue
            if _plain(now[key]) != _plain(then[key]):
                name = f"{section}.{key}" if section else key
                raise UsageError(
                    f"{path}: trained with {name}={_short(then[key])}, the command says {_short(now[key])}; "
                    "use the same settings, or another --trainer.default_root_dir for a new run"
                )


def _plain(value: Any) -> Any:
    """Tuples and lists, which YAML cannot tell apart, compare equal."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
