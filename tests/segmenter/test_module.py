"""Training: one batch can be learnt, a checkpoint predicts, settings do what they say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from segmenter.metrics import image_metrics
from segmenter.module import SegmenterModule, halved
from segmenter.overlays import example_grid, mask_overlay
from segmenter.predict import load

TINY = {"backbone": "mobilenet_v3_large", "output_stride": 16, "atrous_rates": [2, 4], "skip_strides": [4]}


def _batch(count: int = 6, side: int = 64) -> dict[str, torch.Tensor]:
    """Red discs on blue noise; the last picture is empty."""
    rng = np.random.default_rng(0)
    image = np.zeros((count, side, side, 3), np.uint8)
    image[...] = (60, 80, 180)
    image += rng.integers(0, 40, image.shape, dtype=np.uint8)
    alpha = np.zeros((count, side, side), np.uint8)
    y, x = np.mgrid[:side, :side]
    for index in range(count - 1):
        cx, cy, radius = rng.uniform(20, 44), rng.uniform(20, 44), rng.uniform(10, 18)
        disc = np.hypot(x - cx, y - cy) < radius
        image[index][disc] = (220, 120, 90)
        alpha[index][disc] = 255
    return {
        "image": torch.from_numpy(image).permute(0, 3, 1, 2),
        "alpha": torch.from_numpy(alpha)[:, None],
        "weight": torch.ones(count, 1, side, side, dtype=torch.uint8),
        "id": torch.arange(count),
    }


class _Repeated(torch.utils.data.Dataset[dict[str, torch.Tensor]]):
    def __init__(self, length: int) -> None:
        self.batch, self.length = _batch(), length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        return self.batch


def _loader(length: int) -> DataLoader[dict[str, torch.Tensor]]:
    return DataLoader(_Repeated(length), batch_size=None)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[SegmenterModule, Path, Path]:
    """Overfits one batch through the real Trainer; returns the module, its checkpoint and the run folder."""
    folder = tmp_path_factory.mktemp("run")
    pl.seed_everything(0)
    module = SegmenterModule(**TINY, dropout=0.0, lr=4e-3, warmup_steps=3, dice_weight=1.0)  # type: ignore[arg-type]
    logger = pl.loggers.TensorBoardLogger(str(folder), name="", version="")
    trainer = pl.Trainer(
        max_steps=60, accelerator="cpu", devices=1, logger=logger, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, default_root_dir=str(folder),
    )  # fmt: skip
    trainer.fit(module, _loader(60), _loader(1))
    trainer.save_checkpoint(folder / "last.ckpt")
    return module, folder / "last.ckpt", folder


def test_one_batch_is_learnt_to_the_pixel(trained: tuple[SegmenterModule, Path, Path]) -> None:
    module, _, _ = trained
    logged = module.trainer.callback_metrics
    assert {"val/iou", "val/f1", "val/loss", "train/loss"} <= set(logged)
    # 60 steps from random weights, judged in evaluation mode.
    assert float(logged["val/iou"]) > 0.9
    assert float(logged["val/false_alarm"]) < 0.005


def test_the_checkpoint_predicts_what_was_learnt(trained: tuple[SegmenterModule, Path, Path]) -> None:
    _, checkpoint, _ = trained
    predictor = load(checkpoint, bf16=False, refined=False)
    assert predictor.image_size == 64
    assert not predictor.net.training
    batch = _batch()
    images = [image.permute(1, 2, 0).numpy() for image in batch["image"]]
    for probability, alpha in zip(predictor.predict(images), batch["alpha"][:, 0] / 255, strict=True):
        values = image_metrics(torch.from_numpy(probability), alpha)
        assert values["iou"] > 0.85 or values["empty"]
        assert values["false_alarm"] < 0.3


def test_checkpoint_is_plain_data(trained: tuple[SegmenterModule, Path, Path]) -> None:
    _, path, _ = trained
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["inkpose"]["kind"] == "segmenter"
    assert checkpoint["hyper_parameters"]["atrous_rates"] == [2, 4]
    again = SegmenterModule.load_from_checkpoint(path, weights_only=True)
    assert again.image_size == 64


def test_tensorboard_has_scalars_and_example_pictures(trained: tuple[SegmenterModule, Path, Path]) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(trained[2]))
    events.Reload()
    tags = events.Tags()
    assert {"val/iou", "val/f1", "val/loss", "train/loss"} <= set(tags["scalars"])
    assert tags["images"] == ["val/examples"]


def test_learning_rate_warms_up_then_falls_to_nothing() -> None:
    module = SegmenterModule(**TINY, lr=0.5, warmup_steps=4, optimizer="adamw", weight_decay=0.1)  # type: ignore[arg-type]

    class _Trainer:
        max_steps, max_epochs = 24, None

    module._trainer = _Trainer()  # type: ignore[assignment]
    made = module.configure_optimizers()
    optimizer, scheduler = made["optimizer"], made["lr_scheduler"]["scheduler"]  # type: ignore[index]
    assert isinstance(optimizer, torch.optim.AdamW)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.0]
    assert all(p.ndim > 1 for p in optimizer.param_groups[0]["params"])
    rates = []
    for _ in range(25):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates[:5] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert rates[14] == pytest.approx(0.25 * (1 + math.cos(math.pi / 2)))
    assert rates[24] == pytest.approx(0)


def test_padding_moves_no_weights() -> None:
    torch.manual_seed(0)
    module = SegmenterModule(**TINY, dropout=0.0).eval()  # type: ignore[arg-type]
    batch = _batch(2)
    batch["weight"][:, :, :20] = 0
    loss, _ = module._loss(batch)
    batch["alpha"][:, :, :20] = 255 - batch["alpha"][:, :, :20]
    changed, _ = module._loss(batch)
    assert float(loss.detach()) == pytest.approx(float(changed.detach()), abs=1e-6)


def test_overlay_tints_the_character_and_nothing_else() -> None:
    image = np.full((20, 30, 3), 200, np.uint8)
    probability = np.zeros((20, 30), np.float32)
    probability[5:15, 5:15] = 1
    drawn = mask_overlay(image, probability)
    assert (drawn[:, 20:] == 200).all()
    assert drawn[10, 10, 2] > drawn[10, 10, 0]
    grid = example_grid(torch.zeros(2, 3, 20, 30, dtype=torch.uint8), torch.zeros(2, 20, 30), torch.ones(2, 20, 30))
    assert grid.shape == (60, 60, 3)


def test_a_halved_batch_is_the_average_of_four_pixels() -> None:
    batch = {
        "image": torch.tensor([[[[0, 100, 10, 10], [100, 200, 10, 10]]]], dtype=torch.uint8),
        "alpha": torch.tensor([[[[255, 255, 0, 0], [255, 0, 0, 0]]]], dtype=torch.uint8),
        "weight": torch.tensor([[[[1, 1, 1, 1], [1, 0, 1, 1]]]], dtype=torch.uint8),
        "id": torch.tensor([7]),
    }
    small = halved(batch)
    assert small["image"].tolist() == [[[[100, 10]]]]
    assert small["alpha"].tolist() == [[[[191, 0]]]]
    assert small["weight"].tolist() == [[[[0, 1]]]]
    assert small["id"].tolist() == [7]
    with pytest.raises(ValueError, match="even image_size"):
        halved({"image": torch.zeros(1, 3, 5, 4), "alpha": torch.zeros(1, 1, 5, 4)})


def test_the_first_steps_see_half_size(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SegmenterModule(**TINY, half_size_steps=2)  # type: ignore[arg-type]
    seen: list[int] = []
    module.net.register_forward_pre_hook(lambda _, args: seen.append(int(args[0].shape[-1])))
    monkeypatch.setattr(module, "log", lambda *args, **kwargs: None)
    for step in range(4):
        monkeypatch.setattr(type(module), "global_step", step, raising=False)
        module.training_step(_batch(2), step)
    assert seen == [32, 32, 64, 64]
    assert module.image_size == 64
