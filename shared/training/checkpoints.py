"""Checkpoints: stamped with the subsystem that wrote them, read without running any code in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from shared.errors import DataError

#: Version of what we write beside Lightning's own keys.
FORMAT = 1

#: Largest size (channels, pixels, cells) that a net's settings may hold; published nets have half of it.
_MOST = 4096

#: The command that makes a checkpoint of each kind, for messages.
_MAKE_TARGETS = {
    "tagger": "make train-tagger",
    "segmenter": "make train-segmenter",
    "pose": "make train-pose",
    "task_source": "make train-task-source",
}


def stamp(checkpoint: dict[str, Any], kind: str) -> None:
    """Marks ``checkpoint`` as written by subsystem ``kind``; call it in ``on_save_checkpoint``."""
    checkpoint["inkpose"] = {"kind": kind, "format": FORMAT}


def check_sizes(settings: Any) -> None:
    """Looks at the settings from which a file wants its net to be built: a wrong one could ask for any memory.

    Args:
        settings: numbers, texts, lists and dicts of them.

    Raises:
        ValueError: a number is not finite, or beyond ±4096.
    """
    if isinstance(settings, dict):
        settings = list(settings.values())
    if isinstance(settings, (list, tuple)):
        for value in settings:
            check_sizes(value)
    elif isinstance(settings, (int, float)) and not -_MOST <= settings <= _MOST:
        raise ValueError(f"a size of {str(settings)[:40]} is none that a net has")


def load_checkpoint(path: Path, kind: str) -> dict[str, Any]:
    """Reads a checkpoint of subsystem ``kind`` onto the CPU (``weights_only=True``: no code in it runs).

    Args:
        path: a ``.ckpt`` file that a LightningModule of this project saved.
        kind: ``"tagger"``, ``"segmenter"``, ``"pose"`` or ``"task_source"``.

    Returns:
        Lightning's dict: ``state_dict``, ``hyper_parameters``, … and our ``inkpose`` stamp.

    Raises:
        DataError: missing, corrupt, not ours, or of another subsystem.
    """
    if kind not in _MAKE_TARGETS:
        raise ValueError(f"kind {kind!r} must be one of {', '.join(_MAKE_TARGETS)}")
    cure = f"train one with `{_MAKE_TARGETS[kind]}`, or `make demo` for all"
    if not path.is_file():
        raise DataError(f"{path}: no such checkpoint file; {cure}")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except Exception as error:  # torch raises many kinds for damaged files, none of them documented
        raise DataError(f"{path}: not a readable checkpoint ({type(error).__name__}); {cure}") from error
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("inkpose"), dict):
        raise DataError(f"{path}: not a checkpoint of inkpose; {cure}")
    found = checkpoint["inkpose"]
    if found.get("kind") != kind:
        raise DataError(f"{path}: a checkpoint of {found.get('kind')}, not of {kind}; {cure}")
    if found.get("format") != FORMAT:
        raise DataError(
            f"{path}: checkpoint format {found.get('format')}, this version reads {FORMAT}; "
            "use the inkpose version that wrote it"
        )
    missing = [key for key in ("state_dict", "hyper_parameters") if not isinstance(checkpoint.get(key), dict)]
    if missing:
        raise DataError(f"{path}: checkpoint without {' and '.join(missing)}; {cure}")
    return checkpoint
