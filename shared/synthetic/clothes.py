"""Clothes of the upper body: tops with collars, fronts, ties and sleeves."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import body, paths, skirts
from shared.synthetic.drawing import Drawing, unit
from shared.synthetic.engine import Gradient, Shape
from shared.synthetic.figure import Figure
from shared.synthetic.garments import Outfit
from shared.synthetic.limbs import Limb
from shared.synthetic.palette import Rgb

Points = NDArray[np.float64]


def draw_top(drawing: Drawing, figure: Figure, outfit: Outfit, skin: Rgb) -> None:
    """Draws the torso's garment with collar, front, belt and folds."""
    o = outfit
    drawing.layer = "torso"
    centres, u, v = body.torso_rings(figure, loose=o.loose, low=-0.05)
    if o.untucked <= 0.01:
        centres, u, v = centres[:5], u[:5], v[:5]
        centres[4] = centres[4] * 0.5 + centres[3] * 0.5
        u[4], v[4] = u[4] * 0.4 + u[3] * 0.6, v[4] * 0.4 + v[3] * 0.6
    elif o.untucked > 0.12:
        low, lu, lv = skirts.skirt_rings(
            figure, o, o.untucked * figure.size.torso / (figure.size.thigh + figure.size.shin), o.flare * 0.35
        )
        centres, u, v = (
            np.concatenate([centres[:4], low[1:4:2], low[4:]]),
            np.concatenate([u[:4], lu[1:4:2], lu[4:]]),
            np.concatenate([v[:4], lv[1:4:2], lv[4:]]),
        )
    else:
        centres, u, v = centres[:5], u[:5], v[:5]
    outline = body.loft(drawing, (centres, u, v), o.top_rgb, "top", o.top_pattern)
    draw_front(drawing, figure, o, skin, (centres, u, v), outline)


class Front:
    """Places on the chest's surface: ``place(x, y)``, x to the character's left in half widths, y down from 0 to 1."""

    def __init__(self, figure: Figure, rings: tuple[Points, Points, Points]) -> None:
        self.centres, self.u, self.v = rings
        self.count = len(self.centres) - 1

    def place(self, x: float, y: float) -> Points:
        """Returns the picture of a point of the front."""
        at = min(max(y, 0.0), 1.0) * self.count
        i = min(int(at), self.count - 1)
        t = at - i
        c = self.centres[i] * (1 - t) + self.centres[i + 1] * t
        u = self.u[i] * (1 - t) + self.u[i + 1] * t
        v = self.v[i] * (1 - t) + self.v[i + 1] * t
        result: Points = c + u * math.sin(x * 1.5) + v * math.cos(x * 1.5)
        return result

    def many(self, places: list[tuple[float, float]]) -> Points:
        """Returns several points ``(n, 2)``."""
        return np.array([self.place(x, y) for x, y in places])


