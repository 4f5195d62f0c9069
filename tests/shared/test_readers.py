import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.errors import DataError
from shared.keypoints.schema import COCO_17, COCO_25, JointState
from shared.readers.coco import read_coco_keypoints
from shared.readers.danbooru import image_path
from shared.readers.dump import read_dump
from shared.readers.folders import id_of_stem, pictures_of_split
from shared.readers.splits import split_of
from tests.fixtures_dataset import write_tiny_dataset


def test_split_boundaries() -> None:
    assert [split_of(i) for i in (0, 899, 900, 949, 950, 999, 1000, 4_567_949)] == [
        "train", "train", "val", "val", "test", "test", "train", "val",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="negative"):
        split_of(-1)


def test_pictures_of_our_data_sets() -> None:
    assert image_path(Path("d"), 4567123, "png") == Path("d/images/0123/4567123.png")


def test_folders_split_by_stem(tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path, 12)
    assert [path.stem for path in pictures_of_split(tmp_path / "fg", "val")] == ["900", "901", "902"]
    assert id_of_stem(Path("a/b/some name.png")) == id_of_stem(Path("c/some name.jpg")) != id_of_stem(Path("other.png"))
    assert id_of_stem(Path("0042.png")) == 42
    with pytest.raises(DataError, match="no pictures of the test split"):
        pictures_of_split(_folder_with_one(tmp_path / "one"), "test")


def _folder_with_one(folder: Path) -> Path:
    folder.mkdir()
    (folder / "5.png").write_bytes(b"x")
    return folder


def _coco(tmp_path: Path, change: Callable[[dict[str, Any]], None] = lambda document: None) -> Path:
    """One person: nose visible, left eye hidden, right eye out of the picture, the rest unlabelled."""
    keypoints = [10.5, 20.25, 2, 12, 18, 1] + [0, 0, 0] * 15
    document = {
        "images": [{"id": 7, "width": 60, "height": 40, "file_name": "0007/7.jpg"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "keypoints": keypoints, "num_keypoints": 2,
             "bbox": [5, 6, 30, 20], "area": 350.5, "iscrowd": 0, "view": "front",
             "out_of_picture": [False, False, True] + [False] * 14}
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO_17.names), "skeleton": [[1, 2]]}],
    }  # fmt: skip
    change(document)
    path = tmp_path / "person_keypoints.json"
    path.write_text(json.dumps(document))
    return path


def test_coco_record(tmp_path: Path) -> None:
    file = read_coco_keypoints(_coco(tmp_path))
    (person,) = file.annotations
    assert file.images[7].file_name == "0007/7.jpg"
    assert person.box_xywh == (5, 6, 30, 20)
    assert person.area == 350.5
    assert person.labelled_count == 2
    assert person.extra["view"] == "front"
    assert [JointState(s) for s in person.state[:4]] == [
        JointState.VISIBLE, JointState.OCCLUDED, JointState.OUTSIDE, JointState.UNKNOWN,
    ]  # fmt: skip
    np.testing.assert_array_equal(person.points_xy[:3], [[10.5, 20.25], [12, 18], [0, 0]])
    assert person.state.shape == (25,)
    assert (person.state[17:] == JointState.UNKNOWN).all()


def test_unlabelled_stays_unknown_without_our_field(tmp_path: Path) -> None:
    path = _coco(tmp_path, lambda document: document["annotations"][0].pop("out_of_picture"))
    assert (read_coco_keypoints(path).annotations[0].state[2:] == JointState.UNKNOWN).all()


def test_midpoints_of_the_file_win(tmp_path: Path) -> None:
    def add(document: dict[str, Any]) -> None:
        row = document["annotations"][0]
        row["keypoints"] = [1, 1, 2] * 15 + [0, 0, 0] * 2
        row["out_of_picture"] = [False] * 15 + [True, True]  # both ankles
        row["midpoints"] = [3, 4, 2] * 6 + [5, 6, 1, 0, 0, 0]

    person = read_coco_keypoints(_coco(tmp_path, add)).annotations[0]
    np.testing.assert_array_equal(person.points_xy[17], [3, 4])
    left, right = COCO_25.index("left_mid_shin"), COCO_25.index("right_mid_shin")
    assert person.state[left] == JointState.OCCLUDED
    assert person.state[right] == JointState.OUTSIDE  # every joint is accounted for, so it is off the picture


def test_other_keypoint_order_is_followed_by_name(tmp_path: Path) -> None:
    def shuffle(document: dict[str, Any]) -> None:
        row, names = document["annotations"][0], ["neck", *reversed(COCO_17.names)]
        triples = np.array(row["keypoints"]).reshape(17, 3)[::-1]
        row["keypoints"] = [9, 9, 2, *triples.ravel().tolist()]
        document["categories"][0]["keypoints"] = names

    plain, shuffled = read_coco_keypoints(_coco(tmp_path)), read_coco_keypoints(_coco(tmp_path, shuffle))
    np.testing.assert_array_equal(plain.annotations[0].points_xy, shuffled.annotations[0].points_xy)
    np.testing.assert_array_equal(plain.annotations[0].state, shuffled.annotations[0].state)


def _set(field: str, value: Any, section: str = "annotations") -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        if value is None:
            del document[section][0][field]
        else:
            document[section][0][field] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("keypoints", [1, 2, 2] * 16), r"annotations\[0\] \(id 1\): keypoints has 48 numbers, expected 51"),
        (_set("keypoints", [float("nan"), 2, 2] * 17), r"annotations\[0\] \(id 1\): keypoints holds NaN"),
        (_set("keypoints", [1, 2, 3] * 17), "visibility other than 0, 1, 2"),
        (_set("keypoints", ["a", 2, 2] * 17), "could not convert"),
        (_set("keypoints", None), "no field 'keypoints'"),
        (_set("bbox", [1, 2, 3]), "not enough values"),
        (_set("bbox", [1, 2, -3, 4]), "not finite or negative"),
        (_set("area", float("inf")), "not finite or negative"),
        (_set("image_id", 8), "image_id 8 is not among the images"),
        (_set("out_of_picture", [True]), "out_of_picture has 1 values, expected 17"),
        (_set("midpoints", [1, 2, 2]), "midpoints has 3 numbers, expected 24"),
        (_set("width", 0, "images"), r"images\[0\]: size 0 × 40"),
        (_set("file_name", None, "images"), r"images\[0\]: no field 'file_name'"),
        (_set("keypoints", ["nose"], "categories"), "has no keypoint 'left_eye'"),
        (lambda document: document.pop("images"), "no lists 'images' and 'annotations'"),
        (lambda document: document["images"].append(document["images"][0]), r"images\[1\]: .*twice"),
        (lambda document: document["annotations"].append("x"), r"annotations\[1\] \(id None\)"),
    ],
)
def test_bad_records_are_named(change: Callable[[dict[str, Any]], None], message: str, tmp_path: Path) -> None:
    path = _coco(tmp_path, change)
    with pytest.raises(DataError, match=message) as caught:
        read_coco_keypoints(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_tiny_dataset_is_readable(tmp_path: Path) -> None:
    ids = write_tiny_dataset(tmp_path, 8)
    assert [post.id for post in read_dump([tmp_path / "metadata/posts.jsonl"])] == ids
    for split in ("train", "val", "test"):
        file = read_coco_keypoints(tmp_path / f"annotations/person_keypoints_{split}.json")
        assert {split_of(image_id) for image_id in file.images} == {split}
        assert len(file.annotations) >= len(file.images)
