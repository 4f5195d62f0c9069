"""The card tells what the run's files tell, and nothing else."""

from __future__ import annotations

from pathlib import Path

import yaml

from inkpose.shipping.agreement import Agreement
from inkpose.shipping.card import Told, shipped_card, shown_path
from inkpose.shipping.facts import Measured, facts_of
from shared.files import write_json, write_text

SAME = Agreement(tag_prob=0.0012, tags=0.995, mask_pixels=0.9999, joints=1.0)
SET = {"count": 24000, "size": 256, "style": "drawn", "mix": "rich", "characters": [1, 2], "seed": 1}


def write_config(run: Path, name: str, model: dict, data: dict, steps: int) -> None:
    content = {"trainer": {"max_steps": steps}, "model": model, "data": {"batch_size": 32, "image_size": 160, **data}}
    write_text(run / name / "config.yaml", yaml.safe_dump(content))


def card_of(run: Path, measured: Measured | None = None, notes: str = "") -> str:
    nets = {name: run / name for name in ("tagger", "segmenter", "pose")}
    facts = facts_of(run, nets)
    sizes = {"tagger/model.safetensors": 23_500_000, "README.md": 1000}
    return shipped_card(
        Told(
            facts.trainings, facts.data_sets, measured or facts.measured, SAME, "float16", sizes, 15, notes, "inkpose …"
        )
    )


def whole_run(tmp_path: Path, init: str = "random") -> Path:
    run, data = tmp_path / "runs/small", tmp_path / "data/small"
    write_json(data / "drawn/dataset.json", SET | {"generator_version": "7"})
    write_json(data / "photo/dataset.json", SET | {"style": "photo", "count": 6000, "generator_version": "7"})
    drawn, photo = str(data / "drawn"), str(data / "photo")
    write_config(
        run,
        "task_source",
        {"class_path": "x", "init_args": {"init": "random"}},
        {"root": drawn, "more_roots": [photo]},
        480,
    )
    write_config(run, "tagger", {"init": init}, {"root": drawn}, 3200)
    backgrounds = [{"path": photo + "/bg", "weight": 1}, {"procedural": "clutter"}]
    begun = {"init": "runs/small/task_source/checkpoints/best.ckpt"}  # as the run was told, wherever it lies now
    write_config(run, "segmenter", begun, {"root": drawn, "backgrounds": backgrounds}, 4000)
    write_config(run, "pose", {"class_path": "x", "init_args": {}}, {"root": drawn}, 1200)
    return run


def test_a_segmenter_that_tells_characters_apart(tmp_path: Path) -> None:
    run = whole_run(tmp_path)
    assert "and so are found as one" in card_of(run)
    write_config(run, "segmenter_masks", {"init": "runs/small/task_source/checkpoints/best.ckpt"}, {"root": "x"}, 4000)
    begun = {"init": "runs/small/segmenter_masks/checkpoints/best.ckpt", "instances": True}
    write_config(run, "segmenter", begun, {"root": "synth:count=7000,characters=1-4"}, 400)
    card = card_of(run)
    assert "| segmenter_masks | task_source | 160 px | 4000 | – | 32 | x |" in card
    assert "| segmenter | segmenter_masks | 160 px | 400 | – | 32 | synth:count=7000,characters=1-4 |" in card
    assert "are told apart by their middles" in card


def test_what_a_whole_run_tells(tmp_path: Path) -> None:
    run = whole_run(tmp_path)
    metrics = {
        "tagger": {"macro_f1": 0.6543, "classes": 1062, "classes_supported": 301},
        "segmenter": {"iou": 0.95, "n": 600},
        "pose": {"pdj@0.2": 0.861, "pdj@0.2/left_wrist": 0.51, "pdj@0.2/nose": 0.99, "oks_ap": None},
    }
    write_json(run / "metrics.json", {"split": "test", **metrics})
    card = card_of(run, notes="They miss hats.")
    assert "| tagger | random | 160 px | 3200 | – | 32 | small/drawn |" in card
    assert "tagger_whole" not in card
    assert "| task_source | random | 160 px | 480 | – | 32 | small/drawn, small/photo |" in card
    assert "| segmenter | task_source | 160 px | 4000 | – | 32 | small/drawn, photo/bg, clutter |" in card
    assert "| pose | tagger and task_source, frozen | 160 px | 1200 | – | 32 | small/drawn |" in card
    assert "| small/drawn | 24000 | 256 | drawn | rich | 1–2 | 1 | 7 |" in card
    assert "| small/photo | 6000 | 256 | photo | rich | 1–2 | 1 | 7 |" in card
    assert "no picture of any person or artist was used" in card
    assert "| tagger | macro F1 | 0.654 |" in card
    assert "| segmenter | pictures | 600 |" in card
    assert "OKS-AP" not in card
    assert "left_wrist 0.51, nose 0.99" in card
    assert "taught 301 of the 1062 tags" in card
    assert "They miss hats." in card
    assert "| all | 23.5 MB |" in card
    assert "probabilities differ by at most 0.0012" in card
    assert str(tmp_path) not in card


def test_it_does_not_claim_what_it_does_not_know(tmp_path: Path) -> None:
    nothing = card_of(tmp_path / "runs/none")
    assert "held no record of its trainings" in nothing
    assert "Not measured" in nothing
    assert "no picture of any person" not in nothing
    assert "no picture of any person" not in card_of(whole_run(tmp_path / "a", init="imagenet"))
    run = whole_run(tmp_path / "b")
    (tmp_path / "b/data/small/photo/dataset.json").unlink()
    card = card_of(run)
    assert "no picture of any person" not in card
    assert "no description was found when this was written: small/photo, photo/bg." in card


def test_paths_are_shown_without_the_machine() -> None:
    assert shown_path("runs/small") == "runs/small"
    assert shown_path("/" + "srv/deep/runs/small") == "runs/small"
