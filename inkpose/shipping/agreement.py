"""How near the answers of two sets of nets are, on pictures that the artist draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: The pictures on which the two are compared; of no data set that a preset draws.
PICTURES, _SEED, _SIDE_PX = 8, 20_261, 256
#: A joint that moves less, as a share of the picture's long side, is at the same place.
SAME_PLACE = 0.01


@dataclass(frozen=True)
class Agreement:
    """How near two sets of nets are, all computing in float32 and looking once, not at mirror images, too.

    Attributes:
        tag_prob: largest difference of a tag's probability.
        tags: share of the tags told by one of the two that both tell; 1 where neither tells any.
        mask_pixels: share of pixels on which the masks agree.
        joints: share of the joints that lie within ``SAME_PLACE``.
    """

    tag_prob: float
    tags: float
    mask_pixels: float
    joints: float

    def sentence(self) -> str:
        """Returns it in words."""
        return (
            f"on {PICTURES} drawn pictures: {self.tags:.1%} of the tags in common (probabilities differ by at most "
            f"{self.tag_prob:.4f}), {self.mask_pixels:.2%} of the mask's pixels alike, {self.joints:.1%} of the joints "
            f"within {SAME_PLACE:.0%} of the picture's side"
        )


@dataclass(frozen=True)
class _Answers:
    tag_prob: NDArray[np.float32]
    told: NDArray[np.bool_]
    masks: list[NDArray[np.bool_]]
    points_xy: NDArray[np.float64]


def compare_nets(before: Mapping[str, Path], after: Mapping[str, Path]) -> Agreement:
    """Compares the nets at two places, by subsystem as ``inkpose.weights.net_paths`` names them.

    Raises:
        DataError: a net is not usable.
    """
    pictures = _pictures()
    first, second = _answers(before, pictures), _answers(after, pictures)
    either = int((first.told | second.told).sum())
    alike = [a == b for a, b in zip(first.masks, second.masks, strict=True)]
    moved = np.linalg.norm(first.points_xy - second.points_xy, axis=-1)
    return Agreement(
        tag_prob=float(np.abs(first.tag_prob - second.tag_prob).max()),
        tags=int((first.told & second.told).sum()) / either if either else 1.0,
        mask_pixels=float(np.concatenate([same.ravel() for same in alike]).mean()),
        joints=float((moved <= SAME_PLACE * _SIDE_PX).mean()),
    )


def _pictures() -> list[NDArray[np.uint8]]:
    from shared.synthetic.dataset import Plan
    from shared.synthetic.writer import draw_sample

    plan = Plan(count=PICTURES, seed=_SEED, size=_SIDE_PX, characters=(1, 1), style="drawn")
    return [draw_sample(plan, number).image for number in range(1, PICTURES + 1)]


def _answers(paths: Mapping[str, Path], pictures: Sequence[NDArray[np.uint8]]) -> _Answers:
    import pose.predict
    import segmenter.predict
    import tagger.predict

    tags = tagger.predict.load(paths["tagger"], precision="float32")
    masks = segmenter.predict.load(paths["segmenter"], bf16=False, colors=False, **segmenter.predict.ONE_LOOK)
    joints = pose.predict.load(paths["pose"], precision="float32", flip_test=False)
    whole = [[(0.0, 0.0, float(image.shape[1]), float(image.shape[0]))] for image in pictures]
    tag_prob = tags.predict(pictures)
    return _Answers(
        tag_prob,
        tag_prob > tags.thresholds,
        [mask > 0.5 for mask in masks.predict(list(pictures))],
        np.concatenate([rows[0, :, :2] for rows in joints.locate(pictures, whole)]),
    )
