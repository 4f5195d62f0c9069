"""The 2D vector engine: anti-aliased filling and stroking of Bézier paths into straight-alpha pictures.

The only file that knows thorvg. The binding's own methods rebuild their ctypes signatures at every call, which
costs more than the drawing of small shapes; so the C functions are declared once here and called directly.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.geometry import FloatArray, scale_of

Color = tuple[int, int, int, int]  #: red, green, blue, alpha; 0–255, straight
Path = tuple[bytes, NDArray[np.float32]]  #: path commands (one byte each) and their points (N, 2)
CLOSE, MOVE, LINE, CUBIC = 0, 1, 2, 3  #: path commands; they take 0, 1, 1 and 3 points


@dataclass(frozen=True, slots=True)
class Gradient:
    """A colour ramp: along the line ``start -> end``, or around ``start`` out to ``end`` when ``radial``."""

    start: tuple[float, float]
    end: tuple[float, float]
    stops: tuple[tuple[float, Color], ...]
    radial: bool = False


@dataclass(slots=True)
class Shape:
    """One path with its fill and stroke.

    Attributes:
        path: commands and points in drawing units.
        fill: colour, gradient or None.
        stroke: outline colour or None.
        width: stroke width in drawing units.
        stroke_first: draw the fill over the inner half of the stroke, so that touching parts of one path show
            only their common outline.
        clip: path outside which nothing is drawn.
        even_odd: holes where the path overlaps itself (non-zero rule otherwise).
    """

    path: Path
    fill: Color | Gradient | None = None
    stroke: Color | None = None
    width: float = 0.0
    stroke_first: bool = False
    clip: Path | None = None
    even_odd: bool = False


class _ColorStop(ctypes.Structure):
    _fields_ = (
        ("offset", ctypes.c_float),
        ("r", ctypes.c_uint8),
        ("g", ctypes.c_uint8),
        ("b", ctypes.c_uint8),
        ("a", ctypes.c_uint8),
    )


_P, _F, _U8, _U32 = ctypes.c_void_p, ctypes.c_float, ctypes.c_uint8, ctypes.c_uint32
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "tvg_shape_new": (_P, ()),
    "tvg_shape_append_path": (_U32, (_P, _P, _U32, _P, _U32)),
    "tvg_shape_set_fill_color": (_U32, (_P, _U8, _U8, _U8, _U8)),
    "tvg_shape_set_fill_rule": (_U32, (_P, _U32)),
    "tvg_shape_set_stroke_width": (_U32, (_P, _F)),
    "tvg_shape_set_stroke_color": (_U32, (_P, _U8, _U8, _U8, _U8)),
    "tvg_shape_set_stroke_cap": (_U32, (_P, _U32)),
    "tvg_shape_set_stroke_join": (_U32, (_P, _U32)),
    "tvg_shape_set_paint_order": (_U32, (_P, ctypes.c_bool)),
    "tvg_shape_set_gradient": (_U32, (_P, _P)),
    "tvg_linear_gradient_new": (_P, ()),
    "tvg_linear_gradient_set": (_U32, (_P, _F, _F, _F, _F)),
    "tvg_radial_gradient_new": (_P, ()),
    "tvg_radial_gradient_set": (_U32, (_P, _F, _F, _F, _F, _F, _F)),
    "tvg_gradient_set_color_stops": (_U32, (_P, _P, _U32)),
    "tvg_paint_set_clip": (_U32, (_P, _P)),
    "tvg_canvas_add": (_U32, (_P, _P)),
    "tvg_canvas_remove": (_U32, (_P, _P)),
    "tvg_canvas_draw": (_U32, (_P, ctypes.c_bool)),
    "tvg_canvas_sync": (_U32, (_P,)),
    "tvg_canvas_destroy": (_U32, (_P,)),
    "tvg_swcanvas_create": (_P, (_U8,)),
    "tvg_swcanvas_set_target": (_U32, (_P, _P, _U32, _U32, _U32, _U8)),
}
_ENGINE_DEFAULT, _STRAIGHT_ABGR, _CAP_ROUND, _JOIN_ROUND, _RULE_EVEN_ODD = 1, 2, 1, 1, 1


class _Surface:
    """One engine canvas on one pixel buffer; reused for every picture of the same size."""

    def __init__(self, width: int, height: int) -> None:
        from thorvg_python.base import EngineOption
        from thorvg_python.engine import Engine

        self._engine = Engine(threads=0)
        self.lib: Any = ctypes.CDLL(self._engine.thorvg_lib._name)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(self.lib, name)
            function.restype, function.argtypes = result, arguments
        self.pixels: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)
        self.canvas = self.lib.tvg_swcanvas_create(int(EngineOption.DEFAULT))
        status = self.lib.tvg_swcanvas_set_target(
            self.canvas, self.pixels.ctypes.data, width, width, height, _STRAIGHT_ABGR
        )
        if status != 0:
            raise ValueError(f"size {width}×{height} must be at least 1×1 (engine status {status})")


_SURFACES: dict[tuple[int, int, int], _Surface] = {}


def _surface(width: int, height: int) -> _Surface:
    key = (os.getpid(), width, height)  # a forked worker must not share its parent's engine
    if key not in _SURFACES:
        if len(_SURFACES) >= 8:
            old = _SURFACES.pop(next(iter(_SURFACES)))
            old.lib.tvg_canvas_destroy(old.canvas)
        _SURFACES[key] = _Surface(width, height)
    return _SURFACES[key]


def _set_gradient(lib: Any, paint: int, ramp: Gradient, affine: FloatArray, scale: float) -> None:
    (a, b, c), (d, e, f) = affine.tolist()
    (x1, y1), (x2, y2) = ramp.start, ramp.end
    sx, sy, ex, ey = a * x1 + b * y1 + c, d * x1 + e * y1 + f, a * x2 + b * y2 + c, d * x2 + e * y2 + f
    if ramp.radial:
        gradient = lib.tvg_radial_gradient_new()
        radius = max(float(np.hypot(ex - sx, ey - sy)), 1e-3)
        lib.tvg_radial_gradient_set(gradient, sx, sy, radius, sx, sy, 0.0)
    else:
        gradient = lib.tvg_linear_gradient_new()
        lib.tvg_linear_gradient_set(gradient, sx, sy, ex, ey)
    stops = (_ColorStop * len(ramp.stops))(*[_ColorStop(offset, *color) for offset, color in ramp.stops])
    lib.tvg_gradient_set_color_stops(gradient, stops, len(ramp.stops))
    lib.tvg_shape_set_gradient(paint, gradient)


def rasterize(
    shapes: Sequence[Shape], size_wh: tuple[int, int], affine: FloatArray, min_stroke_px: float = 0.5
) -> NDArray[np.uint8]:
    """Draws shapes in order (later ones on top) on a transparent canvas.

    Args:
        shapes: what to draw, in drawing units.
        size_wh: canvas size in pixels.
        affine: ``(2, 3)`` from drawing units to canvas pixels (continuous, see shared.geometry).
        min_stroke_px: strokes are never thinner than this many pixels.

    Returns:
        uint8 ``(H, W, 4)`` RGBA with straight alpha; a new array.

    Raises:
        ValueError: the canvas has no pixels.
    """
    width, height = size_wh
    if width < 1 or height < 1:
        raise ValueError(f"size_wh {size_wh} must be at least (1, 1)")
    surface = _surface(width, height)
    lib, canvas, scale = surface.lib, surface.canvas, scale_of(affine)
    paths = [shape.path for shape in shapes] + [shape.clip for shape in shapes if shape.clip is not None]
    if not paths:
        return np.zeros((height, width, 4), np.uint8)
    points = np.concatenate([path[1] for path in paths]).astype(np.float64)
    moved = np.ascontiguousarray(points @ affine[:, :2].T + affine[:, 2], dtype=np.float32)
    address = moved.ctypes.data
    clip_address = address + 8 * sum(len(shape.path[1]) for shape in shapes)
    for shape in shapes:
        commands, local = shape.path
        paint = lib.tvg_shape_new()
        lib.tvg_shape_append_path(paint, commands, len(commands), address, len(local))
        address += 8 * len(local)
        if isinstance(shape.fill, Gradient):
            _set_gradient(lib, paint, shape.fill, affine, scale)
        elif shape.fill is not None:
            lib.tvg_shape_set_fill_color(paint, *shape.fill)
        if shape.even_odd:
            lib.tvg_shape_set_fill_rule(paint, _RULE_EVEN_ODD)
        if shape.stroke is not None:
            lib.tvg_shape_set_stroke_width(paint, max(shape.width * scale, min_stroke_px))
            lib.tvg_shape_set_stroke_color(paint, *shape.stroke)
            lib.tvg_shape_set_stroke_cap(paint, _CAP_ROUND)
            lib.tvg_shape_set_stroke_join(paint, _JOIN_ROUND)
            if shape.stroke_first:
                lib.tvg_shape_set_paint_order(paint, True)
        if shape.clip is not None:
            commands, local = shape.clip
            clip = lib.tvg_shape_new()
            lib.tvg_shape_append_path(clip, commands, len(commands), clip_address, len(local))
            lib.tvg_shape_set_fill_color(clip, 0, 0, 0, 255)
            clip_address += 8 * len(local)
            lib.tvg_paint_set_clip(paint, clip)
        lib.tvg_canvas_add(canvas, paint)
    lib.tvg_canvas_draw(canvas, True)
    lib.tvg_canvas_sync(canvas)
    picture = surface.pixels.copy()
    lib.tvg_canvas_remove(canvas, None)
    return picture
