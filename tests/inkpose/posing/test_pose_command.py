"""`inkpose pose`: nets that answer from the picture itself, own boxes and masks, restarts, bad input."""

import json
import os
import shutil

import numpy as np
import pytest

from inkpose.cli import main
from inkpose.posing.boxes import read_boxes
from inkpose.posing.figures import BoxedFigures, MaskedFigures, SegmentedFigures
from inkpose.posing.results import parse_kinds
from inkpose.posing.run import Poser, pose_to_folder
from shared.errors import DataError, UsageError
from shared.images import read_rgb, write_png
from shared.keypoints.layouts import OPENPOSE_25
from shared.keypoints.schema import COCO_17, JointState
from shared.readers.coco import read_coco_keypoints
from shared.readers.keypoint_files import read_keypoints

ALL = ("json", "openpose", "openpose_25", "coco", "overlay")


def _run(pipeline, inputs, out, kinds=ALL, finder=None, **options):
    finder = finder or SegmentedFigures(pipeline.segmenter, 0.5, "s")
    return pose_to_folder(Poser(pipeline.pose, finder), inputs, out, kinds, **options)


def test_all_kinds_say_the_same_and_keep_the_tree(pipeline, draw, tmp_path):
    draw(tmp_path / "in/a/7.png", blocks=((10, 5, 30, 35), (40, 10, 50, 20)))
    draw(tmp_path / "in/b/8.jpg.png", width=50)
    draw(tmp_path / "in/9.png", blocks=())
    outcome = _run(pipeline, [tmp_path / "in"], tmp_path / "out")
    assert (outcome.pictures, outcome.characters, outcome.empty, outcome.failures) == (3, 3, 1, [])
    record = json.loads((tmp_path / "out/json/a/7.json").read_text())
    assert [c["box_xywh"] for c in record["characters"]] == [[10, 5, 20, 30], [40, 10, 10, 10]]
    first = record["characters"][0]["keypoints"]
    np.testing.assert_allclose(first[0], [10 + 20 * 0.5 / 25, 5 + 30 * 0.5 / 25, 0.5], atol=0.006)
    assert first[16][:2] == [None, None]
    assert len(record["characters"][0]["midpoints"]) == 8
    for kind, schema in (("openpose", 18), ("openpose_25", 25)):
        poses = read_keypoints(tmp_path / f"out/{kind}")
        assert len(poses.schema) == schema
        assert sorted(p.file_name for p in poses.pictures.values()) == ["9", "a/7", "b/8.jpg"]
    right_ankle = OPENPOSE_25.index("right_ankle")
    seen = next(p for p in poses.people if poses.pictures[p.picture_id].file_name == "a/7")
    np.testing.assert_allclose(seen.points_xy[0], first[0][:2])
    assert not seen.placed[right_ankle]
    assert seen.placed[OPENPOSE_25.index("neck")]
    coco = read_coco_keypoints(tmp_path / "out/person_keypoints.json")
    assert [image.file_name for image in coco.images.values()] == ["9.png", "a/7.png", "b/8.jpg.png"]
    assert coco.annotations[0].state[16] == JointState.OUTSIDE
    np.testing.assert_allclose(coco.annotations[0].points_xy[0], first[0][:2])
    assert read_rgb(tmp_path / "out/overlay/a/7.png").shape[1] >= 600


def test_what_is_done_is_skipped_until_something_changes(pipeline, draw, tmp_path):
    paths = [draw(tmp_path / f"in/{n}.png") for n in range(4)]
    out = tmp_path / "out"
    assert _run(pipeline, [tmp_path / "in"], out).pictures == 4
    again = _run(pipeline, [tmp_path / "in"], out)
    assert (again.pictures, again.skipped) == (0, 4)
    assert len(json.loads((out / "person_keypoints.json").read_text())["images"]) == 4
    draw(paths[1], blocks=((2, 2, 20, 30),))
    os.utime(paths[1], (1, 1))
    (out / "json/2.json").unlink()
    third = _run(pipeline, [tmp_path / "in"], out)
    assert (third.pictures, third.skipped) == (2, 2)
    assert _run(pipeline, [tmp_path / "in"], out, kinds=("json",)).pictures == 0
    assert (out / "openpose/0_keypoints.json").is_file()


