"""What a newcomer meets: a fresh process, no training, and the nets that lie in the installation."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inkpose.weights import SHIPPED, is_whole
from shared.images import write_png
from shared.synthetic.dataset import Plan
from shared.synthetic.writer import draw_sample

ROOT = Path(__file__).parents[3]


def predict(folder: Path, packages: Path) -> subprocess.CompletedProcess[str]:
    """Draws one character and runs `inkpose predict` on it in ``folder``, with no option but the picture."""
    plan = Plan(count=1, seed=5, size=256, characters=(1, 1), style="drawn")
    folder.mkdir(exist_ok=True)
    write_png(folder / "girl.png", draw_sample(plan, 1).image)
    return subprocess.run(
        [sys.executable, "-m", "inkpose.cli", "predict", "girl.png"],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(packages)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_installation_finds_its_own_nets(shipped: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    for name in ("shared", "tagger", "segmenter", "pose"):
        packages.mkdir(exist_ok=True)
        (packages / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "inkpose", packages / "inkpose", ignore=shutil.ignore_patterns("pretrained", "__pycache__"))
    done = predict(tmp_path / "before", packages)
    assert done.returncode == 2
    assert done.stderr == (
        "error: runs/demo: no trained weights there; run `make demo`, or name a run folder with --weights\n"
    )
    shutil.copytree(shipped, packages / "inkpose/pretrained/small")
    done = predict(tmp_path / "after", packages)
    assert done.returncode == 0, done.stderr
    [line] = (tmp_path / "after/out/predictions.jsonl").read_text().splitlines()
    assert json.loads(line)["error"] is None


@pytest.mark.skipif(not is_whole(SHIPPED), reason="this checkout ships no weights")
def test_the_shipped_nets_see_a_drawn_character(tmp_path: Path) -> None:
    done = predict(tmp_path / "new", ROOT)
    assert done.returncode == 0, done.stderr
    [line] = (tmp_path / "new/out/predictions.jsonl").read_text().splitlines()
    seen = json.loads(line)
    assert seen["tags"]
    [character, *_] = seen["characters"]
    assert sum(x is not None for x, _, _ in character["keypoints"]) >= 8
    assert (tmp_path / "new/out" / character["cutout"]).is_file()
