"""`inkpose rig`: rigs have the layout of AnimatedDrawings' own, and their joints lie on the drawing."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from inkpose.cli import main
from inkpose.posing.figures import SegmentedFigures
from inkpose.posing.rig import make_rig, onto, write_rig
from inkpose.posing.rig_run import rig_to_folder
from inkpose.seen import characters_of
from shared.errors import DataError
from shared.images import read_mask, read_rgb, read_rgba, write_png
from shared.keypoints.layouts import ANIMATED_DRAWINGS_16
from shared.keypoints.schema import COCO_17
from shared.readers.keypoint_files import read_keypoints

REAL = Path(__file__).parents[4] / "shared/data/real_samples/animated_drawings"


def _figure():
    """A dark block with joints spread in it, one of them far off, one hardly seen."""
    image = np.full((120, 90, 3), 255, np.uint8)
    image[20:110, 30:70] = 40
    (character,) = characters_of(np.where(image[:, :, 0] < 100, 0.9, 0.1).astype(np.float32), 0.5)
    located = np.zeros((25, 3))
    for index, name in enumerate(COCO_17.names):
        side = 10 if name.startswith("left") else -10 if name.startswith("right") else 0
        located[index] = 50 + side, 25 + 5 * index, 0.9
    located[COCO_17.index("left_wrist")] = 85, 60, 0.9
    located[COCO_17.index("right_knee"), 2] = 0.05
    located[COCO_17.index("left_ear"), 2] = 0.05
    return image, character, located


def test_rig_is_read_back_with_every_joint_on_the_drawing(tmp_path):
    image, character, located = _figure()
    rig = make_rig(image, character, located, np.full(25, 0.15))
    assert rig.guessed == ("right_knee",)
    assert rig.moved == ("left_hand",)
    assert rig.box_xyxy == (28, 18, 72, 112)
    write_rig(tmp_path / "a.0", rig)
    poses = read_keypoints(tmp_path / "a.0")
    assert poses.problems == []
    (person,), (picture,) = poses.people, poses.pictures.values()
    mask, texture = read_mask(tmp_path / "a.0/mask.png"), read_rgba(tmp_path / "a.0/texture.png")
    assert mask.shape == texture.shape[:2] == (picture.height, picture.width) == (94, 44)
    assert set(np.unique(mask)) == {0, 255}
    assert (texture[:, :, 3] == 255).all()
    np.testing.assert_array_equal(texture[:, :, :3], image[18:112, 28:72])
    assert person.box_xywh == (2.0, 2.0, 40.0, 90.0)
    for x, y in person.points_xy.astype(int):
        assert mask[y, x] == 255
    left, right = located[COCO_17.index("left_hip"), :2], located[COCO_17.index("right_hip"), :2]
    root = person.points_xy[ANIMATED_DRAWINGS_16.index("root")]
    np.testing.assert_allclose(root + np.array((28, 18)), (left + right) / 2, atol=0.51)
    neck = person.points_xy[ANIMATED_DRAWINGS_16.index("neck")]
    np.testing.assert_allclose(neck + np.array((28, 18)), located[0, :2], atol=0.51)
    box = yaml.safe_load((tmp_path / "a.0/bounding_box.yaml").read_text())
    assert box == {"left": 28, "top": 18, "right": 72, "bottom": 112}
    assert read_rgb(tmp_path / "a.0/joint_overlay.png").shape[0] == 640


def test_half_a_figure_makes_no_rig():
    image, character, located = _figure()
    located[11:, 2] = 0.01
    located[5:7, 2] = 0.01
    with pytest.raises(DataError, match="only 4 of 12"):
        make_rig(image, character, located, np.full(25, 0.15))


def test_onto_moves_points_off_the_mask_to_its_nearest_pixel():
    mask = np.zeros((20, 30), np.uint8)
    mask[5:10, 8:12] = 255
    points = np.array([[9.3, 7.2], [0.0, 0.0], [29.0, 7.0], [11.9, 9.9]])
    moved = onto(mask, points)
    np.testing.assert_array_equal(moved[0], points[0])
    np.testing.assert_array_equal(moved[1], (8, 5))
    np.testing.assert_array_equal(moved[2], (11, 6))  # the pixel whose centre is nearest
    assert mask[int(moved[3, 1]), int(moved[3, 0])] == 255
    assert (np.rint(moved[3]) == moved[3]).all()  # rounding alone would have left the mask


class FakeLocator:
    gate = np.full(25, 0.15)

    def locate(self, images, boxes_xyxy):
        answers = []
        for boxes in boxes_xyxy:
            rows = np.zeros((len(boxes), 25, 3))
            for row, (x1, y1, x2, y2) in zip(rows, boxes, strict=True):
                share = (np.arange(25) + 0.5) / 25
                row[:, 0], row[:, 1] = x1 + share * (x2 - x1), y1 + share * (y2 - y1)
                row[:, 2] = 0.9 if x2 - x1 > 10 else 0.01
            answers.append(rows)
        return answers


def test_one_folder_a_character_and_refusals_by_name(pipeline, draw, tmp_path):
    draw(tmp_path / "in/a/x.png", blocks=((5, 5, 25, 35), (30, 5, 55, 35), (57, 10, 60, 20)))
    draw(tmp_path / "in/empty.png", blocks=())
    (tmp_path / "in/bad.png").write_bytes(b"no picture")
    finder = SegmentedFigures(pipeline.segmenter, 0.5, "")
    outcome = rig_to_folder(FakeLocator(), finder, [tmp_path / "in"], tmp_path / "out")
    assert [path.relative_to(tmp_path / "out").as_posix() for path in outcome.folders] == ["a/x.0", "a/x.1"]
    told = "\n".join(outcome.failures)
    assert "empty.png: no character found" in told
    assert "bad.png" in told
    assert len(read_keypoints(tmp_path / "out").people) == 2
    # A second run among its own results does not take them for drawings.
    again = rig_to_folder(FakeLocator(), finder, [tmp_path], tmp_path / "out", largest_only=True)
    assert len(again.folders) == 1


def test_the_command_with_real_nets(weights, draw, tmp_path, capsys):
    draw(tmp_path / "in/a.png", blocks=())
    mask = np.zeros((40, 60), np.uint8)
    mask[5:35, 10:40] = 255
    write_png(tmp_path / "masks/a.png", mask)
    base = ["rig", str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    # Untrained, the net is sure of no joint or of all: the command refuses by name or writes a whole rig.
    code = main([*base, "--weights", str(weights), "--masks", str(tmp_path / "masks")])
    told = capsys.readouterr()
    assert (code, "of 12 body joints" in told.err) in ((2, True), (0, False))
    assert (tmp_path / "out/a.0/char_cfg.yaml").is_file() == (code == 0)
    assert main([*base, "--weights", "nowhere"]) == 2
    assert "no trained pose net" in capsys.readouterr().err
    assert main([*base, "--weights", str(weights), "--masks", "nowhere"]) == 2
    assert "no such folder of masks" in capsys.readouterr().err


@pytest.mark.skipif(not REAL.is_dir(), reason="the real samples are not here")
def test_files_are_like_the_real_ones(tmp_path):
    image, character, located = _figure()
    write_rig(tmp_path / "a.0", make_rig(image, character, located, np.full(25, 0.15)))
    ours = yaml.safe_load((tmp_path / "a.0/char_cfg.yaml").read_text())
    for name in ("char1", "char2"):
        real = yaml.safe_load((REAL / name / "char_cfg.yaml").read_text())
        assert list(ours) == list(real)
        assert [list(joint) for joint in ours["skeleton"]] == [list(joint) for joint in real["skeleton"]]
        tree = [[(joint["name"], joint["parent"]) for joint in config["skeleton"]] for config in (ours, real)]
        assert tree[0] == tree[1]
        assert all(isinstance(value, int) for joint in ours["skeleton"] for value in joint["loc"])
        for file in ("mask.png", "texture.png"):
            assert read_rgba(REAL / name / file).shape[:2] == (real["height"], real["width"])
