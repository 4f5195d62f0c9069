"""Which cells train from the cache of frozen features, so that rows and seeds share the costly half of the work."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pose.table.rows import TableRow
from shared.files import read_json

#: A training that passes more often over its pictures would fill the disk with views.
MOST_VIEWS = 8


@dataclass(frozen=True)
class CellCache:
    """What a cell's training is told of the cache.

    Attributes:
        folder: shared by all cells.
        limit_gb: what it may hold, in 10⁹ bytes.
        views: augmented views of each picture: as many as the training passes over it, so that it sees no view twice,
            as without the cache.
    """

    folder: Path
    limit_gb: float
    views: int

    def settings(self) -> dict[str, Any]:
        """Returns the training's settings. Labels alone are quickly made: no process is needed to read pictures."""
        return {
            "data.views": self.views,
            "data.num_workers": 0,
            "model.init_args.feature_cache": self.folder,
            "model.init_args.feature_cache_gb": self.limit_gb,
        }


def cell_cache(
    row: TableRow, data: Path, settings: Mapping[str, Any], steps: int | None, folder: Path, limit_gb: float
) -> CellCache | None:
    """Returns how a row's cells use the cache, or None where they cannot or need not.

    Args:
        row: of the table. The adversarial row pairs its pictures anew each time, task-pretrained trains nothing, and
            random weights are others in each seed.
        data: the row's data.
        settings: of the preset's YAML.
        steps: optimiser steps, or None for the preset's.
        folder: of the cache.
        limit_gb: what it may hold; 0 for no cache.
    """
    if limit_gb == 0 or row.method in ("adversarial", "task_pretrained") or row.domain == "random":
        return None
    characters = len(read_json(data / "annotations" / "person_keypoints_train.json")["annotations"])
    trainer, batch = settings["trainer"], int(settings["data"]["batch_size"])
    wanted = trainer.get("max_steps", -1) if steps is None else steps
    if wanted > 0:
        passes = wanted * batch * int(trainer.get("accumulate_grad_batches", 1)) / max(1, characters)
    else:
        passes = (settings["data"].get("samples_per_epoch") or characters) / max(1, characters)
        epochs = trainer.get("max_epochs") or -1
        passes *= epochs if epochs > 0 else math.inf
    return None if passes > MOST_VIEWS else CellCache(folder, limit_gb, max(1, math.ceil(passes)))
