"""The stages of the demo: what each needs, where its result lies, and the one function that makes it."""

from __future__ import annotations

import gc
import importlib
import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from inkpose.stages import Stage
from inkpose.weights import checkpoint_path
from shared.errors import DataError
from shared.files import digest, read_json, write_json
from shared.images import FoundImage, find_images
from shared.readers.splits import split_of

if TYPE_CHECKING:
    from inkpose.demo import DataPlan, DemoOptions, Ledger

#: Synthetic test pictures that the page shows.
SHOWN_TEST_PICTURES = 8

#: The first part of a training in two parts, which only some presets have: subsystem, beginning of the YAML's name.
FIRST_PARTS = {"tagger_whole": ("tagger", "whole_"), "segmenter_masks": ("segmenter", "masks_")}

_RUN_FILES = ("checkpoints", "config.yaml", "hparams.yaml", "events.out.tfevents.*", "version_*")
_DATA_FILES = ("images", "metadata", "fg", "fg_behind", "bg", "masks", "annotations", "dataset.json", ".synth")


def draw_stage(options: DemoOptions, plan: DataPlan, style: str) -> Stage:
    """Draws the ``drawn`` or ``photo`` data set."""
    from shared.synthetic.dataset import GENERATOR_VERSION

    drawn = style == "drawn"
    folder = options.data / style
    settings: dict[str, Any] = {
        "seed": plan.drawn_seed if drawn else plan.photo_seed,
        "count": plan.drawn if drawn else plan.photo,
        "size": plan.size,
        "style": style,
        "mix": plan.mix,
        "characters": list(plan.drawn_characters if drawn else plan.photo_characters),
        "generator_version": GENERATOR_VERSION,
    }

    def fits() -> bool:
        # Drawn with `inkpose synth` and the same options, or cut off while drawing: the generator goes on itself.
        for path in (folder / "dataset.json", folder / ".synth" / "plan.json"):
            if path.is_file():
                found = read_json(path)
                return isinstance(found, dict) and all(found.get(key) == value for key, value in settings.items())
        return False

    def work(_resume: bool) -> None:
        from shared.synthetic.cli import synth

        first, last = settings["characters"]
        synth(
            folder,
            settings["count"],
            settings["seed"],
            settings["size"],
            (first, last),
            style,
            options.workers,
            mix=settings["mix"],
        )

    records = options.data / "stages" / style
    return Stage(f"data/{style}", folder, ("dataset.json",), settings, work, _DATA_FILES, records, fits)


def training_config(options: DemoOptions, name: str) -> Path:
    """Returns the YAML of a preset's training; one of ``FIRST_PARTS`` has one in some presets."""
    parts = {"task_source": ("pose", "task_source_"), **FIRST_PARTS}
    package, prefix = parts.get(name, (name, ""))
    return options.configs / package / f"{prefix}{options.preset}.yaml"


def train_stage(options: DemoOptions, ledger: Ledger, name: str) -> Stage:
    """Trains one net through the same door as ``python -m <subsystem> fit``."""
    path = training_config(options, name)
    package = path.parent.name
    folder, content = options.out / name, _config(path)
    arguments = ["--trainer.default_root_dir", str(folder), *_moved_arguments(options, content)]
    if options.quick:
        arguments += _quick_arguments(content)
    inputs = ledger.digests(*_inputs(options, content))
    settings = {"config": content, "quick": options.quick, "inputs": inputs, "version": _version()}

    def work(resume: bool) -> None:
        run = importlib.import_module(f"{package}.__main__").main
        code = run(["fit", "--config", str(path), *arguments, "--resume", "true" if resume else "false"])
        gc.collect()
        if code == 130:
            raise KeyboardInterrupt
        if code:
            raise SystemExit(code)  # the training has said why

    return Stage(f"train/{name}", folder, ("checkpoints/best.ckpt",), settings, work, owned=_RUN_FILES)


