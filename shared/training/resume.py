"""The guard of ``--resume`` and ``--ckpt_path``: a run goes on only with the science it was started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from shared.errors import DataError, UsageError

#: Data settings that may change between runs: they say where and how fast, not what.
_MACHINE_KEYS = frozenset({"root", "num_workers", "pin_memory"})
#: Data settings of which only matters whether they are set: shards may move, but have an order of their own.
_SWITCHES = frozenset({"shards"})


def check_same_science(
    path: Path, model: pl.LightningModule, datamodule: pl.LightningDataModule | None, *, strict: bool
) -> None:
    """Compares the checkpoint's hyper-parameters with those of the command.

    Lightning would silently train on with the checkpoint's (or, for data, ignore them).

    Args:
        path: checkpoint to go on from.
        model: the model that the command built.
        datamodule: the data that the command built.
        strict: also compare the data settings (a fit); False for validation and test.

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
    for section, now, then in pairs:
        for key in sorted(now.keys() & then.keys()):
            if section == "data" and key in _MACHINE_KEYS:
                continue
            if key in _SWITCHES and (now[key] is None) == (then[key] is None):
                continue
            if _plain(now[key]) != _plain(then[key]):
                raise UsageError(
                    f"{path}: trained with {section}.{key}={_short(then[key])}, the command says {_short(now[key])}; "
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
