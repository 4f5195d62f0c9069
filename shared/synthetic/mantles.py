"""Draws capes and scarves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import body, paths
from shared.synthetic.drawing import Drawing
from shared.synthetic.figure import Figure
from shared.synthetic.garments import Outfit
from shared.synthetic.palette import Rgb
from shared.synthetic.skeleton import INDEX

Points = NDArray[np.float64]


def draw_cape(drawing: Drawing, figure: Figure, outfit: Outfit) -> None:
    """Draws a cape that hangs from the shoulders over the back."""
    assert outfit.cape is not None
    drawing.layer = "cape"
    size, skeleton = figure.size, figure.skeleton
    neck, back = skeleton.points[INDEX["neck"]], -skeleton.chest[:, 2]
    down = np.array([0.0, -1.0, 0.0]) * 0.75 - skeleton.chest[:, 1] * 0.25
    reach = outfit.cape_length * (1 - size.head - size.neck)
    world = [
        neck + back * size.chest_b * 0.6,
        neck + back * size.chest_b * 1.2 + down * reach * 0.25,
        neck + back * size.chest_b * 1.9 + down * reach * 0.6,
        neck + back * size.chest_b * 2.4 + down * reach,
    ]
    widths = np.array([size.shoulder * 0.8, size.shoulder * 1.35, size.shoulder * 1.7, size.shoulder * 2.0])
    centres, zoom = figure.plane(np.array(world))
    left = (figure.rotation @ skeleton.chest[:, 0])[:2]
    deep = (figure.rotation @ skeleton.chest[:, 2])[:2]
    u, v = (
        left[None] * (widths * zoom)[:, None],
        deep[None] * (np.array([0.3, 0.4, 0.5, 0.5]) * size.chest_b * zoom)[:, None],
    )
    body.loft(drawing, (centres, u, v), outfit.cape, "cape")
    l_side, r_side, _ = paths.loft_sides(centres, u, v)
    folds = [paths.smooth_open(l_side[1:] * (1 - s) + r_side[1:] * s) for s in (0.25, 0.5, 0.75)]
    drawing.stroke(paths.join(*folds), outfit.cape, 0.7, 0.8)


def draw_scarf(drawing: Drawing, figure: Figure, rgb: Rgb) -> None:
    """Draws a scarf around the neck with one hanging end."""
    drawing.layer = "scarf"
    r = figure.size.neck_r * figure.scale("neck")
    up, left = figure.chest_axes.up, figure.chest_axes.left
    at = figure.at("neck") + up * r * 0.5
    if figure.chest_axes.near[2] > 0:
        end = at - up * r * 5 + left * r * 1.2
        drawing.area(
            paths.tube_points(at + left * r * 0.8, end, (r * 0.6, r * 0.7, r * 0.8, r * 0.8), 0.1), rgb, "scarf"
        )
    drawing.area(paths.ellipse(at, left * r * 2.0 + up * 0.0, up * r * 1.0), rgb, "scarf")
