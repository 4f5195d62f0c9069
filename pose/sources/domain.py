"""The domain source: the tagger's lower layers, which have seen many illustrations."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from tagger.net import Backbone, TaggerNet

#: The levels that the methods read. Source: Chen & Zwicker 2022, feature concatenation.
LEVELS = ("stem", "layer1", "layer2", "layer3")


class DomainSource(nn.Module):
    """A tagger from its stem to layer3; layer4 and the classifier are cut off.

    Args:
        backbone: the tagger's ResNet.
    """

    def __init__(self, backbone: Backbone = "resnet50") -> None:
        super().__init__()
        self.net = prune(TaggerNet(backbone, num_classes=1))

    @classmethod
    def of(cls, tagger: TaggerNet) -> DomainSource:
        """Returns a source that takes over the weights of ``tagger`` (cut off in place)."""
        source = cls.__new__(cls)
        nn.Module.__init__(source)
        source.net = prune(tagger)
        return source

    @property
    def level_channels(self) -> list[int]:
        """Channels of each map that ``forward`` returns."""
        return [self.net.feature_channels(level) for level in LEVELS]

    def describe(self) -> dict[str, Any]:
        """Returns the architecture as plain data: the arguments of this class."""
        return {"backbone": self.net.backbone}

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to four maps of stride 2, 4, 8 and 16."""
        return list(self.net.features(rgb, LEVELS).values())


def prune(tagger: TaggerNet) -> TaggerNet:
    """Cuts off what the pose methods do not read, in place."""
    tagger.resnet.layer4 = nn.Identity()
    tagger.resnet.fc = nn.Identity()
    return tagger
