"""Fixed views: the same pictures in every training, and a key that changes when any of their pixels would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.augment import ColorAugment
from shared.datamodules.pose_views import FixedViews
from shared.datamodules.poses import PoseDataModule
from shared.errors import DataError, UsageError
from tests.fixtures_dataset import write_tiny_dataset


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_tiny_dataset(tmp_path, count=8, size=64)
    return tmp_path


def views_of(root: Path, **changes: Any) -> FixedViews:
    views = PoseDataModule(str(root), **{"image_size": 48, "views": 3, **changes}).fixed_views()
    assert views is not None
    return views


def test_views_differ_and_do_not_depend_on_the_seed_or_on_who_else_is_there(root: Path) -> None:
    views, other = views_of(root), views_of(root, seed=9)
    count = len(views.source)
    assert len(views) == 3 * count
    first, second = views.sample(1), views.sample(1 + count)
    assert first["annotation_id"] == second["annotation_id"]
    assert not np.array_equal(first["image"], second["image"])
    assert np.array_equal(first["image"], other.sample(1)["image"])
    assert np.array_equal(first["image"], views.picture(1))
    assert (first["view"], second["view"]) == (1, 1 + count)
    # Without the first character the second one's views and keys are what they were.
    path = root / "annotations/person_keypoints_train.json"
    content = json.loads(path.read_text())
    del content["annotations"][0]
    path.write_text(json.dumps(content))
    fewer = views_of(root)
    assert np.array_equal(fewer.picture(0), views.picture(1))
    assert fewer.keys()[0] == views.keys()[1]
    assert len(set(views.keys())) == len(views)


def test_labels_without_pictures_are_the_same_labels(root: Path) -> None:
    views, blind = views_of(root), views_of(root)
    blind.leave_pictures_out(frozenset({2}))
    for number in (0, 4, 5):
        whole, labels = views.sample(number), blind.sample(number)
        assert set(whole) - set(labels) == {"image"}
        assert all(np.array_equal(whole[name], labels[name]) for name in labels)
    with pytest.raises(DataError, match="cannot be read"):
        blind.sample(2)


@pytest.mark.parametrize("changes", [{"image_size": 40}, {"padding": 0.2}, {"augment_strength": 0.5}])
def test_a_key_changes_with_settings(root: Path, changes: dict[str, Any]) -> None:
    assert not set(views_of(root).keys()) & set(views_of(root, **changes).keys())


def test_a_key_changes_with_the_file_the_box_and_the_code(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    views = views_of(root)
    count, path = len(views.source), views.source.characters.image_paths[0]

    def changed_since(keys: list[str]) -> list[bool]:
        return [a != b for a, b in zip(keys, views.keys(), strict=True)]

    keys = views.keys()
    path.write_bytes(path.read_bytes() + b"\0")
    assert changed_since(keys) == [other == path for other in views.source.characters.image_paths] * 3
    keys = views.keys()
    views.source.characters.boxes_xywh[1][0] += 0.5
    assert changed_since(keys) == [number % count == 1 for number in range(len(views))]
    keys = views.keys()
    monkeypatch.setattr(ColorAugment, "__call__", lambda self, image, rng=None: 255 - image)
    assert all(changed_since(keys))


def test_an_epoch_is_as_long_as_without_views_and_every_view_comes_once(root: Path) -> None:
    data = PoseDataModule(str(root), image_size=48, batch_size=1, num_workers=0, views=3)
    loader = data.train_dataloader()
    count = len(data.characters("train"))
    assert len(loader) == count
    seen: list[int] = []
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        seen += [int(batch["view"][0]) for batch in loader]
    assert sorted(seen) == list(range(3 * count))
    # Evaluation on the training split stays clean and single.
    assert len(data.dataset("train")) == count


@pytest.mark.parametrize("changes", [{"views": 0}, {"views": 2, "augment": False}, {"views": 2, "other_root": "x"}])
def test_settings_that_contradict_each_other_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"data\.views"):
        PoseDataModule("nowhere", **changes)
