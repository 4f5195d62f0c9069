"""BVH motion capture: the text format, and where its joints are in every frame.

Source: the format as described by M. Meredith and S. Maddock, "Motion Capture File Formats Explained" (2001).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.errors import DataError
from shared.geometry import FloatArray

#: Larger files (bytes) are refused; an hour of motion has about 200 MB.
_MOST_BYTES = 300_000_000
_MOST_JOINTS = 500
_ROTATIONS = {"Xrotation": 0, "Yrotation": 1, "Zrotation": 2}
_POSITIONS = ("Xposition", "Yposition", "Zposition")


@dataclass(frozen=True)
class Clip:
    """A motion.

    Attributes:
        names: of the joints, parents first.
        parents: index of each joint's parent, −1 for the root.
        offsets: ``(J, 3)`` from the parent, in the file's unit, y up.
        turns: ``(F, J, 3, 3)`` rotation of each joint against its parent.
        frame_s: seconds between frames.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: FloatArray
    turns: FloatArray
    frame_s: float

    @property
    def rest(self) -> FloatArray:
        """Places ``(J, 3)`` of the joints where nothing is turned; the root is the origin."""
        places = np.zeros_like(self.offsets)
        for joint, parent in enumerate(self.parents[1:], 1):
            places[joint] = places[parent] + self.offsets[joint]
        return places

    def at(self, frame: int) -> tuple[FloatArray, FloatArray]:
        """Returns places ``(J, 3)`` (the root is the origin) and rotations ``(J, 3, 3)`` against the world."""
        places, turns = np.zeros_like(self.offsets), self.turns[frame].copy()
        for joint, parent in enumerate(self.parents[1:], 1):
            places[joint] = places[parent] + turns[parent] @ self.offsets[joint]
            turns[joint] = turns[parent] @ turns[joint]
        return places, turns


def read_bvh(path: Path) -> Clip:
    """Reads a BVH file.

    Raises:
        DataError: missing, too large, or not such a file.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: larger than {_MOST_BYTES // 1_000_000} MB; cut it into clips")
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    head, found, tail = text.partition("MOTION")
    try:
        if not found:
            raise ValueError("no MOTION section")
        names, parents, offsets, channels = _hierarchy(head.splitlines())
        rows, frame_s = _motion(tail, sum(map(len, channels)))
    except (ValueError, IndexError) as error:
        raise DataError(f"{path}: not a BVH file ({error}); export it again, or leave it out") from None
    return Clip(tuple(names), tuple(parents), np.array(offsets), _turns(rows, channels), frame_s)


def _hierarchy(lines: list[str]) -> tuple[list[str], list[int], list[list[float]], list[list[str]]]:
    """Returns names, parents, offsets and channel names of the joints."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[list[str]] = []
    open_joints: list[int] = []  # −1 stands for an end site
    opening: int | None = None
    for line in lines:
        word, _, rest = line.strip().partition(" " if "\t" not in line.strip() else "\t")
        values = rest.split()
        if word in ("ROOT", "JOINT"):
            if word == "ROOT" and names:
                raise ValueError("several roots")
            if word == "JOINT" and (not open_joints or open_joints[-1] < 0):
                raise ValueError(f"joint {rest.strip()!r} is in no other")
            if len(names) == _MOST_JOINTS:
                raise ValueError(f"more than {_MOST_JOINTS} joints")
            opening = len(names)
            parents.append(open_joints[-1] if open_joints else -1)
            names.append(rest.strip())
            offsets.append([0.0, 0.0, 0.0])
            channels.append([])
        elif word == "End":
            opening = -1
        elif word == "{":
            if opening is None:
                raise ValueError("a { without a joint before it")
            open_joints.append(opening)
            opening = None
        elif word == "}":
            open_joints.pop()
        elif word == "OFFSET" and open_joints[-1] >= 0:
            offsets[open_joints[-1]] = _numbers(values, 3)
        elif word == "CHANNELS" and open_joints[-1] >= 0:
            channels[open_joints[-1]] = _channels(values)
        elif word not in ("", "HIERARCHY", "OFFSET"):
            raise ValueError(f"{word!r} is not known in a hierarchy")
    if not names or open_joints:
        raise ValueError("no joints" if not names else "a joint is not closed")
    return names, parents, offsets, channels


def _channels(values: list[str]) -> list[str]:
    names = values[1:]
    if not values or str(len(names)) != values[0] or len(set(names)) < len(names):
        raise ValueError(f"wrong channels {' '.join(values)[:40]!r}")
    if unknown := [name for name in names if name not in _ROTATIONS and name not in _POSITIONS]:
        raise ValueError(f"unknown channel {unknown[0]!r}")
    return names


def _numbers(values: list[str], count: int) -> list[float]:
    numbers = [float(value) for value in values]
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise ValueError(f"{' '.join(values)[:40]!r} is not {count} numbers")
    return numbers


def _motion(text: str, width: int) -> tuple[FloatArray, float]:
    """Returns the numbers ``(frames, width)`` and the seconds between frames."""
    words = text.split()
    if len(words) < 5 or words[0] != "Frames:" or words[2:4] != ["Frame", "Time:"]:
        raise ValueError("no Frames: and Frame Time: after MOTION")
    frames, frame_s = int(words[1]), float(words[4])
    if frames < 1 or not 0 < frame_s < 60:
        raise ValueError(f"{frames} frames of {frame_s} s")
    if len(words) - 5 != frames * width:
        raise ValueError(f"{len(words) - 5} numbers for {frames} frames of {width} channels")
    rows = np.array(words[5:], np.float64).reshape(frames, width)
    if not np.isfinite(rows).all():
        raise ValueError("a number is not finite")
    return rows, frame_s


def _turns(rows: FloatArray, channels: list[list[str]]) -> FloatArray:
    turns = np.tile(np.eye(3), (len(rows), len(channels), 1, 1))
    column = 0
    for joint, names in enumerate(channels):
        for name in names:
            if name in _ROTATIONS:
                # Rotations apply in the order of the channels, each in the frame that the ones before it left.
                turns[:, joint] = turns[:, joint] @ _about(_ROTATIONS[name], np.radians(rows[:, column]))
            column += 1
    return turns


def _about(axis: int, angles: FloatArray) -> FloatArray:
    """Returns rotations ``(F, 3, 3)`` about x, y or z (0, 1, 2) by ``angles`` ``(F,)`` in radians."""
    first, second = ((1, 2), (2, 0), (0, 1))[axis]
    result = np.tile(np.eye(3), (len(angles), 1, 1))
    result[:, first, first] = result[:, second, second] = np.cos(angles)
    result[:, second, first] = np.sin(angles)
    result[:, first, second] = -result[:, second, first]
    return result
