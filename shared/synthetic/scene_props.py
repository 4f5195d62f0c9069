"""Things that are not characters: behind them as scenery, before them as occluders, alone as hard negatives."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from shared.synthetic.brush import Brush, blob, hsv, shade
from shared.synthetic.scene_furniture import bottle, chair, couch, lamp, table, vase
from shared.synthetic.scene_plants import any_paint, any_wood, bush, flowers, palm, pine, potted_plant, tree

#: Paints one thing that stands on ``(x, base)`` and is about ``size`` pixels high.
Prop = Callable[[Brush, np.random.Generator, float, float, float], None]


def ball(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A ball with a stripe and a highlight."""
    colour, radius = any_paint(rng), size / 2
    brush.ellipse(x, base - radius, radius, radius, colour)
    brush.ellipse(
        x,
        base - radius,
        radius * rng.uniform(0.2, 0.5),
        radius,
        shade(colour, rng.choice([0.7, 1.6])),
        degrees=rng.uniform(-50, 50),
        outlined=False,
    )
    brush.ellipse(x - radius * 0.4, base - radius * 1.4, radius * 0.2, radius * 0.15, (255, 255, 255), 0.7)


def box(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A crate seen from slightly above."""
    colour, half, depth = any_wood(rng), size * 0.5, size * 0.25
    brush.rectangle(x - half, base - size * 0.75, x + half, base, colour)
    brush.polygon(
        [
            (x - half, base - size * 0.75),
            (x - half + depth, base - size),
            (x + half + depth, base - size),
            (x + half, base - size * 0.75),
        ],
        shade(colour, 1.25),
    )
    brush.polygon(
        [
            (x + half, base - size * 0.75),
            (x + half + depth, base - size),
            (x + half + depth, base - depth),
            (x + half, base),
        ],
        shade(colour, 0.75),
    )
    brush.stroke([(x - half, base - size * 0.38), (x + half, base - size * 0.38)], shade(colour, 0.6), size * 0.03)


def lamppost(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A street lamp."""
    metal = hsv(rng.random(), 0.1, rng.uniform(0.15, 0.4))
    brush.stroke([(x, base), (x, base - size * 0.9)], metal, size * 0.03)
    brush.polygon(
        [
            (x - size * 0.05, base - size * 0.9),
            (x + size * 0.05, base - size * 0.9),
            (x + size * 0.07, base - size),
            (x - size * 0.07, base - size),
        ],
        (255, 244, 196),
    )


def umbrella(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """An open umbrella stuck in the ground."""
    colour, top, half = any_paint(rng), base - size, size * 0.5
    brush.stroke([(x, base), (x, top)], (70, 60, 60), size * 0.03)
    for panel in range(6):
        first, second = math.pi * panel / 6, math.pi * (panel + 1) / 6
        rim = [
            (x + half * math.cos(a), top + half * 0.9 - half * 0.9 * math.sin(a)) for a in np.linspace(first, second, 6)
        ]
        brush.polygon([*rim, (x, top + half * 0.75)], colour if panel % 2 else shade(colour, 1.35))


def car(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A car from the side."""
    colour = any_paint(rng)
    brush.polygon(
        [
            (x - size * 1.1, base - size * 0.2),
            (x - size * 1.1, base - size * 0.6),
            (x - size * 0.7, base - size * 0.65),
            (x - size * 0.4, base - size),
            (x + size * 0.4, base - size),
            (x + size * 0.75, base - size * 0.62),
            (x + size * 1.15, base - size * 0.55),
            (x + size * 1.15, base - size * 0.2),
        ],
        colour,
    )
    brush.polygon(
        [
            (x - size * 0.55, base - size * 0.66),
            (x - size * 0.34, base - size * 0.92),
            (x + size * 0.34, base - size * 0.92),
            (x + size * 0.58, base - size * 0.66),
        ],
        (190, 220, 235),
    )
    for wheel in (-0.65, 0.65):
        brush.ellipse(x + size * wheel, base - size * 0.2, size * 0.21, size * 0.21, (40, 40, 44))
        brush.ellipse(x + size * wheel, base - size * 0.2, size * 0.1, size * 0.1, (180, 180, 186), outlined=False)


def cat(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A sitting cat: an animal, never a character."""
    fur = hsv(rng.uniform(0.05, 0.12), rng.choice([0.0, 0.3, 0.7]), rng.uniform(0.15, 0.98))
    side = float(rng.choice([-1, 1]))
    tail = [
        (x + side * size * 0.2, base - size * 0.05),
        (x + side * size * 0.45, base - size * 0.1),
        (x + side * size * 0.5, base - size * 0.4),
    ]
    brush.stroke(tail, shade(fur, 0.85), size * 0.08)
    brush.polygon(blob(rng, x, base - size * 0.3, size * 0.25, size * 0.32, 0.05), fur)
    head_x, head_y = x - side * size * 0.05, base - size * 0.72
    for ear in (-1, 1):
        brush.polygon(
            [
                (head_x + ear * size * 0.22, head_y - size * 0.05),
                (head_x + ear * size * 0.2, head_y - size * 0.28),
                (head_x + ear * size * 0.04, head_y - size * 0.15),
            ],
            fur,
        )
    brush.ellipse(head_x, head_y, size * 0.23, size * 0.19, fur)
    for eye in (-1, 1):
        brush.ellipse(
            head_x + eye * size * 0.09,
            head_y,
            size * 0.03,
            size * 0.045,
            (30, 30, 30) if sum(fur) > 200 else (230, 220, 80),
            outlined=False,
        )


def bird(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A small standing bird."""
    colour, side = any_paint(rng), float(rng.choice([-1, 1]))
    for leg in (-0.06, 0.06):
        brush.stroke([(x + size * leg, base - size * 0.3), (x + size * leg, base)], (200, 140, 40), size * 0.03)
    brush.polygon(
        [
            (x - side * size * 0.2, base - size * 0.5),
            (x - side * size * 0.65, base - size * 0.35),
            (x - side * size * 0.2, base - size * 0.35),
        ],
        shade(colour, 0.8),
    )
    brush.ellipse(x, base - size * 0.5, size * 0.35, size * 0.26, colour)
    brush.polygon(
        [
            (x + side * size * 0.4, base - size * 0.85),
            (x + side * size * 0.58, base - size * 0.76),
            (x + side * size * 0.4, base - size * 0.7),
        ],
        (240, 170, 40),
    )
    brush.ellipse(x + side * size * 0.25, base - size * 0.8, size * 0.2, size * 0.19, colour)
    brush.ellipse(x + side * size * 0.3, base - size * 0.83, size * 0.035, size * 0.035, (20, 20, 20), outlined=False)


def snowman(brush: Brush, rng: np.random.Generator, x: float, base: float, size: float) -> None:
    """A snowman: the nearest thing to a body that is none."""
    for cy, radius in ((0.24, 0.26), (0.6, 0.2), (0.87, 0.14)):
        brush.ellipse(x, base - size * cy, size * radius, size * radius, (246, 249, 253))
    brush.polygon(
        [(x, base - size * 0.88), (x + size * 0.2, base - size * 0.83), (x, base - size * 0.83)], (240, 130, 30)
    )
    for eye in (-0.05, 0.05):
        brush.ellipse(x + size * eye, base - size * 0.92, size * 0.018, size * 0.018, (20, 20, 20), outlined=False)


#: What may stand outdoors / indoors: (function, Danbooru tag or None, height relative to a standing character).
OUTDOOR: tuple[tuple[Prop, str | None, float], ...] = (
    (tree, "tree", 2.0), (pine, "tree", 2.0), (palm, "palm_tree", 2.0), (bush, "bush", 0.45), (flowers, "flower", 0.3),
    (ball, "ball", 0.2), (box, "box", 0.4), (umbrella, "umbrella", 0.9), (car, "motor_vehicle", 0.85),
    (cat, "cat", 0.28),
    (bird, "bird", 0.15), (lamppost, "lamppost", 2.0), (snowman, "snowman", 0.7), (potted_plant, "potted_plant", 0.5),
)  # fmt: skip
INDOOR: tuple[tuple[Prop, str | None, float], ...] = (
    (chair, "chair", 0.6), (table, "table", 0.5), (couch, "couch", 0.5), (lamp, "lamp", 0.9), (vase, "vase", 0.4),
    (potted_plant, "potted_plant", 0.6), (box, "box", 0.35), (ball, "ball", 0.2), (cat, "cat", 0.28),
    (bottle, "bottle", 0.2),
)  # fmt: skip


def occluder(brush: Brush, rng: np.random.Generator) -> str | None:
    """Paints one large thing in front, cut by the lower edge of the picture; returns its tag."""
    table_of = OUTDOOR if rng.random() < 0.5 else INDOOR
    paint, tag, _ = table_of[int(rng.integers(0, len(table_of)))]
    size = brush.height * rng.uniform(0.25, 0.6)
    paint(brush, rng, brush.width * rng.uniform(0.05, 0.95), brush.height * rng.uniform(0.95, 1.2), size)
    return tag
