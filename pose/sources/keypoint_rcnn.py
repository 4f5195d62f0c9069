"""A task source with weights that torchvision distributes: the keypoint branch of Keypoint R-CNN R50-FPN."""

from __future__ import annotations

import torch
from torch import Tensor

from pose.blocks import resize
from pose.sources.rcnn_branch import RcnnBranch, channel_constants
from shared.training.published_weights import imagenet_state
from tagger.net import IMAGENET_MEAN, IMAGENET_STD


class KeypointRcnnBranch(RcnnBranch):
    """What torchvision's ``keypointrcnn_resnet50_fpn`` computes for one box that is the whole square picture.

    torchvision pools without the half-pixel alignment; the fixed linear map here repeats that. 42.4 M parameters.

    Args:
        input_side: side to which the crop is enlarged (800: the short side that torchvision uses).
        imagenet: start the ResNet from torchvision's ImageNet weights (a download on first use); else random.

    Source: torchvision's Keypoint R-CNN; He et al. 2017.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, input_side: int = 800, imagenet: bool = False) -> None:
        # torchvision's weights have the ε of their training inside their variances.
        super().__init__(50, input_side, eps=0.0)
        self.register_buffer("mean", channel_constants(IMAGENET_MEAN), persistent=False)
        self.register_buffer("std", channel_constants(IMAGENET_STD), persistent=False)
        if imagenet:
            weights = imagenet_state("resnet50")
            own = {name: weights[name] for name in self.resnet.state_dict()}
            self.resnet.load_state_dict({name: v + 1e-5 if name.endswith("var") else v for name, v in own.items()})
        else:
            self.tame()

    def prepare(self, rgb: Tensor) -> Tensor:
        """Normalises, then enlarges, in torchvision's order."""
        return resize((rgb - self.mean) / self.std, self.input_side)

    def pool(self, level5: Tensor) -> Tensor:
        """Pools P5 as torchvision's unaligned ROI pooling does."""
        weights = pooling_weights(level5.shape[-1], self.roi_side).to(level5)
        return torch.einsum("yh,bchw,xw->bcyx", weights, level5, weights)


def pooling_weights(size: int, bins: int, samples: int = 2) -> Tensor:
    """Returns ``(bins, size)``: the share of each cell in each bin of unaligned ROI pooling of a whole axis.

    A bin averages ``samples`` linear interpolations; unaligned means that cell ``i`` counts as lying at ``i``, not
    at ``i + ½``.
    """
    places = ((torch.arange(bins * samples) + 0.5) * (size / (bins * samples))).clamp(max=size - 1)
    cells = torch.arange(size)
    weights = (1.0 - (places[:, None] - cells[None]).abs()).clamp(min=0.0)
    return weights.view(bins, samples, size).mean(dim=1)
