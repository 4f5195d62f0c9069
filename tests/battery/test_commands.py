"""Commands over folders of broken pictures, edited lists, full disks and places that cannot be written; no network."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from shared.images import read_mask, write_png
from tests.battery.faults import ODD_VALUES, Battery, dumped, fault_of, run, twisted
from tests.battery.test_pictures import base_pictures, bombs

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::UserWarning:PIL")]


@pytest.fixture
def picture(tmp_path) -> Path:
    drawing = np.full((64, 48, 3), 255, np.uint8)
    drawing[10:60, 15:35] = 40
    write_png(tmp_path / "pics/good.png", drawing)
    return tmp_path / "pics/good.png"


def commands(pictures: Path, weights: Path, out: Path) -> dict[str, tuple[object, ...]]:
    """Every command that looks at pictures."""
    use = ("--weights", weights, "--device", "cpu", "--pixel-limit", "100000")
    return {
        "predict": ("predict", pictures, "--out", out, *use),
        "segment": ("segment", pictures, "--out", out, "--fast", *use),
        "pose": ("pose", pictures, "--out", out, "--save", "json,openpose,coco,overlay", *use),
        "rig": ("rig", pictures, "--out", out, *use),
        "tag": ("tag", pictures, "--out", out, "--json", out / "tags.json", *use),
    }


def test_folders_of_broken_pictures(battery, tmp_path, picture, weights) -> None:
    rng = np.random.default_rng(2)
    for name, data in {**base_pictures(), **bombs()}.items():
        suffix = name.split()[0]
        place = int(rng.integers(8, max(9, len(data))))
        damaged = bytearray(data[:place] if rng.random() < 0.5 else data)
        damaged[int(rng.integers(len(damaged)))] ^= 64
        (picture.parent / f"{name.replace(' ', '_')}.{suffix}").write_bytes(bytes(damaged))
    os.mkfifo(picture.parent / "pipe.png")
    (picture.parent / "ring.png").symlink_to(picture.parent / "ring.png")
    (picture.parent / "dangling.png").symlink_to(tmp_path / "nowhere")
    count = len(list(picture.parent.iterdir()))
    for name, command in commands(picture.parent, weights, tmp_path / "out").items():

        def case(name=name, command=command) -> str | None:
            told = run(*command, seconds=60)
            if name == "predict" and told.code == 0:
                listed = [json.loads(line) for line in (tmp_path / "out/predictions.jsonl").read_text().splitlines()]
                if len(listed) != count - len(list(picture.parent.glob("*.ppm"))):
                    return f"{len(listed)} lines for {count} files"
            # An untrained segmenter may see nobody, and then nobody can be rigged.
            return fault_of(told, tmp_path, (0, 2) if name == "rig" else (0,))

        battery.check(f"{name}, a folder of broken pictures", case)
        battery.count += count - 1  # every file is a case
        shutil.rmtree(tmp_path / "out", ignore_errors=True)


def test_places_that_cannot_be_written(battery, tmp_path, picture, weights) -> None:
    (tmp_path / "file").write_text("mine")
    for where in (
        tmp_path / "file",
        tmp_path / "file/below",
        tmp_path / ("x" * 300),
        Path("/proc/none/here"),
        Path("/sys/none"),
    ):
        for name, command in commands(picture, weights, where).items():
            battery.check(
                f"{name} into {str(where)[-12:]}", lambda command=command: fault_of(run(*command), tmp_path, (2,))
            )
    assert (tmp_path / "file").read_text() == "mine"
    for name in ("predict", "segment", "pose", "rig", "tag"):
        long = ("x" * 300) + ".png"
        command = (name, long, "--weights", weights, *(() if name == "tag" else ("--out", tmp_path / "o")))
        battery.check(f"{name} of a name too long", lambda command=command: fault_of(run(*command), tmp_path, (2,)))


def test_a_full_disk(battery, tmp_path, picture, weights) -> None:
    """No file may grow beyond some bytes, which is how a full disk looks to a program."""
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for room in (0, 10, 200):
            for name, command in commands(picture, weights, tmp_path / "out").items():

                def case(command=command, room=room) -> str | None:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
                    try:
                        told = run(*command)
                    finally:
                        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
                    half = [path for path in (tmp_path / "out").rglob("*.png") if broken(path)]
                    return f"half of {half[0].name}" if half else fault_of(told, tmp_path)

                battery.check(f"{name} with room for {room} bytes", case)
                shutil.rmtree(tmp_path / "out", ignore_errors=True)
    finally:
        signal.signal(signal.SIGXFSZ, former)


def broken(path: Path) -> bool:
    try:
        read_mask(path)
    except Exception:
        return True
    return False


@pytest.mark.parametrize("name", ["predict", "segment", "pose"])
def test_edited_lists_of_earlier_runs(name, battery, tmp_path, picture, weights) -> None:
    out = tmp_path / "out"
    (tmp_path / "mine.png").write_text("mine")
    command = commands(picture, weights, out)[name]
    assert run(*command).code == 0
    [listing] = out.glob("*.jsonl")
    row = json.loads(listing.read_text())
    edited(battery, name, command, listing, dict(twisted(row, 4, 16)), tmp_path)
    files = (
        "../mine.png",
        str(tmp_path / "mine.png"),
        "masks/../../mine.png",
        "masks/" + "x" * 300,
        "masks/\0",
        "masks",
    )
    texts = {}
    for file in files:
        named = dict.fromkeys(("mask", "rgba", "json", "overlay", "crop"), file)
        characters = [{"mask": file, "cutout": file, "crop": file}]
        texts[f"file {file[-12:]!a}"] = json.dumps(
            row | {"files": named, "overlay": file, "characters": characters, "bytes": 0}
        )
    edited(battery, name, command, listing, texts, tmp_path)
    edited(battery, name, command, listing, {f"odd {n}": dumped(v) for n, v in enumerate(ODD_VALUES[::3])}, tmp_path)
    assert (tmp_path / "mine.png").read_text() == "mine"


def edited(
    battery: Battery, name: str, command: tuple[object, ...], listing: Path, texts: dict[str, str], top: Path
) -> None:
    for how, text in texts.items():
        listing.write_text(text + "\n", "utf-8", "surrogatepass")
        battery.check(f"{name} again, list with {how}", lambda: fault_of(run(*command), top, (0,)))


def test_boxes_thresholds_and_queries(battery, tmp_path, picture, weights) -> None:
    out, source = tmp_path / "out", tmp_path / "given.json"
    for how, text in twisted({"good.png": [[5, 5, 30, 50]], "b.png": [[1, 1, 2, 2]]}, 1, 24):
        source.write_text(text, "utf-8", "surrogatepass")
        command = (*commands(picture, weights, out)["pose"], "--boxes", source)
        battery.check(f"boxes: {how}", lambda command=command: fault_of(run(*command), tmp_path))
        shutil.rmtree(out, ignore_errors=True)
    for how, text in twisted({"solo": 0.5, "1girl": 0.25}, 2, 16):
        source.write_text(text, "utf-8", "surrogatepass")
        command = ("tag", picture, "--weights", weights, "--calibration", source, "--dry-run", "--device", "cpu")
        battery.check(f"thresholds: {how}", lambda command=command: fault_of(run(*command), tmp_path))
    from inkpose.index.store import PoseIndex

    PoseIndex.open(tmp_path / "index", create=True)
    rows = [[float(3 * n), float(5 * n), 0.9] for n in range(17)]
    for how, text in twisted({"characters": [{"keypoints": rows, "box_xywh": [1, 2, 30, 60]}]}, 3, 24):
        source.write_text(text, "utf-8", "surrogatepass")
        battery.check(f"query: {how}", lambda: fault_of(run("search", source, "--index", tmp_path / "index"), tmp_path))


def test_reports_of_edited_results(battery, tmp_path, picture, weights) -> None:
    out = tmp_path / "out"
    assert run(*commands(picture, weights, out)["predict"]).code == 0
    row = json.loads((out / "predictions.jsonl").read_text())
    metrics = {"preset": "demo", "seconds": {"data": 5.0}, "tagger": {"macro_f1": 0.5}, "pose": {"pdj@0.2": 0.5}}
    (tmp_path / "run").mkdir()
    for (how, text), (also, numbers) in zip(twisted(row, 8, 16), twisted(metrics, 9, 16), strict=True):
        (out / "predictions.jsonl").write_text(text + "\n", "utf-8", "surrogatepass")
        (tmp_path / "run/metrics.json").write_text(numbers, "utf-8", "surrogatepass")
        command = ("report", tmp_path / "run", "--predictions", out)
        battery.check(f"report: {how}; {also}", lambda command=command: fault_of(run(*command), tmp_path))
