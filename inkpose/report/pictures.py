"""Result folders of `inkpose predict` as material for the page: small pictures, tags by group, failures."""

from __future__ import annotations

import base64
import logging
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inkpose.display import encode_webp, shrunk
from inkpose.filenames import one_line
from inkpose.overlay import overlay_size
from inkpose.writing import PREDICTIONS, Record, read_previous
from shared.errors import BAD_RECORD, DataError
from shared.images import read_rgb, read_rgba
from shared.readers.places import checked_path

log = logging.getLogger(__name__)

_OVERLAY_PX, _CUTOUT_PX = 800, 300


@dataclass
class Section:
    """Pictures under one heading.

    Attributes:
        shots: one a picture shown: name, size, overlay and cut-outs as data URIs, tags by group.
        failures: one line per picture refused.
        more: how many pictures are not shown.
    """

    title: str
    note: str
    folder: str
    shots: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    more: int = 0


def read_section(folder: Path, title: str, note: str, most: int) -> Section:
    """Reads a result folder; at most ``most`` pictures are shown.

    Raises:
        DataError: the folder holds no results.
    """
    records = read_previous(folder)
    if not records and not (folder / PREDICTIONS).is_file():
        raise DataError(f"{folder}: no {PREDICTIONS} here; run `inkpose predict … --out {folder}`")
    section = Section(title, note, one_line(folder.as_posix()))
    names = _short_names([str(record.get("image", "")) for record in records])
    for name, record in zip(names, records, strict=True):
        if record.get("error"):
            section.failures.append(str(record["error"]))
        elif len(section.shots) < most:
            try:
                section.shots.append(_shot(folder, name, record))
            except (DataError, ZeroDivisionError, *BAD_RECORD) as error:
                section.failures.append(f"{name}: results cannot be shown ({one_line(str(error))})")
        else:
            section.more += 1
    return section


def _short_names(paths: list[str]) -> list[str]:
    """File names, with as much of the path as tells them apart."""
    for depth in range(1, 6):
        names = ["/".join(PurePath(path).parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return paths


def _shot(folder: Path, name: str, record: Record) -> dict[str, Any]:
    overlay = read_rgb(folder / checked_path(record["overlay"], name))
    # The strip of tags below the picture is left out: the page has its own.
    overlay = overlay[: overlay_size(record["width"], record["height"])[1]]
    characters = record["characters"]
    joints = [sum(point[0] is not None for point in character["keypoints"]) for character in characters]
    if not characters:
        summary = "no character found"
    elif len(characters) == 1:
        summary = f"1 character, {joints[0]} of 17 joints"
    else:
        summary = f"{len(characters)} characters, {', '.join(map(str, joints))} of 17 joints"
    return {
        "name": name,
        "width": record["width"],
        "height": record["height"],
        "summary": summary,
        "overlay": data_uri(shrunk(overlay, _OVERLAY_PX)),
        "cutouts": [
            _cutout_uri(folder / checked_path(character["cutout"], name), character["box_xywh"])
            for character in characters[:8]
        ],
        "groups": tag_groups(record["tags"]),
    }


def tag_groups(tags: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns tags by group, the group of the most probable tag first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for tag in tags:
        shown = {"name": str(tag["name"]).replace("_", " "), "percent": round(100 * float(tag["score"]))}
        groups.setdefault(str(tag["group"]).replace("_", " "), []).append(shown)
    return [{"name": name, "tags": inside} for name, inside in groups.items()]


def _cutout_uri(path: Path, box_xywh: list[int]) -> str:
    x, y, width, height = box_xywh
    rgba = read_rgba(path)[max(0, y - 2) : y + height + 2, max(0, x - 2) : x + width + 2]
    return data_uri(shrunk(rgba, _CUTOUT_PX))


def data_uri(array: NDArray[np.uint8]) -> str:
    """Returns a picture, RGB or straight RGBA, as a WebP data URI."""
    return "data:image/webp;base64," + base64.b64encode(encode_webp(array)).decode("ascii")
