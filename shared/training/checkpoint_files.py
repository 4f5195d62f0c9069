"""Checkpoint files that are whole or absent, on every file system."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io import TorchCheckpointIO

from shared.errors import DataError
from shared.files import replacing


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place, waits until it is on the disk, then renames it.

    Lightning writes into the machine's temporary folder and moves: where the run folder is on another disk (on a
    cluster it always is), that is a copy, and a process killed in the middle of it leaves half a checkpoint.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Writes ``checkpoint`` to ``path`` and removes what a killed process left there.

        Raises:
            DataError: the place cannot be written.
        """
        target = Path(path)
        for left in target.parent.glob(f".{target.name}.*.part"):
            left.unlink(missing_ok=True)
        with replacing(target) as temporary, temporary.open("wb") as file:
            try:
                torch.save(checkpoint, file)
            except RuntimeError as error:
                # torch's writer puts a complaint about its own position in the place of the disk's.
                if "inline_container" not in str(error):
                    raise
                raise DataError(
                    f"{target}: cannot be written, the disk is full or broken; free some space, or name another "
                    "trainer.default_root_dir"
                ) from error
            file.flush()
            os.fsync(file.fileno())
