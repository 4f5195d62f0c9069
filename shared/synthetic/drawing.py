"""The figure's drawing in progress: areas with outline and shading, detail lines, and who covers whom.

Everything is in figure-plane units (body heights, y down).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.synthetic import paths
from shared.synthetic.engine import Color, Gradient, Path, Shape
from shared.synthetic.palette import Rgb, mix
from shared.synthetic.rendering import Rendering
from shared.synthetic.things import Trace

Points = NDArray[np.float64]


def opaque(rgb: Rgb, alpha: float = 1.0) -> Color:
    """Returns an engine colour; ``alpha`` 0–1."""
    return (*rgb, round(255 * alpha))


@dataclass(frozen=True)
class Pattern:
    """A cloth pattern: "stripes" (across), "pinstripes" (along), "plaid" or "dots"; pitch in body heights."""

    kind: str
    rgb: Rgb
    pitch: float


@dataclass
class Drawing:
    """Shapes in painter's order, and the outline of each area that can hide a joint.

    Attributes:
        rendering: the style.
        rng: randomness of the line.
        layer: name of the part being drawn; goes into `covers`.
        covers: (layer, outline) of areas, in painter's order.
        traces: of which thing each opaque shape is, in painter's order; see `of`.
    """

    rendering: Rendering
    rng: np.random.Generator
    shapes: list[Shape] = field(default_factory=list)
    layer: str = ""
    covers: list[tuple[str, Points]] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    _things: tuple[str, ...] = ()
    _paper: dict[str, bool] = field(default_factory=dict)

    @contextmanager
    def of(self, *things: str) -> Iterator[None]:
        """Notes that all that is drawn meanwhile, marks and strokes too, is of these things, whatever its material."""
        before, self._things = self._things, things
        yield
        self._things = before

    def _trace(self, path: Path, *materials: str, width: float = 0.0) -> None:
        """Notes a shape; details of no thing are part of whatever they lie on."""
        if things := self._things or materials:
            self.traces += [Trace(things, outline, width) for outline in paths.knots(path)]

    def _wobbled(self, path: Path) -> Path:
        commands, points = path
        if self.rendering.wobble <= 0:
            return path
        count = len(points)
        noise = self.rng.standard_normal((count // 3 + 2, 2)).astype(np.float32) * self.rendering.wobble
        # Control points move with their knots: neighbours share the offset.
        return commands, points + np.repeat(noise, 3, axis=0)[1 : count + 1]

    def _is_paper(self, material: str) -> bool:
        if material not in self._paper:
            self._paper[material] = bool(self.rng.random() < self.rendering.white_fill)
        return self._paper[material]

    def color_of(self, rgb: Rgb, material: str) -> Rgb:
        """Returns the colour in which this material is drawn in this style."""
        return self.rendering.tone(rgb, self._is_paper(material))

    def area(
        self,
        outline: Points | Path,
        rgb: Rgb,
        material: str,
        *,
        line: float = 1.0,
        cover: bool = True,
        ramp: tuple[ArrayLike, ArrayLike] | None = None,
        pattern: Pattern | None = None,
        axis: tuple[Points, Points] | None = None,
        corners: tuple[int, ...] = (),
        outlines: list[Points] | None = None,
    ) -> None:
        """Draws one filled area with its outline behind the fill.

        Args:
            outline: points of a smooth closed curve, or a path.
            rgb: colour before the style's treatment.
            material: name under which line art remembers whether it is left white.
            line: outline width factor; 0 draws none.
            cover: whether the area hides joints of other layers.
            ramp: start (dark side) and end (light side) of soft shading.
            pattern: cloth pattern inside the area.
            axis: two points that give the pattern its direction.
            corners: indices of sharp points.
            outlines: the parts of a path that has several, for deciding what it covers.
        """
        path = outline if isinstance(outline, tuple) else paths.smooth(outline, corners=corners)
        path = self._wobbled(path)
        style = self.rendering
        base = self.color_of(rgb, material)
        fill: Color | Gradient = opaque(base)
        if ramp is not None and style.shading == "soft":
            (x1, y1), (x2, y2) = np.asarray(ramp[0]), np.asarray(ramp[1])
            dark, light = style.shade(base), mix(base, (255, 252, 240), 0.16)
            if style.style == "photo":
                dark = mix(base, (10, 6, 8), 0.5)
            fill = Gradient(
                (float(x1), float(y1)),
                (float(x2), float(y2)),
                ((0.0, opaque(dark)), (0.45, opaque(base)), (0.8, opaque(light)), (1.0, opaque(base))),
            )
        edge = style.line_color(rgb if style.style != "monochrome" else base) if line > 0 else None
        if edge and style.strokes > 1:
            # The second outline lies under the area too, or it would cross the joints of limbs.
            again = self._wobbled(path)
            self.shapes.append(
                Shape(again, opaque(base), opaque(edge, 0.8), 1.6 * style.line * line, stroke_first=True)
            )
        width = 2 * style.line * line
        self.shapes.append(Shape(path, fill, opaque(edge) if edge else None, width, stroke_first=True))
        if pattern is not None and axis is not None and not self._is_paper(material):
            self._fill_pattern(path, pattern, axis)
            self._trace(path, material, pattern.kind)
        else:
            self._trace(path, material)
        if cover:
            if outlines is None:
                # Curve knots are every third point; that outline is close enough to decide who covers whom.
                outlines = [np.asarray(path[1][::3], np.float64)]
            self.covers += [(self.layer, part) for part in outlines]

    def _fill_pattern(self, path: Path, pattern: Pattern, axis: tuple[Points, Points]) -> None:
        low, high = path[1].min(axis=0), path[1].max(axis=0)
        centre, reach = (low + high) / 2, float(np.hypot(*(high - low))) / 2
        along = axis[1] - axis[0]
        along = along / max(float(np.hypot(*along)), 1e-9)
        across = np.array([-along[1], along[0]])
        steps = np.arange(-reach, reach, max(pattern.pitch, 0.008))[:64]
        ink = opaque(self.rendering.tone(pattern.rgb))
        if pattern.kind == "dots":
            rows, columns = steps[:20, None, None], steps[None, :20, None]
            shift = (np.arange(len(steps[:20])) % 2)[:, None, None] * pattern.pitch / 2
            dots = centre + along * rows + across * (columns + shift)
            if len(steps):
                self.shapes.append(Shape(paths.circles(dots.reshape(-1, 2), pattern.pitch * 0.27), ink, clip=path))
            return
        segments = []
        if pattern.kind in ("stripes", "plaid"):
            segments += [
                paths.polyline([centre + along * s - across * reach, centre + along * s + across * reach])
                for s in steps
            ]
        if pattern.kind in ("pinstripes", "plaid"):
            segments += [
                paths.polyline([centre + across * s - along * reach, centre + across * s + along * reach])
                for s in steps
            ]
        if segments:
            width = pattern.pitch * {"stripes": 0.45, "plaid": 0.25, "pinstripes": 0.12}[pattern.kind]
            self.shapes.append(Shape(paths.join(*segments), None, ink, width, clip=path))

    def shadow(self, outline: Points | Path, rgb: Rgb, material: str, clip: Path | None = None) -> None:
        """Draws a cel shadow of an area's colour; nothing in styles without hard shadows."""
        if self.rendering.shading != "cel":
            return
        path = outline if isinstance(outline, tuple) else paths.smooth(outline)
        self.shapes.append(Shape(path, opaque(self.rendering.shade(self.color_of(rgb, material))), clip=clip))

    def patch(self, outline: Points | Path, rgb: Rgb, material: str) -> None:
        """Fills an area without outline and without covering joints (hides a seam)."""
        path = outline if isinstance(outline, tuple) else paths.smooth(outline)
        self.shapes.append(Shape(path, opaque(self.color_of(rgb, material))))

    def mark(self, path: Path, rgb: Rgb, alpha: float = 1.0, keep: bool = False) -> None:
        """Fills a detail (eye, highlight); ``keep`` leaves its colour as given in every style."""
        color = rgb if keep else self.rendering.tone(rgb)
        self.shapes.append(Shape(path, opaque(color, alpha)))
        self._trace(path)

    def stroke(self, path: Path, rgb: Rgb, width: float = 1.0, alpha: float = 1.0, least: float = 0.0) -> None:
        """Draws a detail line (fold, mouth) in the outline colour of ``rgb``.

        ``width`` is in outline widths, ``least`` in body heights. Styles without outlines use a darker tone.
        """
        if self.rendering.doodle and width < 0.75:
            return
        edge = self.rendering.line_color(rgb)
        if edge is None:
            edge = self.rendering.shade(self.rendering.tone(rgb))
            width *= 0.8
        size = max(self.rendering.line * width, least, 0.0016)
        self._trace(path, width=size)
        self.shapes.append(Shape(self._wobbled(path), None, opaque(edge, alpha), size))

    def band(self, path: Path, rgb: Rgb, width: float, material: str) -> None:
        """Draws a stripe of cloth (belt, hem, strap): a line of colour ``rgb``, ``width`` in body heights."""
        color = self.color_of(rgb, material)
        edge = self.rendering.line_color(rgb)
        if edge is not None and width > 0.008:
            self.shapes.append(Shape(path, None, opaque(edge), width + 2 * self.rendering.line * 0.7))
        self.shapes.append(Shape(path, None, opaque(color), width))
        self._trace(path, material, width=width)

    def hidden(self, points: Points, own: tuple[frozenset[str], ...]) -> NDArray[np.bool_]:
        """Returns for each joint whether an area drawn above its own layers covers it.

        Args:
            points: joints ``(n, 2)``.
            own: for each joint the layers it belongs to.
        """
        count = len(points)
        result = np.zeros(count, bool)
        last = np.full(count, -1)
        belongs = {
            layer: np.array([layer in layers for layers in own]) for layer in {layer for layer, _ in self.covers}
        }
        for i, (layer, _) in enumerate(self.covers):
            last[belongs[layer]] = i
        for i, (layer, outline) in enumerate(self.covers):
            candidates = (~result) & (i > last) & ~belongs[layer]
            if not candidates.any():
                continue
            low, high = outline.min(axis=0), outline.max(axis=0)
            candidates &= ((points >= low) & (points <= high)).all(axis=1)
            if candidates.any():
                result[candidates] |= paths.inside(points[candidates], outline)
        return result


def unit(v: Any) -> Points:
    """Returns ``v`` ``(2,)`` scaled to length 1 (x axis when it has none)."""
    v = np.asarray(v, np.float64)
    length = math.hypot(float(v[0]), float(v[1]))
    return v / length if length > 1e-9 else np.array([1.0, 0.0])