def test_a_stop_leaves_whole_pictures_and_goes_on(pipeline, draw, tmp_path):
    for n in range(6):
        draw(tmp_path / f"in/{n}.png")
    calls = []

    class Stops:
        def predict(self, images, boxes):
            calls.append(len(images))
            if len(calls) == 2:
                raise KeyboardInterrupt
            return pipeline.pose.predict(images, boxes)

    finder = SegmentedFigures(pipeline.segmenter, 0.5, "s")
    with pytest.raises(KeyboardInterrupt):
        pose_to_folder(Poser(Stops(), finder), [tmp_path / "in"], tmp_path / "out", ("json", "coco"), batch_size=2)
    assert sorted(path.name for path in (tmp_path / "out/json").iterdir()) == ["0.json", "1.json"]
    assert not (tmp_path / "out/person_keypoints.json").exists()
    rest = _run(pipeline, [tmp_path / "in"], tmp_path / "out", kinds=("json", "coco"), batch_size=2)
    assert (rest.pictures, rest.skipped) == (4, 2)
    assert len(json.loads((tmp_path / "out/person_keypoints.json").read_text())["annotations"]) == 6


def test_bad_pictures_are_named_and_stop_nothing(pipeline, draw, tmp_path):
    draw(tmp_path / "in/good.png")
    (tmp_path / "in/cut.png").write_bytes((tmp_path / "in/good.png").read_bytes()[:60])
    outcome = _run(pipeline, [tmp_path / "in"], tmp_path / "out")
    assert outcome.pictures == 1
    assert "cut.png" in outcome.failures[0]
    assert len(json.loads((tmp_path / "out/person_keypoints.json").read_text())["images"]) == 1
    lines = [json.loads(line) for line in (tmp_path / "out/poses.jsonl").read_text().splitlines()]
    assert {line["name"]: line["error"] is None for line in lines} == {"good": True, "cut": False}


@pytest.mark.parametrize("kind", ["table", "coco", "csv"])
def test_own_boxes_are_used_exactly(pipeline, draw, tmp_path, kind):
    draw(tmp_path / "in/a/x.png")
    draw(tmp_path / "in/a/y.png")
    box = [3.5, 4.25, 20, 10]
    path = tmp_path / f"boxes.{'csv' if kind == 'csv' else 'json'}"
    if kind == "table":
        path.write_text(json.dumps({"a/x.png": box, "y.png": [box, [0, 0, 5, 5]]}))
    elif kind == "csv":
        rows = ["x.png,3.5,4.25,20,10", "y.png,3.5,4.25,20,10", "y.png,0,0,5,5"]
        path.write_text("\n".join(["file,x,y,width,height", *rows]))
    else:
        images = [{"id": 1, "file_name": "a/x.png"}, {"id": 2, "file_name": "a/y.png"}]
        rows = [(1, box), (2, box), (2, [0, 0, 5, 5])]
        path.write_text(
            json.dumps({"images": images, "annotations": [{"id": i, "image_id": n, "bbox": b} for i, (n, b) in
                                                          enumerate(rows)]})
        )  # fmt: skip
    outcome = _run(pipeline, [tmp_path / "in"], tmp_path / "out", finder=BoxedFigures(read_boxes(path)))
    assert outcome.characters == 3
    record = json.loads((tmp_path / "out/json/a/x.json").read_text())
    assert record["characters"][0]["box_xywh"] == box
    x, y, _ = record["characters"][0]["keypoints"][0]
    np.testing.assert_allclose((x, y), (3.5 + 20 * 0.5 / 25, 4.25 + 10 * 0.5 / 25), atol=0.006)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a.png": [[1, 2, 0, 4]]}', "a.png: box .1, 2, 0, 4. has no area"),
        ('{"a.png": [[1, 2, 3]]}', "not x, y, width, height"),
        ('{"images": [], "annotations": [{"id": 5, "image_id": 3, "bbox": [1, 2, 3, 4]}]}', "annotation 5"),
        ("[1]", "not boxes"),
        ('{"images": [{"id": 1}], "annotations": []}', "file_name"),
    ],
)
def test_wrong_boxes_are_refused_by_record(tmp_path, text, told):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(DataError, match=told):
        read_boxes(tmp_path / "b.json")
    (tmp_path / "b.csv").write_text("file,x,y,width,height\na.png,1,2,x,4\n")
    with pytest.raises(DataError, match=r"b\.csv:2"):
        read_boxes(tmp_path / "b.csv")


def test_pictures_without_box_and_boxes_outside_are_named(pipeline, draw, tmp_path):
    draw(tmp_path / "in/a.png")
    draw(tmp_path / "in/b.png")
    draw(tmp_path / "in/c.png")
    finder = BoxedFigures({"a.png": [(100.0, 5.0, 5.0, 5.0)], "b": [(1.0, 1.0, 9.0, 9.0)]})
    outcome = _run(pipeline, [tmp_path / "in"], tmp_path / "out", finder=finder)
    assert outcome.pictures == 1
    assert "lies outside" in outcome.failures[0]
    assert "no box is given" in outcome.failures[1]


