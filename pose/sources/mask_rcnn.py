"""The paper's task source: the keypoint branch of a Mask R-CNN with ResNet-101, and nothing else of it."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from pose.blocks import resize
from pose.sources.rcnn_branch import RcnnBranch, channel_constants
from shared.training.published_weights import imagenet_state

#: Mean of BGR in 0–255, which the branch subtracts; there is no division.
BGR_MEAN = (103.53, 116.28, 123.675)


class MaskRcnnBranch(RcnnBranch):
    """What detectron2's Keypoint R-CNN R101-FPN computes for one box that is the whole square picture.

    Aligned ROI pooling of the whole map with 2×2 samples a bin is a resize to 28² followed by 2×2 averaging.
    61.35 M parameters.

    Args:
        input_side: side to which the crop is enlarged (800 in the paper).
        imagenet: start the ResNet from torchvision's ImageNet weights (a download on first use); else random.

    Source: Chen & Zwicker 2022, section 3 (task features); detectron2's COCO-Keypoints R101-FPN configuration.
    """

    mean: Tensor

    def __init__(self, input_side: int = 800, imagenet: bool = False) -> None:
        super().__init__(101, input_side)
        for level in (self.resnet.layer2, self.resnet.layer3, self.resnet.layer4):
            # The original MSRA layout: the stride sits in the first 1×1 convolution, not in the 3×3.
            level[0].conv1.stride, level[0].conv2.stride = (2, 2), (1, 1)
        self.register_buffer("mean", channel_constants(BGR_MEAN), persistent=False)
        if imagenet:
            self._load_imagenet()
        else:
            self.tame()

    def _load_imagenet(self) -> None:
        weights = imagenet_state("resnet101")
        # torchvision's input is RGB / (255·std); folding that into the first filter gives BGR in 0–255.
        weights["conv1.weight"] = (weights["conv1.weight"] / (255.0 * channel_constants((0.229, 0.224, 0.225)))).flip(1)
        self.resnet.load_state_dict({name: weights[name] for name in self.resnet.state_dict()})

    def prepare(self, rgb: Tensor) -> Tensor:
        """Enlarges, and turns RGB in [0, 1] into BGR in 0–255 minus the mean."""
        return resize(rgb, self.input_side).flip(1) * 255.0 - self.mean

    def pool(self, level5: Tensor) -> Tensor:
        """Pools P5 as aligned ROI pooling does."""
        return functional.avg_pool2d(resize(level5, 2 * self.roi_side), 2)
