"""The names of the files of an exported folder; nothing heavy is imported here."""

from __future__ import annotations

from pathlib import Path

CONFIG, TENSORS = "config.json", "model.safetensors"


def is_exported(path: Path) -> bool:
    """Returns whether ``path`` is a folder of ``inkpose export``, or one of its two files."""
    return (path / CONFIG).is_file() or (path.name in (CONFIG, TENSORS) and path.is_file())
