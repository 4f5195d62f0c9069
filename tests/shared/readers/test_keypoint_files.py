"""Every keypoint format: round trips, real files, and records that are wrong."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from shared.errors import DataError, UsageError
from shared.images import write_png
from shared.keypoints.layouts import ADD_21, LAYOUTS, OPENPOSE_25, RELEASE_25
from shared.keypoints.records import Person, Picture, PoseSet
from shared.keypoints.schema import COCO_17, JointState
from shared.readers.animated_drawings import write_char_cfg
from shared.readers.coco import read_coco_keypoints
from shared.readers.keypoint_files import TARGETS, format_of, read_keypoints, write_keypoints
from shared.readers.keypoint_pictures import matched_to_pictures

REAL = Path(__file__).parents[4] / "shared/data/real_samples"
UNKNOWN, OCCLUDED, VISIBLE, OUTSIDE = (np.int64(state) for state in JointState)


def _poses(schema=COCO_17, count=4, several=True, seed=0):
    """Random characters with every state, in pictures that are not square."""
    rng = np.random.default_rng(seed)
    pictures = {10 * n: Picture(10 * n, f"folder/{10 * n}.png", 200 + n, 300) for n in range(1, count + 1)}
    people = []
    for number, key in enumerate([*([10] if several else []), *pictures], start=1):
        state = rng.choice([UNKNOWN, OCCLUDED, VISIBLE, VISIBLE], len(schema))
        state[:4] = VISIBLE
        points = np.where(state[:, None] > 0, rng.uniform((20, 30), (180, 280), (len(schema), 2)).round(1), 0.0)
        people.append(Person(number, key, points, state, (18.0, 28.0, 164.0, 254.5)))
    return PoseSet(schema, pictures, people)


def _same(first, second, tolerance=1e-9, visibility=True):
    assert second.schema is first.schema
    assert [p.picture_id for p in first.people] == [p.picture_id for p in second.people]
    for a, b in zip(first.people, second.people, strict=True):
        np.testing.assert_allclose(b.points_xy, a.points_xy, atol=tolerance)
        np.testing.assert_array_equal(b.state if visibility else b.placed, a.state if visibility else a.placed)


@pytest.mark.parametrize(
    ("name", "source", "tolerance", "visibility"),
    [
        ("coco", "coco", 1e-9, True),
        ("cvat", "cvat", 0.005, True),
        ("label_studio", "label_studio", 0.001, False),
        ("coco_25", "coco", 1e-3, True),
        ("mpii", "coco", 1e-9, True),
        ("human_art", "coco", 1e-9, True),
        ("add", "add", 1e-9, False),
        ("release", "release", 1e-9, False),
        ("openpose", "openpose", 1e-9, False),
        ("openpose_25", "openpose", 1e-9, False),
    ],
)
def test_round_trip_of_every_format(tmp_path, name, source, tolerance, visibility):
    single = name in ("add", "release")
    poses = _poses(LAYOUTS[TARGETS[name]], several=not single)
    path = tmp_path / {"cvat": "out.xml", "openpose": "out", "openpose_25": "out"}.get(name, "out.json")
    write_keypoints(path, poses, name)
    assert format_of(path) == source
    back = read_keypoints(path)
    assert back.problems == []
    _same(poses, back, tolerance, visibility)
    if source in ("coco", "cvat", "release"):
        for a, b in zip(poses.people, back.people, strict=True):
            np.testing.assert_allclose(b.box_xywh, a.box_xywh, atol=0.006)


def test_coco_keeps_ids_order_and_unknown_fields(tmp_path):
    document = {
        "info": {"year": 2020}, "licenses": [{"id": 3}], "extra": [1],
        "images": [{"id": 7, "file_name": "a.png", "width": 60, "height": 90, "coco_url": "u", "license": 3}],
        "annotations": [
            {"id": 91, "image_id": 7, "category_id": 1, "keypoints": [10, 20, 2, 30.5, 40, 1] + [0, 0, 0] * 15,
             "num_keypoints": 2, "bbox": [5, 6, 40, 70], "area": 123.5, "iscrowd": 0, "segmentation": [[1, 2, 3]],
             "attributes": {"track": 4}},
            {"id": 92, "image_id": 7, "category_id": 2, "bbox": [1, 2, 3, 4]},
        ],
        "categories": [{"id": 1, "name": "girl", "keypoints": list(COCO_17.names), "skeleton": [[1, 2]]},
                       {"id": 2, "name": "cat"}],
    }  # fmt: skip
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document))
    write_keypoints(tmp_path / "out.json", read_keypoints(path), "coco")
    assert json.loads((tmp_path / "out.json").read_text()) == document


def test_coco_joints_are_found_by_name_and_the_training_reads_what_is_written(tmp_path):
    poses = _poses()
    write_keypoints(tmp_path / "a.json", poses, "coco")
    document = json.loads((tmp_path / "a.json").read_text())
    order = np.random.default_rng(1).permutation(17)
    document["categories"][0]["keypoints"] = [COCO_17.names[i] for i in order]
    for row in document["annotations"]:
        row["keypoints"] = np.reshape(row["keypoints"], (17, 3))[order].ravel().tolist()
    (tmp_path / "b.json").write_text(json.dumps(document))
    _same(poses, read_keypoints(tmp_path / "b.json"))
    trained = read_coco_keypoints(tmp_path / "b.json")
    np.testing.assert_allclose(trained.annotations[2].points_xy[:17], poses.people[2].points_xy)


def test_out_of_picture_survives_and_midpoints_follow(tmp_path):
    poses = _poses(count=1, several=False)
    poses.people[0].state[5] = OUTSIDE
    poses.people[0].points_xy[5] = 0
    write_keypoints(tmp_path / "a.json", poses, "coco")
    assert read_keypoints(tmp_path / "a.json").people[0].state[5] == OUTSIDE
    assert read_coco_keypoints(tmp_path / "a.json").annotations[0].state[5] == OUTSIDE


def _coco_with(tmp_path, **changes):
    """A good record and one with changed fields."""
    good = {"id": 1, "image_id": 1, "category_id": 1, "keypoints": [10, 20, 2] * 17, "bbox": [5, 5, 30, 40]}
    document = {
        "images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 90}],
        "annotations": [good, {**good, "id": 2, **changes}],
        "categories": [{"id": 1, "name": "person", "keypoints": list(COCO_17.names)}],
    }
    path = tmp_path / "in.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"keypoints": [10, 20, 2] * 16}, "48 numbers, expected 51"),
        ({"keypoints": [float("nan"), 20, 2] + [10, 20, 2] * 16}, "NaN"),
        ({"keypoints": [10, 20, 7] * 17}, "visibility"),
        ({"bbox": [5, 5, 0, 40]}, "no area"),
        ({"bbox": [5, 5, 40]}, "four numbers"),
        ({"image_id": 9}, "no picture"),
        ({"id": "x"}, "invalid literal"),
        ({"keypoints": [10, None, 2] * 17}, "NaN"),
        ({"keypoints": [10, "x", 2] * 17}, "could not convert"),
    ],
)
def test_wrong_coco_records_are_dropped_by_name(tmp_path, changes, reason):
    poses = read_keypoints(_coco_with(tmp_path, **changes))
    assert [person.id for person in poses.people] == [1]
    (problem,) = poses.problems
    assert problem.record == f"annotation {changes.get('id', 2)}"
    assert problem.dropped
    assert reason in problem.reason


def test_an_annotation_id_counts_once(tmp_path):
    poses = read_keypoints(_coco_with(tmp_path, id=1))
    assert len(poses.people) == 1
    assert "a second time" in str(poses.problems[0])


def test_joint_off_the_picture_is_outside_for_the_training_too(tmp_path):
    path = _coco_with(tmp_path, keypoints=[61, 20, 2] + [10, 20, 2] * 16)
    poses = read_keypoints(path)
    assert poses.people[1].state[0] == OUTSIDE
    assert "off the picture" in poses.problems[0].reason
    trained = read_coco_keypoints(path).annotations[1]
    assert trained.state[0] == OUTSIDE
    assert (trained.points_xy[0] == 0).all()


def test_unknown_joint_names_and_mixed_layouts(tmp_path):
    path = _coco_with(tmp_path)
    document = json.loads(path.read_text())
    document["categories"][0]["keypoints"][4] = "tail"
    path.write_text(json.dumps(document))
    poses = read_keypoints(path)
    assert poses.people[0].state[4] == UNKNOWN
    assert "tail" in str(poses.problems[0])
    document["categories"][0]["keypoints"] = [f"joint{i}" for i in range(17)]
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="unknown joint 'joint0'"):
        read_keypoints(path)
    document["categories"] = [{"id": 1, "name": "a", "keypoints": list(COCO_17.names)},
                              {"id": 2, "name": "b", "keypoints": list(ADD_21.names)}]  # fmt: skip
    document["annotations"][1] |= {"category_id": 2, "keypoints": [1, 2, 2] * 21}
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match=r"mixed keypoint layouts.*coco_17 \(annotation 1\).*add_21 \(annotation 2\)"):
        read_keypoints(path)


def test_older_release_form_has_corners_and_other_names(tmp_path):
    names = [*RELEASE_25.names[:17], "nose_root", "body_upper", "thumb_left", "thumb_right", "toe_left", "toe_right"]
    rng = np.random.default_rng(0)
    images, rows = [], []
    for n in range(1, 13):
        low, high = rng.uniform(40, 60, 2), rng.uniform(150, 180, 2)
        points = rng.uniform(low, high, (23, 2)).round(1)
        images.append({"id": n, "file_name": f"{n}.jpg", "width": 200, "height": 250})
        rows.append({"id": n, "image_id": n, "category_id": 1, "bbox": [*low, *high],
                     "keypoints": np.c_[points, np.full(23, 2)].ravel().tolist()})  # fmt: skip
    path = tmp_path / "old.json"
    path.write_text(json.dumps({"images": images, "annotations": rows, "categories": [{"id": 1, "keypoints": names}]}))
    poses = read_keypoints(path)
    x1, y1, x2, y2 = rows[3]["bbox"]
    np.testing.assert_allclose(poses.people[3].box_xywh, (x1, y1, x2 - x1, y2 - y1))
    coco = poses.converted(COCO_17)
    np.testing.assert_allclose(coco.people[0].points_xy[1], rows[0]["keypoints"][3:5])


def _release(tmp_path, form):
    rng = np.random.default_rng(0)
    document = {}
    for n in range(100, 112):
        low, high = rng.uniform(60, 80, 2), rng.uniform(180, 220, 2)
        points = rng.uniform(low, high, (25, 2)).round(1).tolist()
        box = [low.tolist(), (high if form == "corners" else high - low).tolist()]
        document[str(n)] = {"bn": f"{n}.png", "size": [250, 240], "bbox": box,
                            "keypoints": dict(zip(RELEASE_25.names, points, strict=True))}  # fmt: skip
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(document))
    return path, document


@pytest.mark.parametrize("form", ["size", "corners"])
def test_release_boxes_are_resolved_over_the_file(tmp_path, form):
    path, document = _release(tmp_path, form)
    poses = read_keypoints(path)
    person, row = poses.people[2], document["102"]
    (y, x), (b, a) = row["bbox"]
    expected = (x, y, a, b) if form == "size" else (x, y, a - x, b - y)
    np.testing.assert_allclose(person.box_xywh, expected)
    assert poses.pictures[102] == Picture(102, "102.png", 240, 250)
    np.testing.assert_allclose(person.points_xy[0], row["keypoints"]["nose"][::-1])


def test_release_boxes_that_contradict_each_other_are_refused(tmp_path):
    path, document = _release(tmp_path, "size")
    for key in list(document)[:6]:
        (y, x), (h, w) = document[key]["bbox"]
        document[key]["bbox"] = [[y, x], [y + h, x + w]]
    path.write_text(json.dumps(document))
    with pytest.raises(DataError, match="--box-form"):
        read_keypoints(path)
    assert len(read_keypoints(path, form="size").people) == 12


def test_wrong_add_records_are_dropped_by_name(tmp_path):
    points = {name: [10 + i, 20] for i, name in enumerate(ADD_21.names)}
    rows = [
        {"file_name": "data/images/1.png", "points": points, "width": 100, "height": 200},
        {"file_name": "data/images/2.png", "points": points, "width": 0, "height": 0},
        {"file_name": "data/images/3.png", "points": {**points, "tail": [1, 2]}, "width": 100, "height": 200},
        {"file_name": "data/images/4.png", "points": {**points, "neck": [1]}, "width": 100, "height": 200},
        {"file_name": "data/images/5.png", "points": {**points, "neck": points["head"]}, "width": 100, "height": 200},
        {"points": points, "width": 100, "height": 200},
    ]
    path = tmp_path / "add.json"
    path.write_text(json.dumps(rows))
    poses = read_keypoints(path)
    assert len(poses.people) == 2
    told = "\n".join(map(str, poses.problems))
    for part in ("2.png: size 0 × 0", "3.png: unknown joint 'tail'", "4.png: neck has 1", "5.png: neck and head are"):
        assert part in told
    assert not poses.has_visibility


def test_single_character_formats_refuse_several_characters(tmp_path):
    for name, schema in (("add", ADD_21), ("release", RELEASE_25)):
        with pytest.raises(DataError, match="--single"):
            write_keypoints(tmp_path / "out.json", _poses(schema), name)
    assert not list(tmp_path.iterdir())


def test_openpose_normalised_coordinates_and_mixed_layouts(tmp_path):
    def write(name, values, **canvas):
        (tmp_path / f"{name}_keypoints.json").write_text(
            json.dumps({"people": [{"pose_keypoints_2d": values}], **canvas})
        )

    write("a", [0.5, 0.25, 1.0] + [0.0] * 51, canvas_width=200, canvas_height=400)
    np.testing.assert_allclose(read_keypoints(tmp_path).people[0].points_xy[0], (100, 100))
    write("b", [5, 6, 0.5] + [0.0] * 72)
    with pytest.raises(DataError, match="mixed keypoint layouts"):
        read_keypoints(tmp_path)
    (tmp_path / "a_keypoints.json").unlink()
    person = read_keypoints(tmp_path).people[0]
    assert read_keypoints(tmp_path).schema is OPENPOSE_25
    assert person.score[0] == 0.5
    assert person.placed.sum() == 1
    write("c", [1, 2, 3])
    assert "3 numbers, expected 54 or 75" in str(read_keypoints(tmp_path).problems[0])


def test_size_is_needed_and_taken_from_the_pictures(tmp_path):
    (tmp_path / "p").mkdir()
    (tmp_path / "p/a_keypoints.json").write_text(json.dumps({"people": [{"pose_keypoints_2d": [5, 6, 1] * 18}]}))
    poses = read_keypoints(tmp_path / "p")
    with pytest.raises(DataError, match="--images"):
        write_keypoints(tmp_path / "out.json", poses, "coco")
    write_png(tmp_path / "pictures/a.png", np.zeros((40, 30, 3), np.uint8))
    poses = matched_to_pictures(poses, tmp_path / "pictures")
    assert (poses.pictures[1].file_name, poses.pictures[1].width, poses.pictures[1].height) == ("a.png", 30, 40)


def test_points_are_scaled_to_the_real_picture_and_missing_ones_dropped(tmp_path):
    points = {name: [10, 20] for name in ADD_21.names}
    rows = [{"file_name": f"data/images/{n}.jpg", "points": points, "width": 100, "height": 200} for n in (1, 2, 3)]
    path = tmp_path / "add.json"
    path.write_text(json.dumps(rows))
    write_png(tmp_path / "pictures/1.png", np.zeros((400, 200, 3), np.uint8))
    write_png(tmp_path / "pictures/3.png", np.zeros((200, 200, 3), np.uint8))
    poses = matched_to_pictures(read_keypoints(path), tmp_path / "pictures")
    np.testing.assert_allclose(poses.people[0].points_xy, np.tile((20.0, 40.0), (21, 1)))
    told = "\n".join(str(problem) for problem in poses.problems if problem.dropped)
    assert "2.jpg: no such picture" in told
    assert "3.jpg: the file says 100 × 200" in told
    assert len(poses.people) == 1


def test_label_studio_groups_points_by_their_rectangle(tmp_path):
    def point(name, x, y, **more):
        return {"type": "keypointlabels", "original_width": 200, "original_height": 400,
                "value": {"x": x, "y": y, "keypointlabels": [name]}, **more}  # fmt: skip

    box = {"id": "r1", "type": "rectanglelabels", "original_width": 200, "original_height": 400,
           "value": {"x": 10, "y": 20, "width": 50, "height": 40, "rectanglelabels": ["person"]}}  # fmt: skip
    tasks = [
        {"id": 5, "data": {"image": "/data/upload/3/abc-girl.png"},
         "annotations": [{"was_cancelled": True, "result": [point("nose", 1, 1)]},
                         {"result": [box, point("nose", 50, 25, parentID="r1"), point("left_eye", 55, 20)]}]},
        {"id": 6, "data": {"image": "/data/local-files/?d=set/boy%20b.png"},
         "predictions": [{"result": [point("nose", 50, 25), point("nose", 51, 25)]}]},
        {"id": 7, "data": {"image": "x.png"}, "predictions": [{"result": [point("tail", 50, 25)]}]},
    ]  # fmt: skip
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(tasks))
    poses = read_keypoints(path)
    (person,) = poses.people
    assert poses.pictures[5].file_name == "abc-girl.png"
    assert poses.pictures[6].file_name == "set/boy b.png"
    np.testing.assert_allclose(person.points_xy[:2], [(100, 100), (110, 80)])
    np.testing.assert_allclose(person.box_xywh, (20, 80, 100, 160))
    told = "\n".join(map(str, poses.problems))
    assert "'nose' stands there twice" in told
    assert "unknown joint 'tail'" in told


def test_animated_drawings_round_trip_and_six_arms(tmp_path):
    points = np.arange(32.0).reshape(16, 2) + 3
    write_char_cfg(tmp_path / "a/char_cfg.yaml", points, 60, 70)
    poses = read_keypoints(tmp_path / "a")
    np.testing.assert_array_equal(poses.people[0].points_xy, points)
    config = yaml.safe_load((tmp_path / "a/char_cfg.yaml").read_text())
    config["skeleton"].append({"loc": [1, 2], "name": "tail", "parent": "root"})
    (tmp_path / "b").mkdir()
    (tmp_path / "b/char_cfg.yaml").write_text(yaml.safe_dump(config))
    poses = read_keypoints(tmp_path)
    assert len(poses.people) == 1
    assert "unknown joint 'tail'" in str(poses.problems[0])
    with pytest.raises(ValueError, match="within 60"):
        write_char_cfg(tmp_path / "c.yaml", points + 100, 60, 70)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"images": 1}', "[1, 2]", '{"a": {"b": 1}}'])
def test_files_of_another_kind_are_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"x\.json"):
        read_keypoints(path)


@pytest.mark.parametrize("name", ["add", "release", "coco", "openpose", "label_studio", "cvat", "animated_drawings"])
@pytest.mark.parametrize("text", ["[]", '{"a": 1}', "[[1]]", '"text"'])
def test_no_reader_raises_anything_but_a_clear_error(tmp_path, name, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    told = r"x\.json"
    if name == "add" and text == "[]":
        assert read_keypoints(path, name).people == []
        return
    with pytest.raises(DataError, match=told):
        read_keypoints(path, name)


def test_unknown_names_of_formats_and_layouts(tmp_path):
    with pytest.raises(UsageError, match="--to"):
        write_keypoints(tmp_path / "x", _poses(), "yolo")
    with pytest.raises(UsageError, match="--layout"):
        write_keypoints(tmp_path / "x", _poses(), "coco", "yolo")
    with pytest.raises(UsageError, match="--to coco --layout add_21"):
        write_keypoints(tmp_path / "x", _poses(), "release", "add_21")


@pytest.mark.skipif(not REAL.is_dir(), reason="the real samples are not here")
def test_real_add_files_survive_a_round_trip_unchanged(tmp_path):
    for name, count, off in (("train", 1400, 3), ("val", 100, 1)):
        source = REAL / f"add_poses/{name}.json"
        poses = read_keypoints(source)
        assert len(poses.people) == count
        assert sum("off the picture" in problem.reason for problem in poses.problems) == off
        write_keypoints(tmp_path / "out.json", poses, "add")
        before, after = json.loads(source.read_text()), json.loads((tmp_path / "out.json").read_text())
        bad = {problem.record for problem in poses.problems}
        assert [row for row in before if row["file_name"] not in bad] == [
            row for row in after if row["file_name"] not in bad
        ]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real samples are not here")
def test_real_coco_file_survives_a_round_trip(tmp_path):
    source = REAL / "coco_photos/person_keypoints_train2017_subset.json"
    write_keypoints(tmp_path / "out.json", read_keypoints(source), "coco")
    before, after = json.loads(source.read_text()), json.loads((tmp_path / "out.json").read_text())
    before["annotations"].sort(key=lambda row: row["id"])
    after["annotations"].sort(key=lambda row: row["id"])
    assert after.keys() == before.keys()
    assert after["images"] == before["images"]
    assert after["annotations"] == before["annotations"]
