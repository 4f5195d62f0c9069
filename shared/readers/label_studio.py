"""Label Studio's JSON: tasks whose key points are per cent of the picture, grouped by the rectangle they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import numpy as np

from shared.errors import BAD_RECORD, DataError, reason_of
from shared.files import read_json, write_json
from shared.keypoints.checks import checked, common_layout, picture_size, whole_number
from shared.keypoints.records import Box, Person, Picture, PoseSet, Problem
from shared.keypoints.schema import JointState, KeypointSchema

_LOCAL = "/data/local-files/?d="


def read_label_studio(path: Path) -> PoseSet:
    """Reads an export of tasks: the first annotation that was not cancelled, or the first prediction.

    Points belong to the rectangle that is their parent; points without one are one character. Nothing says what is
    hidden, so every point counts as visible.

    Raises:
        DataError: not such a file, or mixed layouts.
    """
    tasks = read_json(path)
    if not isinstance(tasks, list) or not all(isinstance(task, dict) and "data" in task for task in tasks):
        raise DataError(f"{path}: not a list of tasks with 'data'; export the project as JSON (not JSON-MIN)")
    problems: list[Problem] = []
    pictures: dict[int, Picture] = {}
    found: list[tuple[str, int, dict[str, Any]]] = []
    for place, task in enumerate(tasks):
        try:
            picture, groups = _task(task, place)
        except BAD_RECORD as error:
            problems.append(Problem(f"task {place + 1}", reason_of(error)))
            continue
        pictures[picture.id] = picture
        found += [(f"task {picture.id}, {group or 'points'}", picture.id, regions) for group, regions in groups.items()]
    people: list[Person] = []
    schema = common_layout({record: _names(regions) for record, _, regions in found}, path)
    for record, number, regions in found:
        picture = pictures[number]
        try:
            person = _person(regions, len(people) + 1, picture, schema)
        except BAD_RECORD as error:
            problems.append(Problem(record, reason_of(error)))
            continue
        if (good := checked(record, person, picture, problems)) is not None:
            people.append(good)
    return PoseSet(schema, pictures, people, has_visibility=False, problems=problems)


def write_label_studio(path: Path, poses: PoseSet) -> None:
    """Writes tasks whose characters are predictions to be corrected; joints whose place is not known are left out.

    Pictures are found below Label Studio's local-files folder by their names (``/data/local-files/?d=NAME``). The
    labeling set-up for these points is :func:`labeling_config`.

    Raises:
        DataError: a picture's size is not known.
    """
    people: dict[int, list[Person]] = {}
    for person in poses.people:
        people.setdefault(person.picture_id, []).append(person)
    tasks = []
    for picture in poses.pictures.values():
        if not picture.width:
            raise DataError(f"{picture.file_name}: its size is not known; name the folder of the pictures (--images)")
        result = [region for person in people.get(picture.id, []) for region in _regions(person, picture, poses.schema)]
        data = picture.extra.get("data") or {"image": _LOCAL + quote(picture.file_name)}
        tasks.append({"id": picture.id, "data": data, "predictions": [{"model_version": "inkpose", "result": result}]})
    write_json(path, tasks, indent=None)


def labeling_config(schema: KeypointSchema) -> str:
    """Returns the XML that a Label Studio project needs for a layout's points."""
    labels = "\n".join(f'    <Label value="{name}"/>' for name in schema.names)
    return (
        '<View>\n  <Image name="image" value="$image"/>\n'
        '  <RectangleLabels name="box" toName="image">\n    <Label value="person"/>\n  </RectangleLabels>\n'
        f'  <KeyPointLabels name="keypoint" toName="image">\n{labels}\n  </KeyPointLabels>\n</View>\n'
    )


def _task(task: dict[str, Any], place: int) -> tuple[Picture, dict[str, dict[str, Any]]]:
    """Returns a task's picture and its groups of regions (see ``_groups``); raises what BAD_RECORD holds."""
    results = _results(task)
    sizes = {picture_size(r["original_width"], r["original_height"]) for r in results if r.get("original_width")}
    if len(sizes) > 1:
        raise ValueError(f"several picture sizes {sorted(sizes)}")
    size = next(iter(sizes), (0, 0))
    number = whole_number(task.get("id") or place + 1)
    groups = _groups(results)
    for regions in groups.values():
        _names(regions)  # raises here, where it concerns this task alone
    return Picture(number, _file_name(task["data"]), *size, {"data": task["data"]}), groups


