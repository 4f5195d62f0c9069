"""What stands in rooms."""

from __future__ import annotations

import math

import numpy as np

from shared.synthetic.brush import Brush, hsv, shade
from shared.synthetic.scene_plants import any_paint, any_wood, flowers


def vase(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A bellied vase, with flowers now and then."""
    if rng.random() < 0.6:
        flowers(brush, rng, x, base - size * 0.5, size * 0.5)
    t = np.linspace(0, 1, 14)
    half = size * (0.12 + 0.16 * np.sin(math.pi * np.clip(t * 1.15, 0, 1)) ** 1.5)
    left, y = np.stack([x - half, base - size * 0.6 * t], 1), base - size * 0.6 * t
    brush.polygon(np.vstack([left, np.stack([x + half, y], 1)[::-1]]), any_paint(rng))


def bottle(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A bottle with a label."""
    colour, half = any_paint(rng), size * 0.16
    brush.polygon(
        [
            (x - half, base),
            (x - half, base - size * 0.6),
            (x - half * 0.4, base - size * 0.75),
            (x - half * 0.4, base - size),
            (x + half * 0.4, base - size),
            (x + half * 0.4, base - size * 0.75),
            (x + half, base - size * 0.6),
            (x + half, base),
        ],
        colour,
    )
    brush.rectangle(x - half, base - size * 0.45, x + half, base - size * 0.2, (250, 246, 232), outlined=False)


def lamp(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A floor lamp."""
    metal, cloth = any_wood(rng), hsv(rng.uniform(0.08, 0.17), rng.uniform(0.1, 0.5), 1.0)
    brush.stroke([(x, base), (x, base - size * 0.8)], metal, size * 0.03)
    brush.ellipse(x, base, size * 0.13, size * 0.03, metal)
    brush.polygon(
        [
            (x - size * 0.1, base - size),
            (x + size * 0.1, base - size),
            (x + size * 0.18, base - size * 0.75),
            (x - size * 0.18, base - size * 0.75),
        ],
        cloth,
    )


def chair(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A chair with a high back."""
    colour, half = any_wood(rng), size * 0.25
    for leg in (-half, half * 0.9):
        brush.rectangle(x + leg, base - size * 0.45, x + leg + size * 0.05, base, shade(colour, 0.8))
    brush.polygon(
        [
            (x - half, base - size),
            (x + half, base - size),
            (x + half, base - size * 0.45),
            (x - half, base - size * 0.45),
        ],
        colour,
    )
    brush.polygon(
        [
            (x - half, base - size * 0.45),
            (x + half, base - size * 0.45),
            (x + half * 1.25, base - size * 0.36),
            (x - half * 1.25, base - size * 0.36),
        ],
        shade(colour, 1.2),
    )


def table(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A table, sometimes with a cloth."""
    colour, half = any_wood(rng), size * rng.uniform(0.7, 1.1)
    for leg in (-half * 0.85, half * 0.8):
        brush.rectangle(x + leg, base - size * 0.75, x + leg + size * 0.07, base, shade(colour, 0.75))
    brush.polygon(
        [
            (x - half * 0.85, base - size),
            (x + half * 0.85, base - size),
            (x + half, base - size * 0.8),
            (x - half, base - size * 0.8),
        ],
        shade(colour, 1.15),
    )
    drop = size * (0.3 if rng.random() < 0.3 else 0.08)
    brush.rectangle(x - half, base - size * 0.8, x + half, base - size * 0.8 + drop, colour)


def couch(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A sofa with arms and cushions."""
    colour, half = any_paint(rng), size * 1.0
    brush.polygon(_rounded(x - half, base - size, x + half, base - size * 0.1, size * 0.15), shade(colour, 0.9))
    for side in (-1, 1):
        brush.polygon(
            _rounded(
                x + side * half * 0.5 - half * 0.42,
                base - size * 0.55,
                x + side * half * 0.5 + half * 0.42,
                base - size * 0.2,
                size * 0.08,
            ),
            shade(colour, 1.15),
        )
        brush.polygon(
            _rounded(
                x + side * half - size * 0.15,
                base - size * 0.65,
                x + side * half + size * 0.15,
                base - size * 0.05,
                size * 0.12,
            ),
            colour,
        )


def _rounded(x1: float, y1: float, x2: float, y2: float, radius: float) -> list[tuple[float, float]]:
    corners = (
        (x2 - radius, y1 + radius, -90),
        (x2 - radius, y2 - radius, 0),
        (x1 + radius, y2 - radius, 90),
        (x1 + radius, y1 + radius, 180),
    )
    return [
        (cx + radius * math.cos(math.radians(start + step)), cy + radius * math.sin(math.radians(start + step)))
        for cx, cy, start in corners
        for step in (0, 30, 60, 90)
    ]
