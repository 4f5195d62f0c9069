"""Which things a picture shows, and the tags that need them."""

from __future__ import annotations

import numpy as np
import pytest

from shared.geometry import scaling
from shared.synthetic import figure_tags, paths
from shared.synthetic.character import CharacterSpec, draw_character, figure_box, sample_character
from shared.synthetic.drawing import Drawing
from shared.synthetic.layers import build
from shared.synthetic.rendering import sample_rendering
from shared.synthetic.things import TAGS_OF, Trace, bears_out, map_things

EVERYWHERE = np.ones((100, 100), np.bool_)


def _square(x1: float, y1: float, x2: float, y2: float) -> np.ndarray:
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def test_what_is_on_top_is_seen() -> None:
    bag, coat = Trace(("bag",), _square(10, 10, 30, 30)), Trace(("top",), _square(0, 0, 60, 60))
    belt = Trace(("belt",), np.array([[0.0, 80.0], [90.0, 80.0]]), width=3.0)
    assert map_things([coat, bag, belt], scaling(1.0), (100, 100)).seen(EVERYWHERE) == {"bag", "belt"}
    over = map_things([bag, coat, belt], scaling(1.0), (100, 100))
    assert over.seen(EVERYWHERE) == {"belt"}, "a coat lies over the bag"
    upper = EVERYWHERE.copy()
    upper[70:] = False
    assert over.seen(upper) == frozenset(), "somebody stands before the belt"
    assert np.count_nonzero(over.labels == over.kinds.index(("belt",))) == pytest.approx(91 * 3, abs=4)


def test_a_shape_can_be_of_several_things() -> None:
    skirt, shirt = Trace(("bottom", "dots"), _square(0, 50, 60, 90)), Trace(("top", "dots"), _square(0, 0, 20, 1))
    assert map_things([shirt, skirt], scaling(1.0), (100, 100)).seen(EVERYWHERE) == {"bottom", "dots"}
    apron = Trace(("apron",), _square(0, 50, 60, 90))
    assert map_things([shirt, skirt, apron], scaling(1.0), (100, 100)).seen(EVERYWHERE) == {"apron", "dots"}


def test_a_few_pixels_are_nothing() -> None:
    clip, tail = Trace(("ribbon",), _square(10, 10, 11, 11)), Trace(("tied_hair",), _square(40, 40, 42, 42))
    assert map_things([clip, tail], scaling(1.0), (100, 100)).seen(EVERYWHERE) == {"ribbon"}
    # The pixels of a map of 128 count, however large the picture is.
    large = map_things([clip, tail], scaling(8.0), (1024, 1024))
    assert large.labels.shape == (128, 128)
    assert large.seen(np.ones((1024, 1024), np.bool_)) == {"ribbon"}


def test_tags_need_their_things() -> None:
    assert bears_out("ponytail", {"tied_hair"})
    assert not bears_out("ponytail", {"hat"})
    assert not bears_out("white_thighhighs", set()), "colours go with the garment"
    assert bears_out("white_thighhighs", {"legwear"})
    assert bears_out("hair_ornament", {"hair_flower"})
    assert bears_out("hair_ornament", {"ribbon"}), "one of two is enough"
    assert bears_out("standing", set()), "most tags speak of no thing"
    assert bears_out("no_shoes", set())


def test_tags_of_things_are_tags_that_figures_bear() -> None:
    known = figure_tags.all_tags()
    last_words = {tag.rsplit("_", 1)[-1] for tag in known}
    unknown = {tag for tags in TAGS_OF.values() for tag in tags} - known - last_words
    assert unknown <= {"fan", "holding_flower", "holding_mug"}, "HELD names what the artist calls otherwise"


def _specs(count: int) -> list[CharacterSpec]:
    return [sample_character(np.random.default_rng([31, i]), "drawn") for i in range(count)]


def test_every_thing_is_drawn_by_somebody() -> None:
    drawn = {thing for spec in _specs(400) for trace in build(spec).traces for thing in trace.things}
    assert set(TAGS_OF) <= drawn


def test_shown_things_are_worn() -> None:
    """Nobody shows a hat, a bag or glasses who wears none; who wears a hat shows it as soon as all of him is seen."""
    hats = 0
    for spec in _specs(60):
        x1, y1, x2, y2 = figure_box(spec)
        zoom = 240 / max(x2 - x1, y2 - y1)
        placement = scaling(zoom)
        placement[:, 2] = 128.0
        drawn = draw_character(spec, (256, 256), placement)
        things = drawn.things.seen(drawn.rgba[..., 3] >= 128)
        wear = spec.wear
        assert ("hat" in things) <= bool(wear.hat)
        assert ("bag" in things) <= bool(wear.bag)
        assert ("glasses" in things) <= bool(wear.glasses)
        assert ("held" in things) <= bool(wear.held)
        hats += bool(wear.hat)
        assert ("hat" in things) or not wear.hat
    assert hats > 3


def test_details_belong_to_what_they_lie_on_unless_named() -> None:
    rng = np.random.default_rng(0)
    drawing = Drawing(sample_rendering(rng, True), rng)
    drawing.mark(paths.circle((0.0, 0.0), 0.1), (0, 0, 0))
    assert drawing.traces == []
    with drawing.of("eyes"):
        drawing.mark(paths.circle((0.0, 0.0), 0.1), (0, 0, 0))
        drawing.band(paths.polyline([(0.0, 0.0), (1.0, 0.0)]), (0, 0, 0), 0.02, "trim")
    drawing.band(paths.polyline([(0.0, 0.0), (1.0, 0.0)]), (0, 0, 0), 0.02, "belt")
    assert [(trace.things, trace.width) for trace in drawing.traces] == [
        (("eyes",), 0.0), (("eyes",), 0.02), (("belt",), 0.02),
    ]  # fmt: skip


def test_knots_are_the_points_a_path_goes_through() -> None:
    corners = [(0.0, 0.0), (4.0, 0.0), (4.0, 3.0)]
    assert [part.tolist() for part in paths.knots(paths.polygon(corners))] == [[list(p) for p in corners]]
    both = paths.knots(paths.join(paths.circle((0.0, 0.0), 2.0), paths.polyline(corners), paths.smooth(corners)))
    np.testing.assert_allclose(both[0], [[2, 0], [0, 2], [-2, 0], [0, -2], [2, 0]], atol=1e-6)
    np.testing.assert_allclose(both[1], corners)
    np.testing.assert_allclose(both[2], [*corners, corners[0]])
