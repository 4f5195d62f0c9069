"""A finished tagger as a folder for others: weights, class list, thresholds, model card and, if wanted, ONNX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch

from shared.errors import DataError, InkposeError
from shared.exporting.card import model_card
from shared.exporting.folder import replacing_folder
from shared.exporting.names import CONFIG, TENSORS
from shared.exporting.onnx_model import TOLERANCE, onnx_difference
from shared.exporting.weights import Precision, rounded, write_exported
from shared.files import write_bytes, write_text
from tagger.engines import ONNX_FILE
from tagger.onnx_net import FRAMES, example_input, tagger_onnx, whole_tagger
from tagger.saved import SavedTagger, as_config, read_saved

TAGS, THRESHOLDS, CARD = "selected_tags.csv", "thresholds.csv", "README.md"
_OWNED = (CONFIG, TENSORS, TAGS, THRESHOLDS, CARD, ONNX_FILE)

_USE = """From Python, or with the command `inkpose tag drawings/ --weights FOLDER`:

```python
from tagger.predict import load
from shared.images import read_rgb

tagger = load("FOLDER")
[probabilities] = tagger.predict([read_rgb("drawing.png")])
print(tagger.tags(probabilities))
```

{without}"""
_PLAIN = """Without inkpose: build torchvision's `{backbone}` with {classes} outputs, load `model.safetensors`
(names `resnet.*`), and give it RGB in [0, 1] minus (0.485, 0.456, 0.406), divided by (0.229, 0.224, 0.225). The sigmoid
of the logits is the probability; a class is told above its threshold in `thresholds.csv`."""
_CLOSE = """Without inkpose: `model.onnx` (`inkpose export tagger --onnx`) holds both nets, what finds the close looks,
and their joining. `model.safetensors` has the first ResNet under torchvision's names after `resnet.`. The sigmoid of
the logits is the probability; a class is told above its threshold in `thresholds.csv`."""
_FILES = """- `config.json`, `model.safetensors`: all that `tagger.predict.load` needs, read without running code.
- `selected_tags.csv`: `tag_id,name,category,count`; the row is the output's number, as WD-taggers have it. Every
  category is 0 (general): unlike theirs, the first four outputs are no ratings. `count` is training pictures.
- `thresholds.csv`: `name,group,threshold`, tuned for F1 on the validation split; `inkpose tag --calibration` reads an
  edited one."""
_ONNX = """- `model.onnx`: input `image`, uint8 RGB `(batch, {side}, {side}, 3)`: shrunk so that the long side is {side}
  px, {frame}. Scaling and normalisation are inside. Outputs: `probabilities` and `logits` `(batch, {classes})`, and
  `embedding` `(batch, D)`. The batch is any size. Class names, groups and thresholds are in the metadata under
  `inkpose.class_names`, `inkpose.class_groups`, `inkpose.thresholds`, as JSON."""


class Written(NamedTuple):
    """What an export gave: the files, and how far ONNX is from PyTorch (None without ONNX)."""

    files: list[str]
    onnx_difference: float | None


def export_tagger(checkpoint: Path, out: Path, *, onnx: bool = False, precision: Precision = "float32") -> Written:
    """Writes the folder ``out``, whole or not at all.

    Args:
        checkpoint: a tagger checkpoint or an exported folder.
        out: folder; an earlier export there is replaced.
        onnx: also write ``model.onnx`` (float32), after it has been run beside the net.
        precision: of ``model.safetensors``.

    Raises:
        DataError: the checkpoint is not usable, or ``out`` cannot be written.
        UsageError: ``out`` holds files of somebody; the extra ``export`` is missing; ONNX computes something else.
    """
    saved = read_saved(checkpoint)
    try:
        saved.build()
    except RuntimeError as error:
        raise DataError(f"{checkpoint}: not a whole tagger ({str(error).splitlines()[0]}); train it again") from error
    saved = replace(saved, state=rounded(saved.state, precision))
    difference = None
    with replacing_folder(out, _OWNED) as folder:
        write_exported(folder, "tagger", as_config(saved), saved.state, precision)
        write_text(folder / TAGS, _csv(("tag_id", "name", "category", "count"), _tag_rows(saved)))
        write_text(folder / THRESHOLDS, _csv(("name", "group", "threshold"), _threshold_rows(saved)))
        if onnx:
            difference = _write_onnx(folder, saved)
        write_text(folder / CARD, _card(saved, precision, onnx))
        files = sorted(path.name for path in folder.iterdir())
    return Written(files, difference)


def _write_onnx(folder: Path, saved: SavedTagger) -> float:
    net = whole_tagger(saved)
    model = tagger_onnx(saved, net)
    difference = onnx_difference(model, net, example_input(saved))
    # Where logits are far from 0, float32 itself has fewer digits behind the point.
    with torch.inference_mode():
        scale = max(1.0, float(net(example_input(saved))[1].abs().max()) / 10)
    if saved.looks is not None:
        scale *= 10  # a square found a hair further on cuts other values out of the example, which is noise
    if not difference <= TOLERANCE * scale:
        raise InkposeError(
            f"model.onnx: differs from the net by {difference:.1e}; report it with the checkpoint's kind"
        )
    write_bytes(folder / ONNX_FILE, model)
    return difference


def _tag_rows(saved: SavedTagger) -> Iterable[Sequence[object]]:
    return ((i, name, 0, int(saved.positives[i])) for i, name in enumerate(saved.class_names))


def _threshold_rows(saved: SavedTagger) -> Iterable[Sequence[object]]:
    rows = zip(saved.class_names, saved.class_groups, saved.thresholds.tolist(), strict=True)
    return ((name, group, f"{threshold:.6f}") for name, group, threshold in rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _card(saved: SavedTagger, precision: Precision, onnx: bool) -> str:
    groups = {name: saved.class_groups.count(name) for name in dict.fromkeys(saved.class_groups)}
    known = f"{saved.samples:,}" if saved.samples else "not known (imported weights)"
    weights = sum(value.numel() for value in saved.state.values() if value.is_floating_point())
    facts = {
        "net": f"{'two ' if saved.looks else ''}{saved.backbone}, {weights / 1e6:.1f} M",
        "input": f"{saved.image_size} px square, RGB, {saved.preprocessing} preprocessing",
        "classes": f"{len(saved.class_names)} (" + ", ".join(f"{count} {name}" for name, count in groups.items()) + ")",
        "taught classes": f"{int(saved.supported.sum())}; the others are never told",
        "training pictures": known,
        "stored as": precision,
    }
    shape: dict[str, object] = {"backbone": saved.backbone, "classes": len(saved.class_names), "side": saved.image_size}
    shape["frame"] = FRAMES[saved.preprocessing]
    files = _FILES + ("\n" + _ONNX.format(**shape) if onnx else "")
    return model_card(
        "Tagger of illustrated characters",
        "Tells which classes of the rulebook (body, clothing, misc) a drawing shows. Trained with inkpose.",
        facts,
        [("Use", _USE.format(without=(_CLOSE if saved.looks else _PLAIN).format(**shape))), ("Files", files)],
        ["multi-label-classification", "tagging"],
    )
