"""What each part of the artist brings on real drawings: ``python scripts/ablate_artist.py SAMPLES [OUT]``.

From flat figures on plain grounds to the pictures of the preset `small`, one addition at a time: draws a data set,
trains a task source and a segmenter on it for some minutes with the preset's code, and prints how well joints and masks
of real drawings are met. An interrupted run goes on at the first net that is not in ``OUT``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from pose.predict import load as load_pose
from pose.real_pictures import evaluate_pictures, find_labelled, read_marked
from segmenter.evaluate import evaluate_pairs
from segmenter.predict import load as load_segmenter
from segmenter.real_pictures import pasted_pairs, photographs_without_people, texture_mask_pairs
from shared.files import read_json, write_json

COUNT, SIDE_PX, SEGMENTER_STEPS, POSE_STEPS = 1500, 64, 240, 200

#: What the first row leaves out of the mix `balanced`; each addition gives some of it back.
BARE: dict[str, Any] = {
    "manners": {"flat": 1, "others": 0}, "poses": {"standing": 1, "others": 0}, "views": {"front": 1, "others": 0},
    "framings": {"full": 1, "others": 0}, "outfits": {"casual": 1, "others": 0}, "hair": {"short": 1, "others": 0},
    "adornments": 0, "backgrounds": {"white": 0.5, "plain": 0.5, "others": 0}, "extras": 0, "panels": 0,
    "looks": {"plain": 1, "others": 0}, "wear": {"none": 1, "others": 0},
}  # fmt: skip
ADDITIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("flat figures on plain grounds, standing, from the front", ()),
    ("+ manners, looks and wear", ("manners", "looks", "wear")),
    ("+ poses, views, framings, clothes, hair", ("poses", "views", "framings", "outfits", "hair", "adornments")),
    ("+ scenes and things in front", ("backgrounds", "extras", "panels")),
)
#: The last two rows change what is trained on, not what is drawn.
PHOTO, CLUTTER = "+ photo-like figures", "+ clutter, still lifes behind"


def run(*command: str) -> None:
    """Runs a Python module to its end."""
    subprocess.run([sys.executable, "-m", *command], check=True, stdout=subprocess.DEVNULL)


def draw(folder: Path, mix: str, style: str) -> None:
    """Draws a data set of single figures unless it lies there."""
    if not (folder / "dataset.json").is_file():
        options = ["--count", str(COUNT), "--characters", "1", "--seed", "1", "--mix", mix, "--style", style]
        run("inkpose.cli", "synth", "--out", str(folder), *options)


def train_pose(data: list[Path], out: Path) -> Path:
    """Trains a task source on the data sets; returns a pose checkpoint that answers with it as it is."""
    done = out / "pose/checkpoints/best.ckpt"
    if done.is_file():
        return done
    fit = ["fit", "--config", "configs/pose/task_source_small.yaml", "--trainer.default_root_dir", f"{out}/task_source"]
    fit += ["--trainer.max_steps", str(POSE_STEPS), "--trainer.val_check_interval", str(POSE_STEPS)]
    fit += ["--model.init_args.image_size", str(SIDE_PX), *of_data(data[0])]
    run("pose", *fit, "--data.more_roots", json.dumps([str(path) for path in data[1:]]))
    task_source = f"{out}/task_source/checkpoints/best.ckpt"
    fit = ["fit", "--config", "configs/pose/task_pretrained.yaml", "--trainer.default_root_dir", f"{out}/pose"]
    fit += ["--model.init_args.task_source", task_source, "--model.init_args.image_size", str(SIDE_PX)]
    run("pose", *fit, "--model.init_args.head_side", str(SIDE_PX // 4), *of_data(data[0]))
    return done


def train_segmenter(data: list[Path], out: Path, clutter: bool) -> Path:
    """Trains a segmenter on composites of the data sets' figures and grounds; returns its checkpoint."""
    done = out / "segmenter/checkpoints/best.ckpt"
    if done.is_file():
        return done
    fit = ["fit", "--config", "configs/segmenter/masks_small.yaml", "--trainer.default_root_dir", f"{out}/segmenter"]
    fit += ["--trainer.max_steps", str(SEGMENTER_STEPS), "--trainer.val_check_interval", str(SEGMENTER_STEPS)]
    fit += ["--model.init", "random", "--model.half_size_steps", "0", *of_data(data[0])]
    grounds: list[dict[str, Any]] = [{"path": f"{path}/bg", "weight": 2.0} for path in data]
    if clutter:
        grounds += [{"procedural": kind, "weight": 3.0} for kind in ("clutter", "still_life")]
    figures = [{"path": f"{path}/fg", "weight": weight} for path, weight in zip(data, (3.0, 1.0), strict=False)]
    run("segmenter", *fit, "--data.foregrounds", json.dumps(figures), "--data.backgrounds", json.dumps(grounds))
    return done


