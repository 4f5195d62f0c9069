"""Generated tables and round things seen from above."""

import numpy as np
import pytest

from shared.compositing.tableware import bend_tube, dish, lay_table, layered


@pytest.mark.parametrize(("width", "height"), [(8, 4), (40, 17), (60, 90)])
def test_things_fill_their_place_and_nothing_else(width: int, height: int) -> None:
    rng = np.random.default_rng([width, height])
    for picture, mask in [dish(rng, width, height), layered(rng, width, max(8, height), 0.5)]:
        assert picture.shape == (*mask.shape, 3)
        assert picture.dtype == mask.dtype == np.uint8
        rows, columns = np.nonzero(mask > 127)
        assert np.ptp(columns) >= 0.5 * width  # as wide as asked, but for what its outline leaves out
        assert np.ptp(rows) >= 0.5 * height
        assert mask[0, [0, -1]].max() < 127  # round


def test_a_plate_lies_flat_and_a_pot_shows_its_top() -> None:
    rng = np.random.default_rng(4)
    _, plate = dish(rng, 60, 20)
    np.testing.assert_allclose(plate, plate[:, ::-1], atol=40)  # left as right
    picture, pot = layered(rng, 60, 60, 0.0)
    widths = (pot > 127).sum(1)
    top = int(np.flatnonzero(widths)[0])
    assert widths[top] < widths[top + 6]  # the far edge of an ellipse, not a straight rim
    assert len(np.unique(picture[pot > 127], axis=0)) > 3


@pytest.mark.parametrize("seed", range(5))
def test_tables_and_tubes_change_a_part_of_the_scene(seed: int) -> None:
    rng = np.random.default_rng(seed)
    canvas = np.full((96, 96, 3), 128, np.uint8)
    lay_table(rng, canvas, 50.0)
    np.testing.assert_array_equal(canvas[:48], 128)  # nothing above its far edge
    assert (canvas[52:] != 128).any()
    before = canvas.copy()
    bend_tube(rng, canvas, (48.0, 90.0), 60.0)
    assert 0 < (canvas != before).any(-1).mean() < 0.5
