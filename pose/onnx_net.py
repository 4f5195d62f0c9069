"""The pose net with everything inside, from the bytes of a crop to joints: what ``model.onnx`` holds."""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn

from pose.build import PoseNet
from pose.calibration import calibrated
from pose.codecs.heatmap import HeatmapCodec
from pose.saved import SavedPose
from shared.exporting.onnx_model import onnx_session, to_onnx
from shared.keypoints.schema import COCO_25

INPUT, OUTPUTS = "image", ("keypoints", "logits")


class WholePose(nn.Module):
    """Maps RGB uint8 crops ``(B, S, S, 3)`` to keypoints ``(B, 25, 3)`` and heatmap logits ``(B, 25, h, h)``.

    Keypoints are x, y in crop pixels and the calibrated score. Scaling, both normalisations, decoding and calibration
    are inside; the caller crops.
    """

    def __init__(self, net: PoseNet, codec: HeatmapCodec, curves: Tensor | None) -> None:
        super().__init__()
        self.net, self.codec = net, codec
        self.register_buffer("curves", curves)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Returns keypoints and logits."""
        logits = self.net(image.permute(0, 3, 1, 2).float() / 255.0)
        points, score = self.codec.decode(logits)
        if isinstance(self.curves, Tensor):
            score = calibrated(score, self.curves)
        return torch.cat([points, score[..., None]], dim=-1), logits


def whole_pose(saved: SavedPose) -> WholePose:
    """Returns the module of a finished pose net, in eval mode on the CPU."""
    return WholePose(saved.build(), saved.codec(), saved.curves).eval()


def example_crops(saved: SavedPose) -> Tensor:
    """Returns two crops of soft noise, uint8 ``(2, S, S, 3)``, always the same."""
    generator = torch.Generator().manual_seed(0)
    side = saved.recipe.crop_side
    coarse = torch.rand(2, 3, 8, 8, generator=generator)
    smooth = nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)
    return (smooth * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def pose_onnx(saved: SavedPose, net: WholePose) -> bytes:
    """Returns the ONNX file of a finished pose net; its metadata say how to crop and what the outputs are.

    Raises:
        UsageError: the extra ``export`` is not installed.
    """
    metadata = {
        "inkpose.kind": "pose",
        "inkpose.input": "RGB uint8 (batch, side, side, 3): the square round the box, white outside the picture",
        "inkpose.crop_side": str(saved.recipe.crop_side),
        "inkpose.padding": str(saved.padding),
        "inkpose.keypoints": json.dumps(COCO_25.names),
        "inkpose.gate": json.dumps(gate(saved).tolist()),
    }
    return to_onnx(net, example_crops(saved), INPUT, OUTPUTS, metadata)


def gate(saved: SavedPose) -> Tensor:
    """Returns the gates ``(25,)`` of calibrated scores."""
    return saved.gate if saved.curves is None else calibrated(saved.gate, saved.curves)


def difference(model: bytes, net: WholePose, crops: Tensor) -> float:
    """Returns the largest difference of the logits between ONNX Runtime and ``net``, relative where they are large.

    Places are not compared: where a map has two equally high cells, rounding decides. Also run with a batch of one.

    Raises:
        UsageError: the extra ``export`` is not installed.
    """
    session = onnx_session(model, torch.get_num_threads())
    worst = 0.0
    for batch in (crops, crops[:1]):
        with torch.inference_mode():
            expected = net(batch)[1]
        found = torch.from_numpy(session.run(["logits"], {INPUT: batch.numpy()})[0])
        worst = max(worst, float(((found - expected).abs() / expected.abs().clamp(min=10.0)).max()) * 10.0)
    return worst
