"""Tagging a folder of pictures, against a script of twenty lines over the same weights."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torchvision.transforms import v2

from inkpose.bench.row import Row, compare
from inkpose.reading import read_batches
from inkpose.weights import net_path
from shared.errors import UsageError
from shared.images import read_rgb, write_jpeg
from shared.synthetic.dataset import Plan
from shared.synthetic.writer import draw_sample
from tagger.engines import Backend
from tagger.net import TaggerNet
from tagger.predict import TaggerPredictor, load
from tagger.saved import SavedTagger, read_saved

_COUNT, _BATCH, _SIDE_PX = 16, 16, 768
_MODULES: dict[Backend, str] = {"torch": "torch", "onnx": "onnxruntime", "openvino": "openvino"}
Rows = NDArray[np.float32]


def rows(folder: Path, weights: Path) -> Iterator[Row]:
    """Yields pictures per second from file to tags, for the paper's net and the one in ``weights``, every backend.

    After each of the latter comes what the speed costs: of the tags that it or the float32 net tells, the share that
    both tell. Pictures decoded small and bfloat16 move a probability by some thousandths.
    """
    plan = Plan(count=_COUNT, seed=11, size=_SIDE_PX, characters=(1, 1), style="drawn")
    paths = [folder / f"{number}.jpg" for number in range(1, _COUNT + 1)]
    for number, path in enumerate(paths, start=1):
        write_jpeg(path, draw_sample(plan, number).image)
    taggers = {"ResNet-50, 256 px": _save_random(folder / "paper.ckpt")}
    trained = None
    with suppress(UsageError):  # without weights the paper's net alone is measured
        trained = net_path(weights, "tagger")
    if trained is not None:
        saved = read_saved(trained)
        taggers[f"trained {saved.backbone}, {saved.image_size} px"] = trained
    for label, checkpoint in taggers.items():
        plain = _Script(read_saved(checkpoint), paths)
        exact = load(checkpoint, precision="float32").predict([read_rgb(path) for path in paths])
        for backend, module in _MODULES.items():
            if importlib.util.find_spec(module) is None:
                continue  # without the extra there is nothing to measure
            ours = _Ours(load(checkpoint, backend=backend), paths)
            yield compare(
                f"tagging: {label}, {backend}", "pictures/s", ours, plain, "PIL and torchvision, one by one, float32",
                rounds=3,
            )  # fmt: skip
            if checkpoint == trained:
                yield _agreement(f"tagging: tags in common, {backend}", ours, exact)


def _agreement(name: str, ours: _Ours, exact: Rows) -> Row:
    told, expected = ours.answers > ours.tagger.thresholds, exact > ours.tagger.thresholds
    same = float((told & expected).sum() / max(1, (told | expected).sum()))
    return Row(name, "share (1.00× is all)", same, 1.0, "float32, whole pictures", "inkpose bench --only tagging")


class _Ours:
    """What `inkpose tag` does, without the writing of captions."""

    def __init__(self, tagger: TaggerPredictor, paths: list[Path]) -> None:
        self.tagger, self.paths = tagger, paths
        self.answers: Rows = np.zeros((0, 0), np.float32)

    def __call__(self) -> int:
        """Tags the pictures once; returns how many."""
        with ThreadPoolExecutor(max(2, min(8, os.cpu_count() or 2))) as pool:
            batches = read_batches(self.paths, pool, _BATCH, read=self.tagger.read)
            squares = ([read.image for read in batch if read.image is not None] for batch in batches)
            self.answers = np.concatenate([self.tagger.look(batch).probabilities for batch in squares])
        return len(self.paths)


class _Script:
    """What people write: open, resize, pad, normalise, one picture at a time."""

    def __init__(self, saved: SavedTagger, paths: list[Path]) -> None:
        self.net, self.paths, self.side = saved.build(), paths, saved.image_size
        self.supported = saved.supported
        self.to_tensor: Callable[[Image.Image], torch.Tensor] = v2.Compose(
            [v2.ToImage(), v2.ToDtype(torch.float32, scale=True)]
        )
        self.answers: Rows = np.zeros((0, 0), np.float32)

    @torch.inference_mode()
    def __call__(self) -> int:
        """Tags the pictures once; returns how many."""
        parts = []
        for path in self.paths:
            picture = Image.open(path).convert("RGB")
            scale = self.side / max(picture.size)
            size = (round(picture.width * scale), round(picture.height * scale))
            square = Image.new("RGB", (self.side, self.side), "white")
            square.paste(
                picture.resize(size, Image.Resampling.BILINEAR),
                ((self.side - size[0]) // 2, (self.side - size[1]) // 2),
            )
            # The net normalises inside; a script's own transform would do the same sums.
            probability = torch.sigmoid(self.net(self.to_tensor(square)[None]))[0] * self.supported
            parts.append(probability.numpy())
        self.answers = np.stack(parts)
        return len(self.paths)


def _save_random(path: Path) -> Path:
    """Writes a checkpoint of the paper's net with random weights: speed does not depend on them."""
    torch.manual_seed(0)
    net = TaggerNet("resnet50", 1062)
    torch.save(
        {
            "state_dict": {f"net.{name}": value for name, value in net.state_dict().items()},
            "hyper_parameters": {"backbone": "resnet50", "image_size": 256, "rulebook": None},
            "tagger": {
                "class_names": [f"class_{number}" for number in range(1062)],
                "class_groups": ["misc"] * 1062,
                "positives": torch.zeros(1062, dtype=torch.int64),
                "samples": 0,
                "thresholds": torch.full((1062,), 0.5, dtype=torch.float64),
            },
            "inkpose": {"kind": "tagger", "format": 1},
        },
        path,
    )
    return path
