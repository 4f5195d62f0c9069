"""Trainings from shards: the samples of the folder, the order of the shards, resumed anywhere."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import pytorch_lightning as pl
import torch

from shared.datamodules.masks import MaskDataModule
from shared.datamodules.poses import PoseDataModule
from shared.datamodules.sampling import Draw
from shared.datamodules.tags import TagDataModule
from shared.errors import DataError, UsageError
from shared.shards.folder_source import FolderSource
from shared.shards.writing import write_shards
from shared.training.resume import check_same_science
from tests.fixtures_dataset import write_tiny_dataset
from tests.shared.shards.conftest import Made
from tests.shared.tiny_rulebook import TinyRulebook

MODULES: dict[str, Any] = {"tags": TagDataModule, "masks": MaskDataModule, "poses": PoseDataModule}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("task", MODULES)
def test_samples_are_those_of_the_folder(task: str, made: Made) -> None:
    settings = {"image_size": 48, "num_workers": 0}
    plain = MODULES[task](str(made.folder), **settings)
    streamed = MODULES[task](str(made.folder), **settings, shards=str(made.shards))
    for split in ("train", "val", "test"):
        one, other = plain.dataset(split), streamed.dataset(split)
        assert len(one) == len(other) > 0
        assert all(same(one[i], other[i]) for i in range(len(one)))
        assert one.shards is None
        assert len(set(other.shards.tolist())) == (8 if split == "train" else 4)
    one, other = plain.dataset("train"), streamed.dataset("train")
    assert all(same(one[Draw(i % len(one), i)], other[Draw(i % len(one), i)]) for i in range(30))
    if task == "tags":
        assert np.array_equal(plain.positive_counts()[0], streamed.positive_counts()[0])


@pytest.mark.parametrize("task", MODULES)
def test_two_ranks_of_two_workers_see_every_sample_once(task: str, made: Made) -> None:
    seen, counts = [], []
    for rank in (0, 1):
        data = MODULES[task](str(made.folder), image_size=16, batch_size=3, num_workers=2, shards=str(made.shards))
        progress = SimpleNamespace(total=SimpleNamespace(processed=0))
        loop = SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress))
        data.trainer = SimpleNamespace(
            global_rank=rank, world_size=2, limit_train_batches=1.0, fit_loop=loop, accumulate_grad_batches=1
        )
        key = "annotation_id" if task == "poses" else "id"
        batches = [batch[key].tolist() for batch in data.train_dataloader()]
        assert {len(batch) for batch in batches} == {3}
        counts.append(len(batches))
        seen += [number for batch in batches for number in batch]
    assert counts[0] == counts[1] >= 4
    whole = len(data.dataset("train")) // 6 * 6
    assert len(seen) == whole
    if task != "masks":  # a composite may be empty or have other characters; its id is the one drawn first
        assert len(set(seen)) == whole
    else:
        assert sorted(seen) == sorted(int(path.stem) for path in (made.folder / "fg").iterdir() if int(path.stem) < 900)


class Notes(pl.LightningModule):
    """Learns nothing and notes which pictures it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[int]] = []
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.seen.append(batch["id"].tolist())
        return self.weight.sum() + batch["image"].float().mean() * 0

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), 0.1)


