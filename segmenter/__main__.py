"""Training: ``python -m segmenter fit|validate|test --config configs/segmenter/demo.yaml``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Runs one training command; returns its exit code."""
    from segmenter.module import SegmenterModule
    from shared.datamodules.masks import MaskDataModule
    from shared.training.cli import run

    return run(SegmenterModule, MaskDataModule, args)


if __name__ == "__main__":
    sys.exit(main())
