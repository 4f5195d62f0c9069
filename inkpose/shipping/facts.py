"""What a run folder tells of its nets: how they were trained, on what, and how well they do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inkpose.weights import SUBSYSTEMS, checkpoint_path
from shared.errors import InkposeError
from shared.files import read_json
from shared.yaml_files import read_yaml

#: The trainings of a run, in their order: the task source is a part of the pose net, a tagger that looks closer begins
#: with one that does not, and a segmenter that tells characters apart with its masks.
TRAININGS = ("task_source", "tagger_whole", "tagger", "segmenter_masks", "segmenter", "pose")


@dataclass(frozen=True)
class Training:
    """One training, as the run's ``config.yaml`` and the checkpoint tell it.

    Attributes:
        name: one of ``TRAININGS``.
        steps: steps of the whole training; None where it is not known.
        kept_step: of the checkpoint that did best on the validation split, the one that is shipped.
        batch_size: samples a step.
        image_size: side in pixels.
        init: initial weights: ``random``, a file, or the name of an earlier training of the same run.
        data: folders it learnt from.
        generated: kinds of material that is made while it trains.
        apart: a segmenter learns to tell characters apart.
    """

    name: str
    steps: int | None = None
    kept_step: int | None = None
    batch_size: int | None = None
    image_size: int | None = None
    init: str | None = None
    data: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True)
class Measured:
    """Metrics of the nets by subsystem, and what they were measured on; empty where nothing was measured."""

    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    on: str = ""


@dataclass(frozen=True)
class Facts:
    """All that a run tells; ``data_sets`` holds each folder's ``dataset.json``, None where it is no drawn data set."""

    trainings: list[Training]
    data_sets: dict[str, Mapping[str, Any] | None]
    measured: Measured


def facts_of(run: Path, paths: Mapping[str, Path]) -> Facts:
    """Collects what ``run`` tells; what is missing there is left out.

    Args:
        run: a run folder.
        paths: the shipped nets by subsystem; a task source is looked for in the run.
    """
    places = {name: checkpoint_path(run, name) for name in TRAININGS} | dict(paths)
    trainings = [_training(run, name, places[name]) for name in TRAININGS]
    data_sets: dict[str, Mapping[str, Any] | None] = {}
    for folder in dict.fromkeys(folder for training in trainings for folder in training.data):
        owner = next(
            (place for place in (Path(folder), Path(folder).parent) if (place / "dataset.json").is_file()), None
        )
        told = _mapping(owner / "dataset.json") if owner is not None else {}
        data_sets[str(owner or folder)] = told or None
    return Facts(trainings, data_sets, _measured(run))


def _training(run: Path, name: str, path: Path) -> Training:
    from shared.datamodules.drawn import PREFIX

    config = _mapping(run / name / "config.yaml")
    trainer, model, data = (_part(config, key) for key in ("trainer", "model", "data"))
    model = _part(model, "init_args") or model
    told = (*_material(data, "root"), *(data.get("more_roots") or ()), *_material(data, "path"))
    return Training(
        name,
        _whole(trainer.get("max_steps")),
        _kept_step(path, name),
        _whole(data.get("batch_size")),
        _whole(data.get("image_size")),
        _init(run, str(model["init"])) if "init" in model else None,
        tuple(dict.fromkeys(folder for folder in told if not folder.startswith(PREFIX))),
        tuple(dict.fromkeys((*(root for root in told if root.startswith(PREFIX)), *_material(data, "procedural")))),
        bool(model.get("instances")),
    )


def _init(run: Path, told: str) -> str:
    """Returns the name of the training whose checkpoint ``told`` is, where it is one of this run; else ``told``."""
    ends = {name: checkpoint_path(Path(run.name), name).parts for name in TRAININGS}
    return next((name for name, end in ends.items() if Path(told).parts[-len(end) :] == end), told)


def _material(data: Mapping[str, Any], *kinds: str) -> Iterator[str]:
    """Yields what a training's data comes from: the root, and the shares of cut-outs and backgrounds."""
    for entry in (data, *(data.get("foregrounds") or ()), *(data.get("backgrounds") or ())):
        if isinstance(entry, dict):
            yield from (str(entry[kind]) for kind in kinds if entry.get(kind))


def _kept_step(path: Path, name: str) -> int | None:
    from shared.training.checkpoints import load_checkpoint

    try:
        kind = name.removesuffix("_whole").removesuffix("_masks")
        return _whole(load_checkpoint(path, kind).get("global_step")) if path.is_file() else None
    except InkposeError:
        return None  # an exported file: it does not know its step


def _measured(run: Path) -> Measured:
    found = _mapping(run / "metrics.json")
    metrics = {name: found[name] for name in SUBSYSTEMS if isinstance(found.get(name), dict)}
    return Measured(metrics, f"the synthetic {found.get('split', 'test')} split") if metrics else Measured()


def _mapping(path: Path) -> dict[str, Any]:
    """Returns a JSON or YAML file's mapping; an empty one where there is none."""
    if not path.is_file():
        return {}
    value = read_json(path) if path.suffix == ".json" else read_yaml(path)
    return value if isinstance(value, dict) else {}


def _part(config: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