def _quick_arguments(config: Any) -> list[str]:
    """Returns the settings of a training that is over after a tenth of its steps."""
    from inkpose.demo import QUICK_SHARE

    steps = max(2, round(config["trainer"]["max_steps"] * QUICK_SHARE))
    return [
        "--trainer.max_steps", str(steps), "--trainer.val_check_interval", str(steps),
        f"--{_model_section(config)}.warmup_steps", str(steps // 10),
    ]  # fmt: skip


def _inputs(options: DemoOptions, config: Any) -> list[str]:
    """Returns the stages whose results a config names: data sets, and nets that it begins from or builds on."""
    text = json.dumps(config)
    data = [f"data/{style}" for style in ("drawn", "photo") if f"data/{options.preset}/{style}" in text]
    begun = ("task_source", *FIRST_PARTS, "tagger")
    nets = [f"train/{net}" for net in begun if f"runs/{options.preset}/{net}/checkpoints" in text]
    return data + nets


def _model_section(config: Any) -> str:
    """Returns where a config's model settings stand: one level deeper where the class is named, too."""
    return "model.init_args" if "init_args" in config["model"] else "model"


def _moved_arguments(options: DemoOptions, config: Any) -> list[str]:
    """Returns the settings of a config that name folders of the preset, as arguments that name this run's."""
    arguments: list[str] = []
    sections = {_model_section(config): config["model"].get("init_args", config["model"]), "data": config["data"]}
    for section, values in sections.items():
        for key, value in values.items():
            moved = _moved(value, options)
            if moved != value:
                arguments += [f"--{section}.{key}", moved if isinstance(moved, str) else json.dumps(moved)]
    return arguments


def _moved(value: Any, options: DemoOptions) -> Any:
    """Returns ``value`` with every path of the preset's own folders put where this run has them."""
    if isinstance(value, list):
        return [_moved(item, options) for item in value]
    if isinstance(value, dict):
        return {key: _moved(item, options) for key, item in value.items()}
    for written, place in (("data", options.data), ("runs", options.out)):
        if isinstance(value, str) and Path(value).is_relative_to(Path(written, options.preset)):
            return str(place / Path(value).relative_to(Path(written, options.preset)))
    return value


def evaluate_stage(options: DemoOptions, ledger: Ledger, name: str) -> Stage:
    """Scores one net on the synthetic test split."""
    folder = options.out / "evaluation" / name

    def work(_resume: bool) -> None:
        from inkpose.evaluation import evaluate_checkpoint

        checkpoint = checkpoint_path(options.out, name)
        write_json(folder / "metrics.json", evaluate_checkpoint(name, checkpoint, options.data / "drawn", "test"))

    settings = {"inputs": ledger.digests("data/drawn", f"train/{name}"), "split": "test", "version": _version()}
    return Stage(f"evaluate/{name}", folder, ("metrics.json",), settings, work)


def predict_test_stage(options: DemoOptions, ledger: Ledger) -> Stage:
    """Shows the nets some synthetic test pictures."""
    paths = test_pictures(options.data / "drawn", SHOWN_TEST_PICTURES)
    return _predict_stage(options, ledger, "predict/test", options.out / "predictions" / "test", paths)


def predict_images_stage(options: DemoOptions, ledger: Ledger) -> Stage:
    """Shows the nets the user's pictures."""
    folder = options.out / "predictions" / "images"
    return _predict_stage(options, ledger, "predict/images", folder, options.images)


def _predict_stage(options: DemoOptions, ledger: Ledger, name: str, folder: Path, inputs: Sequence[Path]) -> Stage:
    trained = ("train/tagger", "train/segmenter", "train/pose")
    seen = [_identity(item) for item in find_images(inputs)]
    settings = {"inputs": ledger.digests(*trained), "pictures": digest(seen), "version": _version()}

    def work(_resume: bool) -> None:
        from inkpose.console import picture_progress
        from inkpose.pipeline import Pipeline
        from inkpose.predict import predict_to_folder

        with picture_progress(name) as bar:
            outcome = predict_to_folder(
                Pipeline.load(options.out), inputs, folder, on_start=bar.start, on_picture=bar.advance
            )
        for failure in outcome.failures:
            ledger.tell(f"refused: {failure}")

    return Stage(name, folder, ("predictions.jsonl",), settings, work)


def test_pictures(data: Path, count: int) -> list[Path]:
    """Returns ``count`` pictures of the test split, spread evenly over it.

    Raises:
        DataError: the data set has none.
    """
    paths = [item.path for item in find_images([data / "images"])]
    paths = [path for path in paths if path.stem.isdecimal() and split_of(int(path.stem)) == "test"]
    if not paths:
        raise DataError(f"{data}: no pictures of the test split; draw at least 1000 pictures")
    step = max(1, len(paths) // count)
    return paths[::step][:count]


def _identity(item: FoundImage) -> list[Any]:
    try:
        status = item.path.stat()
    except OSError:
        return [str(item.path), None]
    return [str(item.path), status.st_size, status.st_mtime_ns]


def _config(path: Path) -> Any:
    """The YAML's content; comments and layout do not count."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such config; run inside a clone of the project") from None
    except (OSError, yaml.YAMLError) as error:
        raise DataError(f"{path}: cannot be read as YAML ({' '.join(str(error).split())}); repair it") from error


def _version() -> str:
    try:
        return version("inkpose")
    except PackageNotFoundError:
        return "0"
