"""The three subsystems' own training commands on two processes, stopped in the middle of a step and resumed.

``torchrun --nproc-per-node 2 -m tests.integration.ddp_subsystems DATA RUNS``; each process must say "all the same".
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

import pose.__main__
import segmenter.__main__
import tagger.__main__
from pose.module import PoseModule
from pose.task_source_module import TaskSourceModule
from segmenter.module import SegmenterModule
from tagger.module import TaggerModule
from tests.shared.training.exact_run import differences

ROOT = Path(__file__).parents[2]
EMA = "[{class_path: pytorch_lightning.callbacks.EMAWeightAveraging, init_args: {decay: 0.5}}]"
TASK = "{backbone: resnet18, levels: [layer2, layer3], task_width: 32, task_depth: 1}"
POSE = {
    "domain_source": "random:resnet18", "task_source": "random:keypoint_resnet", "image_size": 64, "head_side": 16,
    "level_width": 16, "domain_width": 24, "task_width": 8, "head_widths": "[32, 24, 16]", "optimizer": "muon",
}  # fmt: skip


def arguments(config: str, data: Path, run: Path, model: dict[str, Any], image_size: int) -> list[str]:
    shared = {
        "trainer.default_root_dir": run, "trainer.accelerator": "cpu", "trainer.devices": 2, "trainer.max_steps": 3,
        "trainer.precision": "32-true", "trainer.accumulate_grad_batches": 2, "trainer.val_check_interval": 4,
        "trainer.callbacks": EMA, "save_every_n_steps": 1, "data.root": data, "data.image_size": image_size,
        "data.batch_size": 2, "data.num_workers": 0, "resume": "true",
    }  # fmt: skip
    files = ["--config", f"{ROOT}/configs/{config}.yaml", "--config", f"{ROOT}/configs/cluster/overlay.yaml"]
    return ["fit", *files, *(f"--{key}={value}" for key, value in {**shared, **model}.items())]


def stopped_at(module_class: type[pl.LightningModule], batch: int, command: Callable[[], int]) -> int:
    """Runs a command in which only the second process is told to stop, at one of its training batches."""
    step, seen = module_class.training_step, [0]

    def counted(self: Any, *given: Any) -> Any:
        seen[0] += 1
        if seen[0] == batch and self.trainer.global_rank == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, *given)

    module_class.training_step = counted  # type: ignore[method-assign]
    try:
        return command()
    finally:
        module_class.training_step = step  # type: ignore[method-assign]


def result(run: Path) -> dict[str, Any]:
    checkpoint = torch.load(run / "checkpoints/last.ckpt", weights_only=True)
    kept = {key: checkpoint[key] for key in ("state_dict", "current_model_state", "optimizer_states", "inkpose")}
    choice = next(value for key, value in checkpoint["callbacks"].items() if key.startswith("ModelCheckpoint"))
    return {**kept, "best": choice["best_model_score"], "tagger": checkpoint.get("tagger")}


def main(data: Path, runs: Path) -> None:
    torch.set_num_threads(1)
    plain = {"tagger": tagger.__main__.main, "segmenter": segmenter.__main__.main, "pose": pose.__main__.main}
    segment = {"data.composite": "false", "data.foregrounds": "null", "data.backgrounds": "null"}
    pose_net = {f"model.init_args.{key}": value for key, value in POSE.items()}
    source = {"model.init_args.arguments": TASK, "model.init_args.image_size": 64}
    cases: list[tuple[str, type[pl.LightningModule], dict[str, Any], int]] = [
        ("tagger/demo", TaggerModule, {"model.image_size": 32}, 32),
        ("segmenter/demo", SegmenterModule, segment, 32),
        ("pose/task_source_demo", TaskSourceModule, source, 64),
        ("pose/demo", PoseModule, pose_net, 64),
    ]
    for number, (config, module_class, model, size) in enumerate(cases):
        train = plain[config.split("/")[0]]
        whole, parts = runs / f"{number}-whole", runs / f"{number}-parts"
        assert train(arguments(config, data, whole, model, size)) == 0, config
        again = arguments(config, data, parts, model, size)
        code = stopped_at(module_class, 3, lambda train=train, again=again: train(again))
        assert code == 128 + signal.SIGTERM, config
        assert train(again) == 0, config
        assert differences(result(parts), result(whole)) == [], config
    sys.stderr.write("all the same\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
