"""``python -m tagger.ablation``: the loss weightings against each other, several seeds each, as a table.

Every cell (weighting × seed) is a training of one YAML with that weighting and seed, scored on the test split. A cell
is done once: its scores lie in its folder, and the table is written anew after each. A stopped training goes on.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shared.errors import DataError, InkposeError, UsageError
from shared.files import digest, read_json, write_json, write_text
from tagger.losses import WEIGHTINGS

#: Scores of a cell, in the order of the table's columns.
SCORES = ("macro_f2", "macro_f1", "map", "rare_recall", "rare_f2")
#: A rare class: at most this share of the training pictures has it.
RARE_SHARE = 0.05


@dataclass(frozen=True)
class Plan:
    """What is compared.

    Attributes:
        config: YAML of the training.
        out: folder of the cells and of ``table.md`` and ``table.json``.
        weightings: rules of the loss weights.
        seeds: of training and data.
        overrides: further arguments of ``python -m tagger fit``, e.g. ``--trainer.max_steps=100``.
        min_positives: test positives that a class needs to be scored.
    """

    config: Path
    out: Path
    weightings: tuple[str, ...] = ("none", "inverse", "inverse_sqrt")
    seeds: tuple[int, ...] = (0, 1, 2)
    overrides: tuple[str, ...] = field(default=())
    min_positives: int = 10

    def cells(self) -> Iterable[tuple[str, int]]:
        """Yields weighting and seed, all weightings of a seed together, so that a part of the table is fair too."""
        return ((weighting, seed) for seed in self.seeds for weighting in self.weightings)

    def arguments(self, weighting: str, seed: int) -> list[str]:
        """Returns the arguments of the cell's training."""
        return [
            f"--config={self.config}",
            *self.overrides,
            f"--trainer.default_root_dir={self.folder(weighting, seed)}",
            f"--seed_everything={seed}",
            f"--data.seed={seed}",
            f"--model.weighting={weighting}",
        ]

    def folder(self, weighting: str, seed: int) -> Path:
        """Returns the run folder of a cell."""
        return self.out / f"{weighting}-{seed}"

    def key(self, weighting: str, seed: int) -> str:
        """Returns a digest of all that a cell's scores depend on, but for the data's content."""
        settings = yaml.safe_load(self.config.read_text("utf-8"))
        return digest(settings, list(self.overrides), weighting, seed, self.min_positives, RARE_SHARE)


def run(plan: Plan) -> dict[str, Any]:
    """Trains and scores the cells that are not done, and returns the table's content.

    Raises:
        DataError: the YAML cannot be read, or a cell's data is not usable.
        UsageError: an unknown weighting.
        InkposeError: a training failed.
    """
    if unknown := set(plan.weightings) - set(WEIGHTINGS):
        raise UsageError(f"weighting {min(unknown)}: not known; choose from {', '.join(WEIGHTINGS)}")
    if not plan.config.is_file():
        raise DataError(f"{plan.config}: no such file; name a YAML of configs/tagger")
    rows: list[dict[str, Any]] = []
    for weighting, seed in plan.cells():
        record = plan.folder(weighting, seed) / "scores.json"
        known = read_json(record) if record.is_file() else {}
        if known.get("key") != plan.key(weighting, seed):
            sys.stderr.write(f"{weighting}, seed {seed} …\n")
            known = {"key": plan.key(weighting, seed), "scores": _cell(plan, weighting, seed)}
            write_json(record, known)
        rows.append({"weighting": weighting, "seed": seed, **known["scores"]})
        write_json(plan.out / "table.json", {"plan": _told(plan), "rows": rows})
        write_text(plan.out / "table.md", markdown(rows))
    return {"plan": _told(plan), "rows": rows}


def _cell(plan: Plan, weighting: str, seed: int) -> dict[str, float | int | None]:
    from tagger.__main__ import main
    from tagger.evaluate import evaluate

    arguments = plan.arguments(weighting, seed)
    code = main(["fit", *arguments, "--resume=true"])
    if code != 0:
        raise InkposeError(f"{weighting}, seed {seed}: the training ended with {code}; run the command again to go on")
    folder = plan.folder(weighting, seed)
    settings = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    report = evaluate(
        folder / "checkpoints" / "last.ckpt",
        Path(settings["data"]["root"]),
        num_workers=settings["data"]["num_workers"],
        min_positives=plan.min_positives,
    )
    return scores_of(report)


def scores_of(report: dict[str, Any]) -> dict[str, float | int | None]:
    """Returns a cell's scores from the report of ``tagger.evaluate``, at the threshold 0.5.

    The threshold is not tuned: what the weighting is for is where the net puts its own boundary. "Rare" are classes
    with at most ``RARE_SHARE`` of the test pictures, among those that are scored.
    """
    limit = RARE_SHARE * report["pictures"]
    rare = [row for row in report["per_class"] if report["min_positives"] <= row["positives"] <= limit]
    mean = statistics.fmean
    return {
        "macro_f2": report["at"]["0.5"]["macro_f2"],
        "macro_f1": report["at"]["0.5"]["macro_f1"],
        "map": report["map"],
        "rare_recall": mean(row["recall_at_half"] for row in rare) if rare else None,
        "rare_f2": mean(row["f2_at_half"] for row in rare) if rare else None,
        "classes_scored": report["classes_scored"],
        "rare_classes": len(rare),
    }


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Returns the table: mean ± standard deviation over the seeds done, a row a weighting."""
    head = ["weighting", "seeds", *(name.replace("_", " ") for name in SCORES)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for weighting in dict.fromkeys(row["weighting"] for row in rows):
        mine = [row for row in rows if row["weighting"] == weighting]
        cells = [_spread([row[name] for row in mine if row[name] is not None]) for name in SCORES]
        lines.append("| " + " | ".join([weighting, str(len(mine)), *cells]) + " |")
    if rows:
        scored = f"{rows[0]['classes_scored']} classes scored, {rows[0]['rare_classes']} of them rare"
        lines += ["", f"Threshold 0.5, test split; {scored} (at most {RARE_SHARE:.0%} of the pictures)."]
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    return f"{statistics.fmean(values):.4f}" + (f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else "")


def _told(plan: Plan) -> dict[str, Any]:
    told = {"config": str(plan.config), "overrides": list(plan.overrides), "seeds": list(plan.seeds)}
    return told | {"weightings": list(plan.weightings), "min_positives": plan.min_positives}


def main(args: Sequence[str] | None = None) -> int:
    """Runs the comparison of the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tagger.ablation",
        description="Compare loss weightings; what is left over goes to each training, e.g. --trainer.max_steps=100",
    )
    parser.add_argument("--config", type=Path, default=Path("configs/tagger/demo.yaml"))
    parser.add_argument("--out", type=Path, default=Path("runs/ablation/tagger"))
    parser.add_argument("--weightings", nargs="+", default=["none", "inverse", "inverse_sqrt"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--min-positives", type=int, default=10)
    known, overrides = parser.parse_known_args(args)
    plan = Plan(
        known.config, known.out, tuple(known.weightings), tuple(known.seeds), tuple(overrides), known.min_positives
    )
    try:
        table = run(plan)
    except InkposeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(markdown(table["rows"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
