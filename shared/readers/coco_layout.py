"""Where a data folder keeps its COCO keypoint files and their pictures: this project's layout, and COCO's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from shared.readers.splits import Split


def annotation_names(split: Split) -> tuple[str, str]:
    """Returns where a split's keypoint file can lie below a data folder."""
    return f"annotations/person_keypoints_{split}.json", f"annotations/person_keypoints_{split}2017.json"


def layout_of(split: Split, image_id: int, file_name: str, has: Callable[[str], bool]) -> str | None:
    """Returns in which folder the pictures of a keypoint file lie, looking for one of them; None where it is nowhere.

    Args:
        split: of the file.
        image_id: of the picture looked for.
        file_name: its name in the file.
        has: whether a path below the data folder is there.

    Returns:
        A folder to put before the names, or ``"*"`` where they lie by id as :func:`place_in` says.
    """
    for folder in ("images", "", f"{split}2017", f"images/{split}2017", "*"):
        if has(place_in(folder, image_id, file_name)):
            return folder
    return None


def place_in(folder: str, image_id: int, file_name: str) -> str:
    """Returns the path of a picture in a layout of :func:`layout_of`."""
    if folder == "*":
        return f"images/{image_id % 1000:04d}/{image_id}.{file_name.rpartition('.')[2]}"
    return (PurePosixPath(folder) / file_name).as_posix()
