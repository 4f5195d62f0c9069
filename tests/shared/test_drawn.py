"""Pictures drawn while training: the same samples as from a folder of the same pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from shared.datamodules import drawn
from shared.datamodules.drawn import DrawnPictures, drawn_plan
from shared.datamodules.masks import MaskDataModule
from shared.datamodules.poses import PoseDataModule
from shared.datamodules.sampling import Draw
from shared.datamodules.tags import TagDataModule
from shared.errors import DataError
from shared.readers.splits import SPLITS, split_of
from shared.synthetic.cli import synth
from shared.synthetic.dataset import Plan

ROOT = "synth:count=1000,seed=4,size=64,characters=1,mix=simple"
MODULES = (TagDataModule, MaskDataModule, PoseDataModule)


def test_ids_of_the_splits() -> None:
    for count in (951, 1000, 1899, 1900, 2345, 5000):
        plan = drawn_plan(f"synth:count={count}")
        assert plan is not None
        for split in SPLITS:
            pictures = DrawnPictures(plan, split)
            wanted = [i for i in range(1, count + 1) if split_of(i) == split]
            assert [pictures.id(index) for index in range(len(pictures))] == wanted
    with pytest.raises(DataError, match="no picture of the val split"):
        DrawnPictures(plan_of_count(899), "val")
    assert len(DrawnPictures(plan_of_count(900), "val")) == 1


def plan_of_count(count: int) -> Plan:
    plan = drawn_plan(f"synth:count={count}")
    assert plan is not None
    return plan


@pytest.mark.parametrize("module", MODULES)
def test_samples_are_those_of_the_folder(module: type, tmp_path: Path) -> None:
    synth(tmp_path / "data", 6, 4, 64, "1", workers=1, mix="simple")
    more = {"composite": False, "instances": True} if module is MaskDataModule else {}
    folder = module(root=str(tmp_path / "data"), image_size=48, num_workers=0, **more).dataset("train")
    fly = module(root=ROOT, image_size=48, num_workers=0, **more).dataset("train")
    assert ("instances" in fly[0]) == (module is MaskDataModule)
    assert len(folder) == 6
    assert len(fly) == 900
    for key in (0, 3, 5, Draw(2, 7)):
        if module is not TagDataModule and isinstance(key, Draw):
            continue  # other choices are made by the same chance: which character, what is composed anew
        one, other = folder[key], fly[key]
        assert set(one) == set(other)
        for name in set(one) - {"annotation_id"}:
            assert np.array_equal(one[name], other[name]), (key, name)


def test_a_sample_follows_from_seed_and_position_alone() -> None:
    first = PoseDataModule(root=ROOT, image_size=32, batch_size=2, num_workers=0, seed=1)
    again = PoseDataModule(root=ROOT, image_size=32, batch_size=2, num_workers=0, seed=1)
    other = PoseDataModule(root=ROOT, image_size=32, batch_size=2, num_workers=0, seed=2)
    keys = [Draw(5, 11), Draw(5, 12)]
    one, same, changed = ([module.dataset("train")[key] for key in keys] for module in (first, again, other))
    assert np.array_equal(one[0]["image"], same[0]["image"])
    assert not np.array_equal(one[0]["image"], one[1]["image"]), "another turn of the same picture"
    assert not np.array_equal(one[0]["image"], changed[0]["image"])


def test_class_counts_are_of_the_first_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawn, "COUNTED", 8)
    module = TagDataModule(root=ROOT, image_size=32, num_workers=0)
    counts, number = module.positive_counts()
    assert number == 8
    dataset = module.dataset("train")
    assert np.array_equal(counts, sum(dataset[index]["labels"] for index in range(8)))
    assert counts.sum() > 20


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("synth:", "'' is not understood"), ("synth:seed=1", "no count"),
        ("synth:count=ten", "count 'ten' is not a whole"),
        ("synth:count=5,colour=red", "'colour=red' is not understood"), ("synth:count=5,count=6", "each of"),
        ("synth:count=5,size=9", "--size 9"), ("synth:count=5,mix=poor", "--mix poor"),
        ("synth:count=5,characters=7", "--characters 7-7"), ("synth:count=5,style=oil", "--style oil"),
        ("synth:count=5,mix=none.yaml", "none.yaml"),
    ],
)  # fmt: skip
def test_roots_that_make_no_sense(root: str, message: str) -> None:
    for module in MODULES:
        with pytest.raises(DataError, match=message):
            module(root=root)


def test_what_needs_a_folder_says_so() -> None:
    with pytest.raises(DataError, match="need a data folder"):
        PoseDataModule(root=ROOT, more_roots=["x"])
    with pytest.raises(DataError, match="need a data folder"):
        MaskDataModule(root=ROOT, real_pairs=[{"path": "x"}], real_ratio=0.5)
