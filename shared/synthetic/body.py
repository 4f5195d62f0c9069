"""The body: tapered limbs with volume, hands, feet, torso. Clothes are the same limbs, wider and in cloth."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import paths
from shared.synthetic.drawing import Drawing, Pattern, unit
from shared.synthetic.figure import Figure
from shared.synthetic.palette import Rgb
from shared.synthetic.skeleton import INDEX

Points = NDArray[np.float64]


Radii = tuple[float, float, float, float]
Piece = tuple[Points, Points, Radii, float]  #: start, end, radii at the four stations, roundness of the ends


def limb(drawing: Drawing, pieces: list[Piece], rgb: Rgb, material: str, pattern: Pattern | None = None) -> None:
    """Draws tapered tubes as one body with a common outline (no line where they meet) and the style's shading."""
    if not pieces:
        return
    outlines = [paths.tube_points(a, b, radii, cap) for a, b, radii, cap in pieces]
    smooth = [paths.smooth(outline) for outline in outlines]
    soft, cel = drawing.rendering.shading == "soft", drawing.rendering.shading == "cel"
    ramps = [_ramp(drawing, a, b, radii) for a, b, radii, _ in pieces] if soft else []
    drawing.area(
        paths.join(*smooth),
        rgb,
        material,
        pattern=pattern,
        axis=(pieces[0][0], pieces[0][1]),
        ramp=ramps[0] if soft else None,
        outlines=outlines,
    )
    if soft and len(pieces) > 1:
        drawing.area(
            smooth[1],
            rgb,
            material,
            line=0.0,
            cover=False,
            ramp=ramps[1],
            pattern=pattern,
            axis=(pieces[1][0], pieces[1][1]),
        )
    for a, b, radii, _ in pieces if cel else []:
        side = _dim_side(drawing, a, b)
        edge = [a + (b - a) * t + side * r * 0.97 for t, r in zip(STATIONS, radii, strict=True)]
        inner = [
            a + (b - a) * t + side * r * k
            for t, r, k in zip(STATIONS[::-1], radii[::-1], (0.5, 0.28, 0.3, 0.5), strict=True)
        ]
        drawing.shadow(paths.smooth(edge + inner, corners=(0, 3, 4, 7)), rgb, material)
    if len(pieces) > 1:
        _crease(drawing, pieces, rgb)


STATIONS = (0.0, 0.3, 0.65, 1.0)


def _dim_side(drawing: Drawing, a: Points, b: Points) -> Points:
    """Returns the unit normal of ``a -> b`` that points away from the light."""
    along = unit(b - a)
    normal = np.array([along[1], -along[0]])
    return -normal if float(normal @ np.array(drawing.rendering.light)) >= 0 else normal


def _ramp(drawing: Drawing, a: Points, b: Points, radii: Radii) -> tuple[Points, Points]:
    side, middle = _dim_side(drawing, a, b) * max(radii), (a + b) / 2
    return middle + side, middle - side


def _crease(drawing: Drawing, pieces: list[Piece], rgb: Rgb) -> None:
    """Draws the fold inside a strongly bent joint."""
    (a, b, upper, _), (_, c, _, _) = pieces[0], pieces[1]
    one, two = unit(b - a), unit(c - b)
    if float(one @ two) > 0.55:
        return
    inward = unit(two - one)
    r = upper[3]
    drawing.stroke(paths.smooth_open(np.array([b + inward * r * 0.95, b + inward * r * 0.3 + one * r * 0.1])), rgb, 0.9)


