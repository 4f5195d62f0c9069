"""Several characters in one picture: each is shown by itself, and the joints come back to their own."""

from __future__ import annotations

import numpy as np
import pytest

from inkpose.alone import joints_of
from inkpose.seen import characters_of


class Watching:
    """A pose net that keeps what it is shown; every joint is the middle of the box."""

    def __init__(self) -> None:
        self.seen: list[np.ndarray] = []

    def predict(self, images, boxes_xyxy):
        answers = []
        for image, boxes in zip(images, boxes_xyxy, strict=True):
            self.seen.append(image)
            rows = np.zeros((len(boxes), 25, 3), np.float32)
            for row, (x1, y1, x2, y2) in zip(rows, boxes, strict=True):
                row[:] = ((x1 + x2) / 2, (y1 + y2) / 2, 0.5)
            answers.append(rows)
        return answers


def _discs(*middles: tuple[int, int], side: int = 120) -> tuple[np.ndarray, list]:
    """Red discs on noise, and the characters of their true masks."""
    y, x = np.mgrid[:side, : 2 * side]
    image = np.random.default_rng(0).integers(150, 256, (side, 2 * side, 3), dtype=np.uint8)
    found = []
    for cx, cy in middles:
        disc = np.hypot(x - cx, y - cy) < 20
        image[disc] = (200, 30, 30)
        found += characters_of(disc.astype(np.float32), 0.5)
    return image, found


def test_neighbours_are_blurred_and_joints_come_back_in_order() -> None:
    image, characters = _discs((60, 60), (100, 60), (220, 60))
    pose = Watching()
    boxes = [character.box_xyxy for character in characters]
    (rows,) = joints_of(pose, [image], [characters], [boxes])
    middles = [((x1 + x2) / 2, (y1 + y2) / 2) for x1, y1, x2, y2 in boxes]
    assert rows.shape == (3, 25, 3)
    np.testing.assert_allclose(rows[:, 0, :2], middles)
    assert rows.dtype == np.float32
    # The third stands alone: the whole picture is shown for it, untouched, and before the others.
    whole, first, second = pose.seen
    assert whole is image
    for shown, own in ((first, 0), (second, 1)):
        red = (shown == (200, 30, 30)).all(axis=2)
        size = characters[own].mask_in_box.sum()
        assert size <= red.sum() < 1.2 * size, "all of its own, and only the very middle of the other"
    assert (image[60, 100] == (200, 30, 30)).all(), "the picture itself is as it was"


def test_one_character_is_shown_as_it_is() -> None:
    image, characters = _discs((60, 60))
    pose = Watching()
    joints_of(pose, [image], [characters], [[characters[0].box_xyxy]])
    assert pose.seen[0] is image


def test_boxes_have_no_outline_to_go_by() -> None:
    image = np.full((60, 90, 3), 255, np.uint8)
    probability = np.zeros((60, 90), np.float32)
    probability[10:50, 10:40] = 1
    (left,) = characters_of(probability, 0.5)
    (right,) = characters_of(np.roll(probability, 35, axis=1), 0.5)
    pose = Watching()
    joints_of(pose, [image], [[left, right]], [[left.box_xyxy, right.box_xyxy]])
    assert len(pose.seen) == 1


def test_nothing_to_show() -> None:
    assert joints_of(Watching(), [], [], []) == []


@pytest.mark.parametrize("corner", [(5, 5), (235, 115)])
def test_at_the_border(corner: tuple[int, int]) -> None:
    image, characters = _discs(corner, (corner[0] + (25 if corner[0] < 100 else -25), corner[1]))
    boxes = [character.box_xyxy for character in characters]
    (rows,) = joints_of(Watching(), [image], [characters], [boxes])
    np.testing.assert_allclose(rows[:, 0, 0], [(x1 + x2) / 2 for x1, _, x2, _ in boxes])
