"""The whole road in one process: draw the data, train the nets, score them, show what they see."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inkpose.stages import Finished, run_stage
from shared.errors import UsageError
from shared.files import read_json, write_json
from shared.images import find_images

#: Groups of stages that ``--only`` may end with.
PARTS = ("data", "train", "evaluate")


@dataclass(frozen=True)
class DataPlan:
    """Synthetic data of a preset: numbers of pictures, their side in pixels, characters a picture, seeds."""

    drawn: int
    photo: int
    size: int = 256
    drawn_characters: tuple[int, int] = (1, 1)
    photo_characters: tuple[int, int] = (1, 1)
    drawn_seed: int = 1
    photo_seed: int = 2
    mix: str = "rich"


#: The numbers are ours: what the demo's time allows, and somewhat more pictures that are harder to learn.
PLANS = {
    "demo": DataPlan(drawn=6000, photo=1500, mix="simple"),
    "small": DataPlan(drawn=30_000, photo=6000, mix="balanced"),
}

#: For ``--quick``: enough pictures for every split, and a tenth of the preset's training steps.
QUICK_PLAN = DataPlan(drawn=1000, photo=1000, mix="simple")
QUICK_SHARE = 0.1

#: The project's own configs lie beside the packages: it is cloned and run.
CONFIGS = Path(__file__).resolve().parents[1] / "configs"


@dataclass(frozen=True)
class DemoOptions:
    """What the user asked for; see ``inkpose demo --help``."""

    preset: str
    out: Path
    data: Path
    images: tuple[Path, ...] = ()
    only: str | None = None
    workers: int | None = None
    configs: Path = CONFIGS
    quick: bool = False

    @property
    def plan(self) -> DataPlan:
        """What is drawn."""
        return QUICK_PLAN if self.quick else PLANS[self.preset]


@dataclass
class Ledger:
    """Runs stages and remembers what each gave."""

    tell: Callable[[str], None]
    finished: dict[str, Finished] = field(default_factory=dict)

    def run(self, stage: Any) -> None:
        """Runs one stage."""
        self.finished[stage.name] = run_stage(stage, self.tell)

    def digests(self, *names: str) -> dict[str, dict[str, str]]:
        """Returns the output digests of finished stages, as settings of a later one."""
        return {name: self.finished[name].outputs for name in names}

    def seconds(self) -> dict[str, float]:
        """Returns the seconds of every stage when it really ran."""
        return {name: round(finished.seconds, 1) for name, finished in self.finished.items()}


def run_demo(options: DemoOptions, tell: Callable[[str], None]) -> None:
    """Runs the chain of a preset; each finished stage is told in one line.

    Raises:
        UsageError: an unknown preset or part.
        DataError: the user's pictures are missing, or a stage fails.
        KeyboardInterrupt: stopped; run it again and it goes on.
    """
    from inkpose import demo_stages as stages
    from inkpose.shipping.facts import TRAININGS

    if options.preset not in PLANS:
        raise UsageError(f"--preset {options.preset}: not known; choose {' or '.join(PLANS)}")
    if options.only not in (None, *PARTS):
        raise UsageError(f"--only {options.only}: not known; choose {', '.join(PARTS)}")
    if options.images:
        find_images(options.images)  # a mistyped path is told now, not after the training
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    ledger = Ledger(tell)
    for style in ("drawn", "photo"):
        ledger.run(stages.draw_stage(options, options.plan, style))
    if options.only == "data":
        return
    for name in TRAININGS:
        if name not in stages.FIRST_PARTS or stages.training_config(options, name).is_file():
            ledger.run(stages.train_stage(options, ledger, name))
    if options.only == "train":
        return
    for name in ("tagger", "segmenter", "pose"):
        ledger.run(stages.evaluate_stage(options, ledger, name))
    _write_metrics(options, ledger)
    if options.only == "evaluate":
        return
    ledger.run(stages.predict_test_stage(options, ledger))
    if options.images:
        ledger.run(stages.predict_images_stage(options, ledger))
    _write_metrics(options, ledger)

    from inkpose.report.page import write_report

    shown = [options.out / "predictions" / "images"] if options.images else []
    report = options.out / "report.html"
    write_report(options.out, report, [*shown, options.out / "predictions" / "test"])
    tell(f"{'report':<20} {report}")


def _write_metrics(options: DemoOptions, ledger: Ledger) -> None:
    """Writes metrics.json: the headline numbers of each net, and the seconds of each stage."""
    metrics: dict[str, Any] = {"preset": options.preset, "split": "test"}
    for name in ("tagger", "segmenter", "pose"):
        full = read_json(options.out / "evaluation" / name / "metrics.json")
        metrics[name] = {key: value for key, value in full.items() if not isinstance(value, (dict, list, str))}
    metrics["seconds"] = ledger.seconds()
    write_json(options.out / "metrics.json", metrics)
