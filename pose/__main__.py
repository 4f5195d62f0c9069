"""``python -m pose fit|validate|test --config configs/pose/demo.yaml``: training of pose nets and task sources."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytorch_lightning as pl

from shared.datamodules.poses import PoseDataModule
from shared.training.cli import run


def main(args: Sequence[str] | None = None) -> int:
    """Runs one training command (``sys.argv`` when ``args`` is None) and returns the exit code.

    The configuration says under ``model.class_path`` whether a pose net (``pose.module.PoseModule``) or a task
    source (``pose.task_source_module.TaskSourceModule``) is trained.
    """
    return run(pl.LightningModule, PoseDataModule, args, subclass_mode_model=True)


if __name__ == "__main__":
    sys.exit(main())
