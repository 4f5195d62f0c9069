"""Evaluation: on a data set, on pairs, on real drawings when they are there."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from segmenter.evaluate import evaluate, evaluate_pairs, read_pair, split_ids
from segmenter.module import SegmenterModule
from segmenter.predict import SegmenterPredictor
from segmenter.real_pictures import pasted_groups, pasted_pairs, texture_mask_pairs
from segmenter.tables import PUBLISHED, paper_table, table
from shared.errors import DataError
from tests.fixtures_dataset import write_tiny_dataset


class _Oracle(SegmenterPredictor):
    """Answers with given masks, in order."""

    def __init__(self, answers: list[np.ndarray]) -> None:
        self.answers, self.batch_size = list(answers), 2
        self.whose: list[np.ndarray | None] = [None] * len(answers)

    def predict(self, images: object) -> list[np.ndarray]:
        return [self.answers.pop(0).astype(np.float32) for _ in images]  # type: ignore[attr-defined]

    def owners(self, images: object) -> list[np.ndarray | None]:
        return [self.whose.pop(0) for _ in images]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    write_tiny_dataset(root, count=12)
    return root


def test_perfect_answers_score_one(data: Path) -> None:
    pairs = [read_pair(data, image_id) for image_id in split_ids(data, "test")]
    got = evaluate_pairs(_Oracle([mask > 0 for _, mask in pairs]), pairs)
    assert got["n"] == len(pairs) == 3
    assert {got[name] for name in ("iou", "f1", "precision", "recall", "box_iou", "boundary_iou", "accuracy")} == {1.0}
    assert got["mae"] == 0


def test_numbered_masks_ask_who_is_who() -> None:
    numbers = np.zeros((20, 40), np.uint8)
    numbers[5:15, 5:20], numbers[5:15, 20:35] = 1, 2
    image = np.zeros((20, 40, 3), np.uint8)
    oracle = _Oracle([numbers > 0, numbers > 0])
    oracle.whose[0] = np.where(np.arange(40) < 20, np.uint8(1), np.uint8(2))[None].repeat(20, axis=0)
    got = evaluate_pairs(oracle, [(image, numbers), (image, numbers)])
    assert (got["iou"], got["right_count"], got["characters"]) == (1, 0.5, 4)
    assert got["rq"] == pytest.approx(2 * 2 / (3 + 4)), "as one, neither is found"
    assert "rq" not in evaluate_pairs(_Oracle([numbers > 0]), [(image, numbers > 0)])


def test_a_shifted_answer_scores_what_the_shift_costs() -> None:
    truth = np.zeros((20, 40), np.bool_)
    truth[5:15, 10:20] = True
    got = evaluate_pairs(_Oracle([np.roll(truth, 5, axis=1)]), [(np.zeros((20, 40, 3), np.uint8), truth)])
    assert got["iou"] == pytest.approx(50 / 150)
    assert got["f1"] == pytest.approx(0.5)
    assert got["fg_bg_iou"] == pytest.approx((50 / 150 + 650 / 750) / 2)
    # The published boxes reach one pixel further left and up: 11 × 11 each, 6 × 11 of them shared.
    assert got["paper"]["box_iou"] == pytest.approx(66 / 176)


def test_the_papers_rules_count_empty_pictures_in_every_mean() -> None:
    truth = np.zeros((8, 8), np.bool_)
    truth[2:6, 2:6] = True
    empty, image = np.zeros((8, 8), np.bool_), np.zeros((8, 8, 3), np.uint8)
    got = evaluate_pairs(_Oracle([truth, empty]), [(image, truth), (image, empty)])
    assert (got["f1"], got["precision"]) == (1, 1)
    assert (got["paper"]["f1"], got["paper"]["precision"]) == (1, 0.5)


def test_ids_are_split_by_id(data: Path) -> None:
    assert all(image_id % 1000 >= 950 for image_id in split_ids(data, "test"))
    assert all(image_id % 1000 < 900 for image_id in split_ids(data, "train"))


def test_a_checkpoint_is_evaluated_at_each_pictures_own_size(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = SegmenterModule(atrous_rates=[2, 4])
    checkpoint: dict[str, object] = {"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}
    module.image_size = 64
    module.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, tmp_path / "some.ckpt")
    got = evaluate(tmp_path / "some.ckpt", data, "val", limit=2)
    assert got["n"] == 2
    assert 0 <= got["iou"] <= got["f1"] <= 1
    assert math.isnan(got["false_alarm"])  # no empty picture among them


def test_unusable_data_is_named(tmp_path: Path, data: Path) -> None:
    with pytest.raises(DataError, match="no data set with masks"):
        split_ids(tmp_path, "test")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "5.png").write_bytes(b"")
    with pytest.raises(DataError, match="no picture of split test"):
        split_ids(tmp_path, "test")


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    (image_id,) = write_tiny_dataset(tmp_path, ids=[951])
    cv2.imwrite(str(tmp_path / "masks/951.png"), np.zeros((10, 12), np.uint8))
    with pytest.raises(DataError, match=r"951\.png: \(12, 10\) pixels"):
        read_pair(tmp_path, image_id)


def test_table_shows_every_metric() -> None:
    drawn = table({"iou": 0.5, "false_alarm": float("nan"), "n": 3, "paper": {}})
    assert [list(column.cells) for column in drawn.columns] == [["iou", "false_alarm", "n"], ["0.5000", "–", "3"]]


def test_the_papers_table_stands_beside_ours() -> None:
    names = ("f1", "precision", "recall", "iou", "fg_bg_iou", "box_iou", "accuracy")
    drawn = paper_table({"paper": {name: index / 10 for index, name in enumerate(names)}})
    columns = {str(column.header): list(column.cells) for column in drawn.columns}
    assert len(columns["F1"]) == len(PUBLISHED) + 1
    assert columns["F1"][0] == "0.9472"
    assert columns["F1"][-1] == "0.0000"
    assert (columns["box"][-1], columns["fg/bg"][-1], columns["mask"][-1]) == ("0.5000", "0.4000", "0.3000")


def _character(path: Path) -> Path:
    rgba = np.zeros((60, 50, 4), np.uint8)
    rgba[10:50, 15:35] = (10, 20, 200, 255)  # OpenCV's order: a red block
    cv2.imwrite(str(path), rgba)
    return path


def test_pasted_groups_stand_together_the_second_in_front(tmp_path: Path) -> None:
    background = tmp_path / "bg.png"
    cv2.imwrite(str(background), np.full((100, 160, 3), 255, np.uint8))
    files = [_character(tmp_path / name) for name in ("a.png", "b.png")]
    groups = list(pasted_groups(files, [background], seed=3))
    assert len(groups) == 2
    for image, numbers in groups:
        assert image.shape == (100, 160, 3)
        behind, front = (numbers == 1).sum(), (numbers == 2).sum()
        assert 0.3 * front < behind < front * 1.3
        assert cv2.connectedComponents((numbers > 0).astype(np.uint8))[0] == 2, "they touch"
        assert ((image[..., 1] < 128) != (numbers > 0)).mean() < 0.02, "edges are half transparent"
    with pytest.raises(DataError, match="two characters"):
        list(pasted_groups(files[:1], [background]))


def test_pasted_characters_lie_inside_and_match_their_mask(tmp_path: Path) -> None:
    background = tmp_path / "bg.png"
    cv2.imwrite(str(background), np.full((100, 160, 3), 250, np.uint8))
    characters = [_character(tmp_path / f"{index}.png") for index in range(4)]
    pairs = list(pasted_pairs(characters, [background], seed=3))
    assert len(pairs) == 4
    for image, alpha in pairs:
        assert image.shape == (100, 160, 3)
        assert 0.5 * 100 - 2 <= np.any(alpha > 0.5, axis=1).sum() <= 0.95 * 100 + 2
        assert 1.9 < np.any(alpha > 0.5, axis=1).sum() / np.any(alpha > 0.5, axis=0).sum() < 2.1  # 40 × 20 kept
        inside, outside = image[alpha > 0.99].astype(int), image[alpha == 0]
        assert np.abs(inside - (200, 20, 10)).max() <= 2
        assert (outside == 250).all()
    again = list(pasted_pairs(characters, [background], seed=3))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(pairs, again, strict=True))


def test_characters_that_cut_nothing_out_are_refused(tmp_path: Path) -> None:
    background = tmp_path / "bg.png"
    cv2.imwrite(str(background), np.full((10, 10, 3), 250, np.uint8))
    opaque = tmp_path / "opaque.png"
    cv2.imwrite(str(opaque), np.full((10, 10, 4), 255, np.uint8))
    with pytest.raises(DataError, match="cuts nothing out"):
        list(pasted_pairs([opaque], [background]))
    with pytest.raises(DataError, match="backgrounds"):
        list(pasted_pairs([opaque], []))


def test_textures_without_masks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no folder with texture\.png"):
        list(texture_mask_pairs(tmp_path))
