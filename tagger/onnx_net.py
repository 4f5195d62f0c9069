"""The tagger with everything inside, from the bytes of a picture to probabilities: what ``model.onnx`` holds."""

from __future__ import annotations

import json

import torch
from torch import Tensor, nn

from shared.exporting.onnx_model import to_onnx
from tagger.net import TaggerNet
from tagger.saved import Preprocessing, SavedTagger

#: What is around a picture in its square, by the kind of preprocessing.
FRAMES: dict[Preprocessing, str] = {
    "letterbox": "in the middle of a white square",
    "paper": "in the middle of a square, black around opaque pictures, white around those with alpha",
}
INPUT, OUTPUTS = "image", ("probabilities", "logits", "embedding")


class WholeTagger(nn.Module):
    """Maps RGB uint8 ``(B, S, S, 3)``, 0 … 255, to probabilities and logits ``(B, C)`` and the embedding ``(B, D)``.

    Scaling and normalisation are inside; the caller letterboxes. A class that was not taught has probability 0.
    """

    supported: Tensor

    def __init__(self, net: TaggerNet, supported: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("supported", supported.float())

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Returns probabilities, logits, embedding."""
        logits, embedding = self.net.logits_and_embedding(image.permute(0, 3, 1, 2).float() / 255.0)
        return torch.sigmoid(logits) * self.supported, logits, embedding


def whole_tagger(saved: SavedTagger) -> WholeTagger:
    """Returns the module of a finished tagger, in eval mode on the CPU."""
    return WholeTagger(saved.build(), saved.supported).eval()


def example_input(saved: SavedTagger) -> Tensor:
    """Returns two pictures of noise, uint8 ``(2, S, S, 3)``, always the same."""
    generator = torch.Generator().manual_seed(0)
    side = saved.image_size
    return torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8, generator=generator)


def tagger_onnx(saved: SavedTagger, net: WholeTagger | None = None) -> bytes:
    """Returns the ONNX file of a finished tagger; its metadata hold class names, groups and thresholds as JSON.

    Raises:
        UsageError: the extra ``export`` is not installed.
    """
    metadata = {
        "inkpose.kind": "tagger",
        "inkpose.input": f"RGB uint8 (batch, side, side, 3), {FRAMES[saved.preprocessing]}",
        "inkpose.image_size": str(saved.image_size),
        "inkpose.preprocessing": saved.preprocessing,
        "inkpose.class_names": json.dumps(saved.class_names, ensure_ascii=False),
        "inkpose.class_groups": json.dumps(saved.class_groups, ensure_ascii=False),
        "inkpose.thresholds": json.dumps(saved.thresholds.tolist()),
    }
    return to_onnx(net or whole_tagger(saved), example_input(saved), INPUT, OUTPUTS, metadata)
