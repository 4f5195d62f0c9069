"""A finished segmenter as a folder for others: weights, model card and, if wanted, ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from segmenter.instance_head import STRIDE
from segmenter.net import SegmenterNet
from segmenter.saved import SavedSegmenter, as_config, read_saved
from shared.errors import DataError, InkposeError
from shared.exporting.card import model_card
from shared.exporting.folder import replacing_folder
from shared.exporting.names import CONFIG, TENSORS
from shared.exporting.onnx_model import TOLERANCE, onnx_difference, to_onnx
from shared.exporting.weights import Precision, rounded, write_exported
from shared.files import write_bytes, write_text

ONNX_FILE, CARD = "model.onnx", "README.md"
INPUT, OUTPUTS, INSTANCES = "image", ("mask", "logits"), "instances"
_OWNED = (CONFIG, TENSORS, CARD, ONNX_FILE)

_USE = """With the command `inkpose segment drawings/ --weights FOLDER --out cut/`, or from Python:

```python
from segmenter.components import characters
from segmenter.predict import load
from shared.images import read_rgb

segmenter = load("FOLDER")
[mask] = segmenter.predict([read_rgb("drawing.png")])  # float32 (H, W) in [0, 1], at the picture's own size
for character in characters(mask):
    print(character.box_xyxy, character.score)
```

Where characters touch, `characters(mask, owners=owners)` with `[owners] = segmenter.owners([picture])` parts them, if
the net has a head for that.

`load("FOLDER").net` maps RGB in [0, 1] `(B, 3, H, W)` to logits `(B, 2, H, W)`; class 1 is the character and the
normalisation is inside."""
_FILES = """- `config.json`, `model.safetensors`: all that `segmenter.predict.load` needs, read without running code."""
_ONNX = """- `model.onnx`: input `image`, uint8 RGB `(batch, {side}, {side}, 3)`: shrunk so that the long side is {side}
  px and laid in the middle of a white square. Scaling and normalisation are inside. Outputs: `mask`
  `(batch, {side}, {side})`, the probability of "character", and `logits` `(batch, 2, {side}, {side})`. The batch is any
  size. What inkpose does after the net (edges refined at full size, specks and holes) is not in the file."""
_ONNX_INSTANCES = """ A third output, `instances` `(batch, 3, {cells}, {cells})`, tells characters apart: the logit of
  a character's middle, and the offset x, y from each cell of 4 × 4 pixels to its own character's, in cells."""


class Written(NamedTuple):
    """What an export gave: the files, and how far ONNX is from PyTorch (None without ONNX)."""

    files: list[str]
    onnx_difference: float | None


class WholeSegmenter(nn.Module):
    """Maps RGB uint8 ``(B, S, S, 3)`` to the mask ``(B, S, S)`` in [0, 1], logits ``(B, 2, S, S)``, and instance maps.

    The latter, ``(B, 3, S / 4, S / 4)``, are there if the net has an instance head.
    """

    def __init__(self, net: SegmenterNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Returns mask and logits, and instance maps if there are any."""
        rgb = image.permute(0, 3, 1, 2).float() / 255.0
        if self.net.instance_head is None:
            logits: Tensor = self.net(rgb)
            return logits.softmax(dim=1)[:, 1], logits
        logits, maps = self.net.mask_and_instances(rgb)
        return logits.softmax(dim=1)[:, 1], logits, maps


def export_segmenter(checkpoint: Path, out: Path, *, onnx: bool = False, precision: Precision = "float32") -> Written:
    """Writes the folder ``out``, whole or not at all.

    Args:
        checkpoint: a segmenter checkpoint or an exported folder.
        out: folder; an earlier export there is replaced.
        onnx: also write ``model.onnx`` (float32), after it has been run beside the net.
        precision: of ``model.safetensors``.

    Raises:
        DataError: the checkpoint is not usable, or ``out`` cannot be written.
        UsageError: ``out`` holds files of somebody; the extra ``export`` is missing.
        InkposeError: ONNX computes something else.
    """
    saved = read_saved(checkpoint)
    saved = replace(saved, state=rounded(saved.state, precision))
    try:
        net = saved.build()
    except (TypeError, ValueError, RuntimeError) as error:
        raise DataError(f"{checkpoint}: not a whole segmenter ({str(error).splitlines()[0]}); train again") from error
    difference = None
    with replacing_folder(out, _OWNED) as folder:
        write_exported(folder, "segmenter", as_config(saved), saved.state, precision)
        if onnx:
            difference = _write_onnx(folder, saved, net)
        write_text(folder / CARD, _card(saved, net, precision, onnx))
        files = sorted(path.name for path in folder.iterdir())
    return Written(files, difference)


def _write_onnx(folder: Path, saved: SavedSegmenter, net: SegmenterNet) -> float:
    whole, side = WholeSegmenter(net).eval(), saved.image_size
    generator = torch.Generator().manual_seed(0)
    example = torch.randint(0, 256, (2, side, side, 3), dtype=torch.uint8, generator=generator)
    metadata = {
        "inkpose.kind": "segmenter",
        "inkpose.input": "RGB uint8 (batch, height, width, 3), letterboxed on white; scaled and normalised inside",
        "inkpose.image_size": str(side),
        "inkpose.preprocessing": saved.preprocessing,
    }
    outputs = OUTPUTS if net.instance_head is None else (*OUTPUTS, INSTANCES)
    model = to_onnx(whole, example, INPUT, outputs, metadata)
    difference = onnx_difference(model, whole, example)
    # Where logits are far from 0, float32 itself has fewer digits behind the point.
    with torch.inference_mode():
        scale = max(1.0, *(float(output.abs().max()) / 10 for output in whole(example)[1:]))
    if not difference <= TOLERANCE * scale:
        raise InkposeError(
            f"model.onnx: differs from the net by {difference:.1e}; report it with the checkpoint's kind"
        )
    write_bytes(folder / ONNX_FILE, model)
    return difference


def _card(saved: SavedSegmenter, net: SegmenterNet, precision: Precision, onnx: bool) -> str:
    facts = {
        "net": f"DeepLabv3 on {saved.settings['backbone']} with a refinement head, "
        f"{sum(p.numel() for p in net.parameters()) / 1e6:.1f} M",
        "input": f"RGB, {saved.image_size} px, {saved.preprocessing} preprocessing",
        "output": "two logits a pixel: background and character" + ("; who is who" if net.instance_head else ""),
        "stored as": precision,
    }
    files = _FILES + ("\n" + _ONNX.format(side=saved.image_size) if onnx else "")
    if onnx and net.instance_head is not None:
        files += _ONNX_INSTANCES.format(cells=-(-saved.image_size // STRIDE))
    return model_card(
        "Segmenter of illustrated characters",
        "Tells character from background, pixel by pixel. Trained with inkpose.",
        facts,
        [("Use", _USE), ("Files", files)],
        ["image-segmentation"],
    )