def _results(task: dict[str, Any]) -> list[dict[str, Any]]:
    done = [each for each in task.get("annotations") or [] if not each.get("was_cancelled")]
    chosen = (done or task.get("predictions") or [{}])[0]
    return [result for result in chosen.get("result") or [] if isinstance(result, dict)]


def _groups(results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Returns for each rectangle id (``""``: no rectangle) its ``box`` region and its ``points`` regions."""
    groups: dict[str, dict[str, Any]] = {}
    for region in results:
        if region.get("type") == "rectanglelabels":
            groups.setdefault(str(region.get("id")), {"points": []})["box"] = region
    for region in results:
        if region.get("type") == "keypointlabels":
            parent = str(region.get("parentID") or "")
            groups.setdefault(parent, {"points": []})["points"].append(region)
    # One rectangle, and points that nobody tied to it: one character.
    if "" in groups and len(groups) == 2:
        loose = groups.pop("")
        next(iter(groups.values()))["points"] += loose["points"]
    return {key: group for key, group in groups.items() if group["points"]}


def _names(regions: dict[str, Any]) -> list[str]:
    labels = [(region.get("value") or {}).get("keypointlabels") for region in regions["points"]]
    return [str(label[0]) if isinstance(label, list) and label else "" for label in labels]


def _person(regions: dict[str, Any], number: int, picture: Picture, schema: KeypointSchema) -> Person:
    names = _names(regions)
    for name in names:
        if name not in schema.names:
            raise ValueError(f"unknown joint {name!r}")
        if names.count(name) > 1:
            raise ValueError(f"joint {name!r} stands there twice")
    scale = np.array([picture.width, picture.height]) / 100
    points, state = np.zeros((len(schema), 2)), np.zeros(len(schema), np.int64)
    for name, region in zip(names, regions["points"], strict=True):
        points[schema.index(name)] = np.array([region["value"]["x"], region["value"]["y"]], np.float64) * scale
        state[schema.index(name)] = JointState.VISIBLE
    box: Box | None = None
    if "box" in regions:
        value = regions["box"]["value"]
        x, y = np.array([value["x"], value["y"]], np.float64) * scale
        width, height = np.array([value["width"], value["height"]], np.float64) * scale
        box = float(x), float(y), float(width), float(height)
    return Person(number, picture.id, points, state, box)


def _regions(person: Person, picture: Picture, schema: KeypointSchema) -> list[dict[str, Any]]:
    size = {"original_width": picture.width, "original_height": picture.height, "image_rotation": 0}
    scale = 100 / np.array([picture.width, picture.height])
    regions: list[dict[str, Any]] = []
    parent = {}
    if person.box_xywh is not None:
        x, y, width, height = (np.array(person.box_xywh) * np.tile(scale, 2)).round(4).tolist()
        value = {"x": x, "y": y, "width": width, "height": height, "rotation": 0, "rectanglelabels": ["person"]}
        regions.append(
            {"id": f"box-{person.id}", "type": "rectanglelabels", "from_name": "box", "to_name": "image", **size,
             "value": value}
        )  # fmt: skip
        parent = {"parentID": f"box-{person.id}"}
    for place, name in enumerate(schema.names):
        if person.placed[place]:
            x, y = (person.points_xy[place] * scale).round(4).tolist()
            regions.append(
                {"id": f"{name}-{person.id}", "type": "keypointlabels", "from_name": "keypoint", "to_name": "image",
                 **size, **parent, "value": {"x": x, "y": y, "width": 0.5, "keypointlabels": [name]}}
            )  # fmt: skip
    return regions


def _file_name(data: dict[str, Any]) -> str:
    """Returns the path after ``?d=`` of a local file, else the last part of the address."""
    named = (data[key] for key in ("image", "img", "url", *data) if key in data)
    address = str(next(named, ""))
    parts = urlsplit(address)
    local = parse_qs(parts.query).get("d")
    return local[0] if local else unquote(parts.path).rpartition("/")[2]
