"""Processes killed at any moment: every file that bears its name is whole, and the same command finishes the work."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from shared.images import read_mask, write_png
from tests.battery.faults import Battery

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Starts Python code; it says "go" when its imports are done."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.read(2)
    return process


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> None:
    time.sleep(seconds)
    process.kill()
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


_WRITER = """
import sys
from pathlib import Path
from shared.files import write_json
print("go", end="", flush=True)
for number in range(10**9):
    write_json(Path(sys.argv[1]), {"number": number, "values": [number] * 20_000}, indent=None)
"""


def test_a_file_is_old_or_new_and_never_half(battery, tmp_path) -> None:
    rng = random.Random(0)
    target = tmp_path / "value.json"
    for turn in range(30):
        kill_after(start(_WRITER, target), rng.uniform(0.005, 0.08))

        def case() -> str | None:
            if not target.exists():
                return None  # killed before the first was whole
            value = json.loads(target.read_bytes())
            return None if value["values"] == [value["number"]] * 20_000 else "half of it is another's"

        battery.check(f"write {turn}", case)
    assert target.exists()


_MANIFEST = """
import sys
import shared.manifest.build as build
build.PART_POSTS = 20
from shared.manifest.folder import FolderSource, folder_manifest
from shared.rulebook.rulebook import load_rulebook
from pathlib import Path
print("go", end="", flush=True)
folder_manifest(FolderSource([Path(sys.argv[1])]), Path(sys.argv[2]), load_rulebook(sys.argv[3]))
"""


def finish(battery: Battery, name: str, code: str, arguments: tuple[object, ...], moments: list[float]) -> None:
    """Kills a job at some moments, each time going on with what is there, then lets it end."""
    for moment in moments:
        kill_after(start(code, *arguments), moment)
    process = start(code, *arguments)
    code_of_exit = process.wait(60)
    assert process.stdout is not None
    process.stdout.close()
    battery.check(f"{name} ends well", lambda: None if code_of_exit == 0 else f"exit code {code_of_exit}")


def test_a_manifest_goes_on(battery, tmp_path) -> None:
    import pyarrow.parquet as pq

    pictures = tmp_path / "pictures"
    for number in range(200):
        write_png(pictures / f"{number}.png", np.full((16, 16, 3), number, np.uint8))
        (pictures / f"{number}.txt").write_text("1girl, long hair")
    rules = tmp_path / "rules.yaml"
    rules.write_text("group: body\nclasses:\n- {name: girl, any: [1girl]}\n- {name: hair, any: [long_hair]}\n")
    whole = tmp_path / "whole.parquet"
    finish(battery, "manifest", _MANIFEST, (pictures, whole, rules), [])
    rng = random.Random(1)
    for turn in range(4):
        out = tmp_path / f"{turn}.parquet"
        finish(
            battery, f"manifest {turn}", _MANIFEST, (pictures, out, rules), [rng.uniform(0.01, 0.25) for _ in range(3)]
        )

        def case(out=out) -> str | None:
            left = [path.name for path in tmp_path.glob(f".{out.name}.parts")]
            return f"left {left}" if left else None if pq.read_table(out).equals(pq.read_table(whole)) else "other rows"

        battery.check(f"manifest {turn} is the same", case)
        battery.count += 3  # kills


_PREDICT = """
import sys
from pathlib import Path
from tests.inkpose.conftest import FakePose, FakeSegmenter, FakeTagger
from inkpose.pipeline import Pipeline
from inkpose.predict import predict_to_folder
print("go", end="", flush=True)
pipeline = Pipeline(FakeTagger(), FakeSegmenter(), FakePose())
predict_to_folder(pipeline, [Path(sys.argv[1])], Path(sys.argv[2]), batch_size=4)
"""


def test_predictions_are_whole_or_absent(battery, tmp_path) -> None:
    pictures, out = tmp_path / "pictures", tmp_path / "out"
    for number in range(60):
        drawing = np.full((80, 60, 3), 255, np.uint8)
        drawing[10:70, 10 + number % 20 : 40] = 30
        write_png(pictures / f"{number}.png", drawing)
    rng = random.Random(2)
    for turn in range(10):
        kill_after(start(_PREDICT, pictures, out), rng.uniform(0.01, 0.6))

        def case() -> str | None:
            for path in out.rglob("*.png"):
                if read_mask(path).shape != (80, 60) and "overlays" not in path.parts:
                    return f"half of {path.name}"
            for name in ("predictions.jsonl",):
                if (out / name).exists() and len([json.loads(line) for line in (out / name).open()]) != 60:
                    return f"half of {name}"
            return None

        battery.check(f"predict, kill {turn}", case)
    finish(battery, "predict", _PREDICT, (pictures, out), [])
    battery.check(
        "all are there", lambda: None if len(list((out / "overlays").iterdir())) >= 60 else "some are missing"
    )
