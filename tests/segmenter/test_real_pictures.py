"""The demo's segmenter on real drawings; needs a trained run and the developers' samples beside the checkout."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from segmenter.evaluate import evaluate_pairs
from segmenter.predict import SegmenterPredictor, load
from segmenter.real_pictures import pasted_pairs, photographs_without_people, texture_mask_pairs

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared/data/real_samples"
CHECKPOINT = ROOT / "runs/demo/segmenter/checkpoints/best.ckpt"
#: What GrabCut reaches on pasted characters; a trained net must not be below.
GRABCUT_IOU = 0.5

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="no real samples beside the checkout"),
    pytest.mark.skipif(not CHECKPOINT.is_file(), reason="no trained demo; run `make demo`"),
]


@pytest.fixture(scope="module")
def predictor() -> SegmenterPredictor:
    return load(CHECKPOINT)


@pytest.fixture(scope="module")
def backgrounds() -> list[Path]:
    """Pictures without people: the drawn club room, and the photos that have no annotation."""
    photographs = photographs_without_people(SAMPLES / "coco_photos", "person_keypoints_train2017_subset.json")
    return [SAMPLES / "renpy/bg_club.jpg", *photographs]


def test_hand_drawings(predictor: SegmenterPredictor) -> None:
    values = evaluate_pairs(predictor, texture_mask_pairs(SAMPLES / "animated_drawings"))
    assert values["n"] == 3
    assert values["iou"] > GRABCUT_IOU, values


def test_pasted_characters(predictor: SegmenterPredictor, backgrounds: list[Path]) -> None:
    ious = {}
    for folder in ("wesnoth", "renpy", "open_peeps", "twemoji"):
        values = evaluate_pairs(predictor, pasted_pairs(sorted((SAMPLES / folder).glob("*.png")), backgrounds))
        assert not math.isnan(values["iou"])
        ious[folder] = values["iou"]
    assert sum(ious.values()) / len(ious) > GRABCUT_IOU, ious
