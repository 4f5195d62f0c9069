from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shared.datamodules.sampling import Draw
from shared.datamodules.tags import TagDataModule
from shared.geometry import compose, horizontal_flip, letterbox, rotation, scaling
from shared.keypoints.close_looks import LOOKS, look_squares, moved_squares
from shared.keypoints.schema import COCO_17
from shared.synthetic.cli import synth

PLACES = {
    "nose": (100, 50), "left_eye": (108, 44), "right_eye": (92, 44), "left_ear": (118, 48), "right_ear": (82, 48),
    "left_shoulder": (130, 90), "right_shoulder": (70, 90), "left_elbow": (140, 130), "right_elbow": (60, 130),
    "left_wrist": (140, 170), "right_wrist": (60, 170), "left_hip": (118, 170), "right_hip": (82, 170),
    "left_knee": (118, 230), "right_knee": (82, 230), "left_ankle": (118, 290), "right_ankle": (82, 290),
}  # fmt: skip
POINTS = np.array([PLACES[name] for name in COCO_17.names], np.float64)
ALL = np.ones(17, bool)
SIZE = (200, 320)


def square_of(look: str, squares: np.ndarray) -> np.ndarray:
    return squares[list(LOOKS).index(look)]


def contains(square: np.ndarray, *names: str) -> bool:
    return all(bool((np.abs(np.array(PLACES[name]) - square[:2]) <= square[2] / 2).all()) for name in names)


def test_each_look_holds_its_joints_and_not_the_others() -> None:
    squares = look_squares(POINTS, ALL, SIZE)
    assert squares.shape == (len(LOOKS), 3)
    assert contains(square_of("face", squares), "nose", "left_eye", "right_eye")
    assert contains(square_of("head", squares), "left_ear", "right_ear", "nose")
    assert contains(square_of("body", squares), "left_shoulder", "right_wrist", "left_hip")
    assert contains(square_of("legs", squares), "left_hip", "right_knee", "left_ankle")
    assert contains(square_of("feet", squares), "left_ankle", "right_ankle")
    assert not contains(square_of("face", squares), "left_shoulder")
    assert not contains(square_of("legs", squares), "nose")
    assert not contains(square_of("feet", squares), "left_knee")
    sides = [float(square_of(look, squares)[2]) for look in ("face", "head", "body")]
    assert sides == sorted(sides)


def test_what_is_not_in_the_picture_is_the_whole_picture() -> None:
    bust = np.array([name.split("_")[-1] in ("nose", "eye", "ear", "shoulder") for name in COCO_17.names])
    squares = look_squares(POINTS, bust, SIZE)
    for look in ("legs", "feet"):
        assert square_of(look, squares).tolist() == [100, 160, 320]
    assert square_of("face", squares).tolist() == square_of("face", look_squares(POINTS, ALL, SIZE)).tolist()
    assert (look_squares(POINTS, np.zeros(17, bool), SIZE) == [100, 160, 320]).all()


@pytest.mark.parametrize("look", LOOKS)
def test_squares_move_with_the_picture(look: str) -> None:
    affine = compose(letterbox(*SIZE, 128), horizontal_flip(128))
    moved = square_of(look, moved_squares(look_squares(POINTS, ALL, SIZE), affine))
    points = POINTS @ affine[:, :2].T + affine[:, 2]
    np.testing.assert_allclose(moved, square_of(look, look_squares(points, ALL, (128, 128))), atol=1e-9)


def test_a_turn_keeps_the_area() -> None:
    squares = look_squares(POINTS, ALL, SIZE)
    np.testing.assert_allclose(moved_squares(squares, compose(rotation(20), scaling(0.5)))[:, 2], squares[:, 2] / 2)


@pytest.mark.parametrize(
    ("tag", "looks"),
    [
        ("red_eyes", {"face"}), ("glasses", {"face"}), ("ponytail", {"head"}), ("hat", {"head"}), ("gloves", {"body"}),
        ("boots", {"legs", "feet"}), ("simple_background", set()), ("outdoors", set()), ("solo", set()),
    ],
)  # fmt: skip
def test_which_look_tells_a_tag(tag: str, looks: set[str]) -> None:
    assert {look for look, pattern in LOOKS.items() if pattern.search(tag)} == looks


def test_samples_bring_the_squares(tmp_path: Path) -> None:
    """From a folder and while drawing: the same, and they follow the sample's own mirror and turn."""
    synth(tmp_path / "d", 6, 4, 64, "1", workers=1, mix="simple")
    folder = TagDataModule(str(tmp_path / "d"), image_size=64, num_workers=0, close_looks=True).dataset("train")
    root = "synth:count=1000,seed=4,size=64,characters=1,mix=simple"
    drawn = TagDataModule(root, image_size=64, num_workers=0, close_looks=True).dataset("train")
    for key in (0, 4, Draw(2, 7)):
        one, other = folder[key], drawn[key]
        assert one["squares"].shape == (len(LOOKS), 3)
        assert np.isfinite(one["squares"]).all()
        np.testing.assert_allclose(one["squares"], other["squares"], atol=1e-3)
    assert not np.allclose(folder[2]["squares"], folder[Draw(2, 7)]["squares"], atol=1e-3)
