"""The tagger's network: a torchvision ResNet from a picture to one logit a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
import torchvision
from torch import Tensor, nn

from shared.training.published_weights import imagenet_state

Backbone = Literal["resnet18", "resnet34", "resnet50"]
BACKBONES: tuple[str, ...] = get_args(Backbone)

#: Feature maps that ``features`` can return, with their stride; "stem" is conv1 + BN + ReLU, before the max pooling.
LEVELS: dict[str, int] = {"stem": 2, "layer1": 4, "layer2": 8, "layer3": 16, "layer4": 32}

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class TaggerNet(nn.Module):
    """ResNet classifier over RGB pictures.

    The backbone is ``self.resnet``, so the state dict has exactly the keys ``resnet.*`` (320 entries and
    25.684 M parameters for ResNet-50 with 1062 classes); the normalisation constants are not part of it.

    Args:
        backbone: torchvision's name of the ResNet.
        num_classes: number of logits C.
        imagenet: start from torchvision's default ImageNet weights (a download on first use); else random.

    Raises:
        ValueError: unknown backbone, or ``num_classes`` < 1.

    Source: Chen & Zwicker 2022, tagger: ResNet-50 whose last layer has 1062 outputs, ImageNet normalisation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, backbone: Backbone = "resnet50", num_classes: int = 1062, imagenet: bool = False) -> None:
        super().__init__()
        if backbone not in BACKBONES:
            raise ValueError(f"backbone {backbone!r} is unknown; accepted: {', '.join(BACKBONES)}")
        if num_classes < 1:
            raise ValueError(f"num_classes is {num_classes}; at least 1 is needed")
        self.backbone = backbone
        self.num_classes = num_classes
        resnet: Any = torchvision.models.get_model(backbone, weights=None)
        if imagenet:
            resnet.load_state_dict(imagenet_state(backbone))
        resnet.fc = nn.Linear(resnet.fc.in_features, num_classes)
        self.resnet = resnet
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, rgb: Tensor) -> Tensor:
        """Returns logits ``(B, C)`` of pictures ``rgb`` ``(B, 3, H, W)`` in [0, 1]; any size from 32 px up."""
        logits: Tensor = self.resnet.fc(self.embedding(rgb))
        return logits

    def embedding(self, rgb: Tensor) -> Tensor:
        """Returns the pooled features that the last layer sees, ``(B, D)``, of pictures as in ``forward``."""
        pooled = self.resnet.avgpool(self._levels(rgb, until="layer4")["layer4"])
        return torch.flatten(pooled, 1)

    def features(self, rgb: Tensor, levels: Sequence[str] = ("layer1", "layer2", "layer3")) -> dict[str, Tensor]:
        """Returns feature maps ``(B, channels, ⌈H/stride⌉, ⌈W/stride⌉)`` by level name, in the order asked.

        Only the layers up to the deepest level asked for are run.

        Args:
            rgb: pictures ``(B, 3, H, W)`` in [0, 1].
            levels: names out of ``LEVELS``.

        Raises:
            ValueError: an unknown level, or none.
        """
        unknown = [level for level in levels if level not in LEVELS]
        if unknown or not levels:
            raise ValueError(f"levels {list(levels)} must name some of: {', '.join(LEVELS)}")
        maps = self._levels(rgb, until=max(levels, key=LEVELS.__getitem__))
        return {level: maps[level] for level in levels}

    def feature_channels(self, level: str) -> int:
        """Returns the number of channels of a level's feature map."""
        if level == "stem":
            return 64
        width = 256 if self.backbone == "resnet50" else 64
        return int(width * LEVELS[level] // LEVELS["layer1"])

    def _levels(self, rgb: Tensor, until: str) -> dict[str, Tensor]:
        if rgb.ndim != 4 or rgb.shape[1] != 3:
            raise ValueError(f"rgb has shape {tuple(rgb.shape)}; (B, 3, H, W) is needed")
        net = self.resnet
        x = net.relu(net.bn1(net.conv1((rgb - self.mean) / self.std)))
        maps = {"stem": x}
        if until == "stem":
            return maps
        x = net.maxpool(x)
        for level in ("layer1", "layer2", "layer3", "layer4"):
            x = getattr(net, level)(x)
            maps[level] = x
            if level == until:
                break
        return maps
