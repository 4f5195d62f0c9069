"""Paths from few points: smooth and straight outlines, ellipses, tapered tubes, lofts of rings.

All functions are pure; units and axes are the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from shared.synthetic.engine import CLOSE, CUBIC, LINE, MOVE, Path

Points = NDArray[np.float64]
_KAPPA = 0.5522847498  # control length of the cubic that follows a quarter circle


@lru_cache(maxsize=512)
def _neighbours(count: int) -> tuple[NDArray[Any], NDArray[Any], bytes]:
    index = np.arange(count)
    commands = bytes([MOVE]) + bytes([CUBIC]) * count + bytes([CLOSE])
    return (index - 1) % count, (index + 1) % count, commands


def smooth(points: ArrayLike, tension: float = 1.0, corners: Sequence[int] = ()) -> Path:
    """Returns a closed curve through ``points`` ``(n, 2)`` (Catmull-Rom); sharp at the ``corners`` indices."""
    knots = np.asarray(points, dtype=np.float64)
    count = len(knots)
    before, after, commands = _neighbours(count)
    following = knots[after]
    tangent = (following - knots[before]) * (tension / 6.0)
    if len(corners):
        tangent[list(corners)] = 0.0
    result = np.empty((count, 3, 2), np.float32)
    result[:, 0] = knots + tangent
    result[:, 1] = following - tangent[after]
    result[:, 2] = following
    return commands, np.concatenate([knots[:1].astype(np.float32), result.reshape(-1, 2)])


def smooth_open(points: ArrayLike, tension: float = 1.0) -> Path:
    """Returns an open curve through ``points`` ``(n, 2)``, n ≥ 2."""
    knots = np.asarray(points, dtype=np.float64)
    tangent = np.empty_like(knots)
    tangent[1:-1] = (knots[2:] - knots[:-2]) * (tension / 6.0)
    tangent[0] = (knots[1] - knots[0]) * (tension / 6.0)
    tangent[-1] = (knots[-1] - knots[-2]) * (tension / 6.0)
    count = len(knots) - 1
    result = np.empty((count, 3, 2), np.float32)
    result[:, 0] = knots[:-1] + tangent[:-1]
    result[:, 1] = knots[1:] - tangent[1:]
    result[:, 2] = knots[1:]
    return bytes([MOVE]) + bytes([CUBIC]) * count, np.concatenate([knots[:1].astype(np.float32), result.reshape(-1, 2)])


def polygon(points: ArrayLike) -> Path:
    """Returns the closed straight-edged path of ``points`` ``(n, 2)``."""
    knots = np.asarray(points, dtype=np.float32)
    return bytes([MOVE]) + bytes([LINE]) * (len(knots) - 1) + bytes([CLOSE]), knots


def polyline(points: ArrayLike) -> Path:
    """Returns the open straight path through ``points`` ``(n, 2)``."""
    knots = np.asarray(points, dtype=np.float32)
    return bytes([MOVE]) + bytes([LINE]) * (len(knots) - 1), knots


def ellipse(centre: ArrayLike, u: ArrayLike, v: ArrayLike) -> Path:
    """Returns the ellipse ``centre + u·cos t + v·sin t``."""
    c, p, q = (np.asarray(x, dtype=np.float64) for x in (centre, u, v))
    k = _KAPPA
    knots = [
        c + p,
        c + p + k * q,
        c + q + k * p,
        c + q,
        c + q - k * p,
        c - p + k * q,
        c - p,
        c - p - k * q,
        c - q - k * p,
        c - q,
        c - q + k * p,
        c + p - k * q,
        c + p,
    ]
    return bytes([MOVE, CUBIC, CUBIC, CUBIC, CUBIC, CLOSE]), np.asarray(knots, dtype=np.float32)


def circle(centre: ArrayLike, radius: float) -> Path:
    """Returns a circle."""
    return ellipse(centre, (radius, 0.0), (0.0, radius))


def circles(centres: Points, radius: float) -> Path:
    """Returns circles of one radius around ``centres`` ``(n, 2)`` as one path."""
    # The same sums in the same order as in `ellipse`, for all circles at once.
    p, q, k = np.array((radius, 0.0)), np.array((0.0, radius)), _KAPPA
    east, south, west, north = centres + p, centres + q, centres - p, centres - q
    knots = [
        east, east + k * q, south + k * p, south, south - k * p, west + k * q, west, west - k * q, north - k * p,
        north, north + k * p, east - k * q, east,
    ]  # fmt: skip
    commands = bytes([MOVE, CUBIC, CUBIC, CUBIC, CUBIC, CLOSE]) * len(centres)
    return commands, np.stack(knots, axis=1).reshape(-1, 2).astype(np.float32)


def join(*paths: Path) -> Path:
    """Returns one path that holds all the given ones (their union under the non-zero rule where all turn alike)."""
    return b"".join(p[0] for p in paths), np.concatenate([p[1] for p in paths])


_TAKES = np.array([0, 1, 1, 3])  # points of CLOSE, MOVE, LINE, CUBIC


@lru_cache(maxsize=1024)
def _parts(commands: bytes) -> tuple[NDArray[Any], ...]:
    kinds = np.frombuffer(commands, np.uint8)
    last = np.cumsum(_TAKES[kinds]) - 1
    drawn = kinds != CLOSE
    return tuple(np.split(last[drawn], np.flatnonzero(kinds[drawn] == MOVE)[1:]))


def knots(path: Path) -> list[Points]:
    """Returns the points ``(n, 2)`` that each part of a path goes through, without the control points between."""
    commands, points = path
    return [points[part].astype(np.float64) for part in _parts(commands)]


def clockwise(points: Points) -> Points:
    """Returns ``points`` in the order that has positive shoelace area (reversed when needed)."""
    x, y = points[:, 0], points[:, 1]
    area = float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y))
    return points if area >= 0 else points[::-1]


#: Stations of a limb, as fractions of its length.
_STATIONS = (0.0, 0.3, 0.65, 1.0)


def tube_points(a: ArrayLike, b: ArrayLike, radii: Sequence[float], cap: float = 1.0) -> Points:
    """Returns the outline ``(14, 2)`` of a tapered limb from ``a`` to ``b`` with round ends.

    Args:
        a: start point.
        b: end point.
        radii: half widths at 0, 0.3, 0.65 and 1 of the length.
        cap: roundness of both ends (0 cuts them straight).
    """
    ax, ay = (float(v) for v in np.asarray(a))
    bx, by = (float(v) for v in np.asarray(b))
    dx, dy = bx - ax, by - ay
    length = math.hypot(dx, dy)
    if length < 1e-9:
        dx, dy, length = 0.0, 1e-9, 1e-9
    ux, uy = dx / length, dy / length
    nx, ny = uy, -ux
    left, right = [], []
    for t, r in zip(_STATIONS, radii, strict=True):
        cx, cy = ax + dx * t, ay + dy * t
        left.append((cx + nx * r, cy + ny * r))
        right.append((cx - nx * r, cy - ny * r))
    r, s = radii[-1] * 0.71, radii[-1] * cap
    end = [
        (bx + nx * r + ux * s * 0.71, by + ny * r + uy * s * 0.71),
        (bx + ux * s, by + uy * s),
        (bx - nx * r + ux * s * 0.71, by - ny * r + uy * s * 0.71),
    ]
    r, s = radii[0] * 0.71, radii[0] * cap
    start = [
        (ax - nx * r - ux * s * 0.71, ay - ny * r - uy * s * 0.71),
        (ax - ux * s, ay - uy * s),
        (ax + nx * r - ux * s * 0.71, ay + ny * r - uy * s * 0.71),
    ]
    return np.array([*left, *end, *right[::-1], *start])


def loft_sides(centres: Points, u: Points, v: Points) -> tuple[Points, Points, Points]:
    """Returns the two silhouettes of a stack of elliptic rings, and its direction at each ring.

    Args:
        centres: ring centres ``(k, 2)``.
        u: projected half axis of each ring ``(k, 2)``.
        v: the other projected half axis ``(k, 2)``.

    Returns:
        left ``(k, 2)``, right ``(k, 2)`` (seen along the direction of the stack) and unit directions ``(k, 2)``.
    """
    direction = np.empty_like(centres)
    direction[1:-1] = centres[2:] - centres[:-2]
    direction[0] = centres[1] - centres[0]
    direction[-1] = centres[-1] - centres[-2]
    direction /= np.maximum(np.hypot(direction[:, 0], direction[:, 1]), 1e-9)[:, None]
    normal = np.stack([direction[:, 1], -direction[:, 0]], axis=1)
    # The support of an ellipse in direction n is √((u·n)² + (v·n)²).
    half = np.sqrt((u * normal).sum(1) ** 2 + (v * normal).sum(1) ** 2)[:, None]
    return centres + normal * half, centres - normal * half, direction


def loft_points(centres: Points, u: Points, v: Points) -> Points:
    """Returns the closed outline of a stack of elliptic rings, with the bulge of its first and last ring."""
    left, right, direction = loft_sides(centres, u, v)

    def bulge(i: int) -> Points:
        d = direction[i]
        result: Points = d * math.sqrt(float(np.dot(u[i], d)) ** 2 + float(np.dot(v[i], d)) ** 2)
        return result

    top, bottom = centres[:1] - bulge(0), centres[-1:] + bulge(-1)
    return np.concatenate([left, bottom, right[::-1], top])


def inside(points: Points, outline: Points) -> NDArray[np.bool_]:
    """Returns for each of ``points`` ``(n, 2)`` whether it lies in the polygon ``outline`` ``(m, 2)`` (even-odd)."""
    x, y = points[:, 0:1], points[:, 1:2]
    x1, y1 = outline[:, 0], outline[:, 1]
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    crosses = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = (x2 - x1) * (y - y1) / (y2 - y1) + x1
    result: NDArray[np.bool_] = (crosses & (x < at)).sum(axis=1) % 2 == 1
    return result