def test_own_masks_of_every_naming(pipeline, draw, tmp_path):
    for name in ("a", "b", "c", "d"):
        draw(tmp_path / f"in/t/{name}.png", blocks=())
    mask = np.zeros((40, 60), np.uint8)
    mask[4:20, 6:20] = 255
    mask[25:35, 40:58] = 200
    write_png(tmp_path / "masks/t/a.png", mask)  # two pieces: two characters
    write_png(tmp_path / "masks/t/b.png.0.png", mask)  # of its own: one
    write_png(tmp_path / "masks/t/b.png.1.png", np.roll(mask, 2, axis=1))
    write_png(tmp_path / "masks/c.png", np.minimum(mask, 1))  # 0 and 1
    write_png(tmp_path / "masks/d.png", mask[:30])
    outcome = _run(pipeline, [tmp_path / "in"], tmp_path / "out", finder=MaskedFigures(tmp_path / "masks"))
    counts = {
        line["name"]: len(line["characters"])
        for line in map(json.loads, (tmp_path / "out/poses.jsonl").read_text().splitlines())
    }
    assert counts == {"t/a": 2, "t/b": 2, "t/c": 2, "t/d": 0}
    assert "60 × 30" in outcome.failures[0]


def test_largest_only_and_transparent_pictures(pipeline, draw, tmp_path):
    rgba = np.zeros((40, 60, 4), np.uint8)
    rgba[5:35, 10:30] = (40, 20, 30, 255)
    write_png(tmp_path / "in/a.png", rgba)
    draw(tmp_path / "in/b.png", blocks=((2, 2, 8, 30), (20, 2, 50, 30)))
    finder = SegmentedFigures(pipeline.segmenter, 0.5, "s")
    shapes = []

    class Watches:
        def predict(self, images, boxes):
            shapes.extend(image.shape[2] for image in images)
            return pipeline.pose.predict(images, boxes)

    poser = Poser(Watches(), finder, largest_only=True)
    outcome = pose_to_folder(poser, [tmp_path / "in"], tmp_path / "out", ("json",))
    assert outcome.characters == 2
    assert shapes == [3, 3]
    pose_to_folder(Poser(Watches(), finder, with_alpha=True), [tmp_path / "in"], tmp_path / "o2", ("json",))
    assert shapes[2:] == [4, 3]


def test_kinds():
    assert parse_kinds("coco, json") == ("json", "coco")
    for text in ("", "svg", "json,svg"):
        with pytest.raises(UsageError, match="--save"):
            parse_kinds(text)


def test_the_command_with_real_nets(weights, draw, tmp_path, capsys):
    draw(tmp_path / "in/a.png")
    (tmp_path / "b.json").write_text(json.dumps({"a.png": [10, 5, 20, 30]}))
    out = tmp_path / "out"
    base = ["pose", str(tmp_path / "in"), "--out", str(out), "--device", "cpu"]
    assert main([*base, "--weights", str(weights), "--boxes", str(tmp_path / "b.json"), "--save", "json,openpose"]) == 0
    assert "1 pictures, 1 characters" in capsys.readouterr().out
    assert len(json.loads((out / "json/a.json").read_text())["characters"][0]["keypoints"]) == len(COCO_17)
    checkpoint = str(weights / "pose/checkpoints/best.ckpt")
    boxed = [*base, "--weights", checkpoint, "--boxes", str(tmp_path / "b.json")]
    assert main([*boxed, "--save", "json", "--paper-preprocessing"]) == 0
    assert "1 pictures" in capsys.readouterr().out  # other options: done again
    assert main([*base, "--weights", checkpoint]) == 2
    assert "--segmenter" in capsys.readouterr().err
    assert main([*base, "--weights", str(weights)]) == 0


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--save", "svg"], "--save svg"),
        (["--boxes", "b", "--masks", "m"], "give one of them"),
        (["--weights", "nowhere"], "no trained pose net"),
        (["--masks", "nowhere"], "no such folder of masks"),
        (["--boxes", "nowhere.json"], "no such file"),
    ],
)
def test_wrong_use_is_one_line_and_writes_nothing(weights, draw, tmp_path, capsys, extra, told):
    draw(tmp_path / "in/a.png")
    args = ["pose", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--weights", str(weights), *extra]
    assert main(args) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    shutil.rmtree(tmp_path / "in")
    assert main(args[:6]) == 2
    assert "no such file or folder" in capsys.readouterr().err