def draw_front(
    drawing: Drawing, figure: Figure, o: Outfit, skin: Rgb, rings: tuple[Points, Points, Points], outline: Points
) -> None:
    """Draws collar, opening, tie and buttons where the front faces the viewer; a back collar otherwise."""
    near = figure.chest_axes.near[2]
    front = Front(figure, rings)
    n = front.count
    chest = 2 / n
    if o.belt is not None and n >= 4:
        facing = math.atan2(figure.chest_axes.near[0], near)
        turns = np.linspace(facing - 1.5, facing + 1.5, 7)[:, None]
        band = front.centres[3] + front.u[3] * np.sin(turns) + front.v[3] * np.cos(turns)
        drawing.band(paths.smooth_open(band), o.belt, 0.02 if o.top != "kimono" else 0.05, "belt")
    if near < 0.08:
        if o.collar == "sailor" and near < -0.1:
            pts = front.many(
                [(0.35, 0.5 / n), (0.75, 1 / n), (0.7, chest), (-0.7, chest), (-0.75, 1 / n), (-0.35, 0.5 / n)]
            )
            mirrored = 2 * np.array([front.centres[1]] * 2 + [front.centres[2]] * 2 + [front.centres[1]] * 2) - pts
            drawing.area(mirrored, o.trim_rgb, "trim", cover=False, corners=(2, 3))
        if o.collar == "hood":
            c = front.centres[1]
            drawing.area(
                paths.ellipse(c, front.u[1] * 0.55, figure.chest_axes.up * 0.05), o.top_rgb, "top", cover=False
            )
        return
    deep = {
        "crew": 0.75,
        "v": 1.6,
        "sailor": 1.9,
        "shirt": 1.2,
        "lapel": 2.0,
        "kimono": 1.9,
        "hood": 0.9,
        "turtle": 0.0,
    }[o.collar] / n
    if o.open_front:
        inner = front.many([(0.3, 0.35 / n), (0.25, chest), (0.3, 1.0), (-0.3, 1.0), (-0.25, chest), (-0.3, 0.35 / n)])
        drawing.area(inner, o.inner_rgb, "inner", line=0.8, cover=False, corners=(0, 2, 3, 5))
    elif o.collar in ("crew", "hood"):
        axes, r = figure.chest_axes, figure.size.neck_r * figure.scale("neck")
        drawing.area(
            paths.ellipse(
                front.centres[0] - axes.up * r * 0.35, axes.left * r * 1.3, axes.front * r * 1.15 - axes.up * r * 0.25
            ),
            skin,
            "skin",
            line=0.8,
            cover=False,
        )
    elif deep > 0:
        # The open neck runs into the neck's skin: its upper edge has no line.
        cut = [(0.55, 0.0), (0.26, deep * 0.55), (0.0, deep), (-0.26, deep * 0.55), (-0.55, 0.0)]
        base = front.centres[0] + figure.chest_axes.up * (figure.size.neck_r * 0.4)
        drawing.area(np.concatenate([front.many(cut), base[None]]), skin, "skin", line=0.0, cover=False, corners=(2,))
        drawing.stroke(paths.smooth_open(front.many(cut[:3])), o.top_rgb, 0.9)
        drawing.stroke(paths.smooth_open(front.many(cut[2:])), o.top_rgb, 0.9)
    if o.buttons:
        dots = [paths.circle(front.place(0.0, y), 0.0055) for y in np.linspace(1.6, n - 0.6, 5) / n]
        if not o.open_front:
            drawing.stroke(
                paths.smooth_open(front.many([(0.03, y) for y in np.linspace(1.2 / n, 0.99, n + 1)])), o.top_rgb, 0.6
            )
        with drawing.of("buttons"):
            drawing.mark(paths.join(*dots), (240, 220, 150) if sum(o.top_rgb) < 300 else (70, 60, 60))
    if o.collar in ("shirt", "lapel"):
        rgb = o.top_rgb if o.collar == "lapel" or o.top != "dress" else o.trim_rgb
        for s in (1.0, -1.0):
            tip = 1.5 if o.collar == "shirt" else 2.3
            flap = front.many(
                [
                    (0.25 * s, 0.1 / n),
                    (0.6 * s, 0.65 / n),
                    (0.45 * s, tip / n),
                    (0.04 * s, 1.1 / n) if o.collar == "shirt" else (0.1 * s, chest * 1.2),
                ]
            )
            drawing.area(paths.polygon(flap), rgb, "top" if o.collar == "lapel" else "inner", line=0.7, cover=False)
    elif o.collar == "sailor":
        for s in (1.0, -1.0):
            flap = front.many(
                [(0.35 * s, 0.1 / n), (0.85 * s, 0.9 / n), (0.7 * s, 1.5 / n), (0.05 * s, 2.15 / n), (0.3 * s, 1.1 / n)]
            )
            drawing.area(paths.polygon(flap), o.trim_rgb, "trim", line=0.8, cover=False)
    elif o.collar == "kimono":
        drawing.band(
            paths.smooth_open(front.many([(0.4, 0.1 / n), (0.2, 1.1 / n), (-0.2, 2.2 / n), (-0.45, 3 / n)])),
            o.trim_rgb,
            0.012,
            "trim",
        )
        drawing.band(
            paths.smooth_open(front.many([(-0.4, 0.1 / n), (-0.2, 1.1 / n), (0.0, 1.7 / n)])), o.trim_rgb, 0.012, "trim"
        )
    elif o.collar == "turtle":
        r = figure.size.neck_r * figure.scale("neck")
        base = front.place(0.0, 0.0)
        up = figure.chest_axes.up
        drawing.area(
            paths.tube_points(
                front.centres[0] - up * r * 0.3,
                front.centres[0] + up * r * 0.9,
                (r * 1.4, r * 1.3, r * 1.25, r * 1.2),
                0.4,
            ),
            o.top_rgb,
            "top",
            cover=False,
        )
        del base
    elif o.collar == "hood":
        for s in (1.0, -1.0):
            drawing.area(
                front.many([(0.2 * s, 0.9 / n), (0.75 * s, 0.35 / n), (0.6 * s, -0.1), (0.35 * s, 0.1 / n)]),
                o.top_rgb,
                "top",
                cover=False,
            )
            drawing.stroke(paths.polyline(front.many([(0.15 * s, 0.9 / n), (0.18 * s, 2.1 / n)])), (230, 230, 230), 1.0)
    if o.top == "overalls":
        drawing.area(
            front.many([(0.5, 1.6 / n), (0.55, 0.98), (-0.55, 0.98), (-0.5, 1.6 / n)]),
            o.bottom_rgb,
            "bottom",
            cover=False,
            corners=(0, 1, 2, 3),
        )
        for s in (1.0, -1.0):
            drawing.band(
                paths.polyline(front.many([(0.45 * s, 0.4 / n), (0.4 * s, 1.7 / n)])), o.bottom_rgb, 0.014, "bottom"
            )
    if o.top == "armor":
        drawing.stroke(paths.smooth_open(front.many([(0.8, 2.3 / n), (0.0, 2.7 / n), (-0.8, 2.3 / n)])), o.top_rgb, 1.0)
        drawing.stroke(paths.smooth_open(front.many([(0.0, 0.8 / n), (0.0, 2.6 / n)])), o.top_rgb, 0.8)
    if o.apron is not None:
        drawing.area(
            front.many([(0.5, 1.5 / n), (0.45, 0.98), (-0.45, 0.98), (-0.5, 1.5 / n)]), o.apron, "apron", cover=False
        )
    if o.necktie is not None:
        tie = front.many([(0.07, 0.9 / n), (0.1, 2.4 / n), (0.0, 2.9 / n), (-0.1, 2.4 / n), (-0.07, 0.9 / n)])
        drawing.area(paths.polygon(tie), o.necktie, "tie", line=0.8, cover=False)
    if o.bow is not None:
        y = 1.6 if o.collar == "sailor" else 0.95
        for s in (1.0, -1.0):
            drawing.area(
                front.many([(0.0, y / n), (0.33 * s, (y - 0.35) / n), (0.36 * s, (y + 0.35) / n)]),
                o.bow,
                "bow",
                cover=False,
                corners=(0,),
            )
        drawing.mark(paths.circle(front.place(0.0, y / n), 0.008), o.bow)


