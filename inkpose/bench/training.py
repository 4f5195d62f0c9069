"""Training steps through the whole pipeline, against the bare net on ready tensors: what the pipeline costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from torch import Tensor

from inkpose.bench.row import Row
from shared.batches import to_float
from shared.errors import InkposeError
from shared.synthetic.dataset import Plan
from shared.synthetic.writer import write_dataset

_CONFIGS = Path("configs")
_COUNT = 48


class Preset(NamedTuple):
    """A training to be timed: its YAML, and the pictures of a batch on a CPU and on a GPU."""

    task: str
    config: str
    cpu_batch: int
    gpu_batch: int
    more: tuple[str, ...] = ()


DEMO = (
    Preset("tagger", "tagger/demo.yaml", 64, 64),
    Preset("segmenter", "segmenter/demo.yaml", 16, 16, ("--data.foregrounds=null", "--data.backgrounds=null")),
    Preset(
        "pose", "pose/demo.yaml", 16, 32,
        ("--model.init_args.domain_source=random:resnet18", "--model.init_args.task_source=random:keypoint_resnet"),
    ),
)  # fmt: skip
PAPER = (
    Preset("tagger", "tagger/paper.yaml", 8, 256, ("--model.init=random",)),
    Preset("segmenter", "segmenter/paper.yaml", 2, 16, ("--model.init=random", "--data.masks=instances")),
    Preset(
        "pose", "pose/paper.yaml", 2, 16,
        ("--model.init_args.domain_source=random:resnet50", "--model.init_args.task_source=random:mask_rcnn_r101"),
    ),
)  # fmt: skip


class StepClock(pl.Callback):
    """Times the steps of a fit, and as many steps of the bare net on the fit's last batch.

    On a CPU the two take turns, and the seconds of this process's cores are counted, so that other programs matter
    little; the data are read in the same process. On a GPU the bare steps come last, lest the reading processes get
    ahead while they run, and the clock's seconds are counted.

    Attributes:
        rates: samples per second of the last fit, and of its bare net.
        peak_gib: most memory of the GPU that it used.
    """

    rates: tuple[float, float] = (0.0, 0.0)
    peak_gib: float = 0.0

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.bare: list[float] = []
        self._begun: float | None = None
        self._batch: dict[str, Tensor] = {}

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *rest: Any) -> None:
        """Notes how long the step took; the first, which begins with the start of the fit, does not count."""
        now, self._batch = _now(pl_module.device), rest[1]
        if self._begun is not None:
            self.steps.append(now - self._begun)
            if pl_module.device.type == "cpu":
                self._bare_step(trainer, pl_module)
        self._begun = _now(pl_module.device)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tells the rates."""
        device, count = pl_module.device, len(self._batch["image"])
        if device.type == "cuda":
            StepClock.peak_gib = torch.cuda.max_memory_allocated(device) / 2**30
            for _ in self.steps:
                self._bare_step(trainer, pl_module)
        StepClock.rates = (_rate(self.steps, count), _rate(self.bare, count))

    def _bare_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        net: Any = pl_module.net
        rgb, optimizer = to_float(self._batch["image"]), trainer.optimizers[0]
        begun = _now(pl_module.device)
        with torch.enable_grad(), trainer.precision_plugin.forward_context():
            # No loss of ours: what the loss costs is the pipeline's.
            value = net(rgb).float().square().mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        self.bare.append(_now(pl_module.device) - begun)


def rows(folder: Path, full: bool) -> Iterator[Row]:
    """Yields training samples per second of the demo's nets, with ``full`` also of the paper's.

    Raises:
        InkposeError: a training fails.
    """
    size = 512
    root = folder / "data"
    write_dataset(root, Plan(seed=4, count=_COUNT, size=size, style="drawn", characters=(1, 1)))
    for label, presets, steps in (("demo", DEMO, 5), *((("paper", PAPER, 3),) if full else ())):
        for preset in presets:
            yield _row(label, preset, steps, root, folder)


def _row(label: str, preset: Preset, steps: int, root: Path, folder: Path) -> Row:
    gpu = torch.cuda.is_available()
    batch, steps = (preset.gpu_batch, 40) if gpu else (preset.cpu_batch, steps)
    arguments = [
        "fit", "--config", str(_CONFIGS / preset.config), "--data.root", str(root), f"--data.batch_size={batch}",
        f"--data.samples_per_epoch={batch * (steps + 1)}", *preset.more, f"--trainer.max_steps={steps + 1}",
        "--trainer.limit_val_batches=0", "--trainer.devices=1", f"--trainer.default_root_dir={folder / preset.config}",
        "--trainer.enable_progress_bar=false", "--checkpoint.monitor=null", "--checkpoint.save_last=false",
        "--checkpoint.save_top_k=0", "--trainer.callbacks+=inkpose.bench.training.StepClock",
    ]  # fmt: skip
    if not gpu:
        arguments.append("--data.num_workers=0")
    if _main_of(preset.task)(arguments) != 0:
        raise InkposeError(f"bench: the training of {preset.config} failed; see the line above")
    ours, bare = StepClock.rates
    memory = f", {StepClock.peak_gib:.1f} GiB" if gpu else ""
    unit = "samples/s (1.00× is a pipeline that costs nothing)" if gpu else "samples/core-second (1.00×: costs nothing)"
    name = f"training: {preset.task}, {label} size, batch {batch}{memory}"
    command = f"inkpose bench --only training{' --full' if label == 'paper' else ''}"
    return Row(name, unit, ours, bare, "the bare net on ready tensors", command)


def _main_of(task: str) -> Callable[[Sequence[str]], int]:
    # Each training command brings its own imports along.
    import importlib

    main: Callable[[Sequence[str]], int] = importlib.import_module(f"{task}.__main__").main
    return main


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        return time.perf_counter()
    return time.process_time()


def _rate(seconds: list[float], count: int) -> float:
    return count * len(seconds) / max(sum(seconds), 1e-9)
