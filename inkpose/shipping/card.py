"""The card of the shipped nets: what they are, what they learnt from, how well they do, where they fail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkpose.shipping.agreement import Agreement
from inkpose.shipping.facts import TRAININGS, Measured, Training
from inkpose.weights import SUBSYSTEMS
from shared.exporting.card import model_card
from shared.exporting.names import TENSORS

#: The metrics that the card tells, by subsystem: key, what it is.
_METRICS = {
    "tagger": (("macro_f1", "macro F1"), ("map", "mean average precision"), ("classes_scored", "classes scored")),
    "segmenter": (("iou", "foreground IoU"), ("boundary_iou", "boundary IoU"), ("n", "pictures")),
    "pose": (("pdj@0.2", "PDJ@0.2"), ("pckh@0.5", "PCKh@0.5"), ("oks_ap", "OKS-AP"), ("n", "characters")),
}

_SUMMARY = """Three nets that see illustrated characters: a tagger, a segmenter that cuts characters out, and a pose net
that finds 25 joints. They come with inkpose, so that `inkpose predict` works before any training."""

_USE = """```console
inkpose predict drawings/ --out out/     # takes these nets where --weights names no others
```

From Python: `inkpose.pipeline.Pipeline.load()`; one net alone: `tagger.predict.load("…/tagger")`,
`segmenter.predict.load("…/segmenter")`, `pose.predict.load("…/pose")`. Each folder holds `config.json` and
`model.safetensors`, which are read without running code."""

_BORROWS = """
The pose net looks through the tagger's lower layers, stored once, in `tagger/`: keep the folders side by side."""

_ALWAYS = (
    "- Real drawings differ from what the nets learnt from; numbers on the synthetic split do not hold for them.",
    "- Tags that the training pictures did not have are never told.",
)


_TOGETHER = "- Characters that touch or overlap are one region of the mask, and so are found as one."
_APART = "- Characters that touch or overlap are told apart by their middles, and not always: two may be found as one."


@dataclass(frozen=True)
class Told:
    """All that the card is made of; see ``inkpose.shipping.folder.ship``."""

    trainings: Sequence[Training]
    data_sets: Mapping[str, Mapping[str, Any] | None]
    measured: Measured
    agreement: Agreement
    precision: str
    sizes: Mapping[str, int]
    borrowed: int
    notes: str
    command: str


def shipped_card(told: Told) -> str:
    """Returns the README.md."""
    total = sum(told.sizes.values()) / 1e6
    facts = {name: f"{told.sizes.get(f'{name}/{TENSORS}', 0) / 1e6:.1f} MB" for name in SUBSYSTEMS}
    facts |= {"all": f"{total:.1f} MB", "stored as": f"{told.precision}; computed in float32 or bfloat16"}
    sections = [
        ("Use", _USE + ("\n" + _BORROWS if told.borrowed else "")),
        ("What they learnt from", "\n\n".join(_learnt(told))),
        ("Measured", "\n\n".join(_measured(told.measured))),
        ("Where they fail", "\n".join((_apart(told.trainings), *_ALWAYS, *_weakest(told.measured.metrics)))),
        ("Storage", f"The nets as stored here and as trained, {told.agreement.sentence()}."),
        ("Licence", "Apache-2.0, as inkpose itself."),
    ]
    if told.notes.strip():
        sections.insert(4, ("Notes", told.notes))
    if told.command:
        sections.insert(-1, ("Made by", f"```console\n{told.command}\n```"))
    return model_card("The nets that come with inkpose", _SUMMARY, facts, sections, ["tagging", "pose-estimation"])


def _learnt(told: Told) -> Iterator[str]:
    known = [training for training in told.trainings if training.steps is not None or training.data]
    if not known:
        yield "The run folder held no record of its trainings."
        return
    yield _table(
        ("training", "initial weights", "input", "steps", "best at step", "samples a step", "pictures"),
        (
            (
                training.name, _init(training),
                training.image_size and f"{training.image_size} px",
                training.steps, training.kept_step, training.batch_size,
                ", ".join((*map(shown_path, training.data), *training.generated)),
            )
            for training in known
        ),
    )  # fmt: skip
    drawn = {folder: told_set for folder, told_set in told.data_sets.items() if told_set is not None}
    if drawn:
        keys = ("count", "size", "style", "mix", "characters", "seed", "generator_version")
        yield "Drawn by inkpose's own artist (`inkpose synth`):"
        rows = ((shown_path(folder), *(told_set.get(key) for key in keys)) for folder, told_set in drawn.items())
        yield _table(("data set", "pictures", "px", *keys[2:-1], "generator version"), rows)
    others = [shown_path(folder) for folder in told.data_sets if folder not in drawn]
    if others:
        yield f"Of which no description was found when this was written: {', '.join(others)}."
    elif drawn and {training.init for training in known} <= {None, "random", *TRAININGS}:
        yield "Every picture was drawn by a program: no picture of any person or artist was used."


def _init(training: Training) -> str | None:
    if training.init is None and training.name == "pose":
        return "tagger and task_source, frozen"
    return None if training.init is None else shown_path(training.init)


def _measured(measured: Measured) -> Iterator[str]:
    if not measured.metrics:
        yield "Not measured when this was written. `inkpose eval tagger --data DATA` does it; so with the others."
        return
    yield f"On {measured.on}, which none of them was trained on; joints in the true boxes:"
    rows = [
        (name, shown, values[key])
        for name, values in measured.metrics.items()
        for key, shown in _METRICS[name]
        if values.get(key) is not None
    ]
    yield _table(("net", "metric", "value"), rows)


def _apart(trainings: Sequence[Training]) -> str:
    return _APART if any(training.apart for training in trainings) else _TOGETHER


def _weakest(metrics: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yields what the metrics themselves show to be weak."""
    start = "pdj@0.2/"
    joints = {key.removeprefix(start): value for key, value in metrics.get("pose", {}).items() if key.startswith(start)}
    worst = sorted((value, name) for name, value in joints.items() if isinstance(value, float))[:4]
    if worst:
        yield "- Joints found least often (PDJ@0.2): " + ", ".join(f"{name} {value:.2f}" for value, name in worst) + "."
    tagger = metrics.get("tagger", {})
    if isinstance(known := tagger.get("classes_supported"), int) and isinstance(every := tagger.get("classes"), int):
        yield f"- The training pictures taught {known} of the {every} tags."


def shown_path(folder: str) -> str:
    """Returns a folder as the card names it: without what is above it on the machine that trained."""
    path = Path(folder)
    return "/".join(path.parts[-2:]) if path.is_absolute() else path.as_posix()


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and value > 1 else f"{value:.3f}"
    text = "–".join(map(str, value)) if isinstance(value, list) else str(value)
    return text.replace("|", r"\|").replace("\n", " ")