def hand(drawing: Drawing, figure: Figure, side: str, rgb: Rgb, material: str, fist: bool) -> None:
    """Draws a hand: a palm with thumb and, when open, fingers."""
    wrist, tip = figure.at(f"{side}_wrist"), figure.at(f"{side}_hand")
    size = figure.size
    r = size.arm_r[2] * figure.scale(f"{side}_wrist")
    span = size.hand * figure.scale(f"{side}_wrist")
    along = unit(tip - wrist)
    reach = max(float(np.hypot(*(tip - wrist))), span * 0.55)
    across = np.array([along[1], -along[0]])
    # The thumb points to the body's front when the arm hangs: choose the side by the chest's front axis.
    front = figure.chest_axes.front
    turn = 1.0 if float(across @ front) > 0 else -1.0
    if abs(float(across @ front)) < 0.15:
        turn = 1.0 if (side == "left") == (float(across[0]) < 0) else -1.0
    palm = max(span * 0.26, r * 0.95)

    def place(u: float, v: float) -> list[float]:
        point = wrist + along * reach * u + across * (turn * palm * v)
        return [float(point[0]), float(point[1])]

    if drawing.rendering.doodle:
        ball = wrist + along * palm * 1.1
        drawing.area(paths.circle(ball, palm * (1.0 if fist else 1.35)), rgb, material)
        return
    if fist:
        points = [
            place(0, -0.75),
            place(0.2, -1),
            place(0.5, -1.1),
            place(0.68, -0.7),
            place(0.72, 0),
            place(0.64, 0.8),
            place(0.4, 1.15),
            place(0.15, 1.0),
            place(0, 0.75),
        ]
        drawing.area(np.array(points), rgb, material)
        if span > 0.05:
            drawing.stroke(paths.polyline([place(0.35, 0.9), place(0.5, 0.2)]), rgb, 0.6)
        return
    points = [
        place(0, -0.75),
        place(0.25, -0.95),
        place(0.5, -1.0),
        place(0.86, -0.8),
        place(0.9, -0.5),
        place(1.0, -0.1),
        place(0.96, 0.25),
        place(0.86, 0.5),
        place(0.56, 0.72),
        place(0.62, 1.25),
        place(0.5, 1.35),
        place(0.3, 1.05),
        place(0.12, 0.85),
        place(0, 0.75),
    ]
    drawing.area(np.array(points), rgb, material)
    if span > 0.045:
        lines = [
            paths.polyline([place(0.6, -0.45), place(0.86, -0.5)]),
            paths.polyline([place(0.58, 0.1), place(0.92, 0.1)]),
        ]
        drawing.stroke(paths.join(*lines), rgb, 0.5)


def foot(drawing: Drawing, figure: Figure, side: str, rgb: Rgb, material: str, shoe: str) -> None:
    """Draws a foot or shoe from heel to toe; from the front the toes come towards the viewer."""
    ankle, toe, heel = (figure.at(f"{side}_{n}") for n in ("ankle", "toe", "heel"))
    size, zoom = figure.size, figure.scale(f"{side}_ankle")
    r = size.leg_r[2] * zoom * (1.25 if shoe != "bare" else 1.05)
    wide = max(size.foot * 0.2 * zoom, r * 0.85)
    along = unit(toe - heel)
    length = float(np.hypot(*(toe - heel)))
    leg = unit(ankle - figure.at(f"{side}_knee"))
    if length < size.foot * zoom * 0.45:
        # Seen end-on: a rounded wedge below the ankle.
        centre = (toe + heel) / 2
        down = leg if float(np.hypot(*(centre - ankle))) < r else unit(centre - ankle)
        across = np.array([down[1], -down[0]])
        drop = max(size.ankle * zoom * 1.15, float(np.hypot(*(toe - ankle))))
        points = [
            ankle + across * r,
            ankle + down * drop * 0.55 + across * wide * 1.05,
            ankle + down * drop + across * wide * 0.95,
            ankle + down * (drop + wide * 0.3),
            ankle + down * drop - across * wide * 0.95,
            ankle + down * drop * 0.55 - across * wide * 1.05,
            ankle - across * r,
            ankle - leg * r * 0.4,
        ]
        drawing.area(np.array(points), rgb, material)
        return
    # Seen from the side: sole from heel to toe, instep up to the ankle.
    sole = np.array([-along[1], along[0]])
    if float(sole @ (ankle - (toe + heel) / 2)) > 0:
        sole = -sole
    points = [
        ankle - along * r * 1.0,
        heel - along * r * 0.35 - sole * r * 0.2,
        heel + sole * r * 0.55 - along * r * 0.1,
        heel + along * length * 0.5 + sole * r * 0.5,
        toe + sole * r * 0.55,
        toe + along * wide * 0.55 + sole * r * 0.05,
        toe + along * wide * 0.15 - sole * r * 0.75,
        ankle + along * length * 0.32 - sole * r * 0.15,
        ankle + along * r * 1.05,
        ankle - leg * r * 0.5,
    ]
    if shoe == "heels":
        points[2] = heel + sole * r * 1.6
    drawing.area(np.array(points), rgb, material)
    if shoe == "shoes":
        drawing.stroke(
            paths.smooth_open(
                np.array([points[1] + sole * r * 0.4, points[3] - sole * r * 0.35, points[5] - sole * r * 0.15])
            ),
            rgb,
            0.7,
        )