def fit(made: Made, folder: Path, steps: int, workers: int, checkpoint: Path | None = None) -> list[list[int]]:
    data = TagDataModule(
        str(made.folder),
        image_size=16,
        batch_size=5,
        num_workers=workers,
        samples_per_epoch=35,
        shards=str(made.shards),
    )
    module = Notes()
    trainer = pl.Trainer(
        default_root_dir=folder, accelerator="cpu", max_steps=steps, logger=False, enable_progress_bar=False,
        enable_model_summary=False, limit_val_batches=0, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(module, data, ckpt_path=None if checkpoint is None else str(checkpoint), weights_only=True)
    trainer.save_checkpoint(folder / "last.ckpt")
    return module.seen


@pytest.mark.parametrize("stop", [3, 7, 10])
def test_a_resumed_run_sees_the_same_batches_with_other_workers_too(stop: int, made: Made, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "part").mkdir()
    whole = fit(made, tmp_path / "whole", 16, 0)
    first = fit(made, tmp_path / "part", stop, 2)
    rest = fit(made, tmp_path / "part", 16, 1, tmp_path / "part/last.ckpt")
    assert first + rest == whole
    assert len({tuple(batch) for batch in whole}) == 16


def test_a_damaged_member_is_named_and_the_next_one_taken(
    made: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(made.shards, tmp_path / "out")
    data = TagDataModule("nowhere", image_size=16, batch_size=24, num_workers=0, shards=str(tmp_path / "out"))
    manifest = data.pictures("train").manifest
    place = manifest.place(int(data.pictures("train").rows[2]))
    number = int(data.pictures("train").ids[2])
    assert place.offset is not None
    content = bytearray((tmp_path / "out" / place.path).read_bytes())
    content[place.offset : place.offset + 2000] = bytes(2000)
    (tmp_path / "out" / place.path).write_bytes(content)
    (batch,) = list(data.train_dataloader())
    assert number not in batch["id"]
    assert f"{place.path}, at byte {place.offset} ({number}.jpg): picture in memory: not a picture" in caplog.text
    assert "skipped in training" in caplog.text
    with pytest.raises(DataError, match=rf"\({number}\.jpg\)"):
        data.dataset("train")[2]


@pytest.mark.parametrize("task", ["masks", "poses"])
def test_a_shard_cut_off_ends_no_training(
    task: str, made: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(made.shards, tmp_path / "out")
    shard = tmp_path / "out/train-000002.tar"
    shard.write_bytes(shard.read_bytes()[:600])
    data = MODULES[task](str(made.folder), image_size=16, batch_size=8, num_workers=0, shards=str(tmp_path / "out"))
    with caplog.at_level(logging.WARNING):
        assert all(len(batch["id"]) == 8 for batch in data.train_dataloader())
    assert "train-000002.tar, at byte" in caplog.text
    assert "ends before" in caplog.text


@pytest.mark.parametrize(("column", "path"), [("shard", "../secret.tar"), ("path", "/etc/passwd")])
def test_tables_that_lead_out_of_the_folder_are_refused(column: str, path: str, made: Made, tmp_path: Path) -> None:
    shutil.copytree(made.shards, tmp_path / "out")
    table = pq.read_table(tmp_path / "out/members.parquet")
    place = table.schema.get_field_index(column)
    pq.write_table(table.set_column(place, column, [[path] * table.num_rows]), tmp_path / "out/members.parquet")
    with pytest.raises(DataError, match=f"path '{path}' leads out of the image folder"):
        PoseDataModule(str(made.folder), shards=str(tmp_path / "out")).dataset("train")


def test_several_folders_by_name(made: Made, tmp_path: Path) -> None:
    write_tiny_dataset(tmp_path / "photo", 24, seed=5)
    write_shards(FolderSource(tmp_path / "photo", TinyRulebook()), str(tmp_path / "shards"), per_shard=4)
    folders: Any = [{"path": str(made.folder / "fg")}, {"path": str(tmp_path / "photo/fg"), "weight": 2.0}]
    grounds: Any = [{"path": str(tmp_path / "photo/bg")}, {"procedural": "clutter"}]
    both = {str(made.folder): str(made.shards), str(tmp_path / "photo"): str(tmp_path / "shards")}
    settings: dict[str, Any] = {"image_size": 32, "foregrounds": folders, "backgrounds": grounds}
    plain = MaskDataModule(str(made.folder), **settings).dataset("train")
    for shards in (both, str(made.shards)):  # the second folder from the disk
        streamed = MaskDataModule(str(made.folder), **settings, shards=shards).dataset("train")
        assert all(same(plain[Draw(i, i)], streamed[Draw(i, i)]) for i in range(12))
    pose = {"image_size": 32, "other_root": str(tmp_path / "photo")}
    one, other = (PoseDataModule(str(made.folder), **pose, shards=s).dataset("train") for s in (None, both))
    assert all(same(one[Draw(i, i)], other[Draw(i, i)]) for i in range(6))
    with pytest.raises(DataError, match=r"data\.shards: data/phto holds none of the folders of these settings"):
        MaskDataModule(str(made.folder), **settings, shards={"data/phto": "x"})


def test_real_pairs_from_shards(made: Made, tmp_path: Path) -> None:
    for path in (made.folder / "images").rglob("*.jpg"):
        (tmp_path / "real/images").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, tmp_path / "real/images")
    shutil.copytree(made.folder / "masks", tmp_path / "real/masks")
    write_shards(FolderSource(tmp_path / "real", TinyRulebook()), str(tmp_path / "shards"), per_shard=4)
    pairs: Any = [{"path": str(tmp_path / "real")}]
    settings: dict[str, Any] = {"image_size": 32, "real_pairs": pairs, "real_ratio": 0.5, "evaluate_on": "real"}
    plain = MaskDataModule(str(made.folder), **settings)
    streamed = MaskDataModule(str(made.folder), **settings, shards={str(tmp_path / "real"): str(tmp_path / "shards")})
    for split in ("train", "test"):
        one, other = plain.dataset(split), streamed.dataset(split)
        assert all(same(one[i], other[i]) for i in range(len(one)))
    one, other = plain.dataset("train"), streamed.dataset("train")
    assert all(same(one[Draw(i, i)], other[Draw(i, i)]) for i in range(12))
    pairs[0]["layout"] = "coco"
    with pytest.raises(DataError, match="layout coco is not read from shards"):
        streamed.dataset("test")


def test_wrong_shards_are_one_line(made: Made, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no shards\.json there; make shards with"):
        TagDataModule(str(made.folder), shards=str(made.folder)).setup()
    (tmp_path / "shards.json").write_text('{"format": 99}')
    with pytest.raises(DataError, match="another format than 1"):
        TagDataModule(str(made.folder), shards=str(tmp_path)).setup()


def test_a_run_from_shards_goes_on_from_shards_only(made: Made, tmp_path: Path) -> None:
    fit(made, tmp_path, 1, 0)
    module = Notes()
    settings: dict[str, Any] = {"image_size": 16, "batch_size": 5, "samples_per_epoch": 35}
    moved = TagDataModule("elsewhere", **settings, shards=str(tmp_path / "moved"))
    check_same_science(tmp_path / "last.ckpt", module, moved, strict=True)
    with pytest.raises(UsageError, match=r"trained with data\.shards="):
        check_same_science(tmp_path / "last.ckpt", module, TagDataModule(str(made.folder), **settings), strict=True)
