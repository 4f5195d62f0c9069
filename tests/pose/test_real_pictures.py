"""Readers of labelled real pictures, and (slow, where the pictures and trained weights are there) the joint errors."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from pose.predict import load
from pose.real_pictures import (
    BODY,
    LabelledPicture,
    evaluate_pictures,
    find_labelled,
    read_animated_drawing,
    read_render,
)
from shared.errors import DataError
from shared.keypoints.schema import COCO_17, JointState

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT.parent / "shared/data/real_samples"
_SIDED = ("shoulder", "elbow", "hand", "hip", "knee", "foot")
_JOINTS = ("root", "hip", "torso", "neck", *(f"{side}_{name}" for side in ("right", "left") for name in _SIDED))


def write_character(folder: Path, joints: tuple[str, ...] = _JOINTS) -> None:
    folder.mkdir(parents=True)
    skeleton = [{"loc": [10 + i, 20 + 2 * i], "name": name, "parent": None} for i, name in enumerate(joints)]
    (folder / "char_cfg.yaml").write_text(yaml.safe_dump({"height": 90, "width": 60, "skeleton": skeleton}))
    mask = np.zeros((90, 60), np.uint8)
    mask[15:85, 5:50] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    cv2.imwrite(str(folder / "texture.png"), np.full((90, 60, 3), (10, 20, 200), np.uint8))


def test_animated_drawing(tmp_path: Path) -> None:
    write_character(tmp_path / "char")
    picture = read_animated_drawing(tmp_path / "char")
    assert picture.image.shape == (90, 60, 3)
    assert picture.image[0, 0].tolist() == [200, 20, 10]
    assert picture.box_xyxy == (5, 15, 50, 85)
    place = 10 + _JOINTS.index("left_hand")
    assert picture.points_xy[COCO_17.index("left_wrist")].tolist() == [place, 2 * place]
    assert sorted(np.flatnonzero(picture.state == JointState.VISIBLE)) == list(BODY)
    assert np.isnan(picture.points_xy[: BODY[0]]).all()


def test_animated_drawings_that_are_no_humans(tmp_path: Path) -> None:
    write_character(tmp_path / "spider", tuple(name.replace("left_hand", "left_hand1") for name in _JOINTS))
    with pytest.raises(DataError, match="no joint left_hand"):
        read_animated_drawing(tmp_path / "spider")
    with pytest.raises(DataError, match="no such file"):
        read_animated_drawing(tmp_path / "nothing")
    (tmp_path / "spider/char_cfg.yaml").write_text("- 1\n- 2\n")
    with pytest.raises(DataError, match="not a character configuration"):
        read_animated_drawing(tmp_path / "spider")


def test_render(tmp_path: Path) -> None:
    rows = [[i, 2.0 * i, 1 if i == 9 else 2] for i in range(17)]
    (tmp_path / "gt.json").write_text(json.dumps({"coco_order": COCO_17.names, "keypoints": rows}))
    image = np.full((64, 48, 3), 255, np.uint8)
    image[10:60, 8:40] = 90
    cv2.imwrite(str(tmp_path / "toon.png"), image)
    picture = read_render(tmp_path)
    assert picture.box_xyxy == (8, 10, 40, 60)
    assert (picture.state[:5] == JointState.UNKNOWN).all()
    assert picture.state[9] == JointState.OCCLUDED
    assert picture.points_xy[16].tolist() == [16, 32]
    (tmp_path / "gt.json").write_text(json.dumps({"coco_order": ["nose"], "keypoints": [[1, 2, 3]]}))
    with pytest.raises(DataError, match="COCO's order"):
        read_render(tmp_path)


class AnswersWith:
    """A predictor that gives the same places for every box."""

    gate = np.full(25, 0.5, np.float32)

    def __init__(self, places: np.ndarray) -> None:
        self.places = places

    def locate(self, images: list, boxes: list) -> list[np.ndarray]:  # type: ignore[type-arg]
        return [self.places[None] for _ in images]


def test_character_folders_are_found_and_unusable_ones_are_named(tmp_path: Path) -> None:
    write_character(tmp_path / "set" / "b")
    write_character(tmp_path / "set" / "a")
    write_character(tmp_path / "spider", ("root", "left_leg1"))
    (tmp_path / "config_alone").mkdir()
    (tmp_path / "config_alone/char_cfg.yaml").write_text("height: 1")
    pictures, problems = find_labelled(tmp_path)
    assert [(picture.name, picture.kind) for picture in pictures] == [(n, "AnimatedDrawings") for n in ("a", "b")]
    assert len(problems) == 1
    assert "spider" in problems[0]
    assert [picture.name for picture in find_labelled(tmp_path / "set" / "a")[0]] == ["a"]


def test_errors_by_hand(tmp_path: Path) -> None:
    write_character(tmp_path / "char")
    truth = read_animated_drawing(tmp_path / "char")
    places = np.zeros((25, 3))
    places[:17, :2] = np.nan_to_num(truth.points_xy)
    places[:, 2] = 0.9
    places[COCO_17.index("left_knee"), :2] += [7.0, 0.0]  # a tenth of the box's 70 px
    places[COCO_17.index("left_ankle"), 2] = 0.1
    predictor: object = AnswersWith(places)
    values = evaluate_pictures(predictor, [truth, truth])  # type: ignore[arg-type]
    assert values["joints"] == 24
    assert values["characters"] == 2
    assert values["error_mean"] == pytest.approx(0.1 / 12)
    assert values["error_median"] == 0
    assert values["called_absent"] == pytest.approx(1 / 12)
    # Left hip to right shoulder: indices 13 and 4 of the list, (9, 18) px apart, so a radius of 4 px.
    assert values["pdj@0.2"] == pytest.approx(11 / 12)
    assert values["error_mean/left_knee"] == pytest.approx(0.1)
    assert (values["n/left_knee"], values["n/left_ankle"], values["error_mean/left_ankle"]) == (2, 2, 0)
    assert "n/nose" not in values
    with pytest.raises(ValueError, match="empty"):
        evaluate_pictures(predictor, [])  # type: ignore[arg-type]


def real_pictures() -> list[LabelledPicture]:
    drawings = [read_animated_drawing(SAMPLES / "animated_drawings" / name) for name in ("char1", "char2")]
    renders = [read_render(folder) for folder in sorted((SAMPLES / "seed_san").iterdir()) if folder.is_dir()]
    return drawings + renders


@pytest.mark.slow
def test_joint_errors_on_real_drawings(capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = ROOT / "runs/demo/pose/checkpoints/best.ckpt"
    if not SAMPLES.is_dir() or not checkpoint.is_file():
        pytest.skip("needs the real samples and `make demo`")
    pictures = real_pictures()
    assert len(pictures) == 4
    predictor = load(checkpoint)
    names = ["AnimatedDrawings", "Seed-san", "all"]
    parts = [pictures[:2], pictures[2:], pictures]
    values = [evaluate_pictures(predictor, part) for part in parts]
    with capsys.disabled():
        for name, value in zip(names, values, strict=True):
            text = "  ".join(f"{key} {number:.3f}" for key, number in value.items())
            print(f"\n{name}: {text}", end="")  # noqa: T201
    # The mean pose in the box reaches 0.08.
    assert values[-1]["pdj@0.2"] > 0.08
