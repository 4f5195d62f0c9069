"""The training data of the table, with and without the hard samples, as folders that every command reads."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shared.datamodules.pose_reading import annotation_file
from shared.errors import DataError
from shared.files import digest, read_json, write_json
from shared.readers.dump import read_dump

#: Tags of poses that are rare in drawings and hard. Source: Chen & Zwicker 2022, choice of the new data.
HARD_TAGS = frozenset(
    ("back", "from_behind", "looking_back", "leaning_back", "facing_away", "arched_back", "bare_back")
)


def make_subsets(data: Path, out: Path, samples: int | None) -> dict[bool, Path]:
    """Writes ``out/with`` and ``out/without``: the same validation and test, two training files.

    ``with`` holds ``samples`` characters: one half without hard poses, the other half as many hard ones as there are,
    filled up with others. ``without`` holds the first half only. Pictures are not copied.

    Args:
        data: root of a data set, with posts in ``metadata/`` or a ``view`` in its annotations, which say what is hard.
        out: folder to write; rewritten only when something changed.
        samples: training characters of ``with`` at most; None is all of them.

    Returns:
        The folders, by whether the hard data is in them.

    Raises:
        DataError: the data cannot be read, or has fewer than two samples.
    """
    files = {split: annotation_file(data, split) for split in ("train", "val", "test")}
    content = read_json(files["train"])
    characters: list[dict[str, Any]] = content["annotations"]
    count = len(characters) if samples is None else min(samples, len(characters))
    if count < 2:
        raise DataError(f"{files['train']}: {len(characters)} characters; at least two are needed")
    plain, hard = _divided(data, characters)
    half = count // 2
    first, new = plain[:half], [*hard, *plain[half:]][: count - half]
    folders: dict[bool, Path] = {}
    for with_hard, chosen in ((True, [*first, *new]), (False, first)):
        folder = out / ("with" if with_hard else "without")
        train = {**content, "annotations": sorted(chosen, key=lambda record: int(record["id"]))}
        _write(folder, data, train, files)
        folders[with_hard] = folder
    return folders


def _divided(data: Path, characters: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    tags: dict[int, tuple[str, ...]] = {}
    if (data / "metadata").is_dir():
        tags = {post.id: post.tags for post in read_dump([data / "metadata"])}

    def is_hard(record: dict[str, Any]) -> bool:
        return record.get("view") == "back" or not HARD_TAGS.isdisjoint(tags.get(int(record["image_id"]), ()))

    # The order of a hash: nobody's order of drawing or downloading decides what is in which half.
    ordered = sorted(characters, key=lambda record: digest(record["id"]))
    return [r for r in ordered if not is_hard(r)], [r for r in ordered if is_hard(r)]


def _write(folder: Path, data: Path, train: dict[str, Any], files: dict[Any, Path]) -> None:
    annotations, mark = folder / "annotations", folder / "made_of.json"
    made_of = digest([r["id"] for r in train["annotations"]], [path.stat().st_mtime_ns for path in files.values()])
    if mark.is_file() and read_json(mark) == made_of:
        return
    annotations.mkdir(parents=True, exist_ok=True)
    for place in data.iterdir():
        link = folder / place.name
        if place.is_dir() and place.name != "annotations" and not link.is_symlink():
            os.symlink(place.resolve(), link, target_is_directory=True)
    for split in ("val", "test"):
        shutil.copyfile(files[split], annotations / f"person_keypoints_{split}.json")
    write_json(annotations / "person_keypoints_train.json", train, indent=None)
    write_json(mark, made_of)
