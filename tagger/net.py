"""The tagger's network: a torchvision ResNet from a picture to one logit a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional as F

from shared.training.published_weights import imagenet_state
from tagger.close_looks import CloseHeads, CloseLooks, cut_squares
from tagger.square_finder import Found, SquareFinder

Backbone = Literal["resnet18", "resnet34", "resnet50"]
BACKBONES: tuple[str, ...] = get_args(Backbone)

#: Feature maps that ``features`` can return, with their stride; "stem" is conv1 + BN + ReLU, before the max pooling.
LEVELS: dict[str, int] = {"stem": 2, "layer1": 4, "layer2": 8, "layer3": 16, "layer4": 32}

#: In which of them the squares of close looks are found.
_FOUND_IN = ("layer2", "layer3", "layer4")

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class TaggerNet(nn.Module):
    """ResNet classifier over RGB pictures; with close looks, a second ResNet over the parts of the character.

    The backbone is ``self.resnet``, so the state dict has exactly the keys ``resnet.*`` (320 entries and
    25.684 M parameters for ResNet-50 with 1062 classes); the normalisation constants are not part of it.

    Args:
        backbone: torchvision's name of the ResNet.
        num_classes: number of logits C.
        imagenet: start from torchvision's default ImageNet weights (a download on first use); else random.
        looks: look closer, too: the whole picture is shrunk to ``looks.whole_px``, its squares are found there, and
            cut out of the picture as it came. Of a class that the looks speak of, the logit is the mean of both nets'.
        class_names: with ``looks``: the names of the classes.

    Raises:
        ValueError: unknown backbone, or ``num_classes`` < 1.

    Source: Chen & Zwicker 2022, tagger: ResNet-50 whose last layer has 1062 outputs, ImageNet normalisation.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: Backbone = "resnet50",
        num_classes: int = 1062,
        imagenet: bool = False,
        looks: CloseLooks | None = None,
        class_names: Sequence[str] = (),
    ) -> None:
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
        width: int = resnet.fc.in_features
        resnet.fc = nn.Linear(width, num_classes)
        self.resnet = resnet
        self.looks = looks
        if looks is not None:
            if len(class_names) != num_classes:
                raise ValueError(f"{len(class_names)} class names for {num_classes} classes")
            self.close: Any = torchvision.models.get_model(backbone, weights=None)
            self.close.fc = nn.Identity()
            self.finder = SquareFinder([self.feature_channels(level) for level in _FOUND_IN])
            self.heads = CloseHeads(width, class_names)
            self.train()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def train(self, mode: bool = True) -> TaggerNet:
        """As always, but the first ResNet of a net that looks closer is finished: its norms' statistics stay."""
        super().train(mode)
        if self.looks is not None:
            self.resnet.eval()
        return self

    def forward(self, rgb: Tensor) -> Tensor:
        """Returns logits ``(B, C)`` of pictures ``rgb`` ``(B, 3, H, W)`` in [0, 1]; any size from 32 px up."""
        return self.logits_and_embedding(rgb)[0]

    def logits_and_embedding(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the logits, and the pooled features that the last layers see ``(B, D)``, as in ``forward``."""
        if self.looks is None:
            embedding = self._pooled(self._levels(rgb, until="layer4")["layer4"])
            return self.resnet.fc(embedding), embedding
        maps = self.whole_maps(rgb)
        whole, found = self._pooled(maps["layer4"]), self.find(maps)
        close = self.close_features(rgb, found.squares[:, 0])
        told = self._with_second(self.heads.by_look(close), rgb, found).sum(1)
        logits: Tensor = self.resnet.fc(whole)
        share = self.heads.share
        return logits * (1 - share) + told * share, torch.cat([whole, close.flatten(1)], 1)

    def _with_second(self, told: Tensor, rgb: Tensor, found: Found) -> Tensor:
        """Returns the greater of what each look tells of the first character and of the second, where there is one."""

        def second(rgb: Tensor, squares: Tensor) -> Tensor:
            return self.heads.by_look(self.close_features(rgb, squares))

        if torch.compiler.is_exporting():
            # The graph is the same for all pictures: it looks twice at each.
            both = torch.maximum(told, second(rgb, found.squares[:, 1]))
            return torch.where(found.several[:, None, None], both, told)
        rows = found.several.nonzero().squeeze(1)
        if not len(rows):
            return told
        return told.index_copy(0, rows, torch.maximum(told[rows], second(rgb[rows], found.squares[rows, 1])))

    def whole_maps(self, rgb: Tensor) -> dict[str, Tensor]:
        """Returns the maps of all levels of the whole picture, shrunk as a net that looks closer sees it."""
        assert self.looks is not None, "asked for only where there are looks"
        return self._levels(F.adaptive_avg_pool2d(rgb, self.looks.whole_px), until="layer4")

    def find(self, maps: dict[str, Tensor]) -> Found:
        """Returns where to look closer, of ``whole_maps``."""
        return self.finder.find(*_found_in(maps))

    def mean_squares(self, maps: dict[str, Tensor]) -> Tensor:
        """Returns where it would look if there were one character, ``(B, looks, 3)``: this the finder is taught."""
        squares: Tensor = self.finder(*_found_in(maps))
        return squares

    def close_features(self, rgb: Tensor, squares: Tensor) -> Tensor:
        """Returns what the second ResNet sees there, ``(B, looks, D)``."""
        assert self.looks is not None, "asked for only where there are looks"
        parts = cut_squares(rgb, squares, self.looks.close_px).contiguous(memory_format=torch.channels_last)
        features: Tensor = self.close((parts - self.mean) / self.std)
        return features.reshape(*squares.shape[:2], -1)

    def _pooled(self, cells: Tensor) -> Tensor:
        return torch.flatten(self.resnet.avgpool(cells), 1)

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


def _found_in(maps: dict[str, Tensor]) -> list[Tensor]:
    return [maps[level] for level in _FOUND_IN]
