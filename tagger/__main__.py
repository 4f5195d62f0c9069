"""``python -m tagger fit|validate|test --config configs/tagger/demo.yaml``: training of the tagger."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from shared.datamodules.tags import TagDataModule
from shared.training.cli import run
from tagger.module import TaggerModule


def main(args: Sequence[str] | None = None) -> int:
    """Runs one training command (``sys.argv`` when ``args`` is None) and returns the exit code."""
    return run(TaggerModule, TagDataModule, args)


if __name__ == "__main__":
    sys.exit(main())
