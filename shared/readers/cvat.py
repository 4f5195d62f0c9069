"""Skeletons of CVAT's XML ("CVAT for images 1.1"). Its COCO export is a COCO file like any other."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import write_bytes
from shared.keypoints.checks import checked, common_layout, picture_size, whole_number
from shared.keypoints.records import Box, Person, Picture, PoseSet, Problem
from shared.keypoints.schema import JointState, KeypointSchema


def read_cvat(path: Path) -> PoseSet:
    """Reads skeletons with named points, and the box of the same group where there is one.

    A point that is ``outside`` is UNKNOWN (annotators use it for "cannot tell" as well as for "off the picture"),
    one that is ``occluded`` is OCCLUDED.

    Raises:
        DataError: not such a file, or mixed layouts.
    """
    try:
        root = ET.parse(path).getroot()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; check the path") from None
    except (OSError, ET.ParseError, ValueError, LookupError) as error:  # the last two: an encoding that is none
        raise DataError(f"{path}: not readable XML ({error}); export it again") from error
    if root.tag != "annotations":
        raise DataError(f"{path}: no element 'annotations'; expected the export 'CVAT for images 1.1'")
    problems: list[Problem] = []
    pictures: dict[int, Picture] = {}
    skeletons: list[tuple[str, Picture, ET.Element, ET.Element | None]] = []
    for element in root.iter("image"):
        try:
            size = picture_size(element.attrib["width"], element.attrib["height"])
            picture = Picture(whole_number(element.attrib["id"]), element.attrib["name"], *size)
        except BAD_RECORD as error:
            reason = f"no id, name, width, height ({reason_of(error)})"
            problems.append(Problem(f"image {element.get('name')!r}", reason))
            continue
        pictures[picture.id] = picture
        boxes = {box.get("group_id"): box for box in element.iter("box") if box.get("group_id", "0") != "0"}
        for place, skeleton in enumerate(element.iter("skeleton")):
            record = f"{picture.file_name}, skeleton {place}"
            skeletons.append((record, picture, skeleton, boxes.get(skeleton.get("group_id"))))
    schema = common_layout({record: _names(skeleton) for record, _, skeleton, _ in skeletons}, path)
    people: list[Person] = []
    for record, picture, skeleton, box in skeletons:
        try:
            points, state = _joints(skeleton, schema)
            person = Person(len(people) + 1, picture.id, points, state, _box(box))
        except BAD_RECORD as error:
            problems.append(Problem(record, reason_of(error)))
            continue
        if (good := checked(record, person, picture, problems)) is not None:
            people.append(good)
    return PoseSet(schema, pictures, people, problems=problems)


def write_cvat(path: Path, poses: PoseSet) -> None:
    """Writes such a file: a skeleton and a box a character, in a group. A joint whose place is not known is outside.

    The skeleton label of the CVAT project must have points of the layout's names.
    """
    root = ET.Element("annotations")
    ET.SubElement(root, "version").text = "1.1"
    group = 0
    people: dict[int, list[Person]] = {}
    for person in poses.people:
        people.setdefault(person.picture_id, []).append(person)
    for picture in poses.pictures.values():
        image = ET.SubElement(
            root, "image", id=str(picture.id), name=picture.file_name, width=str(picture.width),
            height=str(picture.height),
        )  # fmt: skip
        for person in people.get(picture.id, []):
            group += 1
            common = {"label": "person", "source": "auto", "occluded": "0", "z_order": "0", "group_id": str(group)}
            if person.box_xywh is not None:
                x, y, width, height = person.box_xywh
                corners = {"xtl": x, "ytl": y, "xbr": x + width, "ybr": y + height}
                ET.SubElement(image, "box", {**common, **{k: f"{v:.2f}" for k, v in corners.items()}})
            skeleton = ET.SubElement(image, "skeleton", common)
            for name, (x, y), state in zip(
                poses.schema.names, person.points_xy.tolist(), person.state.tolist(), strict=True
            ):
                known = state in (JointState.VISIBLE, JointState.OCCLUDED)
                ET.SubElement(
                    skeleton, "points", label=name, source="auto", outside=str(int(not known)),
                    occluded=str(int(state == JointState.OCCLUDED)), points=f"{x:.2f},{y:.2f}",
                )  # fmt: skip
    ET.indent(root)
    write_bytes(path, ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _names(skeleton: ET.Element) -> list[str]:
    return [point.get("label", "") for point in skeleton.iter("points")]


def _joints(skeleton: ET.Element, schema: KeypointSchema) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    points, state = np.zeros((len(schema), 2)), np.zeros(len(schema), np.int64)
    for point in skeleton.iter("points"):
        name = point.get("label", "")
        if name not in schema.names:
            raise ValueError(f"unknown joint {name!r}")
        if point.get("outside") == "1":
            continue
        x, y = (float(value) for value in point.attrib["points"].split(","))
        points[schema.index(name)] = x, y
        state[schema.index(name)] = JointState.OCCLUDED if point.get("occluded") == "1" else JointState.VISIBLE
    return points, state


def _box(element: ET.Element | None) -> Box | None:
    if element is None:
        return None
    x1, y1, x2, y2 = (float(element.attrib[name]) for name in ("xtl", "ytl", "xbr", "ybr"))
    return x1, y1, x2 - x1, y2 - y1
