"""A finished pose net as a folder for others: weights, model card and, if wanted, ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pose.onnx_net import difference, example_crops, pose_onnx, whole_pose
from pose.saved import SavedPose, as_config, read_saved
from shared.errors import DataError, InkposeError
from shared.exporting.card import model_card
from shared.exporting.folder import replacing_folder
from shared.exporting.names import CONFIG, TENSORS
from shared.exporting.onnx_model import TOLERANCE
from shared.exporting.weights import Precision, rounded, write_exported
from shared.files import write_bytes, write_text

CARD, ONNX_FILE = "README.md", "model.onnx"
_OWNED = (CONFIG, TENSORS, CARD, ONNX_FILE)

_USE = """From Python:

```python
from pose.predict import load
from shared.images import read_rgb

predictor = load("FOLDER")
[joints] = predictor.predict([read_rgb("drawing.png")], [[(x1, y1, x2, y2)]])
```

`joints` is `(boxes, 25, 3)`: x, y in picture pixels (NaN: not in the picture) and a score in [0, 1], {score}. The
order is COCO's 17 joints, then the middles of upper arm, forearm, thigh and shin, left before right. Left and right are
the character's own."""
_CALIBRATED = "the share of joints with that score that were found on validation data"
_RAW = "the height of the joint's heatmap, which is no probability"
_FILES = """- `config.json`, `model.safetensors`: all that `pose.predict.load` needs, read without running code."""
_ONNX = """- `model.onnx`: input `image`, uint8 RGB `(batch, {side}, {side}, 3)`: the square round the box, {share:.0%}
  larger than its long side, white outside the picture. Outputs: `keypoints` `(batch, 25, 3)`, x and y in crop pixels
  and the score, and `logits` `(batch, 25, {cells}, {cells})`. Every normalisation is inside. The metadata hold the
  names (`inkpose.keypoints`) and the scores below which a joint counts as absent (`inkpose.gate`)."""


class Written(NamedTuple):
    """What an export gave: the files, and how far ONNX is from PyTorch (None without ONNX)."""

    files: list[str]
    onnx_difference: float | None


def export_pose(checkpoint: Path, out: Path, *, onnx: bool = False, precision: Precision = "float32") -> Written:
    """Writes the folder ``out``, whole or not at all.

    Args:
        checkpoint: a pose checkpoint or an exported folder.
        out: folder; an earlier export there is replaced.
        onnx: also write ``model.onnx`` (float32), after it has been run beside the net.
        precision: of ``model.safetensors``.

    Raises:
        DataError: the checkpoint is not usable, or ``out`` cannot be written.
        UsageError: ``out`` holds files of somebody, or the extra ``export`` is missing.
        InkposeError: ONNX computes something else.
    """
    saved = read_saved(checkpoint)
    saved = replace(saved, state=rounded(saved.state, precision))
    try:
        net = whole_pose(saved)
    except RuntimeError as error:
        raise DataError(f"{checkpoint}: its weights do not fit the net; train it again") from error
    found = None
    with replacing_folder(out, _OWNED) as folder:
        write_exported(folder, "pose", as_config(saved), saved.state, precision)
        if onnx:
            model = pose_onnx(saved, net)
            found = difference(model, net, example_crops(saved))
            if not found <= TOLERANCE:
                raise InkposeError(f"model.onnx: differs from the net by {found:.1e}; report it with the method's name")
            write_bytes(folder / ONNX_FILE, model)
        write_text(folder / CARD, _card(saved, precision, onnx))
        files = sorted(path.name for path in folder.iterdir())
    return Written(files, found)


def _card(saved: SavedPose, precision: Precision, onnx: bool) -> str:
    recipe, cells = saved.recipe, saved.recipe.settings().head_side
    numbers = sum(value.numel() for value in saved.state.values() if value.is_floating_point())
    facts = {
        "method": recipe.method,
        "size": f"{numbers / 1e6:.1f} M numbers",
        "domain source": str(recipe.domain["backbone"]) if recipe.domain else "none",
        "task source": str(recipe.task["name"]) if recipe.task else "none at inference",
        "input": f"{recipe.crop_side} px square crop, RGB, {saved.padding:.0%} larger than the box",
        "heatmaps": f"25 of {cells}×{cells}",
        "scores": "calibrated on validation data" if saved.curves is not None else "raw peaks, not calibrated",
        "stored as": precision,
    }
    shape = {"side": recipe.crop_side, "share": saved.padding, "cells": cells}
    return model_card(
        "Pose of illustrated characters",
        "Finds 25 joints of one character in a square crop of a drawing. Made with inkpose, after Chen & Zwicker 2022.",
        facts,
        [
            ("Use", _USE.replace("{score}", _RAW if saved.curves is None else _CALIBRATED)),
            ("Files", _FILES + ("\n" + _ONNX.format(**shape) if onnx else "")),
        ],
        ["keypoint-detection", "pose-estimation"],
    )
