"""Pose samples that carry a picture of another look beside them, for trainings that compare two looks."""

from __future__ import annotations

import numpy as np

from shared.datamodules.loaders import Sample
from shared.datamodules.pose_samples import PoseSource


class PairedPoseSource:
    """Samples of one source, each with ``"other_image"``: a crop of a character of another source.

    Which one is drawn by the sample's own generator, so a resumed training sees the same pairs.

    Args:
        source: gives everything else.
        other: gives the other pictures; their labels are not used.
    """

    def __init__(self, source: PoseSource, other: PoseSource) -> None:
        self.source, self.other = source, other
        self.color, self.shards = source.color, source.shards

    def __len__(self) -> int:
        return len(self.source)

    def sample(self, index: int, rng: np.random.Generator | None) -> Sample:
        """Returns the source's sample with ``"other_image"``: uint8 ``(S, S, 3)``."""
        found = self.source.sample(index, rng)
        place = index % len(self.other) if rng is None else int(rng.integers(len(self.other)))
        return {**found, "other_image": self.other.sample(place, rng)["image"]}
