"""Commands that write to full and read-only disks, in a mount namespace of their own; tells its cases as JSON.

``unshare -rm python -m tests.battery.small_disk MOUNT WEIGHTS DATA``: tests/battery/test_disks.py does it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from inkpose.cli import main as inkpose
from shared.images import read_mask, write_png
from tests.battery.faults import fault_of, run

#: Bytes of the disk, None where it is read-only.
ROOMS = (None, 4096, 24_576)


def commands(picture: Path, weights: Path, data: Path, disk: Path) -> dict[str, tuple[object, ...]]:
    """Everything that writes, each below ``disk``."""
    use = ("--weights", weights, "--device", "cpu")
    tagger = weights / "tagger/checkpoints/best.ckpt"
    people = data / "annotations/person_keypoints_train.json"
    return {
        "predict": ("predict", picture, "--out", disk / "o", *use),
        "segment": ("segment", picture, "--out", disk / "o", "--fast", *use),
        "pose": ("pose", picture, "--out", disk / "o", "--save", "json,openpose,coco,overlay", *use),
        "tag": ("tag", picture, "--out", disk / "o", "--json", disk / "o/tags.json", *use),
        "synth": ("synth", "--out", disk / "o", "--count", "4", "--size", "256", "--workers", "1"),
        "index": ("index", "add", picture, "--index", disk / "index", *use),
        "export": ("export", "tagger", "--checkpoint", tagger, "--out", disk / "exported"),
        "keypoints": ("data", "keypoints", people, "--to", "label_studio", "--out", disk / "studio.json"),
    }  # fmt: skip


def train(data: Path, disk: Path) -> str | None:
    """Returns what is wrong with a training whose checkpoints do not fit."""
    from tagger.__main__ import main

    arguments = [
        "fit", "--config", "configs/tagger/demo.yaml", "--data.root", str(data), "--data.num_workers=0",
        "--data.batch_size=2", "--data.samples_per_epoch=null", "--trainer.max_steps=1",
        "--trainer.val_check_interval=1", f"--trainer.default_root_dir={disk / 'run'}", "--trainer.accelerator=cpu",
        "--trainer.logger=false",
        "--trainer.enable_progress_bar=false",
    ]  # fmt: skip
    try:
        code = main(arguments)
    except Exception as error:
        return f"raises {type(error).__name__}: {error}"
    return None if code == 2 else f"exit code {code}"


def mount(disk: Path, room: int | None) -> None:
    """Mounts a disk of memory."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room or 4096}", "tmpfs", str(disk)], check=True)
    if room is None:
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)


def case(name: str, command: tuple[object, ...], disk: Path, room: int | None) -> dict[str, str | None]:
    """Runs one command on a fresh disk."""
    told = run(*command, seconds=120)
    # On a disk with some room, what is small may fit; on a read-only one nothing does.
    wrong = fault_of(told, disk, (2,) if room is None else (0, 2))
    for path in disk.rglob("*.png"):
        try:
            read_mask(path)
        except Exception:
            wrong = f"half of {path.name}"
    where = "a read-only disk" if room is None else f"a disk of {room} bytes"
    return {"name": f"{name} on {where}", "wrong": wrong}


def main(disk: Path, weights: Path, data: Path) -> None:
    """Writes ``[{"name", "wrong"}, …]`` to standard output, one JSON line."""
    picture = data / "good.png"
    drawing = np.full((64, 48, 3), 255, np.uint8)
    drawing[10:60, 15:35] = 40
    write_png(picture, drawing)
    # Once without limits: the libraries map more memory when they are loaded than a case may ask for.
    inkpose(["predict", str(picture), "--out", str(data / "warm"), "--weights", str(weights), "--device", "cpu"])
    found = []
    for room in ROOMS:
        for name, command in commands(picture, weights, data, disk).items():
            mount(disk, room)
            found.append(case(name, command, disk, room))
            subprocess.run(["umount", "-l", str(disk)], check=True)
    for room in (None, 24_576):
        mount(disk, room)
        found.append({"name": f"training, room {room}", "wrong": train(data, disk)})
        subprocess.run(["umount", "-l", str(disk)], check=True)
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
