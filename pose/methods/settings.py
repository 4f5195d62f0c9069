"""What every method's net is made of and returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from shared.keypoints.schema import COCO_25


@dataclass(frozen=True)
class HeadSettings:
    """Sizes of the trainable part; the defaults are the paper's.

    Attributes:
        head_side: side of the heatmaps in cells.
        level_width: channels of one domain level before fusion.
        domain_width: channels of the fused domain features.
        task_width: channels of the converted task features.
        head_widths: channels of the head's first convolution and of its residual blocks.
        keypoints: heatmaps.
    """

    head_side: int = 128
    level_width: int = 64
    domain_width: int = 128
    task_width: int = 32
    head_widths: tuple[int, ...] = (128, 64, 32)
    keypoints: int = len(COCO_25)

    def __post_init__(self) -> None:
        sizes = (self.head_side, self.level_width, self.domain_width, self.task_width, self.keypoints)
        if min(*sizes, *self.head_widths) < 1:
            raise ValueError(f"{self}: every size must be at least 1")


class SourceFeatures(NamedTuple):
    """What the frozen sources say of a batch: all that the trained part of a net reads.

    Attributes:
        picture: the crops at the size of the heatmaps ``(B, 3, head_side, head_side)``, or None.
        domain: the domain source's four maps, none larger than they are read, or None.
        trunk: the task source's map before its head ``(B, C, h, w)``, or None.
    """

    picture: Tensor | None = None
    domain: tuple[Tensor, ...] | None = None
    trunk: Tensor | None = None


class PoseOutput(NamedTuple):
    """What a net gives the training step.

    Attributes:
        logits: heatmap logits ``(B, keypoints, head_side, head_side)``.
        imitation: features ``(B, C, h, w)`` to be matched to the task source's, or None.
        features: ``(B, C, h, w)`` that an adversarial training judges, or None.
    """

    logits: Tensor
    imitation: Tensor | None = None
    features: Tensor | None = None
