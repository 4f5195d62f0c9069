"""Trees, shrubs, flowers, and the colours of what surrounds characters."""

from __future__ import annotations

import math

import numpy as np

from shared.synthetic.brush import Brush, Colour, blob, hsv, shade


def any_paint(rng: np.random.Generator) -> Colour:
    """Returns the colour of something painted."""
    return hsv(rng.random(), rng.uniform(0.2, 0.85), rng.uniform(0.45, 1.0))


def any_wood(rng: np.random.Generator) -> Colour:
    """Returns a brown."""
    return hsv(rng.uniform(0.05, 0.1), rng.uniform(0.35, 0.7), rng.uniform(0.3, 0.75))


def any_leaves(rng: np.random.Generator) -> Colour:
    """Returns a green."""
    return hsv(rng.uniform(0.2, 0.42), rng.uniform(0.35, 0.75), rng.uniform(0.3, 0.8))


def tree(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A leafy tree: trunk, crown of overlapping blobs lit from above."""
    trunk, leaf = any_wood(rng), any_leaves(rng)
    width = size * rng.uniform(0.05, 0.1)
    brush.polygon(
        [
            (x - width, base),
            (x - width * 0.5, base - size * 0.6),
            (x + width * 0.5, base - size * 0.6),
            (x + width, base),
        ],
        trunk,
    )
    for layer in range(3):
        for _ in range(4):
            cx, cy = x + size * rng.uniform(-0.22, 0.22), base - size * (0.55 + 0.12 * layer + rng.uniform(-0.05, 0.05))
            radius = size * rng.uniform(0.14, 0.24)
            brush.polygon(
                blob(rng, cx, cy, radius, radius * 0.85, 0.25, 20), shade(leaf, 0.8 + 0.17 * layer), outlined=layer == 0
            )


def pine(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A conifer of stacked triangles."""
    leaf = hsv(rng.uniform(0.3, 0.45), rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.55))
    brush.rectangle(x - size * 0.03, base - size * 0.15, x + size * 0.03, base, any_wood(rng))
    for layer in range(4):
        top, half = base - size * (0.4 + 0.2 * layer), size * (0.28 - 0.055 * layer)
        brush.polygon(
            [(x, top - size * 0.12), (x + half, top + size * 0.24), (x - half, top + size * 0.24)],
            shade(leaf, 0.9 + 0.07 * layer),
        )


def palm(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A palm with a leaning trunk."""
    lean, leaf = size * rng.uniform(-0.2, 0.2), any_leaves(rng)
    width, top = size * 0.035, base - size * 0.8
    brush.polygon(
        [
            (x - width, base),
            (x + lean * 0.6 - width, base - size * 0.4),
            (x + lean - width * 0.7, top),
            (x + lean + width * 0.7, top),
            (x + lean * 0.6 + width, base - size * 0.4),
            (x + width, base),
        ],
        any_wood(rng),
    )
    for angle in np.linspace(-0.3, math.pi + 0.3, 7):
        tip = (x + lean + size * 0.38 * math.cos(angle), top - size * 0.2 * math.sin(angle) + size * 0.1)
        bend = (x + lean + size * 0.2 * math.cos(angle), top - size * 0.22 * math.sin(angle) - size * 0.06)
        brush.polygon(
            [(x + lean, top), bend, tip, ((x + lean + tip[0]) / 2, (top + tip[1]) / 2 + size * 0.03)],
            shade(leaf, rng.uniform(0.75, 1.1)),
        )


def bush(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A round shrub, sometimes in flower."""
    leaf = any_leaves(rng)
    for _ in range(5):
        brush.polygon(
            blob(
                rng,
                x + size * rng.uniform(-0.5, 0.5),
                base - size * rng.uniform(0.25, 0.5),
                size * 0.45,
                size * 0.4,
                0.2,
                20,
            ),
            shade(leaf, rng.uniform(0.8, 1.15)),
        )
    if rng.random() < 0.4:
        petal = any_paint(rng)
        for _ in range(9):
            brush.ellipse(
                x + size * rng.uniform(-0.7, 0.7),
                base - size * rng.uniform(0.1, 0.8),
                size * 0.05,
                size * 0.05,
                petal,
                outlined=False,
            )


def flowers(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A few flowers on stems."""
    petal, leaf = any_paint(rng), any_leaves(rng)
    for _ in range(int(rng.integers(2, 5))):
        fx, fy = x + size * rng.uniform(-0.4, 0.4), base - size * rng.uniform(0.6, 1.0)
        brush.stroke([(fx + size * 0.05, base), (fx, fy)], leaf, size * 0.04)
        for angle in np.arange(5) * (2 * math.pi / 5):
            brush.ellipse(
                fx + size * 0.1 * math.cos(angle),
                fy + size * 0.1 * math.sin(angle),
                size * 0.08,
                size * 0.08,
                petal,
                outlined=False,
            )
        brush.ellipse(fx, fy, size * 0.06, size * 0.06, (245, 205, 60), outlined=False)


def potted_plant(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A pot with long leaves."""
    pot, leaf = any_paint(rng), any_leaves(rng)
    for angle in np.linspace(0.25, math.pi - 0.25, 7):
        tip = (x + size * 0.45 * math.cos(angle), base - size * (0.45 + 0.5 * math.sin(angle)))
        middle = (x + size * 0.2 * math.cos(angle), base - size * (0.35 + 0.4 * math.sin(angle)))
        brush.polygon(
            [
                (x - size * 0.03, base - size * 0.35),
                (middle[0] - size * 0.06, middle[1]),
                tip,
                (middle[0] + size * 0.06, middle[1]),
            ],
            shade(leaf, rng.uniform(0.75, 1.15)),
        )
    brush.polygon(
        [
            (x - size * 0.2, base - size * 0.38),
            (x + size * 0.2, base - size * 0.38),
            (x + size * 0.14, base),
            (x - size * 0.14, base),
        ],
        pot,
    )
