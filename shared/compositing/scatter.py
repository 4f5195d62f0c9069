"""Fresh training scenes: a few cut-out characters at random places over a background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shared import geometry
from shared.compositing.over import over, place, stack_alpha
from shared.geometry import FloatArray

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True)
class Scatter:
    """How characters are strewn over a background. The numbers are ours.

    Attributes:
        count_weights: relative weights of 0, 1, 2, … characters in a scene.
        scale_range: the character's longer side over the scene's side, uniform.
        rotation_degrees: angle is uniform in ± this for half of the characters, a fifth of it for the rest.
        edge_probability: share of characters that stand on, or are cut by, the lower edge.
        min_visible: least share of each character's part in the scene that those in front leave free; a place that
            would hide more is drawn again, and who finds none in ten tries is left out. 0 sets no limit.
    """

    count_weights: tuple[float, ...] = (0.08, 0.47, 0.3, 0.15)
    scale_range: tuple[float, float] = (0.2, 1.3)
    rotation_degrees: float = 30.0
    edge_probability: float = 0.4
    min_visible: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.scale_range
        if not (self.count_weights and min(self.count_weights) >= 0 and sum(self.count_weights) > 0 < low <= high):
            raise ValueError(f"{self}: need weights ≥ 0, not all 0, and 0 < scale low ≤ high")
        if not (0 <= self.edge_probability <= 1 and 0 <= self.min_visible < 1):
            raise ValueError(f"{self}: need edge_probability in [0, 1] and min_visible in [0, 1)")

    def with_empty(self, share: float) -> Scatter:
        """Returns the same with ``share`` of the scenes (0 to 1) without a character.

        Raises:
            ValueError: no weight for a scene with characters.
        """
        rest = sum(self.count_weights[1:])
        if rest <= 0:
            raise ValueError(f"count_weights {self.count_weights}: need a weight for one character or more")
        return replace(self, count_weights=(share, *((1 - share) * weight / rest for weight in self.count_weights[1:])))

    def sample_count(self, rng: np.random.Generator) -> int:
        """Returns how many characters the next scene has."""
        weights = np.asarray(self.count_weights)
        return int(rng.choice(len(weights), p=weights / weights.sum()))

    def sample_place(self, rng: np.random.Generator, size_wh: tuple[int, int], side_px: int) -> FloatArray:
        """Returns an affine from a cut-out of ``size_wh`` to a square scene of ``side_px``."""
        width, height = size_wh
        scale = rng.uniform(*self.scale_range) * side_px / max(width, height)
        angle = rng.uniform(-1, 1) * self.rotation_degrees * (1.0 if rng.random() < 0.5 else 0.2)
        x, y = rng.uniform(-0.05, 1.05, 2) * side_px
        if rng.random() < self.edge_probability:
            # The middle lies so that the figure's lower end is on the edge or up to half its height below.
            y = side_px - scale * height * rng.uniform(0.0, 0.5)
            x = rng.uniform(0.15, 0.85) * side_px
        mirror = geometry.scaling(-1.0 if rng.random() < 0.5 else 1.0, 1.0)
        return geometry.compose(
            geometry.translation(-width / 2, -height / 2),
            mirror,
            geometry.rotation(angle),
            geometry.scaling(scale),
            geometry.translation(x, y),
        )

    def compose(
        self,
        rng: np.random.Generator,
        foregrounds: Sequence[ByteArray],
        background: ByteArray,
        linear_light: bool = False,
    ) -> tuple[ByteArray, ByteArray, ByteArray]:
        """Lays straight-RGBA cut-outs, the last in front, over a square RGB background ``(S, S, 3)``.

        Returns:
            the scene ``(S, S, 3)``, the alpha ``(S, S)`` of all characters together, and whose each pixel is: numbers
            ``(S, S)`` from 1 on, 0 where the alpha is below ½.
        """
        side = background.shape[0]
        scene, alpha, numbers = background, *np.zeros((2, side, side), np.uint8)
        shown: list[_Shown] = []
        for number, cutout in enumerate(foregrounds, 1):
            layer = self._placed(rng, cutout, side, shown)
            if layer is not None:
                scene, alpha = over(layer, scene, linear_light), stack_alpha(alpha, layer[..., 3])
                numbers[layer[..., 3] > 127] = number
        return scene, alpha, numbers

    def _placed(self, rng: np.random.Generator, cutout: ByteArray, side: int, shown: list[_Shown]) -> ByteArray | None:
        """Returns a cut-out's layer at a place that hides nobody too much, and notes what it hides."""
        for _ in range(10):
            layer = place(cutout, self.sample_place(rng, (cutout.shape[1], cutout.shape[0]), side), (side, side))
            if self.min_visible == 0:
                return layer
            through = np.float32(1) - layer[..., 3].astype(np.float32) / np.float32(255)
            left = [other.visible * through for other in shown]
            if all(rest.sum() >= self.min_visible * other.area for rest, other in zip(left, shown, strict=True)):
                for other, rest in zip(shown, left, strict=True):
                    other.visible = rest
                shown.append(_Shown(1 - through, float((1 - through).sum())))
                return layer
        return None


@dataclass
class _Shown:
    """A character in the scene: what can be seen of it ``(S, S)``, 0 to 1, and how much that was at first."""

    visible: NDArray[np.float32]
    area: float


def random_crop(rng: np.random.Generator, size_wh: tuple[int, int], side_px: int) -> FloatArray:
    """Returns an affine from a picture to a square of ``side_px`` that lies wholly inside it, mirrored half the time.

    The square's side is 50–100 % of the picture's shorter side.
    """
    width, height = size_wh
    side = min(width, height) * rng.uniform(0.5, 1.0)
    x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
    affine = geometry.compose(geometry.translation(-x, -y), geometry.scaling(side_px / side))
    return geometry.compose(affine, geometry.horizontal_flip(side_px)) if rng.random() < 0.5 else affine
