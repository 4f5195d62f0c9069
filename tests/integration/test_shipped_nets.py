"""The nets that come with inkpose on real drawings: joints in true boxes, on whole pictures, masks, and who is who.

``pytest -m slow -s tests/integration/test_shipped_nets.py`` prints the tables of docs/pretrained.md. It needs the
developers' samples beside the checkout; none of them was trained on. ``real_joints.json`` holds joints that were marked
by hand for this test, in pixels of the sample's own file, each of its character's own side.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from inkpose.pipeline import Pipeline
from inkpose.weights import SHIPPED, is_whole
from pose.predict import PosePredictor
from pose.real_pictures import LabelledPicture, evaluate_pictures, read_animated_drawing, read_marked, read_render
from segmenter.evaluate import Pair, evaluate_pairs
from segmenter.predict import SegmenterPredictor
from segmenter.real_pictures import pasted_groups, pasted_pairs, photographs_without_people, texture_mask_pairs

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared/data/real_samples"
LABELS = Path(__file__).parent / "real_joints.json"
FIGURES = ("wesnoth", "renpy", "open_peeps", "twemoji", "noto")
#: What a photo-trained pose model that anyone can install reaches on other real drawings, cropped and whole; GrabCut's.
PHOTO_MODEL_CROPPED, PHOTO_MODEL_WHOLE, GRABCUT_IOU = 0.48, 0.36, 0.5

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="no real samples beside the checkout"),
    pytest.mark.skipif(not is_whole(SHIPPED), reason="this checkout has no shipped nets"),
]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline.load(SHIPPED, device="cpu")


def labelled_pictures() -> dict[str, list[LabelledPicture]]:
    groups = read_marked(LABELS, SAMPLES)
    groups["animated_drawings"] = [read_animated_drawing(SAMPLES / "animated_drawings" / n) for n in ("char1", "char2")]
    groups["seed_san"] = [read_render(path) for path in sorted((SAMPLES / "seed_san").iterdir()) if path.is_dir()]
    return {name: group for name, group in groups.items() if group}


class InFoundBoxes:
    """The pipeline's pose net in the box that the pipeline finds itself; nothing found places every joint far off."""

    def __init__(self, pipeline: Pipeline, pose: PosePredictor) -> None:
        self.pipeline, self.pose, self.gate, self.lost = pipeline, pose, pose.gate, 0

    def locate(self, images: list, boxes: object) -> list[np.ndarray]:  # type: ignore[type-arg]
        answers = []
        for image in images:
            (seen,) = self.pipeline([image])
            if not seen.characters:
                self.lost += 1
                answers.append(np.full((1, 25, 3), -1e6))
                continue
            largest = max((c.box_xyxy for c in seen.characters), key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
            answers += self.pose.locate([image], [[largest]])
        return answers


def test_joints(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    groups = labelled_pictures()
    pose = pipeline.pose
    assert isinstance(pose, PosePredictor)
    whole = InFoundBoxes(pipeline, pose)
    lines = ["pictures            n  joints  PDJ@0.2 in true boxes  error  PDJ@0.2 on whole pictures"]
    for name, pictures in [*groups.items(), ("all", [p for group in groups.values() for p in group])]:
        cropped = evaluate_pictures(pose, pictures)
        found = evaluate_pictures(whole, pictures)  # type: ignore[arg-type]
        lines.append(
            f"{name:18s} {len(pictures):2d}  {cropped['joints']:6.0f}  {cropped['pdj@0.2']:21.3f}  "
            f"{cropped['error_mean']:5.3f}  {found['pdj@0.2']:25.3f}"
        )
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201
    assert cropped["pdj@0.2"] > PHOTO_MODEL_CROPPED
    assert found["pdj@0.2"] > PHOTO_MODEL_WHOLE


def test_masks(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    predictor = pipeline.segmenter
    assert isinstance(predictor, SegmenterPredictor)
    photographs = photographs_without_people(SAMPLES / "coco_photos", "person_keypoints_train2017_subset.json")
    scenes = [SAMPLES / "renpy/bg_club.jpg", *photographs]
    results = {"animated_drawings": evaluate_pairs(predictor, texture_mask_pairs(SAMPLES / "animated_drawings"))}
    for name in FIGURES:
        files = sorted((SAMPLES / name).glob("*.png"))
        results[f"{name}, pasted"] = evaluate_pairs(predictor, pasted_pairs(files, scenes))
    lines = ["pictures              n  mask IoU  box IoU"]
    lines += [f"{name:20s} {v['n']:2.0f}  {v['iou']:8.3f}  {v['box_iou']:7.3f}" for name, v in results.items()]
    pasted = [value for name, value in results.items() if "pasted" in name]
    mean = sum(v["iou"] * v["n"] for v in pasted) / sum(v["n"] for v in pasted)
    with capsys.disabled():
        print("\n" + "\n".join(lines) + f"\nall pasted           {sum(v['n'] for v in pasted):2.0f}  {mean:8.3f}")  # noqa: T201
    assert results["animated_drawings"]["iou"] > GRABCUT_IOU
    assert mean > 0.45  # of what the nets reached; docs/pretrained.md


def test_several_characters(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    predictor = pipeline.segmenter
    assert isinstance(predictor, SegmenterPredictor)
    photographs = photographs_without_people(SAMPLES / "coco_photos", "person_keypoints_train2017_subset.json")
    scenes = [SAMPLES / "renpy/bg_club.jpg", *photographs]
    files = {name: sorted((SAMPLES / name).glob("*.png")) for name in FIGURES}
    lines, found = ["pictures                   n  right number     rq     sq     pq"], {}
    for apart in (False, True):
        predictor.apart = apart
        for what, paste in (("two", pasted_groups), ("one", lambda *given: _numbered(pasted_pairs(*given)))):
            values = evaluate_pairs(predictor, [pair for some in files.values() for pair in paste(some, scenes)])
            found[what, apart] = values
            name = f"{what}, {'told apart' if apart else 'pieces'}"
            shown = "  ".join(f"{values[key]:5.3f}" for key in ("rq", "sq", "pq"))
            lines.append(f"{name:25s} {values['n']:2d}         {values['right_count']:5.3f}  {shown}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201
    assert found["two", True]["right_count"] > found["two", False]["right_count"] + 0.3
    assert found["one", True]["right_count"] > found["one", False]["right_count"] - 0.08


def _numbered(pairs: Iterator[Pair]) -> Iterator[Pair]:
    return ((image, (alpha > 0.5).astype(np.uint8)) for image, alpha in pairs)
