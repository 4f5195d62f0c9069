"""Where the pictures of posts lie in the project's own data sets."""

from __future__ import annotations

from pathlib import Path


def image_path(root: Path, image_id: int, file_ext: str) -> Path:
    """Returns where a post's picture lies: ``root/images/<id % 1000, four digits>/<id>.<ext>``."""
    return root / "images" / f"{image_id % 1000:04d}" / f"{image_id}.{file_ext}"
