"""Crop to keypoints at the paper's size, against the same net with a whole detector in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import KeypointRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

from inkpose.bench.row import Row, compare
from pose.blocks import resize
from pose.codecs.heatmap import HeatmapCodec
from pose.methods.feature_concat.net import FeatureConcatNet
from pose.methods.settings import HeadSettings
from pose.predict import PosePredictor
from pose.sources.domain import DomainSource
from pose.sources.mask_rcnn import MaskRcnnBranch
from shared.batches import to_float


class WholeDetector(nn.Module):
    """A Keypoint R-CNN R101-FPN as it comes: every pyramid level, the proposal net, ROI operators; one forced box."""

    keypoints = 17

    def __init__(self, input_side: int) -> None:
        super().__init__()
        backbone = resnet_fpn_backbone(backbone_name="resnet101", weights=None, trainable_layers=0)
        self.model: Any = KeypointRCNN(backbone, num_classes=2, min_size=input_side, max_size=2 * input_side)
        self.input_side = input_side
        for name, buffer in self.model.backbone.named_buffers():
            # Random residual blocks would overflow.
            if name.endswith("bn3.weight"):
                buffer.fill_(0.2)

    def trunk(self, rgb: Tensor) -> Tensor:
        """Maps RGB ``(B, 3, S, S)`` in [0, 1] to the pooled pyramid level ``(B, 256, 14, 14)``."""
        large = resize(rgb, self.input_side)
        maps = self.model.backbone(large)
        self.model.rpn.head(list(maps.values()))
        side = float(self.input_side)
        boxes = [torch.tensor([[0.0, 0.0, side, side]])] * len(rgb)
        pooled: Tensor = self.model.roi_heads.keypoint_roi_pool(
            maps, boxes, [(self.input_side, self.input_side)] * len(rgb)
        )
        return pooled

    def features_of(self, trunk: Tensor) -> Tensor:
        """Maps what ``trunk`` returns to ``(B, 512, 14, 14)``."""
        features: Tensor = self.model.roi_heads.keypoint_head(trunk)
        return features

    def logits_of(self, features: Tensor) -> Tensor:
        """Maps features to keypoint logits ``(B, 17, 56, 56)``."""
        logits: Tensor = self.model.roi_heads.keypoint_predictor(features)
        return logits


def rows(batch: int = 8, input_side: int = 800, rounds: int = 1) -> Iterator[Row]:
    """Yields crops per second of feature concatenation with random weights at the paper's size."""
    settings = HeadSettings()
    codec = HeatmapCodec((256, 256), (settings.head_side,) * 2, 2.0)
    ours_net = FeatureConcatNet(DomainSource("resnet50"), MaskRcnnBranch(input_side), settings)
    predictor = PosePredictor(ours_net, codec, 0.1, np.zeros(25, np.float32), flip_test=False)
    whole: Any = WholeDetector(input_side)
    plain_net = FeatureConcatNet(DomainSource("resnet50"), whole, settings).eval()
    crops = torch.randint(0, 256, (batch, 3, 256, 256), dtype=torch.uint8)

    def ours() -> int:
        predictor.decode(predictor.logits(crops))
        return batch

    @torch.no_grad()
    def plain() -> int:
        codec.decode(plain_net(to_float(crops).contiguous()))
        return batch

    name = f"pose: crop to keypoints, paper size, batch {batch}"
    yield compare(name, "crops/s", ours, plain, "eager fp32, unpruned R-CNN", rounds=rounds)