def draw_sleeved_arm(
    drawing: Drawing, figure: Figure, limb: Limb, side: str, outfit: Outfit, skin: Rgb, fist: bool
) -> None:
    """Draws one arm from shoulder to fingers with sleeve and glove."""
    o = outfit
    drawing.layer = f"{side}_arm"
    gloved = o.glove > 0
    if o.sleeve < 0.95:
        limb.cover(drawing, max(0.0, o.sleeve - 0.12), 1.0, skin, "skin")
    body.hand(drawing, figure, side, o.glove_rgb if gloved else skin, "glove" if gloved else "skin", fist)
    if o.glove > 0.05 and o.sleeve < 0.95:
        limb.cover(drawing, 1 - o.glove, 1.0, o.glove_rgb, "glove", loose=1.1, cap=0.3)
    if o.sleeve > 0.02:
        rgb = o.top_rgb if o.top not in ("overalls", "vest") else o.inner_rgb
        limb.cover(
            drawing,
            0.0,
            min(o.sleeve, 1.0),
            rgb,
            "top",
            loose=o.sleeve_loose,
            flare=o.sleeve_flare,
            pattern=o.top_pattern,
            cap=0.35,
        )
    if o.top != "armor" and o.top_pattern is None:
        _melt_shoulder(
            drawing, figure, limb, side, o.top_rgb if o.sleeve > 0.02 else skin, "top" if o.sleeve > 0.02 else "skin"
        )


def _melt_shoulder(drawing: Drawing, figure: Figure, limb: Limb, side: str, rgb: Rgb, material: str) -> None:
    """Removes the upper part of the line between a sleeve and the chest when the arm lies before the chest."""
    soft = drawing.rendering.shading == "soft"
    if drawing.rendering.line_color(rgb) is None and not soft:
        return
    shoulder, neck = limb.joints[0], figure.at("neck")
    inward = neck - shoulder
    reach = float(np.hypot(*inward))
    r = limb.upper[0]
    if reach < r * 1.2:
        return
    inward = inward / reach
    arm = unit(limb.joints[1] - shoulder)
    if soft:
        # Soft shading turns across arm and chest differently: fade the arm's into the cloth's plain colour.
        tone = drawing.color_of(rgb, material)
        centre, rim = shoulder + inward * r * 0.5, shoulder - inward * r * 1.7
        fade = Gradient(
            (float(centre[0]), float(centre[1])),
            (float(rim[0]), float(rim[1])),
            ((0.0, (*tone, 235)), (0.5, (*tone, 160)), (1.0, (*tone, 0))),
            radial=True,
        )
        clip = paths.smooth(paths.tube_points(shoulder, limb.joints[1], limb.upper))
        drawing.shapes.append(Shape(clip, fade))
        return
    drawing.patch(
        paths.tube_points(
            shoulder + arm * r * 0.15,
            shoulder + inward * r * 1.2 + arm * r * 0.35,
            (r * 0.86, r * 0.8, r * 0.7, r * 0.5),
            1.0,
        ),
        rgb,
        material,
    )
