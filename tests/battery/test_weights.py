"""Weights from strangers: code in pickles is never run, damaged files and folders are refused in one line."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from shared.images import write_png
from tests.battery.faults import Battery, fault_of, run, twisted

pytestmark = pytest.mark.slow

KINDS = ("tagger", "segmenter", "pose")


class Code:
    """A pickle that touches a file when it is loaded."""

    def __init__(self, call, argument: str) -> None:
        self.call, self.argument = call, argument

    def __reduce__(self):
        return self.call, (self.argument,)


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "a.png"
    drawing = np.full((64, 48, 3), 255, np.uint8)
    drawing[10:60, 15:35] = 40
    write_png(path, drawing)
    return path


@pytest.fixture(scope="module")
def exported(weights, tmp_path_factory) -> Path:
    """Folders of `inkpose export`, one a kind."""
    top = tmp_path_factory.mktemp("exported")
    for kind in KINDS:
        told = run("export", kind, "--checkpoint", weights / f"{kind}/checkpoints/best.ckpt", "--out", top / kind)
        assert told.code == 0, told.err
    return top


def uses(kind: str, weights: Path, picture: Path, out: Path) -> list[tuple[object, ...]]:
    """The commands that load a net of one kind from a file or an exported folder."""
    if kind == "tagger":
        return [("tag", picture, "--weights", weights, "--dry-run", "--device", "cpu")]
    if kind == "segmenter":
        return [("segment", picture, "--weights", weights, "--out", out, "--device", "cpu", "--fast")]
    weights = weights / "config.json" if weights.is_dir() else weights
    (out.parent / "boxes.json").write_text('{"a.png": [[5, 5, 30, 50]]}')
    return [
        ("pose", picture, "--weights", weights, "--boxes", out.parent / "boxes.json", "--out", out, "--device", "cpu")
    ]


def loaded(battery: Battery, name: str, command: tuple[object, ...], folder: Path, codes: tuple[int, ...]) -> None:
    def case() -> str | None:
        return fault_of(run(*command), folder, codes)

    battery.check(name, case)
    shutil.rmtree(folder / "out", ignore_errors=True)


def pickles(folder: Path) -> dict[str, Path]:
    """Files whose loading would touch ``folder/RAN``, in every form that torch and pickle write."""
    import torch

    ran = str(folder / "RAN")
    codes = {
        "system": Code(os.system, f"touch {ran}"),
        "open": Code(Path.touch, Path(ran)),
        "eval": Code(eval, f"open({ran!r}, 'w')"),
    }
    found = {}
    for name, code in codes.items():
        stamped = {"inkpose": {"kind": "tagger", "format": 1}, "state_dict": {"a": code}, "hyper_parameters": {}}
        for form, content in (
            ("alone", code),
            ("stamped", stamped),
            ("state dict", {"conv1.weight": torch.zeros(1), "x": code}),
        ):
            for writer in ("zip", "old", "pickle"):
                path = folder / f"{name} {form} {writer}.ckpt"
                if writer == "pickle":
                    path.write_bytes(pickle.dumps(content))
                else:
                    torch.save(content, path, _use_new_zipfile_serialization=writer == "zip")
                found[path.stem] = path
    return found


def test_code_in_pickles_is_never_run(battery, tmp_path, picture) -> None:
    (tmp_path / "tags.txt").write_text("a\nb\n")
    box = tmp_path / "box.json"
    box.write_text('{"a.png": [[5, 5, 30, 50]]}')
    out = tmp_path / "out.ckpt"
    for name, path in pickles(tmp_path).items():
        as_pickle = shutil.copy(path, path.with_suffix(".pkl"))
        for command in (
            ("tag", picture, "--weights", path, "--dry-run"),
            ("segment", picture, "--weights", path, "--out", tmp_path / "o"),
            ("pose", picture, "--weights", path, "--boxes", box, "--out", tmp_path / "o"),
            ("eval", "tagger", "--checkpoint", path, "--data", tmp_path),
            ("export", "segmenter", "--checkpoint", path, "--out", tmp_path / "o"),
            ("import", "tagger", path, "--classes", tmp_path / "tags.txt", "--out", out),
            ("import", "segmenter", path, "--out", out),
            ("import", "pose", path, "--method", "concat", "--out", out),
            ("import", "task-source", path, "--out", out),
            ("import", "task-source", as_pickle, "--out", out),
        ):

            def case(command=command) -> str | None:
                wrong = fault_of(run(*command), tmp_path, (2,))
                return "ran the code" if (tmp_path / "RAN").exists() else "wrote a net" if out.exists() else wrong

            battery.check(f"{name}: {' '.join(map(str, command[:2]))}", case)


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_checkpoints(kind, battery, tmp_path, picture, weights) -> None:
    whole = (weights / f"{kind}/checkpoints/best.ckpt").read_bytes()
    rng = random.Random(kind)
    bad = tmp_path / "bad.ckpt"
    cases = {f"cut at {place}": whole[:place] for place in (0, 1, 100, len(whole) // 2, len(whole) - 30)}
    for number in range(10):
        wrong = bytearray(whole)
        reach = range(3000) if number % 2 else range(len(whole) - 3000, len(whole))
        for _ in range(rng.choice((1, 5, 40))):
            wrong[rng.choice(reach)] ^= 1 << rng.randrange(8)
        cases[f"flips {number}"] = bytes(wrong)
    for how, data in cases.items():
        bad.write_bytes(data)
        for command in uses(kind, bad, picture, tmp_path / "out"):
            loaded(battery, f"{kind} {how}", command, tmp_path, (0, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_checkpoints_with_other_things_in_them(kind, battery, tmp_path, picture, weights) -> None:
    import torch

    bad = tmp_path / "bad.ckpt"
    for what in ("state_dict", "hyper_parameters", "inkpose", kind):
        for value in (None, [], 5, {"a": "more"}):
            content = torch.load(weights / f"{kind}/checkpoints/best.ckpt", weights_only=True)
            if what not in content:
                break
            content[what] = {**content[what], **value} if isinstance(value, dict) else value
            torch.save(content, bad)
            for command in uses(kind, bad, picture, tmp_path / "out"):
                loaded(battery, f"{kind}: {what} is {str(value)[:20]}", command, tmp_path, (0, 2))


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_exported_folders(kind, battery, tmp_path, picture, exported) -> None:
    bad = tmp_path / "exported"
    shutil.copytree(exported / kind, bad)
    config = json.loads((bad / "config.json").read_text())
    if "classes" in config:
        config_short = config | {
            "classes": config["classes"][:2]
        }  # so that its top is hit more often than its 170 classes
        texts = dict(twisted(config_short, 5, 12)) | dict(twisted(config, 6, 6))
    else:
        texts = dict(twisted(config, 5, 24))
    for how, text in texts.items():
        (bad / "config.json").write_text(text, "utf-8", "surrogatepass")
        for command in uses(kind, bad, picture, tmp_path / "out"):
            loaded(battery, f"{kind} config: {how}", command, tmp_path, (0, 2))
    (bad / "config.json").write_text(json.dumps(config))
    tensors = bad / "model.safetensors"
    whole = tensors.read_bytes()
    rng = random.Random(kind)
    for number in range(10):
        wrong = bytearray(whole if number % 3 else whole[: rng.randrange(len(whole))])
        for _ in range(1 + number):
            wrong[rng.randrange(min(len(wrong), 4000))] ^= 1 << rng.randrange(8)
        tensors.write_bytes(wrong)
        for command in uses(kind, bad, picture, tmp_path / "out"):
            loaded(battery, f"{kind} tensors {number}", command, tmp_path, (0, 2))
    tensors.unlink()
    for command in uses(kind, bad, picture, tmp_path / "out"):
        loaded(battery, f"{kind} without tensors", command, tmp_path, (2,))
