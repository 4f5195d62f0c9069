"""Evaluation of a finished checkpoint, by subsystem name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.errors import UsageError
from shared.readers.splits import SPLITS, Split


def evaluate_checkpoint(
    subsystem: str, checkpoint: Path, data: Path, split: Split = "test", paper_metrics: bool = False
) -> dict[str, Any]:
    """Returns the metrics of ``checkpoint`` on ``split`` of ``data``, fit for JSON (None where undefined).

    Args:
        subsystem: ``tagger``, ``segmenter`` or ``pose``.
        checkpoint: its file.
        data: root of a data set.
        split: of it.
        paper_metrics: of pose, also the metrics as the paper computes them.

    Raises:
        DataError: the checkpoint or the data is missing, corrupt, or of another kind.
        ValueError: no such subsystem.
    """
    if subsystem == "tagger":
        from tagger.evaluate import evaluate as tagger_evaluate

        return _plain_dict(tagger_evaluate(checkpoint, data, split))
    if subsystem == "segmenter":
        from segmenter.evaluate import evaluate as segmenter_evaluate

        return _plain_dict(segmenter_evaluate(checkpoint, data, split))
    if subsystem == "pose":
        from pose.evaluate import evaluate as pose_evaluate

        return _plain_dict(pose_evaluate(checkpoint, data, split, paper=paper_metrics))
    raise ValueError(f"subsystem {subsystem!r} must be tagger, segmenter or pose")


def as_split(name: str) -> Split:
    """Returns ``name`` as a split.

    Raises:
        UsageError: it is none.
    """
    for split in SPLITS:
        if split == name:
            return split
    raise UsageError(f"--split {name}: not known; choose {', '.join(SPLITS)}")


def _plain_dict(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): plain(value) for key, value in metrics.items()}


def plain(value: Any) -> Any:
    """Returns ``value`` with NaN and infinities as None and tuples as lists, as JSON wants it."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "item"):  # a 0-d array or tensor
        return _plain_dict(value.item())
    return value
