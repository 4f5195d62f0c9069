"""The domain source: the tagger's lower layers, which have seen many illustrations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pose.blocks import shrink
from tagger.net import IMAGENET_MEAN, IMAGENET_STD, Backbone, TaggerNet

#: The levels that the methods read. Source: Chen & Zwicker 2022, feature concatenation.
LEVELS = ("stem", "layer1", "layer2", "layer3")


class DomainSource(nn.Module):
    """A tagger from its stem to layer3; layer4 and the classifier are cut off.

    Args:
        backbone: the tagger's ResNet.
        mean: of RGB in [0, 1], subtracted from the picture.
        std: of RGB in [0, 1], by which it is divided.
    """

    def __init__(
        self,
        backbone: Backbone = "resnet50",
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        self._take(TaggerNet(backbone, num_classes=1), mean, std)

    @classmethod
    def of(
        cls, tagger: TaggerNet, mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD
    ) -> DomainSource:
        """Returns a source that takes over the weights of ``tagger`` (cut off in place)."""
        source = cls.__new__(cls)
        nn.Module.__init__(source)
        source._take(tagger, mean, std)
        return source

    def _take(self, tagger: TaggerNet, mean: Sequence[float], std: Sequence[float]) -> None:
        self.net = prune(tagger)
        self.mean, self.std = tuple(mean), tuple(std)
        for buffer, values in ((tagger.mean, self.mean), (tagger.std, self.std)):
            buffer.copy_(torch.tensor(values).view(1, 3, 1, 1))

    @property
    def level_channels(self) -> list[int]:
        """Channels of each map that ``forward`` returns."""
        return [self.net.feature_channels(level) for level in LEVELS]

    def describe(self) -> dict[str, Any]:
        """Returns the architecture as plain data: the arguments of this class."""
        if (self.mean, self.std) == (IMAGENET_MEAN, IMAGENET_STD):
            return {"backbone": self.net.backbone}
        return {"backbone": self.net.backbone, "mean": list(self.mean), "std": list(self.std)}

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to four maps of stride 2, 4, 8 and 16."""
        return list(self.net.features(rgb, LEVELS).values())

    def maps(self, rgb: Tensor, side: int) -> tuple[Tensor, ...]:
        """Returns the four maps, those that are larger than ``side`` cells shrunk to it: nothing finer is read."""
        return tuple(shrink(level, side) for level in self(rgb))


def prune(tagger: TaggerNet) -> TaggerNet:
    """Cuts off what the pose methods do not read, in place."""
    tagger.resnet.layer4 = nn.Identity()
    tagger.resnet.fc = nn.Identity()
    if tagger.looks is not None:
        tagger.looks = None
        del tagger.close, tagger.finder, tagger.heads
    return tagger
