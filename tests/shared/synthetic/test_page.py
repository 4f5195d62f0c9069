"""Comic pages: panels that fill the page, and the truth in the page's pixels."""

from __future__ import annotations

import numpy as np
import pytest

from shared.geometry import box_of_mask
from shared.keypoints.schema import JointState
from shared.synthetic.dataset import Plan
from shared.synthetic.mixes import RICH, SIMPLE
from shared.synthetic.page import draw_page, layout
from shared.synthetic.scene import Scene
from shared.synthetic.scene_tags import all_tags
from shared.synthetic.writer import draw_sample


@pytest.fixture(scope="module")
def pages() -> list[Scene]:
    sizes = ((192, 192), (128, 192), (192, 144))
    return [draw_page(np.random.default_rng([5, i]), sizes[i % 3], "drawn", (1, 3), RICH) for i in range(9)]


@pytest.mark.parametrize("size_wh", [(256, 256), (170, 256), (256, 160), (64, 64)])
def test_panels_lie_apart_inside_the_page(size_wh: tuple[int, int]) -> None:
    counts = set()
    for seed in range(30):
        panels = layout(np.random.default_rng(seed), size_wh)
        counts.add(len(panels))
        taken = np.zeros(size_wh[::-1], np.int64)
        for panel in panels:
            assert panel.left >= 0
            assert panel.top >= 0
            assert taken[panel.place].shape == (panel.height, panel.width)
            taken[panel.place] += 1
        assert taken.max() == 1
        assert taken.mean() > 0.7
    assert counts == {1} if size_wh == (64, 64) else {2, 3, 4} <= counts


def test_a_page_is_a_function_of_the_generator(pages: list[Scene]) -> None:
    again = draw_page(np.random.default_rng([5, 1]), (128, 192), "drawn", (1, 3), RICH)
    np.testing.assert_array_equal(again.image, pages[1].image)
    assert again.tags == pages[1].tags


def test_truth_is_in_the_pages_pixels(pages: list[Scene]) -> None:
    for page in pages:
        assert [c.depth_order for c in page.characters] == list(range(len(page.characters)))
        assert set(np.unique(page.instances)) - {0} == {c.depth_order + 1 for c in page.characters}
        for character in page.characters:
            seen = page.instances == character.depth_order + 1
            x, y, width, height = character.box_xywh
            assert box_of_mask(seen) == (x, y, x + width, y + height)
            inside = character.points_xy[character.state != JointState.OUTSIDE]
            assert (inside >= 0).all()
            assert (inside < page.image.shape[1::-1]).all()
        for character, foreground in zip(page.characters, page.foregrounds, strict=True):
            seen = page.instances == character.depth_order + 1
            assert (foreground[seen][:, 3] >= 128).all(), "the cut-out lies where the character is"
        away = (page.instances == 0) & (page.background == page.image).all(axis=-1)
        assert away.mean() > 0.2, "frames and empty panels are the same without characters"


def test_tags_are_of_the_page(pages: list[Scene]) -> None:
    for page in pages:
        assert "comic" in page.tags
        assert page.tags <= all_tags()
        assert "no_humans" not in page.tags
        assert ("solo" in page.tags) == (len(page.characters) == 1)
        girls = sum(c.sex == "girl" for c in page.characters)
        assert ("1girl" in page.tags) == (girls == 1)
        assert ("multiple_girls" in page.tags) == (girls > 1)


def test_a_page_too_small_for_panels_is_one_scene_and_no_comic() -> None:
    scene = draw_page(np.random.default_rng(1), (64, 64), "drawn", (1, 1), RICH)
    assert not {"comic", "4koma"} & scene.tags


def test_rich_data_sets_hold_some_pages() -> None:
    plan = Plan(seed=1, count=60, size=128, style="drawn", characters=(1, 1))
    comics = ["comic" in draw_sample(plan, i).tags for i in range(1, 61)]
    assert 1 <= sum(comics) <= 8
    assert SIMPLE.panels == 0
