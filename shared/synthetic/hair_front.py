"""Hair over the head: cap, hairline with its fringe, side locks, what sprouts from the sides."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.drawing import Drawing
from shared.synthetic.engine import Path, Shape
from shared.synthetic.hair import CENTRE_Y, Hair, round_ramp, skull_of
from shared.synthetic.hair_back import hang, tail
from shared.synthetic.head import Head
from shared.synthetic.palette import mix

Points = NDArray[np.float64]


def draw_front(drawing: Drawing, head: Head, hair: Hair) -> None:
    """Draws cap, fringe and everything of the hair that lies over the head."""
    if hair.style == "bald":
        return
    rng = np.random.default_rng(hair.seed + 1)
    drawing.layer = "front_hair"
    u = head.unit
    with drawing.of("tied_hair", "hanging_hair"):
        if hair.style in ("twintails", "drills", "low_twintails", "twin_braids", "double_bun"):
            low = hair.style in ("low_twintails", "twin_braids")
            for sign in (1.0, -1.0):
                place = np.array([sign * head.half[0] * (0.95 if not low else 0.85), 0.27 if not low else -0.2, -0.1])
                anchor = head.plane(place[None])[0]
                out = head.basis[0] * (sign / u) + head.basis[1] * (0.25 / u if not low else 0.0)
                if hair.style == "double_bun":
                    spot = head.plane([[sign * head.half[0] * 0.85, 0.42, -0.08]])[0]
                    drawing.area(
                        paths.circle(spot, 0.15 * u), hair.rgb, "hair", ramp=round_ramp(drawing, spot, 0.15 * u)
                    )
                else:
                    tail(drawing, head, hair, rng, anchor, out, 0.17 if hair.style != "twin_braids" else 0.11)
        elif hair.style == "side_ponytail":
            sign = 1.0 if hair.seed % 2 else -1.0
            tail(
                drawing,
                head,
                hair,
                rng,
                head.plane([[sign * head.half[0], 0.2, -0.05]])[0],
                head.basis[0] * (sign / u),
                0.19,
            )
    if hair.sidelocks > 0 and head.near[2] > -0.35:
        with drawing.of("sidelocks", "hanging_hair"):
            _sidelocks(drawing, head, hair, rng)
    _cap(drawing, head, hair, rng)
    if hair.ahoge:
        root = head.plane([[0.0, 0.5, 0.05]])[0]
        lean = float(rng.uniform(-1, 1))
        x, y = head.basis[0], head.basis[1] + head.basis[2] * 0.2
        points = [
            root - x * 0.03,
            root + y * 0.14 + x * 0.06 * lean,
            root + y * 0.2 + x * 0.22 * lean,
            root + y * 0.1 + x * 0.13 * lean,
            root + x * 0.03,
        ]
        with drawing.of("ahoge"):
            drawing.area(paths.smooth(np.array(points), corners=(2,)), hair.rgb, "hair", cover=False)


def _sidelocks(drawing: Drawing, head: Head, hair: Hair, rng: np.random.Generator) -> None:
    _, b = head.half
    a = head.half[0]
    down = hang(head)
    for sign in (1.0, -1.0):
        if sign * head.near[0] < -0.75:
            continue
        top = head.plane([[sign * a * 0.93, 0.12, b * 0.35]])[0]
        side = head.basis[0] * (0.055 * sign) + head.basis[2] * 0.05
        tip = top + down * head.unit * (0.25 + hair.sidelocks) + side * float(rng.normal(0, 1.0))
        middle = (top + tip) / 2 + side * 0.7
        points = [top - side * 0.9, middle - side * 0.9, tip, middle + side * 0.9, top + side * 1.1]
        drawing.area(paths.smooth(np.array(points), corners=(2,)), hair.rgb, "hair", line=0.9)


def _hairline(head: Head, hair: Hair, rng: np.random.Generator) -> tuple[Points, NDArray[np.bool_]]:
    """Returns angles (azimuth, elevation) of the hair's lower edge around the skull, and which are sharp tips."""
    _, radii = skull_of(head, hair)

    def lift(y: float) -> float:
        return math.asin(min(max((y - CENTRE_Y) / radii[1], -0.95), 0.95))

    tip, notch, bare = lift(hair.fringe_y), lift(hair.fringe_y + 0.16), lift(0.34)
    side, ear, nape = (
        lift(-0.16 if hair.style != "very_short" else 0.02),
        lift(-0.12),
        lift(-0.3 if hair.style != "very_short" else -0.12),
    )
    if hair.style in ("long", "medium", "curly", "bob", "low_twintails"):
        ear = lift(-0.26)
    angles: list[tuple[float, float, bool]] = []
    locks = 7
    part = float(rng.uniform(-0.5, 0.5))
    for i in range(locks * 2 + 1):
        phi = -1.15 + 2.3 * i / (locks * 2)
        sharp = i % 2 == 0
        if hair.fringe == "none":
            theta, sharp = bare + 0.05 * math.cos(phi * 2), False
        elif hair.fringe == "straight":
            theta, sharp = tip + (0.05 if not sharp else 0.0), False
        elif hair.fringe == "parted":
            theta = (tip if sharp else notch) + 0.75 * max(0.0, 1 - abs(phi - part) * 1.6) ** 0.8
        elif hair.fringe == "swept":
            theta = (tip if sharp else notch * 0.7 + tip * 0.3) + 0.35 * (phi * math.copysign(1, part) + 1.1) / 2.2
            phi += 0.13 * math.copysign(1, part) * (1 if sharp else 0)
        else:
            theta = (tip if sharp else notch) + float(rng.normal(0, 0.09))
            phi += float(rng.normal(0, 0.05))
        angles.append((phi, theta, sharp))
    right = [
        (1.35, side, True),
        (1.62, (side + ear) / 2 + 0.12, False),
        (1.95, ear, True),
        (2.3, nape + 0.15, False),
        (2.7, nape, False),
    ]
    left = [(-p, t, s) for p, t, s in right[::-1]]
    table = np.array([(p, t) for p, t, _ in (*left, *angles, *right)])
    return table, np.array([s for _, _, s in (*left, *angles, *right)])