def torso_rings(
    figure: Figure, loose: float = 1.0, low: float = -0.12, hips: bool = True
) -> tuple[Points, Points, Points]:
    """Returns centres, sideways and frontal half axes of the torso's rings from the shoulders down.

    Args:
        figure: the posed body.
        loose: width factor of the cloth.
        low: how far below the hip line the last ring lies, in torso lengths (negative: above the crotch line).
        hips: whether the rings go on to the hips.
    """
    size, skeleton = figure.size, figure.skeleton
    points = skeleton.points
    neck, chest, waist, pelvis = (points[INDEX[n]] for n in ("neck", "chest", "waist", "pelvis"))
    up_chest, up_pelvis = skeleton.chest[:, 1], skeleton.pelvis[:, 1]
    slope = 0.022
    world = [
        neck + up_chest * 0.008,
        neck - up_chest * slope,
        chest + up_chest * size.torso * 0.1,
        waist + up_chest * size.torso * 0.05,
    ]
    frames = [skeleton.chest, skeleton.chest, skeleton.chest, skeleton.waist]
    half_a = [size.neck_r * 1.5, size.shoulder + size.arm_r[0] * 0.55, size.chest_a, size.waist_a]
    half_b = [size.neck_r, size.chest_b * 0.8, size.chest_b + size.bust, size.waist_b]
    if hips:
        world += [pelvis + up_pelvis * size.torso * 0.03, pelvis + up_pelvis * size.torso * low]
        frames += [skeleton.pelvis, skeleton.pelvis]
        half_a += [size.hips_a, size.hips_a * 0.92]
        half_b += [size.hips_b, size.hips_b * 0.9]
    centres, zoom = figure.plane(np.array(world))
    turned = np.array([figure.rotation @ f for f in frames])
    grow = np.array([1.0, 1.0 + (loose - 1) * 0.3] + [loose] * (len(world) - 2)) * zoom
    u = turned[:, :2, 0] * (np.array(half_a) * grow)[:, None]
    v = turned[:, :2, 2] * (np.array(half_b) * grow)[:, None]
    return centres, u, v


def loft(
    drawing: Drawing,
    rings: tuple[Points, Points, Points],
    rgb: Rgb,
    material: str,
    pattern: Pattern | None = None,
    line: float = 1.0,
    cover: bool = True,
) -> Points:
    """Draws a stack of rings as one shaded body; returns its outline."""
    centres, u, v = rings
    if seen_end_on(rings):
        outline = ring_hull(centres, u, v)
        left, right = outline[:1], outline[len(outline) // 2 : len(outline) // 2 + 1]
    else:
        left, right, _ = paths.loft_sides(centres, u, v)
        outline = paths.loft_points(centres, u, v)
    middle = centres[len(centres) // 2]
    light = np.array(drawing.rendering.light)
    lit, dim = (left, right) if float((left[0] - right[0]) @ light) >= 0 else (right, left)
    half = (lit[len(lit) // 2] - dim[len(dim) // 2]) / 2
    drawing.area(
        outline,
        rgb,
        material,
        line=line,
        cover=cover,
        pattern=pattern,
        axis=(centres[0], centres[-1]),
        ramp=(middle - half, middle + half),
    )
    if drawing.rendering.shading == "cel" and len(lit) > 1:
        inner = dim * 0.62 + lit * 0.38
        wave = 0.5 + 0.5 * np.sin(np.arange(len(dim)) * 2.1)[:, None]
        inner = inner * (1 - 0.35 * wave) + dim * (0.35 * wave)
        shape = np.concatenate([dim * 0.985 + lit * 0.015, inner[::-1]])
        drawing.shadow(paths.smooth(shape, corners=(0, len(dim) - 1, len(dim), 2 * len(dim) - 1)), rgb, material)
    return outline


def seen_end_on(rings: tuple[Points, Points, Points]) -> bool:
    """Returns whether a stack of rings is foreshortened so much that its rings, not its sides, make the outline."""
    centres, u, v = rings
    breadth = float(np.sqrt((u[-1] ** 2).sum() + (v[-1] ** 2).sum()))
    return float(np.hypot(*(centres[-1] - centres[0]))) < 0.5 * breadth


_RING = np.array([(math.cos(t), math.sin(t)) for t in np.linspace(0, 2 * math.pi, 12, endpoint=False)])


def ring_hull(centres: Points, u: Points, v: Points) -> Points:
    """Returns the convex outline of rings seen end-on."""
    import cv2

    cloud = (centres[:, None] + _RING[None, :, :1] * u[:, None] + _RING[None, :, 1:] * v[:, None]).reshape(-1, 2)
    hull = cv2.convexHull(cloud.astype(np.float32))[:, 0, :].astype(np.float64)
    # Drop near-duplicate corners: they make the smooth curve wiggle.
    step = np.hypot(*(hull - np.roll(hull, 1, axis=0)).T)
    kept = hull[step > 0.02 * float(step.sum()) / max(len(hull), 1) * 3]
    return kept if len(kept) >= 4 else hull
