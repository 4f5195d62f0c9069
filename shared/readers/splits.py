"""Which split a picture belongs to, by its id alone: the same on every machine, with no file list."""

from __future__ import annotations

from typing import Literal

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


def split_of(image_id: int) -> Split:
    """Returns the split of a picture: ``id % 1000`` in 0–899 train, 900–949 val, 950–999 test.

    The community's taggers train on ``id % 1000 < 900`` too, so numbers can be compared.

    Raises:
        ValueError: ``image_id`` is negative.
    """
    if image_id < 0:
        raise ValueError(f"image_id {image_id} must not be negative")
    bucket = image_id % 1000
    if bucket < 900:
        return "train"
    return "val" if bucket < 950 else "test"
