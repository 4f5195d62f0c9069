"""Every keypoint format by name: found out from the file, read, and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.errors import BAD_RECORD, DataError, UsageError, reason_of
from shared.files import read_json
from shared.keypoints.boxes import BoxForm
from shared.keypoints.layouts import LAYOUTS
from shared.keypoints.records import PoseSet
from shared.readers.add_poses import read_add, write_add
from shared.readers.animated_drawings import CONFIG, read_animated_drawings
from shared.readers.coco_people import read_coco_people
from shared.readers.coco_people_writer import write_coco_people
from shared.readers.cvat import read_cvat, write_cvat
from shared.readers.label_studio import read_label_studio, write_label_studio
from shared.readers.openpose import read_openpose, write_openpose
from shared.readers.release_poses import read_release, write_release

#: What can be read.
SOURCES = ("coco", "add", "release", "openpose", "animated_drawings", "cvat", "label_studio")
#: What can be written, and its layout unless another is asked for. The first four hold any layout.
TARGETS = {
    "coco": "coco_17", "cvat": "coco_17", "label_studio": "coco_17", "mpii": "mpii_16", "human_art": "human_art_21",
    "coco_25": "coco_25", "add": "add_21", "release": "release_25", "openpose": "openpose_18",
    "openpose_25": "openpose_25",
}  # fmt: skip
_COCO_LIKE = ("coco", "coco_25", "mpii", "human_art")
_ANY_LAYOUT = ("coco", "cvat", "label_studio")


def format_of(path: Path) -> str:
    """Finds out the format of a keypoint file or folder.

    Raises:
        DataError: missing, or none of :data:`SOURCES`.
    """
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; check the path")
    if path.is_dir():
        return "animated_drawings" if next(path.rglob(CONFIG), None) else "openpose"
    if path.suffix.lower() in (".yaml", ".yml"):
        return "animated_drawings"
    if path.suffix.lower() == ".xml":
        return "cvat"
    found = _json_format(read_json(path))
    if found is None:
        raise DataError(f"{path}: not a keypoint file that is known; say its format with --from ({', '.join(SOURCES)})")
    return found


def _json_format(document: Any) -> str | None:
    first = document[0] if isinstance(document, list) and document else None
    if isinstance(first, dict):
        return "add" if "points" in first else "label_studio" if "data" in first else None
    if not isinstance(document, dict):
        return None
    if "images" in document and "annotations" in document:
        return "coco"
    if "people" in document:
        return "openpose"
    some = next(iter(document.values()), None)
    return "release" if isinstance(some, dict) and "keypoints" in some and "size" in some else None


def read_keypoints(path: Path, name: str | None = None, form: BoxForm | None = None) -> PoseSet:
    """Reads a keypoint file of any known format.

    Args:
        path: file or folder.
        name: one of :data:`SOURCES`; None finds it out.
        form: what the numbers of a box mean, where the file leaves it open (coco, release).

    Raises:
        DataError: not readable, or without any usable character.
        UsageError: an unknown format name.
    """
    name = name or format_of(path)
    if name not in SOURCES:
        raise UsageError(f"--from {name}: not known; choose {', '.join(SOURCES)}")
    if name == "coco":
        poses = read_coco_people(path, form)
    elif name == "release":
        poses = read_release(path, form)
    else:
        readers = {"add": read_add, "openpose": read_openpose, "animated_drawings": read_animated_drawings,
                   "cvat": read_cvat, "label_studio": read_label_studio}  # fmt: skip
        poses = readers[name](path)
    if not poses.people and poses.problems:
        raise DataError(f"{path}: no usable character; the first problem: {poses.problems[0]}")
    return poses


def write_keypoints(path: Path, poses: PoseSet, name: str, layout: str | None = None) -> PoseSet:
    """Converts to a format's layout and writes it; returns what was written, with what the conversion dropped.

    Args:
        path: a file; a folder for OpenPose.
        poses: what to write.
        name: one of :data:`TARGETS`.
        layout: another layout than the format's own, for the formats that hold any.

    Raises:
        UsageError: an unknown name, or a layout that the format does not hold.
        DataError: what the format cannot hold (see the writers), or ``path`` cannot be written.
    """
    schema_name = layout_for(name, layout)
    poses = poses.converted(LAYOUTS[schema_name])
    if name not in _COCO_LIKE:
        poses = poses.labelled_only()
    if name.startswith("openpose"):
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: OpenPose files are one a picture; name a folder with --out")
        write_openpose(path, poses)
        return poses
    if path.is_dir():
        raise UsageError(f"{path}: --out is a folder; name a file")
    writers = {"add": write_add, "release": write_release, "cvat": write_cvat, "label_studio": write_label_studio}
    try:
        writers.get(name, write_coco_people)(path, poses)
    except BAD_RECORD as error:  # fields that are passed on as they are: NaN in them, or other things than they hold
        raise DataError(f"{path}: a field of the source cannot be written ({reason_of(error)}); remove it") from error
    return poses


def layout_for(name: str, layout: str | None = None) -> str:
    """Returns the layout that a format is written in. Raises UsageError as :func:`write_keypoints`."""
    if name not in TARGETS:
        raise UsageError(f"--to {name}: not known; choose {', '.join(TARGETS)}")
    if layout is None or layout == TARGETS[name]:
        return TARGETS[name]
    if layout not in LAYOUTS:
        raise UsageError(f"--layout {layout}: not known; choose {', '.join(LAYOUTS)}")
    if name not in _ANY_LAYOUT:
        raise UsageError(f"--layout {layout}: {name} files hold {TARGETS[name]} only; use --to coco --layout {layout}")
    return layout


def summary(poses: PoseSet) -> dict[str, Any]:
    """Returns the numbers of a set, JSON-able."""
    dropped = [str(problem) for problem in poses.problems if problem.dropped]
    kept = [str(problem) for problem in poses.problems if not problem.dropped]
    return {
        "layout": poses.schema.name, "pictures": len(poses.pictures), "characters": len(poses.people),
        "visibility_labelled": poses.has_visibility, "dropped": dropped, "noted": kept,
    }  # fmt: skip
