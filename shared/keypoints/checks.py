"""What every reader of keypoints asks of a record and of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from shared.errors import DataError
from shared.keypoints.layouts import LAYOUTS, layout_of
from shared.keypoints.records import Person, Picture, Problem
from shared.keypoints.schema import JointState, KeypointSchema

#: Longest side of a picture in an annotation file, and farthest place, in pixels; ids of files stay below 2⁶³.
_MOST_PX, _MOST_ID = 10_000_000, 2**63


def whole_number(value: Any) -> int:
    """Returns an id as an int.

    Raises:
        ValueError, TypeError, OverflowError: not a number, or beyond 63 bits.
    """
    number = int(value)
    if abs(number) >= _MOST_ID:
        raise ValueError("a number has more than 63 bits")
    return number


def picture_size(width: Any, height: Any) -> tuple[int, int]:
    """Returns the size that a record gives to its picture, in pixels.

    Raises:
        ValueError, TypeError, OverflowError: not two numbers from 1 to ten millions.
    """
    size = whole_number(width), whole_number(height)
    if not all(1 <= side <= _MOST_PX for side in size):
        raise ValueError(f"size {size[0]} × {size[1]}")
    return size


def checked(record: str, person: Person, picture: Picture | None, problems: list[Problem]) -> Person | None:
    """Returns a character that may be trained on, or None; says in ``problems`` what was wrong.

    Dropped: points or a box that are not finite, a box without area, no picture. A joint placed off the picture
    becomes OUTSIDE: it is known not to be in it.
    """
    if picture is None:
        problems.append(Problem(record, f"no picture with id {person.picture_id}"))
        return None
    if not np.isfinite(person.points_xy[person.placed]).all():
        problems.append(Problem(record, "a coordinate is NaN or infinite"))
        return None
    if (np.abs(person.points_xy[person.placed]) > _MOST_PX).any():
        problems.append(Problem(record, "a coordinate is beyond any picture"))
        return None
    if person.box_xywh is not None:
        if not np.isfinite(person.box_xywh).all():
            problems.append(Problem(record, "its box is NaN or infinite"))
            return None
        if max(map(abs, person.box_xywh)) > _MOST_PX:
            problems.append(Problem(record, "its box is beyond any picture"))
            return None
        if person.box_xywh[2] <= 0 or person.box_xywh[3] <= 0:
            problems.append(Problem(record, f"its box {list(person.box_xywh)} has no area"))
            return None
    if not picture.width:
        return person
    size = np.array([picture.width, picture.height])
    off = person.placed & ((person.points_xy < 0) | (person.points_xy > size)).any(axis=1)
    if off.any():
        problems.append(Problem(record, f"{int(off.sum())} joints lie off the picture and count as outside", False))
        state = np.where(off, np.int64(JointState.OUTSIDE), person.state)
        person = replace(person, points_xy=np.where(off[:, None], 0.0, person.points_xy), state=state)
    return person


def numbered(names: list[str]) -> list[int]:
    """Returns an id a name: the number that the name is where all names are different numbers, else 1, 2, 3 …"""
    if all(name.isascii() and name.isdigit() and len(name) <= 15 for name in names):
        numbers = [int(name) for name in names]
        if len(set(numbers)) == len(numbers):
            return numbers
    return list(range(1, len(names) + 1))


def one_schema(found: dict[str, str], path: object) -> str:
    """Returns the only key of ``found`` (layout name -> first record that has it).

    Raises:
        DataError: several layouts in one file, or none.
    """
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise DataError(f"{path}: no record with keypoints; check the file")
    told = ", ".join(f"{name} ({record})" for name, record in found.items())
    raise DataError(f"{path}: mixed keypoint layouts in one file: {told}; split the file")


def common_layout(names_of: Mapping[str, Iterable[str]], path: object) -> KeypointSchema:
    """Returns the one layout that has the joint names of all records (record -> its names).

    Names that no layout knows are passed over here: their records are for the reader to refuse.

    Raises:
        DataError: several layouts in one file, or no known name.
    """
    known = {name for schema in LAYOUTS.values() for name in schema.names}
    used = {record: set(names) & known for record, names in names_of.items()}
    schema = layout_of(set().union(*used.values()))
    if schema is not None:
        return schema
    found: dict[str, str] = {}
    for record, names in used.items():
        if (own := layout_of(names)) is not None:
            found.setdefault(own.name, record)
    if not found:
        odd = next((name for names in names_of.values() for name in names), "none")
        raise DataError(f"{path}: no known joint name ({odd!r} is none); rename the joints to those of a known layout")
    return LAYOUTS[one_schema(found, path)]
