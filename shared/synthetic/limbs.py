"""Arms and legs as two-piece limbs that skin, sleeves, stockings and boots cover in part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shared.synthetic import body
from shared.synthetic.drawing import Drawing, Pattern
from shared.synthetic.figure import Figure
from shared.synthetic.palette import Rgb

Points = NDArray[np.float64]
_STATIONS = (0.0, 0.3, 0.65, 1.0)


@dataclass(frozen=True)
class Limb:
    """A limb of two tapered pieces; positions along it run from 0 (root) to 1 (wrist or ankle).

    Attributes:
        joints: root, hinge and end on the picture plane ``(3, 2)``.
        upper: radii of the upper piece at its four stations.
        lower: radii of the lower piece.
        hinge: position of the elbow or knee.
    """

    joints: Points
    upper: tuple[float, float, float, float]
    lower: tuple[float, float, float, float]
    hinge: float

    def cover(
        self,
        drawing: Drawing,
        start: float,
        stop: float,
        rgb: Rgb,
        material: str,
        *,
        loose: float = 1.0,
        flare: float = 0.0,
        pattern: Pattern | None = None,
        cap: float = 1.0,
    ) -> None:
        """Draws the limb's surface from ``start`` to ``stop``; ``flare`` widens it towards ``stop``."""
        a, b, c = self.joints
        pieces = []
        if start < self.hinge:
            t1 = min(stop / self.hinge, 1.0)
            bends = stop > self.hinge + 0.02
            radii = self._radii(self.upper, start / self.hinge, t1, loose, 0.0 if bends else flare, root=True)
            pieces.append((a, b, start / self.hinge, t1, radii, 1.0 if bends or start <= 0 else cap))
        if stop > self.hinge + 0.02:
            t0, t1 = max(start - self.hinge, 0.0) / (1 - self.hinge), (stop - self.hinge) / (1 - self.hinge)
            radii = self._radii(self.lower, t0, t1, loose, flare, root=False)
            pieces.append((b, c, t0, t1, radii, cap))
        body.limb(
            drawing, [(p + (q - p) * s, p + (q - p) * t, r, k) for p, q, s, t, r, k in pieces], rgb, material, pattern
        )

    def _radii(
        self, radii: tuple[float, float, float, float], t0: float, t1: float, loose: float, flare: float, root: bool
    ) -> tuple[float, float, float, float]:
        r = np.interp([t0 + (t1 - t0) * s for s in _STATIONS], _STATIONS, radii)
        # Cloth lies close at the root of the limb (shoulder, hip) and hangs loose further down.
        close = 1 + (loose - 1) * 0.2
        r = r * (np.array([close, (close + 2 * loose) / 3, loose, loose]) if root and t0 <= 0 else loose)
        r = r * (1 + flare * np.array([0.0, 0.25, 0.65, 1.0]))
        return float(r[0]), float(r[1]), float(r[2]), float(r[3])

    def at(self, position: float) -> Points:
        """Returns the axis point at a position."""
        a, b, c = self.joints
        if position <= self.hinge:
            start, stop, t = a, b, position / self.hinge
        else:
            start, stop, t = b, c, (position - self.hinge) / (1 - self.hinge)
        result: Points = start + (stop - start) * t
        return result


def arm(figure: Figure, side: str) -> Limb:
    """Returns a figure's arm."""
    r0, r1, r2 = figure.size.arm_r
    joints = np.stack([figure.at(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist")])
    s, e, w = (figure.scale(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
    hinge = figure.size.upper_arm / (figure.size.upper_arm + figure.size.forearm)
    # The arm begins slender, or its round end would stand above the shoulders' line.
    upper = (r0 * 0.8 * s, r0 * 0.98 * s, (r0 * 0.35 + r1 * 0.65) * e, r1 * e)
    return Limb(joints, upper, (r1 * e, r1 * 1.06 * e, (r1 * 0.35 + r2 * 0.65) * w, r2 * w), hinge)


def leg(figure: Figure, side: str) -> Limb:
    """Returns a figure's leg."""
    r0, r1, r2 = figure.size.leg_r
    joints = np.stack([figure.at(f"{side}_{n}") for n in ("hip", "knee", "ankle")])
    h, k, a = (figure.scale(f"{side}_{n}") for n in ("hip", "knee", "ankle"))
    hinge = figure.size.thigh / (figure.size.thigh + figure.size.shin)
    upper = (r0 * 0.95 * h, r0 * 0.98 * h, (r0 * 0.4 + r1 * 0.6) * k, r1 * k)
    return Limb(joints, upper, (r1 * k, r1 * 1.08 * k, (r1 * 0.5 + r2 * 0.5) * a, r2 * a), hinge)