def of_data(root: Path) -> list[str]:
    """Returns the arguments that all trainings share."""
    return ["--data.root", str(root), "--data.image_size", str(SIDE_PX), "--trainer.enable_progress_bar", "false"]


def judge(pose: Path, segmenter: Path, samples: Path) -> dict[str, float]:
    """Returns how the two nets do on the real drawings."""
    labelled = [picture for name in ("animated_drawings", "seed_san") for picture in find_labelled(samples / name)[0]]
    for marked in read_marked(Path("tests/integration/real_joints.json"), samples).values():
        labelled += marked
    joints = evaluate_pictures(load_pose(pose), labelled)
    net = load_segmenter(segmenter, colors=False, sharper_look=False, edge_cut=False)
    photographs = photographs_without_people(samples / "coco_photos", "person_keypoints_train2017_subset.json")
    scenes = [samples / "renpy/bg_club.jpg", *photographs]
    folders = ("wesnoth", "renpy", "open_peeps", "twemoji", "noto")
    files = [path for name in folders for path in sorted((samples / name).glob("*.png"))]
    return {
        "joints": joints["joints"], "pdj@0.2": joints["pdj@0.2"], "error": joints["error_mean"],
        "pasted_iou": evaluate_pairs(net, pasted_pairs(files, scenes))["iou"],
        "drawings_iou": evaluate_pairs(net, texture_mask_pairs(samples / "animated_drawings"))["iou"],
    }  # fmt: skip


def main(samples: Path, out: Path) -> None:
    """Trains and judges what is not yet in the results, and prints the table."""
    results: dict[str, dict[str, float]] = read_json(out / "results.json") if (out / "results.json").exists() else {}
    left = dict(BARE)
    plan: list[tuple[str, str, list[Path], bool]] = []
    for number, (name, keys) in enumerate(ADDITIONS):
        left = {key: value for key, value in left.items() if key not in keys}
        mixer = out / f"{number}.yaml"
        mixer.parent.mkdir(parents=True, exist_ok=True)
        mixer.write_text(yaml.safe_dump({"base": "balanced", **left}, sort_keys=False))
        plan.append((name, str(mixer), [out / "data" / str(number)], False))
    both = [plan[-1][2][0], out / "data/photo"]
    plan += [(PHOTO, plan[-1][1], both, False), (CLUTTER, plan[-1][1], both, True)]
    for number, (name, mix, data, clutter) in enumerate(plan):
        if name in results:
            continue
        draw(data[0], mix, "drawn")
        if len(data) > 1:
            draw(data[1], "balanced", "photo")
        here = out / "runs" / str(number)
        # Grounds are of no use to the pose net: the row before has the same one.
        pose = out / f"runs/{number - 1}/pose/checkpoints/best.ckpt" if clutter else train_pose(data, here)
        results[name] = judge(pose, train_segmenter(data, here, clutter), samples)
        write_json(out / "results.json", results)
    print("| pictures | PDJ@0.2 | joint error | pasted IoU | AnimatedDrawings IoU |\n|---|---|---|---|---|")  # noqa: T201
    for name, row in results.items():
        values = " | ".join(f"{row[key]:.2f}" for key in ("pdj@0.2", "error", "pasted_iou", "drawings_iou"))
        print(f"| {name} | {values} |")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path("runs/ablation"))