def _cap(drawing: Drawing, head: Head, hair: Hair, rng: np.random.Generator) -> None:
    centre, radii = skull_of(head, hair)
    angles, sharp = _hairline(head, hair, rng)
    phi, theta = angles[:, 0], angles[:, 1]
    local = np.stack([np.sin(phi) * np.cos(theta), np.sin(theta), np.cos(phi) * np.cos(theta)], axis=1)
    seen = (local / radii) @ head.near > 0.0
    points = head.plane(centre + local * radii)
    ring = head.silhouette(centre, radii, 24)
    middle = head.plane(centre[None])[0]
    up = head.basis[1]
    ramp = round_ramp(drawing, middle, head.unit * 0.5)
    if not seen.any() or float(head.near[1]) > 0.93:
        drawing.area(ring, hair.rgb, "hair", ramp=ramp)
        return
    run = _longest_run(seen)
    if len(run) < 3:
        drawing.area(ring, hair.rgb, "hair", ramp=ramp)
        return
    edge, tips = points[run], sharp[run]
    # From the edge's end around the silhouette, over the top, back to its start.
    turn = np.arctan2(ring[:, 1] - middle[1], ring[:, 0] - middle[0])
    start = math.atan2(edge[-1][1] - middle[1], edge[-1][0] - middle[0])
    stop = math.atan2(edge[0][1] - middle[1], edge[0][0] - middle[0])
    top = math.atan2(up[1], up[0])
    full = 2 * math.pi
    ahead = (stop - start) % full
    forward = (top - start) % full < ahead
    if forward:
        order = np.argsort((turn - start) % full)
        arc = ring[order[(turn[order] - start) % full < ahead]]
    else:
        order = np.argsort((start - turn) % full)
        arc = ring[order[(start - turn[order]) % full < full - ahead]]
    arc = arc[1:-1] if len(arc) > 4 else arc
    outline = np.concatenate([edge, arc])
    path = paths.smooth(outline, corners=np.flatnonzero(tips).tolist())
    drawing.area(path, hair.rgb, "hair", ramp=ramp)
    if drawing.rendering.shading == "cel" and len(arc) > 3:
        _cap_shading(drawing, head, hair, path, middle)
    style = drawing.rendering
    if style.shading != "soft" or style.style != "photo":
        crown = head.plane([[0.0, 0.46, -0.1]])[0]
        for i in np.linspace(1, len(edge) - 2, 6).astype(int):
            point = edge[i]
            if float(np.hypot(*(point - crown))) > 0.2 * head.unit:
                drawing.stroke(
                    paths.smooth_open(
                        np.array(
                            [
                                point,
                                point * 0.65 + crown * 0.35 + (point - middle) * 0.12,
                                point * 0.35 + crown * 0.65 + (point - middle) * 0.1,
                            ]
                        )
                    ),
                    hair.rgb,
                    0.6,
                    0.8,
                )


def _cap_shading(drawing: Drawing, head: Head, hair: Hair, path: Path, middle: Points) -> None:
    light = np.array(drawing.rendering.light)
    base = drawing.color_of(hair.rgb, "hair")
    shift = middle - light * head.unit * 0.62
    drawing.shadow(paths.circle(shift, head.unit * 0.42), hair.rgb, "hair", path)
    glow = middle + head.basis[1] * 0.22 + light * head.unit * 0.06
    band = paths.smooth_open(
        np.array(
            [
                glow - head.basis[0] * 0.3 - head.basis[1] * 0.04,
                glow + head.basis[1] * 0.05,
                glow + head.basis[0] * 0.3 - head.basis[1] * 0.04,
            ]
        )
    )
    if head.near[2] > 0.2:
        drawing.shapes.append(Shape(band, None, (*mix(base, (255, 255, 255), 0.45), 255), 0.045 * head.unit, clip=path))


def _longest_run(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Returns the indices of the longest cyclic run of true flags, in order."""
    count = len(flags)
    if flags.all():
        return np.arange(count)
    first = int(np.flatnonzero(~flags)[0])
    rolled = np.roll(flags, -first)
    best, begin, i = (0, 0), 0, 0
    while i < count:
        if rolled[i]:
            begin = i
            while i < count and rolled[i]:
                i += 1
            if i - begin > best[1] - best[0]:
                best = (begin, i)
        i += 1
    result: NDArray[np.intp] = (np.arange(best[0], best[1]) + first) % count
    return result
