"""Comic pages: a picture in panels, each a scene of its own, drawn by one hand."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.synthetic.backgrounds import Style
from shared.synthetic.chance import pick
from shared.synthetic.mixes import Mix
from shared.synthetic.scene import Scene, draw_scene
from shared.synthetic.scene_tags import count_tags
from shared.synthetic.stage import SceneCharacter
from shared.synthetic.texture import SizeWH

ByteArray = NDArray[np.uint8]

#: Looks and manners that belong to a whole sheet of paper, not to a panel.
_OF_PAPER = frozenset({"paper_photo", "crayon", "chalk", "pencil"})
#: True of a page when true of one of its panels; what else a scene bears must be true of all of them.
_ANYWHERE = frozenset({"speech_bubble", "english_text", "sparkle", "signature", "watermark"})
_LEAST_PX = 56  #: a panel's shorter side


@dataclass(frozen=True)
class Panel:
    """A rectangle of a page, pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns of the page."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def draw_page(rng: np.random.Generator, size_wh: SizeWH, style: Style, characters: tuple[int, int], mix: Mix) -> Scene:
    """Draws a page of two to five panels with ``characters`` (fewest, most) figures in all; arguments as `draw_scene`.

    Joints that a panel's edge cuts off are out of the picture. A page too small for panels is one scene.
    """
    panels = layout(rng, size_wh)
    low, high = max(1, characters[0]), max(1, characters[1])
    count = int(pick(rng, {str(n): 0.6 ** (n - low) for n in range(low, high + 1)}))
    counts = np.bincount(rng.integers(0, len(panels), count), minlength=len(panels)).tolist()
    hand = _hand(rng, mix)
    scenes = [
        draw_scene(rng, (panel.width, panel.height), style, (number, number), hand)
        for panel, number in zip(panels, counts, strict=True)
    ]
    gutter = (255, 255, 255) if rng.random() < 0.8 else (20, 20, 22)
    line = max(1, round(max(size_wh) / 220)) if rng.random() < 0.85 else 0
    image, background = (np.full((size_wh[1], size_wh[0], 3), gutter, np.uint8) for _ in range(2))
    instances = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    foregrounds: list[ByteArray] = []
    shown: list[SceneCharacter] = []
    for panel, scene in zip(panels, scenes, strict=True):
        for page, part in ((image, scene.image), (background, scene.background)):
            page[panel.place] = part
            _frame(page, panel, line)
        instances[panel.place] = np.where(scene.instances > 0, scene.instances + len(shown), 0)
        for foreground in scene.foregrounds:
            foregrounds.append(np.zeros((size_wh[1], size_wh[0], 4), np.uint8))
            foregrounds[-1][panel.place] = foreground
        shown += [_moved(character, panel, len(shown)) for character in scene.characters]
    tags = _page_tags(scenes, shown, panels)
    return Scene(image, background, tuple(foregrounds), instances, tuple(shown), tags, scenes[0].quality)


def layout(rng: np.random.Generator, size_wh: SizeWH) -> list[Panel]:
    """Returns the panels of a page, in reading order of their cutting; one where there is no room for two."""
    edge, gap = (round(max(size_wh) * rng.uniform(*reach)) for reach in ((0.0, 0.04), (0.012, 0.03)))
    page = Panel(edge, edge, size_wh[0] - 2 * edge, size_wh[1] - 2 * edge)
    if size_wh[1] >= 1.2 * size_wh[0] and rng.random() < 0.3:
        return _strips(page, 4, max(1, gap)) if page.height // 4 >= _LEAST_PX else [page]
    panels = [page]
    for _ in range(int(rng.integers(1, 5))):
        largest = max(range(len(panels)), key=lambda i: panels[i].width * panels[i].height)
        halves = _cut(panels[largest], float(rng.uniform(0.38, 0.62)), max(1, gap))
        panels[largest : largest + 1] = halves
    return panels


def _cut(panel: Panel, share: float, gap: int) -> list[Panel]:
    """Returns the two parts of a panel, across its longer side; the panel itself where they would be too small."""
    upright = panel.height > panel.width
    room = (panel.height if upright else panel.width) - gap
    first = round(room * share)
    if min(first, room - first, panel.width, panel.height) < _LEAST_PX:
        return [panel]
    if upright:
        return [
            Panel(panel.left, panel.top, panel.width, first),
            Panel(panel.left, panel.top + first + gap, panel.width, room - first),
        ]
    return [
        Panel(panel.left, panel.top, first, panel.height),
        Panel(panel.left + first + gap, panel.top, room - first, panel.height),
    ]


def _strips(page: Panel, count: int, gap: int) -> list[Panel]:
    height = (page.height - gap * (count - 1)) // count
    return [Panel(page.left, page.top + i * (height + gap), page.width, height) for i in range(count)]


def _hand(rng: np.random.Generator, mix: Mix) -> Mix:
    """Returns the mix with one manner, one look and one wear left in it: a page is drawn by one hand."""
    manner = pick(rng, {name: weight for name, weight in mix.manners.items() if name not in _OF_PAPER} or mix.manners)
    look = pick(rng, {name: weight for name, weight in mix.looks.items() if name not in _OF_PAPER} or mix.looks)
    return replace(mix, manners={manner: 1.0}, looks={look: 1.0}, wear={pick(rng, mix.wear): 1.0}, panels=0.0)


def _frame(page: ByteArray, panel: Panel, line: int) -> None:
    """Draws the panel's border inside its rectangle."""
    for i in range(line):
        right, low = panel.left + panel.width - 1 - i, panel.top + panel.height - 1 - i
        cv2.rectangle(page, (panel.left + i, panel.top + i), (right, low), (16, 14, 18), 1)


def _moved(character: SceneCharacter, panel: Panel, before: int) -> SceneCharacter:
    """Returns the character in the page's pixels, counted after ``before`` others."""
    x, y, width, height = character.box_xywh
    return replace(
        character,
        points_xy=character.points_xy + np.array([panel.left, panel.top], np.float64),
        depth_order=character.depth_order + before,
        box_xywh=(x + panel.left, y + panel.top, width, height),
    )


def _page_tags(scenes: list[Scene], shown: list[SceneCharacter], panels: list[Panel]) -> frozenset[str]:
    of_figures = frozenset[str]().union(*(character.tags for character in shown))
    of_all = frozenset.intersection(*(scene.tags for scene in scenes)) - of_figures
    anywhere = frozenset[str]().union(*(scene.tags for scene in scenes)) & _ANYWHERE
    counts = count_tags([character.sex for character in shown])
    wrong = {tag for scene in scenes for tag in count_tags([c.sex for c in scene.characters])} - counts
    found = ((of_figures | of_all | anywhere) - wrong) | counts | ({"comic"} if len(panels) > 1 else set())
    strips = len(panels) == 4 and len({(panel.left, panel.width, panel.height) for panel in panels}) == 1
    if any(character.sex == "girl" for character in shown):
        found -= {"male_focus"}
    return found | {"4koma"} if strips else found
