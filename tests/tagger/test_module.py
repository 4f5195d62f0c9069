from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EMAWeightAveraging, ModelCheckpoint
from pytorch_lightning.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from shared.errors import DataError, UsageError
from shared.training.checkpoints import load_checkpoint
from tagger.module import TaggerModule
from tagger.net import TaggerNet
from tagger.predict import load

SIDE = 32


class Squares(Dataset[dict[str, Tensor]]):
    """Class c paints cell c of a 4 × 3 grid, so that a small net can learn it; the last class never occurs."""

    def __init__(self, count: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.labels = rng.random((count, 11)) < 0.3
        self.labels[:, -1] = False
        self.images = np.full((count, SIDE, SIDE, 3), 230, np.uint8)
        for image, label in zip(self.images, self.labels, strict=True):
            for c in np.flatnonzero(label):
                image[(c // 4) * 10 : (c // 4) * 10 + 10, (c % 4) * 8 : (c % 4) * 8 + 8] = (40 * (c % 3), 20 * c, 90)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        image = torch.from_numpy(self.images[index]).permute(2, 0, 1)
        return {"image": image, "labels": torch.from_numpy(self.labels[index]).float(), "id": torch.tensor(index)}


class SquaresData(pl.LightningDataModule):
    def __init__(self, names: list[str], image_size: int = SIDE) -> None:
        super().__init__()
        self.class_names, self.image_size = names, image_size
        self.parts = {"train": Squares(64, 0), "val": Squares(48, 1)}

    def positive_counts(self) -> tuple[np.ndarray, int]:
        return self.parts["train"].labels.sum(0), len(self.parts["train"])

    def train_dataloader(self) -> Any:
        return DataLoader(self.parts["train"], batch_size=16, shuffle=True)

    def val_dataloader(self) -> Any:
        return DataLoader(self.parts["val"], batch_size=16)

    def test_dataloader(self) -> Any:
        return DataLoader(self.parts["val"], batch_size=20)


def make(rulebook: Path, **changes: Any) -> TaggerModule:
    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "backbone": "resnet18", "image_size": SIDE, "rulebook": str(rulebook), "optimizer": "adamw", "lr": 2e-3,
        "threshold_min_positives": 3, "example_pictures": 2,
    }  # fmt: skip
    return TaggerModule(**(settings | changes))


def trainer(folder: Path, steps: int, **changes: Any) -> pl.Trainer:
    settings: dict[str, Any] = {
        "max_steps": steps, "accelerator": "cpu", "devices": 1, "enable_progress_bar": False, "log_every_n_steps": 1,
        "enable_model_summary": False, "default_root_dir": folder, "logger": False, "enable_checkpointing": False,
    }  # fmt: skip
    return pl.Trainer(**(settings | changes))


@pytest.fixture(scope="module")
def trained(small_rulebook: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pl.Trainer, TaggerModule]:
    """One short run with checkpoint and TensorBoard files, shared by the tests that read it."""
    folder = tmp_path_factory.mktemp("run")
    module = make(small_rulebook, warmup_steps=4)
    saver = ModelCheckpoint(folder, filename="best", monitor="val/macro_f1", mode="max", save_last=True)
    run = trainer(folder, 28, callbacks=[saver], logger=TensorBoardLogger(folder, "", ""), enable_checkpointing=True)
    run.fit(module, datamodule=SquaresData(module.class_names))
    return folder, run, module


def test_overfits_one_batch(small_rulebook: Path) -> None:
    module = make(small_rulebook)
    data = Squares(16, 3)
    batch = torch.utils.data.default_collate([data[i] for i in range(16)])
    module.set_counts(batch["labels"].long().sum(0), 16)
    optimizer = torch.optim.AdamW(module.net.parameters(), lr=2e-3)
    module.log = lambda *_, **__: None  # type: ignore[method-assign]
    first = last = 0.0
    for step in range(30):
        loss = module.training_step(batch, step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = (loss.item(), last) if step == 0 else (first, loss.item())
    predicted = (module(batch["image"].float() / 255) > 0).float()[:, module.supported]
    truth = batch["labels"][:, module.supported]
    f1 = 2 * (predicted * truth).sum(0) / (predicted.sum(0) + truth.sum(0))
    assert last < 0.1 * first
    assert f1.min() == 1.0


def test_learns_and_logs(trained: tuple[Path, pl.Trainer, TaggerModule]) -> None:
    folder, run, _ = trained
    metrics = run.callback_metrics
    assert {"train/loss", "val/loss", "val/macro_f1", "val/macro_f2", "val/map", "val/macro_f1_tuned"} <= metrics.keys()
    assert metrics["val/map"] > 0.9
    assert metrics["val/macro_f1_tuned"] >= 0.8
    assert list(folder.glob("events.out.tfevents*"))


def test_checkpoint_is_whole_and_plain(trained: tuple[Path, pl.Trainer, TaggerModule]) -> None:
    folder, _, module = trained
    checkpoint = load_checkpoint(folder / "best.ckpt", "tagger")
    assert checkpoint["tagger"]["class_names"] == module.class_names
    assert checkpoint["tagger"]["samples"] == 64
    assert len([key for key in checkpoint["state_dict"] if not key.startswith("net.resnet.")]) == 0
    with pytest.raises(DataError, match="not of segmenter"):
        load_checkpoint(folder / "best.ckpt", "segmenter")


def test_predictor_agrees_with_training(trained: tuple[Path, pl.Trainer, TaggerModule]) -> None:
    folder, _, _ = trained
    predictor = load(folder / "best.ckpt", precision="float32")
    data = Squares(48, 1)
    probabilities = predictor.predict(list(data.images), batch_size=7)
    assert probabilities.shape == (48, 11)
    assert probabilities.dtype == np.float32
    assert not predictor.supported[-1]
    assert (probabilities[:, -1] == 0).all()
    hits = (probabilities > predictor.thresholds) & data.labels
    recall = hits.sum() / data.labels.sum()
    assert recall > 0.8
    tags = predictor.tags(probabilities[0])
    assert [tag.score for tag in tags] == sorted((tag.score for tag in tags), reverse=True)
    assert {tag.name for tag in tags} <= set(predictor.class_names)
    expected = {predictor.class_names[i] for i in np.flatnonzero(probabilities[0] > predictor.limits())}
    assert {tag.name for tag in tags} == expected


def test_what_is_told_was_right_often_enough(trained: tuple[Path, pl.Trainer, TaggerModule]) -> None:
    predictor = load(trained[0] / "best.ckpt", precision="float32")
    np.testing.assert_array_equal(predictor.limits(0), predictor.thresholds)
    np.testing.assert_array_equal(predictor.limits(), predictor.limits(0.5))
    np.testing.assert_array_equal(predictor.limits(0.41), predictor.limits(0.5))
    validation = Squares(48, 1)
    told = predictor.predict(list(validation.images)) > predictor.limits(0.9)
    assert told.any()
    # The histograms are blurred, so the promise holds up to a picture or two.
    assert (told & validation.labels).sum() >= 0.85 * told.sum()
    for outside in (-0.1, 0.95, float("nan")):
        with pytest.raises(UsageError, match=r"outside 0 … 0\.9"):
            predictor.limits(outside)


def test_one_by_one_is_the_same_as_a_batch(trained: tuple[Path, pl.Trainer, TaggerModule]) -> None:
    predictor = load(trained[0] / "best.ckpt", precision="float32")
    rng = np.random.default_rng(0)
    sizes = [(32, 32), (50, 20), (1, 1), (1, 300), (64, 90)]
    images = [rng.integers(0, 255, (*size, 3), dtype=np.uint8) for size in sizes]
    together = predictor.predict(images)
    alone = np.concatenate([predictor.predict([image]) for image in images])
    np.testing.assert_allclose(together, alone, atol=1e-5)  # sums in another order
    assert predictor.predict([]).shape == (0, 11)
    rgba = np.dstack([images[1], np.full(sizes[1], 255, np.uint8)])
    np.testing.assert_allclose(predictor.predict([rgba]), together[1:2], atol=1e-5)
    with pytest.raises(ValueError, match="uint8"):
        predictor.predict([np.zeros((4, 4), np.uint8)])


def test_resume_goes_on_as_if_never_stopped(small_rulebook: Path, tmp_path: Path) -> None:
    def run(steps: int, folder: Path, **fit: Any) -> TaggerModule:
        module = make(small_rulebook, schedule="constant")
        saver = ModelCheckpoint(folder, save_last=True)
        pl.seed_everything(1)
        data = SquaresData(module.class_names)
        data.train_dataloader = lambda: DataLoader(data.parts["train"], batch_size=32)  # type: ignore[method-assign]
        go = trainer(folder, steps, callbacks=[saver], enable_checkpointing=True, limit_val_batches=1)
        go.fit(module, datamodule=data, **fit)
        return module

    whole = run(4, tmp_path / "a")
    run(2, tmp_path / "b")
    resumed = run(4, tmp_path / "b", ckpt_path=tmp_path / "b/last.ckpt", weights_only=True)
    for name, value in whole.net.state_dict().items():
        torch.testing.assert_close(resumed.net.state_dict()[name], value, msg=name)


def test_ema_keeps_counts_and_thresholds(small_rulebook: Path, tmp_path: Path) -> None:
    module = make(small_rulebook)
    callbacks = [EMAWeightAveraging(decay=0.5), ModelCheckpoint(tmp_path, save_last=True)]
    run = trainer(tmp_path, 4, callbacks=callbacks, enable_checkpointing=True, num_sanity_val_steps=1)
    data = SquaresData(module.class_names)
    run.fit(module, datamodule=data)
    saved = load_checkpoint(tmp_path / "last.ckpt", "tagger")["tagger"]
    assert saved["positives"].tolist() == data.positive_counts()[0].tolist()
    assert saved["samples"] == 64
    assert load(tmp_path / "last.ckpt").supported.sum() == 10


class Watch(pl.Callback):
    """Averages the last layer's bias as the documented rule says: copied at first, then halved towards the new one."""

    average: torch.Tensor | None = None

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *_: Any) -> None:
        bias = module.net.resnet.fc.bias.detach().clone()  # type: ignore[union-attr]
        self.average = bias if self.average is None else 0.5 * self.average + 0.5 * bias


def test_ema_is_what_is_saved_and_it_resumes(small_rulebook: Path, tmp_path: Path) -> None:
    def run(steps: int, folder: Path, watch: Watch, **fit: Any) -> dict[str, torch.Tensor]:
        module = make(small_rulebook, schedule="constant")
        saver = ModelCheckpoint(folder, filename="best", monitor="val/map", mode="max", save_last=True)
        pl.seed_everything(1)
        data = SquaresData(module.class_names)
        data.train_dataloader = lambda: DataLoader(data.parts["train"], batch_size=32)  # type: ignore[method-assign]
        callbacks = [watch, EMAWeightAveraging(decay=0.5), saver]
        go = trainer(folder, steps, callbacks=callbacks, enable_checkpointing=True, limit_val_batches=1)
        go.fit(module, datamodule=data, **fit)
        return load_checkpoint(folder / "last.ckpt", "tagger")["state_dict"]

    whole = Watch()
    saved = run(4, tmp_path / "a", whole)
    torch.testing.assert_close(saved["net.resnet.fc.bias"], whole.average)
    best = load_checkpoint(tmp_path / "a/best.ckpt", "tagger")
    assert "current_model_state" in best, "the trained weights lie beside the averaged ones"
    current = best["current_model_state"]["net.resnet.fc.bias"]
    assert not torch.equal(best["state_dict"]["net.resnet.fc.bias"], current)
    part = Watch()
    run(2, tmp_path / "b", part)
    resumed = run(4, tmp_path / "b", part, ckpt_path=tmp_path / "b/last.ckpt", weights_only=True)
    for name, value in saved.items():
        torch.testing.assert_close(resumed[name], value, msg=name)


def test_asymmetric_loss_is_trained_with(small_rulebook: Path, tmp_path: Path) -> None:
    module = make(small_rulebook, loss="asymmetric", weighting="none")
    run = trainer(tmp_path, 2)
    run.fit(module, datamodule=SquaresData(module.class_names))
    logits, labels = torch.randn(2, 11), torch.ones(2, 11)
    positives = -torch.nn.functional.logsigmoid(logits)[:, module.supported].mean()
    torch.testing.assert_close(module._loss(logits, labels), positives)
    with pytest.raises(UsageError, match="label_smoothing"):
        make(small_rulebook, loss="asymmetric", label_smoothing=0.1)
    with pytest.raises(UsageError, match="focal"):
        make(small_rulebook, loss="focal")


def test_bias_starts_at_the_prior(small_rulebook: Path) -> None:
    module = make(small_rulebook, weighting="none")
    module.set_counts(torch.tensor([16] * 5 + [0] * 6), 64)
    started = torch.sigmoid(module._prior())[:5]
    torch.testing.assert_close(started, torch.full((5,), 0.25))
    module = make(small_rulebook, weighting="inverse")  # balanced weights: one half whatever the frequency
    module.set_counts(torch.tensor([16] * 5 + [0] * 6), 64)
    torch.testing.assert_close(torch.sigmoid(module._prior())[:5], torch.full((5,), 0.5))


def test_a_last_layer_that_starts_anew_starts_at_the_prior(small_rulebook: Path, tmp_path: Path) -> None:
    """Weights of other classes give the backbone only; those of the same classes know how frequent each is."""
    for name, classes in (("other", 7), ("same", 11)):
        source = TaggerNet("resnet18", classes)
        torch.save(source.state_dict(), tmp_path / f"{name}.pth")
        module = make(small_rulebook, init=str(tmp_path / f"{name}.pth"), weighting="none", lr=0.0)
        trainer(tmp_path / name, 1).fit(module, datamodule=SquaresData(module.class_names))
        frequencies = module.positives[module.supported] / module.samples
        told = torch.sigmoid(module.net.resnet.fc.bias.detach())[module.supported]
        if name == "other":
            torch.testing.assert_close(told, frequencies, atol=1e-4, rtol=0)
        else:
            torch.testing.assert_close(module.net.resnet.fc.bias.detach(), source.resnet.fc.bias.detach())


def test_data_that_does_not_fit_is_refused(small_rulebook: Path, tmp_path: Path) -> None:
    module = make(small_rulebook)
    with pytest.raises(UsageError, match="rulebook"):
        trainer(tmp_path, 1).fit(module, datamodule=SquaresData(["other"]))
    with pytest.raises(UsageError, match="image_size"):
        trainer(tmp_path, 1).fit(module, datamodule=SquaresData(module.class_names, image_size=64))
    with pytest.raises(UsageError, match="no class"):
        module.set_counts(torch.zeros(11, dtype=torch.int64), 5)


def test_damaged_checkpoints_are_one_clear_line(trained: tuple[Path, pl.Trainer, TaggerModule], tmp_path: Path) -> None:
    content = torch.load(trained[0] / "best.ckpt", weights_only=True)
    del content["state_dict"]["net.resnet.conv1.weight"]
    torch.save(content, tmp_path / "lacking.ckpt")
    (tmp_path / "cut.ckpt").write_bytes((trained[0] / "best.ckpt").read_bytes()[:5000])
    for name in ("lacking.ckpt", "cut.ckpt", "none.ckpt"):
        with pytest.raises(DataError, match=name) as caught:
            load(tmp_path / name)
        assert "\n" not in str(caught.value)
