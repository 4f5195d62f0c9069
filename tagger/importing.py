"""Weights of others (first of all the paper's release) into a checkpoint that every command here reads."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from shared.errors import DataError
from shared.files import read_json, replacing
from shared.rulebook.rulebook import load_rulebook
from shared.training.checkpoints import stamp
from shared.training.foreign_weights import Match, read_tensors
from tagger.net import Backbone, TaggerNet
from tagger.weights import initialise, resnet_tensors


def import_tagger(
    source: Path, out: Path, classes: Path, image_size: int = 256, paper_preprocessing: bool = False
) -> Match:
    """Turns ResNet weights with a last layer of classes into a tagger checkpoint; no code in the file is run.

    Read are Lightning checkpoints (also of version 1.3, with EasyDict in their hyper-parameters), PyTorch state dicts
    and safetensors, with torchvision's tensor names or these behind ``resnet.``, as in the paper's release.

    Args:
        source: the weights.
        out: the checkpoint to write.
        classes: the class names in the order of the last layer: a text file with one a line, a JSON list of names or
            of objects with ``name``, or a CSV with a column ``name`` (``selected_tags.csv``).
        image_size: side of the input, pixels.
        paper_preprocessing: prepare pictures by the rules of the paper's release.

    Returns:
        Which tensors matched, were missing, and were left over.

    Raises:
        DataError: a file cannot be read, the weights are of no ResNet-18, -34 or -50, or the names do not fit them.
    """
    found = resnet_tensors(read_tensors(source))
    backbone, count = _architecture(found, source)
    names, groups = _read_classes(classes)
    if len(names) != count:
        raise DataError(f"{classes}: {len(names)} names, but the weights have {count} classes; give the list of these")
    net = TaggerNet(backbone, count)
    match = initialise(net, source)
    checkpoint: dict[str, Any] = {
        "state_dict": {f"net.{name}": value.contiguous() for name, value in net.state_dict().items()},
        "hyper_parameters": {"backbone": backbone, "image_size": image_size, "rulebook": None},
        "tagger": {
            "class_names": names,
            "class_groups": groups,
            # Their training data is not known: every class counts as taught, at the threshold 0.5.
            "positives": torch.zeros(count, dtype=torch.int64),
            "samples": 0,
            "thresholds": torch.full((count,), 0.5, dtype=torch.float64),
            "preprocessing": "paper" if paper_preprocessing else "letterbox",
        },
    }
    stamp(checkpoint, "tagger")
    with replacing(out) as temporary:
        torch.save(checkpoint, temporary)
    return match


def _architecture(tensors: dict[str, Tensor], source: Path) -> tuple[Backbone, int]:
    if "conv1.weight" not in tensors or "fc.weight" not in tensors or tensors["fc.weight"].ndim != 2:
        raise DataError(f"{source}: no conv1 and fc of a ResNet in it; give the weights of a ResNet tagger")
    if "layer1.0.conv3.weight" in tensors:
        backbone: Backbone = "resnet50"
    else:
        backbone = "resnet34" if "layer1.2.conv1.weight" in tensors else "resnet18"
    return backbone, len(tensors["fc.weight"])


def _read_classes(path: Path) -> tuple[list[str], list[str]]:
    if path.suffix.lower() == ".json":
        rows = read_json(path)
        if not isinstance(rows, list):
            raise DataError(f"{path}: not a JSON list; give a list of names or of objects with a name")
        entries = [{"name": row} if isinstance(row, str) else row for row in rows]
    else:
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: cannot be read ({error}); give a text file of class names") from error
        if path.suffix.lower() == ".csv":
            entries = list(csv.DictReader(text.splitlines()))
        else:
            entries = [{"name": line.strip()} for line in text.splitlines() if line.strip()]
    names: list[str] = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            raise DataError(f"{path}: entry {number} has no name; each class needs one")
        names.append(name)
    if len(set(names)) != len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise DataError(f"{path}: {twice!r} comes twice; class names must differ")
    own = load_rulebook()
    known = dict(zip(own.class_names, own.class_groups, strict=True))
    groups = [str(entry.get("group") or known.get(name, "misc")) for name, entry in zip(names, entries, strict=True)]
    return names, groups
